"""What Outlook hides in winmail.dat (MS-OXTNEF), as ordinary parts."""

from __future__ import annotations

import logging
import re
from typing import NamedTuple

from .decoding import clean_name, decode_text

_RTF_WORD = re.compile(r"\\\*?\\?[a-zA-Z]+-?\d* ?|[{}]|\\'[0-9a-fA-F]{2}|\\[^a-zA-Z]|[\r\n]+")


class Unpacked(NamedTuple):
    """The body as text and HTML, either possibly empty, and the files with their names and content types."""

    text: str
    html: str
    files: list[tuple[str, bytes]]


def is_tnef(content_type: str, name: str) -> bool:
    """Whether a part is a TNEF container by its declared type or well-known name."""
    return content_type in {"application/ms-tnef", "application/vnd.ms-tnef"} or name.lower() == "winmail.dat"


def unpack(content: bytes) -> Unpacked | None:
    """What a container holds; None when it cannot be read, so that the caller keeps it as a file."""
    if content[:4] != b"\x78\x9f\x3e\x22":
        return None
    import tnefparse  # noqa: PLC0415 - large, and few mails need it

    logging.getLogger("tnef-decode").disabled = True
    try:
        parsed = tnefparse.TNEF(content, do_checksum=False)
        files = [(_name(item), bytes(item.data or b"")) for item in parsed.attachments]
        html = _text(parsed.htmlbody)
        text = _text(parsed.body)
        if not text and not html:
            text = _rtf_text(_text(parsed.rtfbody))
    except Exception:  # (a parser of hostile bytes may fail in any way; the file is then kept whole)
        return None
    return Unpacked(text, html, files)


def _name(item: object) -> str:
    name = getattr(item, "long_filename", None)
    name = name() if callable(name) else name
    return clean_name(_text(name or getattr(item, "name", "")))


def _text(value: object) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, bytes):
        value = decode_text(value, "utf-8")
    return value.replace("\x00", "").replace("\r\n", "\n") if isinstance(value, str) else ""


def _rtf_text(rtf: str) -> str:
    if not rtf.startswith("{\\rtf"):
        return ""
    rtf = re.sub(r"\{\\(?:fonttbl|colortbl|stylesheet|info|\*)[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", "", rtf[:500_000])
    rtf = re.sub(r"\\(?:par|line)\b ?", "\x01", rtf)
    rtf = re.sub(r"\\'([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), rtf)
    return _RTF_WORD.sub("", rtf).replace("\x01", "\n").strip()
