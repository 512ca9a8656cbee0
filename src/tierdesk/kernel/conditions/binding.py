"""Names and words become fields and values, once for both interpreters. Pure.

What comes out are checks so simple that Python and SQL cannot read them differently: each is true or false of a value,
and false of a null, except `Absent`.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from tierdesk.kernel.conditions import complaints, moments
from tierdesk.kernel.conditions.expressions import And, Expression, Not, Or, Term, Text
from tierdesk.kernel.conditions.fields import Choice, ConditionField, Fields, Kind
from tierdesk.kernel.conditions.folding import fold
from tierdesk.kernel.search.analyser import QueryTerms, phrase_terms, word_terms

_ABSENT = {"none", "нет", "없음"}
_ME = {"me", "я", "나"}
_TRUE = {"yes", "true", "да", "예"}
_FALSE = {"no", "false", "нет", "아니요"}
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,9})?")


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of these."""

    field: ConditionField
    values: frozenset[Any]


@dataclass(frozen=True, slots=True)
class Within:
    """The value lies between the bounds; none is no bound."""

    field: ConditionField
    low: Any = None
    high: Any = None
    low_included: bool = True
    high_included: bool = True


@dataclass(frozen=True, slots=True)
class Contains:
    """The folded value contains this folded text."""

    field: ConditionField
    needle: str


