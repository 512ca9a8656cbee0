"""The structure of a mail: headers and parts found in its bytes, without copying more than needed (RFC 2045, 2046).

The standard library's parser recurses for each level and holds every line as an object of its own: a mail of a thousand
nested parts ends it, and 50 MB of attachment become several hundred. This one walks offsets, with limits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .decoding import decode_raw, decode_transfer
from .limits import Limits
from .parameters import parse_parameters

_HEADER = re.compile(rb"([!-9;-~]{1,200})[ \t]*:[ \t]?")
# A parameter on a line of its own that lost the space before it.
_LOST_FOLD = re.compile(rb"(?:boundary|charset|name|filename)=")


@dataclass(slots=True)
class Part:
    """One part: its headers in order (names in lower case, values raw and unfolded) and where its body lies."""

    raw: bytes
    headers: list[tuple[str, bytes]]
    start: int
    end: int
    type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    disposition_parameters: dict[str, str] = field(default_factory=dict)
    children: list[Part] = field(default_factory=list)

    def header(self, name: str) -> bytes:
        """The first header of that name, or nothing."""
        for key, value in self.headers:
            if key == name:
                return value
        return b""

    def all(self, name: str) -> list[bytes]:
        """Every header of that name, in order."""
        return [value for key, value in self.headers if key == name]

    def content(self) -> bytes:
        """The decoded bytes of the body."""
        return decode_transfer(
            self.raw[self.start : self.end], self.header("content-transfer-encoding").decode("latin-1")
        )

    @property
    def is_multipart(self) -> bool:
        """Whether it was taken apart."""
        return bool(self.children)


def parse_structure(raw: bytes, limits: Limits, problems: list[str]) -> Part:
    """The tree of parts. Never raises; what exceeds a limit or cannot be read is left whole and said in `problems`."""
    root = _part(raw, (0, len(raw)), "text/plain", limits, problems)
    count = 1
    waiting = [(root, 0)]
    while waiting:
        part, depth = waiting.pop()
        if not part.type.startswith("multipart/"):
            continue
        ranges = _ranges(part, limits)
        if not ranges:
            problems.append("multipart-without-parts")
            part.type = "text/plain" if part.raw[part.start : part.end].strip() else part.type
            continue
        if depth >= limits.depth:
            problems.append("too-deeply-nested")
            part.type = "application/octet-stream"
            continue
        default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        for start, end in ranges:
            if count >= limits.parts:
                problems.append("too-many-parts")
                waiting.clear()
                break
            child = _part(raw, (start, end), default, limits, problems)
            part.children.append(child)
            count += 1
            waiting.append((child, depth + 1))
    return root


def read_headers(
    raw: bytes, start: int, end: int, limits: Limits, problems: list[str]
) -> tuple[list[tuple[str, bytes]], int]:
    """The headers that begin at `start`, unfolded, and where the body begins. A line that is none is passed over
    when headers go on after it; otherwise the body begins there."""
    headers: list[tuple[str, bytes]] = []
    position = start
    pieces: list[bytes] = []
    name = ""

    def finish() -> None:
        if name and len(headers) < limits.headers:
            headers.append((name, b" ".join(p for p in pieces if p).strip()))

    while position < end:
        stop = raw.find(b"\n", position, end)
        stop = end if stop < 0 else stop + 1
        line = raw[position:stop].rstrip(b"\r\n")
        if not line.strip(b" \t\r"):
            if line and name and _continues(raw, stop, end):
                position = stop
                continue
            position = stop
            break
        if position - start > limits.header_bytes:
            problems.append("headers-too-long")
            position = _after_blank_line(raw, position, end)
            break
        match = _HEADER.match(line)
        if line[:1] in b" \t" and name:
            pieces.append(line.strip())
        elif match is not None:
            finish()
            name, pieces = match[1].decode("ascii").lower(), [line[match.end() :].strip()]
        elif name.startswith("content-") and _LOST_FOLD.match(line):
            pieces.append(b";" + line.strip())
        elif not (position == start and line.startswith((b"From ", b">From "))):
            if not _continues(raw, stop, end):
                break
            problems.append("bad-header-line")
        position = stop
    finish()
    return headers, position


def _part(raw: bytes, span: tuple[int, int], default: str, limits: Limits, problems: list[str]) -> Part:
    headers, body = read_headers(raw, *span, limits, problems)
    part = Part(raw, headers, body, span[1], default)
    content_type = part.header("content-type")
    if content_type:
        value, part.parameters = parse_parameters(decode_raw(content_type))
        value = value.strip().lower().replace(" ", "")
        known = re.match(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", value)
        part.type = (
            known[0] if known else {"text": "text/plain", "html": "text/html"}.get(value, "application/octet-stream")
        )
        if not value:
            part.type = default
    disposition = part.header("content-disposition")
    if disposition:
        value, part.disposition_parameters = parse_parameters(decode_raw(disposition))
        part.disposition = value.strip().lower()
    return part


def _ranges(part: Part, limits: Limits) -> list[tuple[int, int]]:
    """Where the parts between the delimiters lie; a delimiter's preceding line end belongs to the delimiter."""
    boundary = part.parameters.get("boundary", "").encode("utf-8", "replace")[:500].rstrip()
    if not boundary:
        boundary = _seen_boundary(part)
    if not boundary:
        return []
    raw, mark = part.raw, b"--" + boundary
    found: list[tuple[int, int]] = []
    begun = -1
    position = part.start
    while len(found) <= limits.parts:
        hit = raw.find(mark, position, part.end)
        if hit < 0:
            break
        position = hit + len(mark)
        if hit > part.start and raw[hit - 1] not in b"\r\n":
            continue
        stop = raw.find(b"\n", position, part.end)
        stop = part.end if stop < 0 else stop + 1
        rest = raw[position:stop].strip()
        if rest not in {b"", b"--"} and not (rest.startswith(b"--") and not rest[2:].strip(b"- \t")):
            continue
        if begun >= 0:
            found.append((begun, _before_line_end(raw, begun, hit)))
        begun = stop
        position = max(position, stop)
        if rest:
            begun = -1
            break
    if begun >= 0 and begun < part.end:
        found.append((begun, part.end))
    return found


def _seen_boundary(part: Part) -> bytes:
    """The boundary of a multipart that forgot to name it: its first line, when that line comes again."""
    match = re.match(rb"\s*--([^\r\n]{1,70})\r?\n", part.raw[part.start : part.start + 200])
    if match and part.raw.count(b"\n--" + match[1].rstrip(), part.start, part.end) >= 1:
        return match[1].rstrip()
    return b""


def _before_line_end(raw: bytes, start: int, position: int) -> int:
    if position > start and raw[position - 1 : position] == b"\n":
        position -= 1
    if position > start and raw[position - 1 : position] == b"\r":
        position -= 1
    return position


def _continues(raw: bytes, position: int, end: int) -> bool:
    """Whether the next line is plainly a header, so that the bad one before it did not end them."""
    stop = raw.find(b"\n", position, end)
    line = raw[position : end if stop < 0 else stop]
    return (
        re.match(rb"(?:[A-Z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+|To|Cc|From|Date|Subject|Received|Sender):", line) is not None
    )


def _after_blank_line(raw: bytes, position: int, end: int) -> int:
    match = re.compile(rb"\r?\n\r?\n").search(raw, position, end)
    return match.end() if match else end
