"""Signed ids in what we send, so that an answer proves which ticket it belongs to and to whom we wrote.

One format only (rows 2-4), in base32. Plain inside: version, purpose, ticket, in a Message-ID a number of the mail's
own, and a keyed digest of the recipient. All of it stands under a MAC of 128 bits (HMAC-SHA256, truncated as RFC
2104 allows).
Whatever does not read exactly like that gives None.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from dataclasses import dataclass, field

from .addresses import fold_address

# First byte: version and purpose; then the ticket (63 bits) and, in a Message-ID, 32 bits of the mail's own number;
# last the
# digest of the recipient. Both sizes are whole characters of base32, so that no bit is left to be spelled differently.
_MAC_BYTES = 16
_BODIES = {b"message-id": struct.Struct(">BQI6s"), b"address": struct.Struct(">BQ5s")}
_VERSION = 1
_TOKEN = re.compile(r"[a-z2-7]+")
_PURPOSES = ("reply", "acknowledgement", "notification", "vendor", "survey", "verification", "digest")
_MESSAGE_ID = b"message-id"
_ADDRESS = b"address"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a valid token says. `unique` is the lower 32 bits of the number given to it."""

    ticket: int
    purpose: str
    unique: int
    _recipient: bytes = field(repr=False)
    _key: bytes = field(repr=False)

    def is_for(self, address: str) -> bool:
        """Whether the token was made for `address`."""
        return hmac.compare_digest(_recipient_digest(self._key, address)[: len(self._recipient)], self._recipient)


def make_message_id(key: bytes, *, ticket: int, purpose: str, recipient: str, unique: int, domain: str) -> str:
    """A Message-ID without angle brackets, bound to the ticket, the recipient and the purpose."""
    token = _make(key, _MESSAGE_ID, ticket=ticket, purpose=purpose, recipient=recipient, unique=unique)
    return f"{token}@{domain.lower()}"


def read_message_id(key: bytes, message_id: str, domain: str) -> Claim | None:
    """What a Message-ID of ours claims; None for every other one, however similar."""
    local, at, host = message_id.strip().removeprefix("<").removesuffix(">").rpartition("@")
    if not at or host.lower() != domain.lower():
        return None
    return _read(key, _MESSAGE_ID, local)


def make_reply_address(key: bytes, *, ticket: int, recipient: str, purpose: str, mailbox_address: str) -> str:
    """`support+TOKEN@…` for Reply-To; readable in any letter case. Refused (ValueError) when the mailbox's own name
    leaves no room within the 64 characters of a local part (RFC 5321)."""
    local, _, domain = mailbox_address.rpartition("@")
    token = _make(key, _ADDRESS, ticket=ticket, purpose=purpose, recipient=recipient, unique=0)
    if not local or len(local) + 1 + len(token) > 64:
        raise ValueError("mailbox name too long for signed reply addresses")
    return f"{local}+{token}@{domain}"


def read_reply_address(key: bytes, address: str) -> Claim | None:
    """What the token in a plus-address claims; None without one or when anything about it is wrong."""
    _, plus, token = fold_address(address).rpartition("@")[0].rpartition("+")
    return _read(key, _ADDRESS, token) if plus else None


def _make(key: bytes, kind: bytes, *, ticket: int, purpose: str, recipient: str, unique: int) -> str:
    if len(key) < 32:
        raise ValueError("the signing key must have at least 32 bytes")
    if not 0 < ticket < 1 << 63:
        raise ValueError("a ticket's id has 63 bits")
    layout = _BODIES[kind]
    first = _VERSION << 4 | _PURPOSES.index(purpose)
    digest = _recipient_digest(key, recipient)
    body = (
        layout.pack(first, ticket, unique & 0xFFFFFFFF, digest)
        if kind == _MESSAGE_ID
        else layout.pack(first, ticket, digest[:5])
    )
    return base64.b32encode(body + _mac(key, kind, body)).decode("ascii").lower()


def _read(key: bytes, kind: bytes, token: str) -> Claim | None:
    layout = _BODIES[kind]
    length = (layout.size + _MAC_BYTES) * 8 // 5
    token = token.lower() if token.isascii() else ""
    if len(token) != length or _TOKEN.fullmatch(token) is None:
        return None
    data = base64.b32decode(token.upper())
    body, mac = data[: layout.size], data[layout.size :]
    if not hmac.compare_digest(_mac(key, kind, body), mac):
        return None
    first, ticket, *unique, recipient = layout.unpack(body)
    if first >> 4 != _VERSION or first & 15 >= len(_PURPOSES) or not 0 < ticket < 1 << 63:
        return None
    return Claim(ticket, _PURPOSES[first & 15], unique[0] if unique else 0, recipient, key)


def _mac(key: bytes, kind: bytes, body: bytes) -> bytes:
    return hmac.new(key, b"tierdesk mail token 1\0" + kind + b"\0" + body, hashlib.sha256).digest()[:_MAC_BYTES]


def _recipient_digest(key: bytes, recipient: str) -> bytes:
    address = fold_address(recipient).encode("utf-8", "replace")
    return hmac.new(key, b"tierdesk mail recipient 1\0" + address, hashlib.sha256).digest()[:6]
