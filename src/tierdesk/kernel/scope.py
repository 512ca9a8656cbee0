"""Tables that belong to clients cannot be read without saying in whose name.

`Model.objects` of such a table refuses to run until `scoped()` narrowed it or `unscoped()` said why it need not be.
"""

from typing import Any, Self, TypeVar

from django.db import models
from django.db.models.sql import Query

M = TypeVar("M", bound=models.Model, covariant=True)


class UnscopedRead(RuntimeError):
    """A client's table was about to be read in nobody's name. This is a bug, never shown to a person."""


class ScopedQuery(Query):
    """A query that compiles only once its scope is settled; the mark is copied with every clone."""

    scope_settled = False

    def get_compiler(self, using: str | None = None, connection: Any = None, elide_empty: bool = True) -> Any:
        if not self.scope_settled:
            name = self.model._meta.label if self.model else "?"
            raise UnscopedRead(f"{name} was read without a scope: use the area's policies, or unscoped(reason).")
        return super().get_compiler(using, connection, elide_empty)


class TenantQuerySet(models.QuerySet[M]):
    """A queryset of a client's table. Closed until `scoped` or `unscoped` opens it."""

    def __init__(self, model: Any = None, query: Any = None, using: Any = None, hints: Any = None) -> None:
        super().__init__(model, query or ScopedQuery(model), using, hints)

    def scoped(self, condition: models.Q) -> Self:
        """Only the rows that `condition` admits; the area's policies make it."""
        return self._settled(self.filter(condition))

    def unscoped(self, reason: str) -> Self:
        """Every row. `reason` says why that is right here; it must not be empty."""
        if not reason.strip():
            raise ValueError("Say why this read needs no scope.")
        return self._settled(self.all())

    def _merge_sanity_check(self, other: Any) -> None:
        """Django asks this of `|`, `&` and `^`: a scoped queryset widened by one that nobody scoped would hold all of
        that one's rows.
        """
        if isinstance(other, TenantQuerySet):
            other._require_scope()
        super()._merge_sanity_check(other)  # type: ignore[misc]  # Django's own, not in the stubs

    def _settled(self, queryset: Self) -> Self:
        query = queryset.query
        if isinstance(query, ScopedQuery):
            query.scope_settled = True
        return queryset

    def _require_scope(self) -> None:
        if isinstance(self.query, ScopedQuery) and not self.query.scope_settled:
            raise UnscopedRead(f"{self.model._meta.label} was written through a queryset without a scope.")

    def update(self, **values: Any) -> int:
        self._require_scope()
        return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._require_scope()
        return super().delete()

    def _raw_delete(self, using: str | None) -> int:
        self._require_scope()
        return super()._raw_delete(using)


TenantManager = models.Manager.from_queryset(TenantQuerySet)
