"""The interpreter in SQL: the things of which a condition holds."""

import datetime as dt
from dataclasses import replace
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from tierdesk.kernel.conditions import complaints
from tierdesk.kernel.conditions.binding import (
    Absent,
    Check,
    Contains,
    Equals,
    Every,
    OneOf,
    Opposite,
    Searched,
    Some,
    Within,
    bind,
)
from tierdesk.kernel.conditions.expressions import Expression
from tierdesk.kernel.conditions.fields import ConditionField, Fields, Kind
from tierdesk.kernel.conditions.matching import REQUESTER_TEXT
from tierdesk.kernel.search.access import SearchAccess
from tierdesk.kernel.search.finding import find_terms, matching_rows

M = TypeVar("M", bound=Model)


def narrow(
    things: QuerySet[M],
    expression: Expression,
    *,
    fields: Fields,
    now: dt.datetime,
    me: Any,
    access: SearchAccess = REQUESTER_TEXT,
) -> QuerySet[M]:
    """Those of the (already scoped) things of which the expression is true. Refused: see `bind`."""
    query = to_query(expression, model=things.model, fields=fields, now=now, me=me, access=access)
    return things.filter(query)


def to_query(
    expression: Expression,
    *,
    model: type[Model],
    fields: Fields,
    now: dt.datetime,
    me: Any,
    access: SearchAccess = REQUESTER_TEXT,
) -> Q:
    """A filter for the model's things, true or false of each and never null: its negation is the exact complement.

    It narrows and never widens: filter a queryset that is scoped already. Asks the index while it is built if there are
    free words: up to 1,000 hits are taken over, beyond that the index becomes part of the query. A phrase whose words
    stand in more documents is looked for in the newest 1,001 of them. Refused: see `bind`.
    """
    bound = bind(expression, fields=fields, now=now, me=me)
    return _Translator(model, fields, access).query(bound)


class _Translator:
    """Turns checks into filters that are two-valued one by one."""

    def __init__(self, model: type[Model], fields: Fields, access: SearchAccess) -> None:
        self.model = model
        self.access = replace(access, sources=fields.sources) if access.sources is None else access

    def query(self, check: Check) -> Q:  # noqa: PLR0911 -- one return a kind of check
        match check:
            case Every(parts):
                return _every([self.query(part) for part in parts])
            case Some(parts):
                return _some([self.query(part) for part in parts])
            case Opposite(part):
                return ~self.query(part)
            case Searched():
                return self.searched(check)
            case Absent(field):
                return ~self.of(field, _present(field))
            case OneOf(field, values):
                return self.of(field, Q(**{f"{field.path}__in": sorted(values, key=repr)}))
            case Contains(field, needle):
                return self.of(field, Q(**{f"{field.path}__contains": needle}))
            case Equals(field, needle):
                return self.of(field, Q(**{field.path: needle}))
            case Within():
                return self.of(check.field, _bounds(check))

    def of(self, field: ConditionField, query: Q) -> Q:
        """The query about the field's value; a null makes it false. Values of related rows: true of any of them."""
        if not field.path:
            raise complaints.not_listable(field.name)
        query = _present(field) & query
        if not field.many and not field.within:
            return query
        mine = self.model._base_manager.filter(pk=OuterRef("pk"))
        return Q(Exists(mine.filter(Q(**(field.within or {})), query)))

    def searched(self, check: Searched) -> Q:
        hits = find_terms(check.terms, access=self.access)
        if not hits.capped or check.terms.phrases:
            return Q(pk__in=hits.thing_ids)
        rows = matching_rows(check.terms, access=self.access)
        if connection.vendor == "postgresql":  # lets the planner walk the things by age and probe each
            return Q(Exists(rows.filter(thing_id=OuterRef("pk"))))
        return Q(pk__in=rows.values("thing_id"))  # SQLite probes FTS5 slowly and lists it fast


def _bounds(check: Within) -> Q:
    path = check.field.path
    query = Q()
    if check.low is not None:
        query &= Q(**{f"{path}__{'gte' if check.low_included else 'gt'}": check.low})
    if check.high is not None:
        query &= Q(**{f"{path}__{'lte' if check.high_included else 'lt'}": check.high})
    return query


def _present(field: ConditionField) -> Q:
    """Not null and, of texts, not empty: said positively, since a negation would speak of all related rows at once."""
    return (
        Q(**{f"{field.path}__gt": ""})
        if field.kind in (Kind.TEXT, Kind.WORDS)
        else Q(**{f"{field.path}__isnull": False})
    )


def _every(queries: list[Q]) -> Q:
    found = ~_never()
    for query in queries:
        found &= query
    return found


def _some(queries: list[Q]) -> Q:
    found = _never()
    for query in queries:
        found |= query
    return found


def _never() -> Q:
    return Q(pk__in=[])
