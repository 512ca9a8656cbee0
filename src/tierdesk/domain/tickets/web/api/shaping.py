"""Rows become what the API gives, for the side that the actor stands on."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import policies, queries, rules
from tierdesk.domain.tickets.models import Attachment, FieldValue, Ticket
from tierdesk.domain.tickets.queries import Entry
from tierdesk.kernel.actors import Actor

PRIORITY_NAMES = {value: name for name, value in rules.PRIORITIES.items()}
_MEDIA_TYPE = re.compile(r"[a-zA-Z0-9!#$&^_.+-]{1,60}/[a-zA-Z0-9!#$&^_.+-]{1,60}")
# What the requester's side learns of an event, by its name; others are the desk's own.
_OPEN_FACTS: Mapping[str, tuple[str, ...]] = {
    "TicketOpened": ("channel", "kind"),
    "StatusChanged": ("from_status", "to_status", "category"),
    "ParticipantAdded": (),
}
_DESK_FACTS: Mapping[str, tuple[str, ...]] = {
    **_OPEN_FACTS,
    "StatusChanged": ("from_status", "to_status", "category", "hold_until"),
    "DetailsChanged": ("changed", "priority_from", "priority_to"),
    "TicketAssigned": (),
}


def tickets_out(actor: Actor, tickets: Sequence[Ticket]) -> list[dict[str, Any]]:
    """Tickets as a list shows them."""
    ids = {t.requester_id for t in tickets} | {t.assignee_id for t in tickets if t.assignee_id}
    addresses = people.addresses_of(ids) if ids else {}
    return [_ticket(actor, ticket, addresses) for ticket in tickets]


def ticket_out(actor: Actor, ticket: Ticket) -> dict[str, Any]:
    """One ticket in full."""
    others = [row.person_id for row in queries.participants(ticket)]
    ids = {ticket.requester_id, *others} | ({ticket.assignee_id} if ticket.assignee_id else set())
    addresses = people.addresses_of(ids)
    shown = _ticket(actor, ticket, addresses)
    shown["participants"] = [addresses[person_id] for person_id in others if person_id in addresses]
    if policies.is_staff_for(actor, ticket.client_id):
        shown["custom_fields"] = {row.field.key: _value(row) for row in queries.field_values(ticket)}
    return shown


def entries_out(actor: Actor, ticket: Ticket, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries of a timeline, each with no more than its side may know."""
    staff = policies.is_staff_for(actor, ticket.client_id)
    return [_entry(entry, staff=staff) for entry in entries]


def media_type(attachment: Attachment) -> str:
    """The type as which a file is handed out: the sender's word, where it has the form of one and is never run."""
    said = attachment.type.strip().lower()
    if not _MEDIA_TYPE.fullmatch(said) or said.endswith(("html", "xml", "script")):
        return "application/octet-stream"
    return said


def _ticket(actor: Actor, ticket: Ticket, addresses: Mapping[int, str]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ref": ticket.ref,
        "subject": ticket.subject,
        "requester": addresses.get(ticket.requester_id, ""),
        "requester_name": ticket.requester.name,
        "client": ticket.client.slug,
        "kind": ticket.kind,
        "status": ticket.status.key,
        "status_category": ticket.status.category,
        "priority": PRIORITY_NAMES[ticket.priority],
        "channel": ticket.channel,
        "created_at": _utc(ticket.created_at),
        "updated_at": _utc(ticket.updated_at),
        "solved_at": _utc(ticket.solved_at),
        "url": settings.TIERDESK.public_url + reverse("desk:ticket", args=[ticket.ref]),
    }
    if policies.is_staff_for(actor, ticket.client_id):
        shown |= {
            "team": ticket.team.slug if ticket.team else None,
            "tier": ticket.tier.key,
            "assignee": addresses.get(ticket.assignee_id or 0),
            "assignee_name": ticket.assignee.name if ticket.assignee else None,
            "category": ticket.category.path if ticket.category else None,
            "impact": ticket.impact,
            "urgency": ticket.urgency,
            "hold_until": _utc(ticket.hold_until),
            "version": ticket.version,
        }
    return shown


def _entry(entry: Entry, *, staff: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": entry.type, "id": str(entry.id), "at": _utc(entry.at)}
    if row := entry.message:
        shown |= {"author": row.author.name, "text": row.text, "direction": row.direction, "channel": row.channel}
    elif note := entry.note:
        shown |= {"author": note.author.name if note.author else "", "text": note.text}
    elif event := entry.event:
        names = (_DESK_FACTS if staff else _OPEN_FACTS).get(event.name, ())
        facts = {name: event.data[name] for name in names if name in event.data}
        by = (getattr(event, "actor_name", "") or "") if staff else ""
        shown |= {"author": by, "event": event.name, "facts": facts}
    shown["attachments"] = [_file(attachment) for attachment in entry.attachments]
    return shown


def _file(attachment: Attachment) -> dict[str, Any]:
    path = reverse("api:take_file", args=[str(attachment.pk)])
    return {
        "id": str(attachment.pk),
        "name": attachment.name,
        "type": media_type(attachment),
        "size": attachment.file.size,
        "url": settings.TIERDESK.public_url.rstrip("/") + path,
    }


def _value(row: FieldValue) -> str | float | bool | None:
    if row.number is not None:
        return float(row.number)
    if row.date is not None:
        return row.date.isoformat()
    return row.boolean if row.boolean is not None else row.text


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    return moment.astimezone(dt.UTC) if moment else None
