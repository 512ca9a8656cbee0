"""What a condition is made of. Pure data: names and values as written, not yet known to any field."""

import dataclasses
from dataclasses import dataclass

from tierdesk.kernel.conditions import complaints

MAX_CHARACTERS = 2_000
MAX_TERMS = 50
MAX_VALUES = 50
MAX_DEPTH = 20

OPERATORS = (":", "=", "<", "<=", ">", ">=")
"""`:` is what a person means (text: contains), `=` is exactly; for all other kinds they are the same."""


@dataclass(frozen=True, slots=True)
class Term:
    """A field compared with a value, or with any of several (`:` and `=` only). `at` is where it stood in the text."""

    field: str
    op: str
    values: tuple[str, ...]
    at: int | None = dataclasses.field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """Full text: all words in one document, in any order; or side by side as a phrase."""

    words: str
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """The exact complement of its part: whatever that is not true of, nulls included."""

    part: "Expression"


@dataclass(frozen=True, slots=True)
class And:
    """All parts. Without parts it is true of everything."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any part; never without parts."""

    parts: tuple["Expression", ...]


Expression = And | Or | Not | Term | Text
EVERYTHING = And(())


def all_of(*parts: Expression) -> Expression:
    """All parts hold; a single one stands by itself, nested `And` are flattened."""
    flat = tuple(one for part in parts for one in (part.parts if isinstance(part, And) else (part,)))
    return flat[0] if len(flat) == 1 else And(flat)


def any_of(*parts: Expression) -> Expression:
    """Any part holds; a single one stands by itself. Needs at least one."""
    if not parts:
        raise ValueError("any_of needs at least one part")
    flat = tuple(one for part in parts for one in (part.parts if isinstance(part, Or) else (part,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def within_limits(expression: Expression) -> Expression:
    """The expression itself. Refused: more than 50 terms, more than 20 levels."""
    terms = 0
    waiting: list[tuple[Expression, int]] = [(expression, 1)]
    while waiting:
        one, depth = waiting.pop()
        if depth > MAX_DEPTH + 1:
            raise complaints.too_deep(MAX_DEPTH)
        match one:
            case And(parts) | Or(parts):
                waiting += [(part, depth + 1) for part in parts]
            case Not(part):
                waiting.append((part, depth + 1))
            case _:
                terms += 1
    if terms > MAX_TERMS:
        raise complaints.too_many_terms(MAX_TERMS)
    return expression
