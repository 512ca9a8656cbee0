"""Addresses as mails carry them (RFC 5322, with the forms that real senders use), read in one pass."""

from __future__ import annotations

import re
from typing import NamedTuple

from .decoding import clean_line, decode_raw, decode_words

_UPPER_TO_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_USABLE = re.compile(r"[^\s@<>(),;:\"\\\[\]\x00-\x20\x7f]{1,128}@[^\s@<>(),;:\"\\\x00-\x20\x7f]{1,253}")


class Address(NamedTuple):
    """A name, possibly empty, and an address, folded; the address is empty when none could be read."""

    name: str
    address: str


def fold_address(address: str) -> str:
    """An address for comparison: ASCII letters in lower case and nothing else, since Unicode case folding lets one
    person's address become another's (CVE-2019-19844)."""
    return address.strip().translate(_UPPER_TO_LOWER)


def is_usable(address: str) -> bool:
    """Whether an address can stand in a header and be written to: one `@`, no white space, control or format
    character."""
    return len(address) <= 254 and _USABLE.fullmatch(address) is not None and clean_line(address) == address


def parse_addresses(raw: bytes, limit: int, hint: str = "") -> tuple[list[Address], bool]:
    """The addresses of one header and whether some past `limit` were left out. Groups give their members."""
    text = decode_raw(raw[:200_000], hint)
    found: list[Address] = []
    for piece in _split(text):
        address = _read(piece)
        if address is None:
            continue
        if len(found) >= limit:
            return found, True
        found.append(address)
    return found, len(raw) > 200_000


def _split(text: str) -> list[str]:
    """Mailboxes of a list: cut at commas and semicolons outside quotes, comments and angle brackets."""
    pieces: list[str] = []
    start = depth = 0
    quoted = angle = False
    position = 0
    while position < len(text):
        c = text[position]
        if c == "\\" and (quoted or depth):
            position += 1
        elif c == '"' and not depth:
            quoted = not quoted and '"' in text[position + 1 :] if not quoted else False
        elif quoted:
            pass
        elif c == "(":
            depth += 1
        elif c == ")":
            depth = max(0, depth - 1)
        elif depth:
            pass
        elif c == "<":
            angle = True
        elif c == ">":
            angle = False
        elif c == ":" and not angle and "@" not in text[start:position]:
            start = position + 1
        elif c in ",;" and not angle:
            pieces.append(text[start:position])
            start = position + 1
        position += 1
        if len(pieces) > 5_000:
            return pieces
    pieces.append(text[start:])
    return pieces


def _read(piece: str) -> Address | None:
    bare, quoted, comments, inside = _take_apart(piece)
    if inside is not None:
        address = inside.strip()
        name = quoted or bare or comments
    else:
        words = bare.split()
        with_at = [word for word in words if "@" in word]
        address = with_at[-1] if with_at else ""
        rest = " ".join(word for word in words if word is not address)
        name = quoted or rest or comments
    if not piece.strip():
        return None
    address = re.sub(r"^(?:mailto:|smtp:)", "", address.strip().strip("'\"<>"), flags=re.IGNORECASE)
    if "=?" in address:
        address = clean_line(decode_words(address))
    address = fold_address(address.replace(" ", "") if address.count("@") == 1 else address).rstrip(".")
    if address.startswith("@") and ":" in address:  # an obsolete source route
        address = address.rsplit(":", 1)[-1]
    name = clean_line(decode_words(name), 200)
    name = clean_line(name.replace("\\", "").strip("'\" "), 200)
    if not is_usable(address):
        named = inside is not None and re.fullmatch(r"[\w.+-]{1,128}", address, re.ASCII)
        address = address if named else ""
    if not address and not name:
        return None
    return Address(name, address)


def _take_apart(piece: str) -> tuple[str, str, str, str | None]:
    """The bare words, the quoted words, the comments and what stands in angle brackets."""
    bare: list[str] = []
    quoted: list[str] = []
    comments: list[str] = []
    inside: str | None = None
    position = 0
    while position < len(piece):
        c = piece[position]
        if c == '"':
            end = _closing(piece, position + 1)
            quoted.append(re.sub(r"\\(.)", r"\1", piece[position + 1 : end]))
            position = end
        elif c == "(":
            end, depth = position + 1, 1
            while end < len(piece) and depth:
                depth += {"(": 1, ")": -1}.get(piece[end], 0)
                end += 1
            comments.append(piece[position + 1 : end - 1])
            position = end - 1
        elif c == "<":
            end = piece.find(">", position)
            end = len(piece) if end < 0 else end
            content = piece[position + 1 : end]
            if inside is None or "@" in content:
                inside = content.lstrip("<")
            position = end
        elif c != ">":
            bare.append(c)
        position += 1
    local = " ".join(quoted)
    if inside is None and quoted and "".join(bare).strip().startswith("@"):
        return local.replace(" ", ".") + "".join(bare).strip(), "", " ".join(comments), None
    return "".join(bare).strip(), local, " ".join(comments), inside


def _closing(piece: str, position: int) -> int:
    while position < len(piece) and piece[position] != '"':
        position += 2 if piece[position] == "\\" else 1
    return min(position, len(piece))
