"""Which parts are the mail's text, which its HTML and which its files (the algorithm of RFC 8621, section 4.1.4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .mime import Part

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
    _walk([root], "mixed", False, bodies.html, bodies.text, bodies.attachments)
    if not bodies.text and bodies.html:
        bodies.text = [part for part in bodies.html if part.type == "text/plain"]
    if not bodies.html:
        bodies.html = [part for part in bodies.text if part.type == "text/html"]
    return bodies


def _walk(
    parts: list[Part],
    kind: str,
    in_alternative: bool,
    html: list[Part] | None,
    text: list[Part] | None,
    attachments: list[Part],
) -> None:
    html_before, text_before = len(html or []), len(text or [])
    for index, part in enumerate(parts):
        if part.children:
            inner = part.type.partition("/")[2]
            _walk(part.children, inner, in_alternative or inner == "alternative", html, text, attachments)
        elif not _is_inline(part, index, kind):
            if part.end > part.start or part.headers or len(parts) == 1:
                _attach(part, attachments)
        elif kind == "alternative":
            target = {"text/plain": text, "text/html": html}.get(part.type, attachments)
            if target is not None:
                target.append(part)
        else:
            if in_alternative and part.type == "text/plain":
                html = None
            if in_alternative and part.type == "text/html":
                text = None
            media = part.type.startswith(("image/", "audio/", "video/"))
            if media:
                attachments.append(part)
                continue
            if text is not None:
                text.append(part)
            if html is not None:
                html.append(part)
    if kind == "alternative" and text is not None and html is not None:
        if len(text) == text_before and len(html) != html_before:
            text.extend(html[html_before:])
        elif len(html) == html_before and len(text) != text_before:
            html.extend(text[text_before:])


def _is_inline(part: Part, index: int, kind: str) -> bool:
    media = part.type.startswith(("image/", "audio/", "video/"))
    if part.disposition == "attachment" or not (part.type in {"text/plain", "text/html"} or media):
        return False
    named = bool(part.disposition_parameters.get("filename") or part.parameters.get("name"))
    return index == 0 or (kind != "related" and (media or not named))


def _attach(part: Part, attachments: list[Part]) -> None:
    if part.type not in _REPORT_PARTS or part.disposition == "attachment":
        attachments.append(part)
