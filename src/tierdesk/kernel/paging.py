"""Pages of a list by its sort key, and counts that stop counting: both cost the same at ten rows and ten million."""

import base64
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from tierdesk.kernel.refusals import Refusal

M = TypeVar("M", bound=models.Model)

COUNT_CAP = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows in order, and the keys that lead to the rows before and after; empty at either end."""

    rows: list[M]
    newer: str
    older: str


def page_by_time(queryset: models.QuerySet[M], *, field: str, key: str, size: int) -> Page[M]:
    """A page of rows, latest first by a time and the id. `key` is one of an earlier page, or empty for the first.

    Refused: a key that is none of ours.
    """
    backwards = key.startswith("-")
    where = queryset
    if key:
        moment, row_id = _read_key(key.removeprefix("-"))
        side = "gt" if backwards else "lt"
        where = queryset.filter(
            models.Q(**{f"{field}__{side}": moment}) | models.Q(**{field: moment, f"id__{side}": row_id}),
            **{f"{field}__{side}e": moment},
        )
    order = (field, "id") if backwards else (f"-{field}", "-id")
    rows = list(where.order_by(*order)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([], "", "")
    has_newer = more if backwards else bool(key)
    has_older = True if backwards else more
    return Page(
        rows,
        "-" + _make_key(rows[0], field) if has_newer else "",
        _make_key(rows[-1], field) if has_older else "",
    )


def capped_counts(querysets: Mapping[str, models.QuerySet[Any]], *, cap: int = COUNT_CAP) -> dict[str, int]:
    """How many rows each queryset has, in one statement; none is counted further than `cap` + 1."""
    parts: list[str] = []
    parameters: list[Any] = []
    for queryset in querysets.values():
        ids = queryset.order_by().values("pk")[: cap + 1]
        try:
            sql, values = ids.query.sql_with_params()
        except EmptyResultSet:  # no row can fit, such as those of no team
            parts.append("0")
            continue
        parts.append(f"(SELECT COUNT(*) FROM ({sql}) AS counted)")  # noqa: S608 - the ORM's own SQL with parameters
        parameters.extend(values)
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), parameters)  # nosemgrep: no-sql-from-pieces - the ORM's own
        row = cursor.fetchone()
    return dict(zip(querysets, row, strict=True))


def _make_key(row: models.Model, field: str) -> str:
    text = f"{getattr(row, field).isoformat()}~{row.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_key(key: str) -> tuple[dt.datetime, int]:
    try:
        text = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)).decode()
        moment, _tilde, row_id = text.partition("~")
        parsed = dt.datetime.fromisoformat(moment)
        if parsed.tzinfo is None or not row_id.isdecimal() or len(row_id) > 19:
            raise ValueError
        return parsed.astimezone(dt.UTC), int(row_id)
    except (ValueError, OverflowError) as error:
        raise Refusal(
            "invalid", _("This page of the list does not exist."), "page", _("Go to the first page.")
        ) from error
