"""Which ticket a mail belongs to. A pure decision over facts: nothing is looked up but what the caller supplies.

A mail joins a ticket only when its sender takes part in it, or holds a signature of ours made out to that very address
for that very ticket (rows 2, 3, 5, 11). Everything else is a new ticket, and says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from .automatic import Automatic
from .parsing import ParsedMail
from .tokens import Claim, read_message_id, read_reply_address

_NUMBER = re.compile(r"\[([A-Z]{1,8}-\d{1,12})\]")

# A Message-ID that is stored with a ticket → the ticket.
Lookup = Callable[[str], "int | None"] | Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Known:
    """The facts to decide on. `is_participant(ticket, address)` says whether an address takes part; `survivor` gives
    the
    ticket that a merged one went into (itself otherwise), or None when it is gone."""

    message_ids: Lookup
    is_participant: Callable[[int, str], bool]
    numbers: Lookup = field(default_factory=dict)
    survivor: Callable[[int], int | None] = lambda ticket: ticket


KnownReferences = Known


@dataclass(frozen=True, slots=True)
class Decision:
    """`new`: a ticket of its own. `join`: a message on `ticket`. `keep`: shown on `ticket` (or in the mailbox when
    None)
    as what a machine sent, without changing anything. `ignore`: our own mail came back. `confidence` is between 0
    and 1."""

    action: str
    ticket: int | None
    confidence: float
    reasons: list[str]


def decide(
    mail: ParsedMail,
    automatic: Automatic,
    *,
    key: bytes,
    domain: str,
    known: Known,
    authentication: Literal["pass", "none", "fail"] = "none",
) -> Decision:
    """What becomes of `mail`. Strongest evidence first: signed Message-ID, signed address, known reference, number.

    `authentication` is the verdict on the sender's domain (DMARC): a mail that failed never joins a ticket (row 2)."""
    if automatic.kind == "loop":
        return Decision("ignore", None, 1.0, ["loop", *automatic.reasons])
    reasons: list[str] = []
    for ticket, confidence, reason, claim in _candidates(mail, key, domain, known):
        current = known.survivor(ticket)
        if current is None:
            reasons.append(f"{reason}:ticket-gone")
            continue
        if automatic.kind == "bounce":
            if claim is not None or known.is_participant(current, _bounced(automatic)):
                return Decision("keep", current, confidence, [*reasons, reason, "bounce"])
            reasons.append(f"{reason}:bounce-of-nobody-there")
            continue
        if authentication == "fail":
            reasons.append(f"{reason}:authentication-failed")
            continue
        if claim is not None and mail.from_ and claim.is_for(mail.from_):
            return _joined(automatic, current, confidence, [*reasons, reason, "signed-for-sender"])
        if mail.from_ and known.is_participant(current, mail.from_):
            return _joined(automatic, current, min(confidence, 0.9), [*reasons, reason, "sender-is-participant"])
        reasons.append(f"{reason}:sender-not-on-ticket")
    if automatic.kind in {"bounce", "auto-reply"}:
        return Decision("keep", None, 0.5, [*reasons, f"unthreaded-{automatic.kind}"])
    return Decision("new", None, 1.0 if not reasons else 0.7, reasons or ["no-reference"])


def _joined(automatic: Automatic, ticket: int, confidence: float, reasons: list[str]) -> Decision:
    if automatic.kind == "auto-reply":
        return Decision("keep", ticket, confidence, [*reasons, "auto-reply"])
    return Decision("join", ticket, confidence, reasons)


def _bounced(automatic: Automatic) -> str:
    return automatic.bounces[0].recipient if automatic.bounces else ""


def _candidates(mail: ParsedMail, key: bytes, domain: str, known: Known) -> list[tuple[int, float, str, Claim | None]]:
    """Tickets in question with confidence, reason and signature, the strongest evidence first, each ticket's best
    once."""
    ids = [*reversed(mail.in_reply_to), *reversed(mail.references)]
    if not mail.from_ or mail.delivery_status or mail.return_path in {"", "<>"}:
        ids += mail.enclosed_ids
    ids = list(dict.fromkeys(ids))
    found: list[tuple[int, float, str, Claim | None]] = []
    for message_id in ids:
        claim = read_message_id(key, message_id, domain)
        if claim is not None:
            found.append((claim.ticket, 1.0, "signed-message-id", claim))
    addresses = [*(a.address for a in (*mail.to, *mail.cc)), *mail.delivered_to]
    for address in dict.fromkeys(addresses):
        claim = read_reply_address(key, address)
        if claim is not None:
            found.append((claim.ticket, 0.95, "signed-address", claim))
    for message_id in ids:
        ticket = _look_up(known.message_ids, message_id)
        if ticket is not None:
            found.append((ticket, 0.8, "known-reference", None))
    for number in _NUMBER.findall(mail.subject[:500])[:3]:
        ticket = _look_up(known.numbers, number)
        if ticket is not None:
            found.append((ticket, 0.6, "number-in-subject", None))
    return found[:50]


def _look_up(lookup: Lookup, text: str) -> int | None:
    return lookup.get(text) if isinstance(lookup, Mapping) else lookup(text)
