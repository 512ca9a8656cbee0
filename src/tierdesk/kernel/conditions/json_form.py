"""The JSON form, as stored by rules and views and drawn by a builder. Pure.

{"all": [...]} {"any": [...]} {"not": ...} {"field": "status", "op": ":", "values": ["open"]} {"text": "vpn"}
{"phrase": "blue screen"}          `{"all": []}` is everything
"""

from typing import Any

from tierdesk.kernel.conditions import complaints
from tierdesk.kernel.conditions.expressions import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_VALUES,
    OPERATORS,
    And,
    Expression,
    Not,
    Or,
    Term,
    Text,
    within_limits,
)
from tierdesk.kernel.conditions.folding import fold, storable
from tierdesk.kernel.conditions.syntax import FIELD_NAME, TEXT_FIELD

_TERM_KEYS = {"field", "op", "values"}


def to_json(expression: Expression) -> dict[str, Any]:
    """The expression as plain lists, dictionaries and strings."""
    match expression:
        case And(parts):
            return {"all": [to_json(part) for part in parts]}
        case Or(parts):
            return {"any": [to_json(part) for part in parts]}
        case Not(part):
            return {"not": to_json(part)}
        case Term(field, op, values):
            return {"field": field, "op": op, "values": list(values)}
        case Text(words, phrase):
            return {"phrase" if phrase else "text": words}


def from_json(data: Any) -> Expression:
    """The expression of what `to_json` gave or a builder made. `all` and `any` of one part are that part.

    Refused (`conditions`, naming the place such as `$.all[1].op`): unknown keys and operators, wrong types, an empty
    `any`, and what is beyond the limits of the text form.
    """
    characters = [0]
    return within_limits(_read(data, "$", 0, characters))


def _read(data: Any, where: str, depth: int, characters: list[int]) -> Expression:
    if depth > MAX_DEPTH:
        raise complaints.too_deep(MAX_DEPTH)
    if not isinstance(data, dict):
        raise complaints.bad_structure(where)
    keys = set(data)
    if keys == _TERM_KEYS:
        return _read_term(data, where, characters)
    if len(keys) != 1:
        raise complaints.bad_structure(where)
    (key,) = keys
    value = data[key]
    if key in ("text", "phrase"):
        return Text(_read_string(value, f"{where}.{key}", characters), phrase=key == "phrase")
    if key == "not":
        return Not(_read(value, f"{where}.not", depth + 1, characters))
    if key not in ("all", "any") or not isinstance(value, list) or len(value) > MAX_CHARACTERS:
        raise complaints.bad_structure(f"{where}.{key}")
    parts = [_read(part, f"{where}.{key}[{at}]", depth + 1, characters) for at, part in enumerate(value)]
    if len(parts) == 1:
        return parts[0]
    if key == "all":
        return And(tuple(parts))
    if not parts:
        raise complaints.bad_structure(f"{where}.any")
    return Or(tuple(parts))


def _read_term(data: dict[str, Any], where: str, characters: list[int]) -> Term:
    name, op, values = data["field"], data["op"], data["values"]
    if not isinstance(name, str) or not FIELD_NAME.fullmatch(name) or fold(name) == TEXT_FIELD:
        raise complaints.bad_structure(f"{where}.field")
    if not isinstance(op, str) or op not in OPERATORS:
        raise complaints.bad_structure(f"{where}.op")
    if not isinstance(values, list) or not values:
        raise complaints.bad_structure(f"{where}.values")
    if len(values) > MAX_VALUES:
        raise complaints.too_many_values(name, MAX_VALUES, None)
    if len(values) > 1 and op not in (":", "="):
        raise complaints.one_value_only(name, None)
    read = tuple(_read_string(value, f"{where}.values[{at}]", characters) for at, value in enumerate(values))
    return Term(fold(name), op, read)


def _read_string(value: Any, where: str, characters: list[int]) -> str:
    if not isinstance(value, str) or not storable(value).strip():
        raise complaints.bad_structure(where)
    characters[0] += len(value)
    if characters[0] > MAX_CHARACTERS:
        raise complaints.too_long(MAX_CHARACTERS)
    return storable(value)
