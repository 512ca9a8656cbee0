"""How much of one mail is looked at. Past a limit the rest is left out and the mail says so in its problems."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one mail. Sizes are in bytes, lengths in characters."""

    depth: int = 40
    parts: int = 600
    header_bytes: int = 512 * 1024
    headers: int = 2_000
    recipients: int = 500
    references: int = 100
    text: int = 1_000_000
    html: int = 1_500_000
    attachments: int = 500
    expanded_bytes: int = 100 * 1024 * 1024


DEFAULT = Limits()
