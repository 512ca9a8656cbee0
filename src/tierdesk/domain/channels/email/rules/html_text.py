"""HTML as plain text, laid out as a person would read it."""

from __future__ import annotations

import re

_TAG = re.compile(r"<[^<>]{0,2000}>")
_BLOCK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d|/blockquote)\b[^<>]{0,200}>", re.IGNORECASE)
_QUOTE = re.compile(r"<blockquote\b[^<>]{0,2000}>|</blockquote\s*>", re.IGNORECASE)
_HIDDEN = re.compile(r"<(script|style|head|title)\b[^<>]{0,2000}>.{0,200000}?</\1\s*>", re.IGNORECASE | re.DOTALL)


def html_to_text(html: str) -> str:
    """The words of a page with its paragraphs, lists and tables; quotes begin with `> `. Never raises."""
    if not html.strip():
        return ""
    pieces = _QUOTE.split(html)
    marks = _QUOTE.findall(html)
    if not marks or len(marks) > 200:
        return _render(html)
    out: list[str] = []
    depth = 0
    for index, piece in enumerate(pieces):
        text = _render(piece) if piece.strip() else ""
        if text:
            prefix = ">" * depth + " " if depth else ""
            out.append("\n".join((prefix + line).rstrip() for line in text.split("\n")))
        if index < len(marks):
            depth = max(0, depth - 1) if marks[index].startswith("</") else min(depth + 1, 50)
    return "\n".join(out)


def _render(html: str) -> str:
    if html.count("<") < 400_000 and _depth_is_sane(html):
        from inscriptis import get_text  # noqa: PLC0415 - large, and few mails need it

        try:
            text = get_text(_cleaned(html))
            return _tidy(text)
        except (ValueError, AssertionError, IndexError, KeyError, TypeError, AttributeError, RecursionError):
            pass
    text = _BLOCK.sub("\n", _HIDDEN.sub(" ", html))
    import html as entities  # noqa: PLC0415

    return _tidy(entities.unescape(_TAG.sub(" ", text)))


def _cleaned(html: str) -> str:
    """What the sanitiser would show: nothing hidden in it comes into the text, and its structure is well formed."""
    from .sanitising import sanitise_html  # noqa: PLC0415

    return sanitise_html(html)


def _depth_is_sane(html: str) -> bool:
    return html.lower().count("<table") < 300 and html.count("<") - html.count("</") * 2 < 20_000


def _tidy(text: str) -> str:
    lines = [line.replace("\xa0", " ").rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
