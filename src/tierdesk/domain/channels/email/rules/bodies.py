"""Which parts are the mail's text, which its HTML and which its files (the algorithm of RFC 8621, section 4.1.4)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .mime import Part

_MEDIA = ("image/", "audio/", "video/")
_REPORT_PARTS = frozenset(
    {"message/delivery-status", "message/global-delivery-status", "message/feedback-report", "text/rfc822-headers"}
)


@dataclass(slots=True)
class Bodies:
    """Parts by what they are for, in the mail's order. An image shown in the text is among the attachments too."""

    text: list[Part] = field(default_factory=list)
    html: list[Part] = field(default_factory=list)
    attachments: list[Part] = field(default_factory=list)


def choose_bodies(root: Part) -> Bodies:
    """The roles of the parts of a mail."""
    bodies = Bodies()
    _walk([root], "mixed", bodies, _Open(True, True, False))
    if not bodies.text and bodies.html:
        bodies.text = [part for part in bodies.html if part.type == "text/plain"]
    if not bodies.html:
        bodies.html = [part for part in bodies.text if part.type == "text/html"]
    return bodies


@dataclass(frozen=True, slots=True)
class _Open:
    """Which bodies still take parts here, and whether an alternative lies around."""

    text: bool
    html: bool
    in_alternative: bool


def _walk(parts: list[Part], kind: str, bodies: Bodies, open_: _Open) -> None:
    html_before, text_before = len(bodies.html), len(bodies.text)
    for index, part in enumerate(parts):
        if part.children:
            inner = part.type.partition("/")[2]
            _walk(
                part.children,
                inner,
                bodies,
                replace(open_, in_alternative=open_.in_alternative or inner == "alternative"),
            )
        elif _is_inline(part, index, kind):
            open_ = _place(part, kind, bodies, open_)
        elif part.end > part.start or part.headers or len(parts) == 1:
            _attach(part, bodies.attachments)
    if kind == "alternative" and open_.text and open_.html:
        if len(bodies.text) == text_before and len(bodies.html) != html_before:
            bodies.text.extend(bodies.html[html_before:])
        elif len(bodies.html) == html_before and len(bodies.text) != text_before:
            bodies.html.extend(bodies.text[text_before:])


def _place(part: Part, kind: str, bodies: Bodies, open_: _Open) -> _Open:
    if part.type.startswith(_MEDIA):
        bodies.attachments.append(part)
        return open_
    if kind == "alternative":
        if part.type == "text/plain" and open_.text:
            bodies.text.append(part)
        elif part.type == "text/html" and open_.html:
            bodies.html.append(part)
        return open_
    if open_.in_alternative:
        open_ = replace(open_, html=False) if part.type == "text/plain" else replace(open_, text=False)
    if open_.text:
        bodies.text.append(part)
    if open_.html:
        bodies.html.append(part)
    return open_


def _is_inline(part: Part, index: int, kind: str) -> bool:
    media = part.type.startswith(_MEDIA)
    if part.disposition == "attachment" or not (part.type in {"text/plain", "text/html"} or media):
        return False
    named = bool(part.disposition_parameters.get("filename") or part.parameters.get("name"))
    return index == 0 or (kind != "related" and (media or not named))


def _attach(part: Part, attachments: list[Part]) -> None:
    if part.type not in _REPORT_PARTS or part.disposition == "attachment":
        attachments.append(part)