@dataclass(frozen=True, slots=True)
class Equals:
    """The folded value is this folded text."""

    field: ConditionField
    needle: str


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no value: null, no related row; for TEXT and WORDS an empty text too."""

    field: ConditionField


@dataclass(frozen=True, slots=True)
class Searched:
    """A document of the thing holds the terms."""

    terms: QueryTerms


@dataclass(frozen=True, slots=True)
class Every:
    """All parts; without parts always true."""

    parts: tuple["Check", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Any part; without parts never true."""

    parts: tuple["Check", ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    """The part is not true."""

    part: "Check"


Check = OneOf | Within | Contains | Equals | Absent | Searched | Every | Some | Opposite


def bind(expression: Expression, *, fields: Fields, now: dt.datetime, me: Any) -> Check:
    """What the expression means for these fields at this moment to this person (`me`: their id, or none).

    Days are those of the time zone of `now`. Refused (`conditions`): unknown fields and values with the nearest known
    one, operators without meaning for the field, `me` where nobody asks, free words where nothing has text.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    match expression:
        case And(parts):
            return Every(tuple(bind(part, fields=fields, now=now, me=me) for part in parts))
        case Or(parts):
            return Some(tuple(bind(part, fields=fields, now=now, me=me) for part in parts))
        case Not(part):
            return Opposite(bind(part, fields=fields, now=now, me=me))
        case Text(words, phrase):
            if fields.documents is None:
                raise complaints.not_searchable()
            return Searched(phrase_terms(words) if phrase else word_terms(words))
        case Term():
            return _Binder(expression, fields, now, me).check()


class _Binder:
    """One term on its way to a check."""

    def __init__(self, term: Term, fields: Fields, now: dt.datetime, me: Any) -> None:
        self.term = term
        self.fields = fields
        self.now = now
        self.me = me

    def check(self) -> Check:
        presence = self.term.field in ("has", "is")
        if presence and self.term.op not in (":", "="):
            raise self.incomparable(self.term.field)
        checks = [self.presence(value) if presence else self.one(value) for value in self.term.values]
        return checks[0] if len(checks) == 1 else Some(tuple(checks))

    def presence(self, name: str) -> Check:
        field = self.fields.resolve(name.strip(), self.term.at)
        return OneOf(field, frozenset({True})) if field.kind is Kind.BOOLEAN else Opposite(Absent(field))

    def one(self, value: str) -> Check:  # noqa: PLR0911 -- one return a kind
        field = self.fields.resolve(self.term.field, self.term.at)
        equality = self.term.op in (":", "=")
        if fold(value.strip()) in _ABSENT and equality and not (field.kind is Kind.BOOLEAN and fold(value) in _FALSE):
            return Absent(field)
        match field.kind:
            case Kind.NUMBER:
                return self.number(field, value)
            case Kind.DATE:
                return self.date(field, value)
            case Kind.ORDERED:
                return self.choice(field, value)
        if not equality:
            raise self.incomparable(field.name)
        match field.kind:
            case Kind.TEXT if self.term.op == ":":
                return Contains(field, self.needle(value))
            case Kind.TEXT | Kind.WORDS:
                return Equals(field, self.needle(value))
            case Kind.CHOICE:
                return self.choice(field, value)
            case Kind.BOOLEAN:
                return self.boolean(field, value)
            case _:
                return self.reference(field, value)

    def needle(self, value: str) -> str:
        folded = fold(value).strip()
        if not folded:
            raise complaints.no_value(self.term.field, self.term.at)
        return folded

    def number(self, field: ConditionField, value: str) -> Check:
        if not _NUMBER.fullmatch(value.strip()):
            raise complaints.not_a_number(field.name, value, self.term.at)
        number = float(value)
        return self.compared(field, *(2 * (int(number) if number.is_integer() else number,)), closed=True)

    def date(self, field: ConditionField, value: str) -> Check:
        span = moments.span(value)
        if span is not None:
            return self.span(field, value, span)
        stretch = moments.stretch(value, now=self.now)
        if stretch is None:
            raise complaints.not_a_date(field.name, value, self.term.at)
        return self.compared(field, stretch.start, stretch.end, closed=False)

    def span(self, field: ConditionField, value: str, span: dt.timedelta) -> Check:
        now = self.now.astimezone(dt.UTC)
        within = self.term.op in ("<", "<=")
        included = self.term.op in ("<=", ">=")
        if self.term.op in (":", "="):
            raise complaints.span_needs_direction(field.name, value, self.term.at)
        if field.looks_ahead:
            edge = now + span
            return Within(field, high=edge, high_included=included) if within else Within(field, edge, None, included)
        edge = now - span
        return Within(field, edge, None, included) if within else Within(field, high=edge, high_included=included)

    def compared(self, field: ConditionField, start: Any, end: Any, *, closed: bool) -> Check:
        """The value against a stretch; `closed` says whether its end is part of it."""
        match self.term.op:
            case "<":
                return Within(field, high=start, high_included=False)
            case "<=":
                return Within(field, high=end, high_included=closed)
            case ">":
                return Within(field, end, None, not closed)
            case ">=":
                return Within(field, start)
            case _:
                return Within(field, start, end, high_included=closed)

    def choice(self, field: ConditionField, value: str) -> Check:
        choices = list(field.choices() if field.choices else ())
        at = next((at for at, choice in enumerate(choices) if _names(choice, fold(value.strip()))), None)
        if at is None:
            raise complaints.unknown_value(field.name, value, [choice.name for choice in choices], self.term.at)
        match self.term.op:
            case "<":
                meant = choices[:at]
            case "<=":
                meant = choices[: at + 1]
            case ">":
                meant = choices[at + 1 :]
            case ">=":
                meant = choices[at:]
            case _:
                meant = [choices[at]]
        return OneOf(field, frozenset(stored for choice in meant for stored in choice.stored))

    def boolean(self, field: ConditionField, value: str) -> Check:
        folded = fold(value.strip())
        if folded not in _TRUE | _FALSE:
            raise complaints.unknown_value(field.name, value, ["yes", "no"], self.term.at)
        return OneOf(field, frozenset({folded in _TRUE}))

    def reference(self, field: ConditionField, value: str) -> Check:
        if fold(value.strip()) in _ME:
            if self.me is None:
                raise complaints.nobody_here(field.name, self.term.at)
            return OneOf(field, frozenset({self.me}))
        found = frozenset(field.lookup(value.strip()) if field.lookup else ())
        if not found:
            raise complaints.unknown_value(field.name, value, field.known() if field.known else (), self.term.at)
        return OneOf(field, found)

    def incomparable(self, name: str) -> Exception:
        return complaints.not_comparable(name, self.term.op, self.term.at)


def _names(choice: Choice, folded: str) -> bool:
    return folded in (fold(choice.name), fold(str(choice.label)), *(fold(alias) for alias in choice.aliases))
