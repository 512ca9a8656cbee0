"""Parameters of Content-Type and Content-Disposition, plain, quoted, continued and encoded (RFC 2045, 2231)."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from .decoding import decode_text, decode_words

_NAME = re.compile(r"\s*([^\s=;*]{1,60})(\*\d{1,3})?(\*)?\s*=\s*")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """The value before the first `;` and its parameters by lower-case name. The first of two of one name wins."""
    head, _, rest = value.partition(";")
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    position, count = 0, 0
    while position < len(rest) and count < 200:
        count += 1
        match = _NAME.match(rest, position)
        if match is None:
            position = _next(rest, position)
            continue
        text, position = _value(rest, match.end())
        name = match[1].lower()
        if match[2] or match[3]:
            pieces.setdefault(name, {}).setdefault(int(match[2][1:]) if match[2] else 0, (bool(match[3]), text))
        else:
            plain.setdefault(name, decode_words(text))
    for name, found in pieces.items():
        plain[name] = _join(found)
    return head, plain


def _value(rest: str, position: int) -> tuple[str, int]:
    if rest[position : position + 1] == '"':
        end = position + 1
        while end < len(rest) and rest[end] != '"':
            end += 2 if rest[end] == "\\" else 1
        text = _QUOTED_PAIR.sub(r"\1", rest[position + 1 : end])
        return text, _next(rest, end + 1)
    end = _next(rest, position)
    text = rest[position : end - 1 if end <= len(rest) and rest[end - 1 : end] == ";" else end].strip()
    if text.startswith("'") and text.endswith("'") and len(text) > 1 and "'" not in text[1:-1]:
        text = text[1:-1]
    return text, end


def _next(rest: str, position: int) -> int:
    found = rest.find(";", position)
    return len(rest) if found < 0 else found + 1


def _join(pieces: dict[int, tuple[bool, str]]) -> str:
    charset = ""
    out = b""
    for index in sorted(pieces):
        encoded, text = pieces[index]
        if encoded:
            if index == min(pieces) and text.count("'") >= 2:
                charset, _, text = text.split("'", 2)
            out += unquote_to_bytes(text)
        else:
            out += text.encode("utf-8", "surrogatepass")
    return decode_words(decode_text(out, charset))
