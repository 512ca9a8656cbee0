"""The audit reads the events themselves; seals over their digests show whether anybody altered them."""

import hashlib
import json
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from tierdesk.kernel.models import Event, Seal

SEAL_EVERY = 500


def digest_of(event: Event) -> bytes:
    """SHA-256 over the event's salt and everything it says, in one fixed form."""
    said = [
        event.pk,
        event.position,
        event.name,
        event.version,
        event.topic,
        event.thing_id,
        event.client_id,
        event.audience,
        event.command,
        event.actor_kind,
        event.actor_person_id,
        event.actor_ref_id,
        event.cause_id,
        event.depth,
        event.at.isoformat(),
        event.data,
    ]
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(bytes(event.salt or b"") + text.encode()).digest()


def seal(batch: int = SEAL_EVERY) -> int:
    """Extend the chain over all positioned events, a seal for at most `batch` of them. Returns the seals made."""
    made = 0
    while True:
        with transaction.atomic():
            last = Seal.objects.order_by("-last_position").first()
            after = last.last_position if last else 0
            rows = list(
                Event.objects.filter(position__gt=after).order_by("position").values_list("position", "digest")[:batch]
            )
            if not rows:
                return made
            chain = hashlib.sha256(bytes(last.digest) if last else b"tierdesk")
            for _position, digest in rows:
                chain.update(bytes(digest or b""))
            first, end = rows[0][0] or 0, rows[-1][0] or 0
            Seal.objects.create(first_position=first, last_position=end, digest=chain.digest())
            made += 1


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """Where the record does not agree with itself, and how."""

    position: int
    what: str


def verify(last: int | None = None) -> list[AuditFinding]:
    """Walk the whole chain, or its `last` so many seals. An event altered, removed or slipped in, or a seal altered,
    is a finding.

    An event whose salt and data were emptied (a person was forgotten) is held by its digest alone and is no finding.
    """
    findings: list[AuditFinding] = []
    previous = b"tierdesk"
    seals = Seal.objects.order_by("last_position")
    if last is not None:
        seals = seals[max(0, seals.count() - last) :]
        before = Seal.objects.filter(last_position__lt=seals[0].last_position) if seals else Seal.objects.none()
        newest = before.order_by("-last_position").first()
        previous = bytes(newest.digest) if newest else previous
    for row in seals.iterator():
        chain = hashlib.sha256(previous)
        within = Event.objects.filter(position__range=(row.first_position, row.last_position)).order_by("position")
        expected = row.first_position
        for event in within.iterator():
            if event.position != expected:
                findings.append(AuditFinding(expected, "missing"))
                expected = event.position or expected
            expected += 1
            forgotten = event.salt is None and not event.data
            if not forgotten and digest_of(event) != bytes(event.digest or b""):
                findings.append(AuditFinding(event.position or 0, "altered"))
            chain.update(bytes(event.digest or b""))
        if chain.digest() != bytes(row.digest):
            findings.append(AuditFinding(row.last_position, "seal broken"))
        previous = bytes(row.digest)
    return findings


def unsealed() -> int:
    """How many positioned events no seal covers yet."""
    last = Seal.objects.aggregate(last=Max("last_position"))["last"] or 0
    return Event.objects.filter(position__gt=last).count()


def last_position() -> int:
    """The position of the latest event that has one; nought before the first."""
    return Event.objects.aggregate(last=Max("position"))["last"] or 0
