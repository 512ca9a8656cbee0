"""Reading what was sent, without trust: one JSON value, not too large, not too deep, nothing in it twice."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.parser import Parser

from tierdesk.kernel.refusals import Fault, Refusal

MAX_BYTES = 4 * 1024 * 1024  # the longest text, with every character escaped, and some room
MAX_DEPTH = 12
MAX_PARAMETER = 4000
WRITING = frozenset({"POST", "PUT", "PATCH"})


class StrictParser(Parser):
    """Reads a body as JSON (RFC 8259). Refused: a wrong form, with its place; names given twice; what is no text."""

    def parse_body(self, request: HttpRequest) -> Any:
        return parse(request.body)


def parse(body: bytes) -> Any:
    """The value that a body says."""
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = _("line %(line)s, column %(column)s") % {"line": error.lineno, "column": error.colno}
        raise malformed(
            _("This is not valid JSON: %(what)s at %(place)s.") % {"what": error.msg, "place": place},
            {"line": error.lineno, "column": error.colno},
        ) from error
    except UnicodeDecodeError as error:
        raise malformed(
            _("The body is not UTF-8 at byte %(n)s.") % {"n": error.start}, {"byte": error.start}
        ) from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:  # a whole number of thousands of digits
        raise malformed(_("A number in the body is too long.")) from error
    _check(value)
    return value


def check_request(request: HttpRequest, known: Iterable[str]) -> None:
    """Refuse what cannot be meant: a body of another type or too large, a parameter that is not known."""
    for name, value in request.GET.items():
        if name not in known:
            raise unknown_name(name[:80], known)
        if "\x00" in value or len(value) > MAX_PARAMETER:
            raise Refusal("wrong_type", _("This value cannot be used."), name)
    if request.method not in WRITING:
        return
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
        raise too_large()
    try:
        size = len(request.body)
    except RequestDataTooBig as error:
        raise too_large() from error
    if size > MAX_BYTES:
        raise too_large()
    if size and request.content_type != "application/json":
        raise Refusal(
            "unsupported_type",
            _("The body has to be JSON."),
            hint=_("Send it with “Content-Type: application/json”."),
        )


def wrong_input(errors: Iterable[Mapping[str, Any]]) -> Refusal:
    """What the schemas found wrong, all of it, in our words; an unknown name goes first and decides the code."""
    faults, unknown = [], []
    for error in errors:
        field = ".".join(str(part) for part in error["loc"][2:] or error["loc"][1:])[:80] or None
        if error["type"] == "extra_forbidden":
            unknown.append(Fault(_("There is no such field."), field, _("Leave it out.")))
        elif error["type"] == "missing":
            faults.append(Fault(_("This is needed."), field))
        else:
            faults.append(Fault(str(error["msg"]), field))
    found = (*unknown, *faults)
    code = "unknown_field" if unknown else "wrong_type"
    return Refusal(code, found[0].message, found[0].field, found[0].hint, faults=found)


def unknown_name(name: str, known: Iterable[str]) -> Refusal:
    """A query parameter that means nothing here. Passed over in silence, a misspelt filter would list everything."""
    names = ", ".join(sorted(known)) or _("none")
    return Refusal(
        "unknown_field", _("There is no such parameter."), name, _("Use one of: %(known)s.") % {"known": names}
    )


def too_large() -> Refusal:
    """The body has more bytes than any of ours needs."""
    return Refusal(
        "too_large", _("The body is larger than %(mb)s MB.") % {"mb": MAX_BYTES // 2**20}, None, _("Send less at once.")
    )


def malformed(message: str, place: dict[str, int] | None = None) -> Refusal:
    """The body is no JSON, or none that can be kept."""
    return Refusal("malformed", message, hint=_("Send one JSON object in UTF-8."), current=place)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise malformed(_("A name stands twice in one object."))
    return value


def _no_constant(name: str) -> NoReturn:
    raise malformed(_("%(name)s is no JSON number.") % {"name": name})


def _too_deep() -> Refusal:
    return malformed(_("The body is nested deeper than %(n)s levels.") % {"n": MAX_DEPTH})


def _check(value: Any) -> None:
    """Walk the value once: its depth, and that each text in it is text that a database can keep."""
    level = [value]
    for _depth in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for one in level:
            if isinstance(one, str):
                _check_text(one)
            elif isinstance(one, dict):
                below.extend(one.keys())
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
        if not below:
            return
        level = below
    raise _too_deep()


def _check_text(text: str) -> None:
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise malformed(_("A text in the body holds a character that is none."))
