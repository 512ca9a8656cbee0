"""The interpreter in Python: does a condition hold of a thing? Pure."""

import datetime as dt
from typing import Any

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
from tierdesk.kernel.conditions.folding import fold
from tierdesk.kernel.search.access import SearchAccess
from tierdesk.kernel.search.analyser import document_holds

REQUESTER_TEXT = SearchAccess()


def matches(
    expression: Expression,
    thing: Any,
    *,
    fields: Fields,
    now: dt.datetime,
    me: Any,
    access: SearchAccess = REQUESTER_TEXT,
) -> bool:
    """Whether the expression is true of the thing; `to_query` finds exactly the things of which it is.

    Free words look into documents of `access.audiences` only, by default those that a requester may read. Refused: see
    `bind`. For many things bind once and ask `holds`.
    """
    return holds(bind(expression, fields=fields, now=now, me=me), thing, fields=fields, access=access)


def holds(  # noqa: PLR0911 -- one return a kind of check
    check: Check, thing: Any, *, fields: Fields, access: SearchAccess = REQUESTER_TEXT
) -> bool:
    """Whether a bound condition is true of the thing."""
    match check:
        case Every(parts):
            return all(holds(part, thing, fields=fields, access=access) for part in parts)
        case Some(parts):
            return any(holds(part, thing, fields=fields, access=access) for part in parts)
        case Opposite(part):
            return not holds(part, thing, fields=fields, access=access)
        case Searched(terms):
            documents = fields.documents(thing) if fields.documents else ()
            return any(document_holds(text, terms) for audience, text in documents if audience in access.audiences)
        case Absent(field):
            return not _values(field, thing)
        case OneOf(field, allowed):
            return any(value in allowed for value in _values(field, thing))
        case Contains(field, needle):
            return any(needle in fold(value) for value in _values(field, thing))
        case Equals(field, needle):
            return any(needle == fold(value) for value in _values(field, thing))
        case Within():
            return any(_lies_within(value, check) for value in _values(check.field, thing))


def _values(field: ConditionField, thing: Any) -> list[Any]:
    read = field.read(thing)
    values = [value for value in (read if field.many else (read,)) if value is not None]
    return [value for value in values if value != ""] if field.kind in (Kind.TEXT, Kind.WORDS) else values


def _lies_within(value: Any, check: Within) -> bool:
    if check.low is not None and (value < check.low or (value == check.low and not check.low_included)):
        return False
    return check.high is None or value < check.high or (value == check.high and check.high_included)
