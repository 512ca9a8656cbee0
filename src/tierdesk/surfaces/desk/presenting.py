"""Tickets as pages show them: plain dictionaries, made once here for the page, its fragments and the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from tierdesk.domain.channels.email import problems
from tierdesk.domain.channels.email import queries as email
from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import catalogue, policies, queries
from tierdesk.kernel import ids
from tierdesk.kernel.actors import Actor
from tierdesk.surfaces.desk import ladder, sentences
from tierdesk.surfaces.desk.labels import View, channel, kind, levels, priority, status, translated
from tierdesk.surfaces.prose import shown_text
from tierdesk.ui.wording import initials

if TYPE_CHECKING:
    from tierdesk.domain.tickets.models import Attachment, CustomField, FieldValue, Message, Ticket


def row(ticket: Ticket) -> View:
    """A line of a list."""
    return {
        "ref": ticket.ref,
        "url": url_of(ticket),
        "subject": ticket.subject,
        "requester": ticket.requester.name or _("Unknown"),
        "client": ticket.client.name,
        "preview": ticket.preview,
        "status": status(ticket.status),
        "priority": priority(ticket.priority),
        "tier": ticket.tier.key,
        "assignee_initials": initials(ticket.assignee.name) if ticket.assignee else None,
        "assignee_name": ticket.assignee.name if ticket.assignee else None,
        "unread": ticket.last_message_at.timestamp() > _moment(getattr(ticket, "read_to", None)),
        "updated_at": ticket.updated_at,
        "waiting_since": ticket.waiting_since,
        "due": None,
    }


def page(actor: Actor, ticket: Ticket) -> View:
    """Everything a ticket's page shows."""
    entries = _opening_first(queries.timeline(actor, ticket))
    events = [entry.event for entry in entries if entry.event]
    participants = queries.participants(ticket)
    teams = {team.pk: translated(team.name) for team in people.teams_kept()}
    agents = people.agents_kept(ticket.client_id)
    names = dict(agents) | {p.person_id: p.person.name for p in participants}
    missing = set().union(*map(sentences.people_in, events)) - names.keys()
    names |= queries.names_of(missing)
    values = queries.field_values(ticket)
    addresses = {ticket.requester_id: getattr(ticket, "requester_address", None) or ""}
    addresses |= {p.person_id: getattr(p, "address", None) or "" for p in participants}
    around = _Around(
        sent={key: _delivery(mail) for key, mail in email.sent_of_ticket(actor, ticket.pk).items()},
        raw=email.mails_of_ticket(actor, ticket.pk),
        names=names,
        teams=teams,
        read_to=_moment(getattr(ticket, "read_to", None)),
    )
    return {
        "t": _ticket(ticket, teams, values, addresses)
        | {"participants": [_participant(p.person.name, addresses.get(p.person_id, "")) for p in participants]},
        "rungs": ladder.rungs(ticket, events),
        "unread": not around.read_to or any(entry.at.timestamp() > around.read_to for entry in entries),
        "entries": [_entry(entry, around) for entry in entries],
        "statuses": [status(one) for one in queries.next_statuses(ticket)],
        "agents": [{"id": key, "name": name} for key, name in agents],
        "teams": [{"id": key, "name": name} for key, name in teams.items()],
        "categories": [{"id": c.pk, "name": translated(c.name)} for c in catalogue.categories()],
        "impacts": levels(),
        "urgencies": levels(),
        "may": {verb: policies.may(actor, verb, ticket) for verb in ("reply", "note", "edit")}
        | {verb: policies.may(actor, "edit", ticket) for verb in ("assign", "status")},
        "errors": {},
        "draft": {},
        "conflict": None,
        "max_bytes": settings.TIERDESK.max_upload_bytes,
    }


def _opening_first(entries: list[queries.Entry]) -> list[queries.Entry]:
    return sorted(entries, key=lambda entry: 0 if entry.event and entry.event.name == "TicketOpened" else entry.id)


def url_of(ticket: Ticket) -> str:
    """Where a ticket's page is."""
    return reverse("desk:ticket", args=[ticket.ref])


def _ticket(ticket: Ticket, teams: dict[int, str], values: Sequence[FieldValue], addresses: dict[int, str]) -> View:
    requester = ticket.requester
    shown = requester.name or addresses.get(requester.pk, "") or _("Unknown")
    assignee = ticket.assignee
    return {
        "ref": ticket.ref,
        "url": url_of(ticket),
        "subject": ticket.subject,
        "kind_label": kind(ticket.kind),
        "status": status(ticket.status),
        "priority": priority(ticket.priority),
        "impact": ticket.impact,
        "urgency": ticket.urgency,
        "client": {"name": ticket.client.name, "slug": ticket.client.slug},
        "requester": {
            "name": shown,
            "address": addresses.get(requester.pk, ""),
            "language": requester.language,
        },
        "team_name": teams.get(ticket.team_id or 0, ""),
        "team_id": ticket.team_id,
        "tier": ticket.tier.key,
        "assignee": {"id": assignee.pk, "name": assignee.name} if assignee else None,
        "created_at": ticket.created_at,
        "version": ticket.version,
        "channel": ticket.channel,
        "channel_label": channel(ticket.channel),
        "category_id": ticket.category_id,
        "category_label": translated(ticket.category.name) if ticket.category else "",
        "custom_fields": _custom_fields(ticket, values),
        "waits": sentences.waits(ticket, shown, assignee.name if assignee else ""),
        "hold_until": ticket.hold_until,
    }


def _custom_fields(ticket: Ticket, values: Sequence[FieldValue]) -> list[View]:
    held = {value.field_id: value for value in values}
    shown = []
    for field in catalogue.custom_fields():
        if field.kinds and ticket.kind not in field.kinds:
            continue
        raw, text = _value(field, held.get(field.pk))
        options = [(choice["key"], translated(choice.get("label", {}))) for choice in field.choices]
        if field.type == "boolean":
            options = [("true", _("Yes")), ("false", _("No"))]
        inputs = {"number": "number", "date": "date"}
        shown.append(
            {
                "key": field.key,
                "label": translated(field.label),
                "value": dict(options).get(text, text),
                "raw": raw,
                "options": options,
                "input": inputs.get(field.type, "text"),
            }
        )
    return shown


def _value(field: CustomField, value: FieldValue | None) -> tuple[str, str]:
    if value is None:
        return "", ""
    if field.type == "boolean":
        text = "true" if value.boolean else "false"
    elif field.type == "number":
        text = f"{value.number.normalize():f}" if value.number is not None else ""
    elif field.type == "date":
        text = value.date.isoformat() if value.date else ""
    else:
        text = value.text or ""
    return text, text


def _participant(name: str, address: str) -> View:
    return {"name": name, "address": address, "role": _("Cc")}


@dataclass(frozen=True, slots=True)
class _Around:
    """What entries are shown with: how each message was sent and by which mail it came, names, how far one has read."""

    sent: dict[int, View]
    raw: dict[int, int]
    names: dict[int, str]
    teams: dict[int, str]
    read_to: float


def _entry(entry: queries.Entry, around: _Around) -> View:
    shown: dict[str, Any] = {
        "type": entry.type,
        "id": entry.id,
        "at": entry.at,
        "is_new": entry.at.timestamp() > around.read_to > 0,
        "attachments": [_file(file) for file in entry.attachments],
    }
    if entry.event:
        sentence = sentences.of_event(entry.event, around.names, around.teams)
        return shown | {"icon": sentences.ICONS.get(entry.event.name, "circle"), "sentence": sentence}
    if entry.note:
        author = entry.note.author.name if entry.note.author else _("Unknown")
        return shown | {"author": _author(author, "agent"), "text_html": shown_text(entry.note.text)}
    return shown | (_message(entry.message, around) if entry.message else {})


def _author(name: str, side: str) -> View:
    return {"name": name, "initials": initials(name), "side": side}


def _message(message: Message, around: _Around) -> View:
    new, quoted = split_quote(message)
    side = "requester" if message.direction == "in" else "agent"
    return {
        "author": _author(message.author.name or _("Unknown"), side),
        "direction": message.direction,
        "channel": message.channel,
        "text_html": shown_text(new),
        "quoted_html": shown_text(quoted) if quoted else "",
        "body_url": reverse("desk:message_body", args=[message.pk]) if message.html else "",
        "raw_url": reverse("desk:raw_mail", args=[around.raw[message.pk]]) if message.pk in around.raw else "",
        "delivery": around.sent.get(message.pk),
    }


def split_quote(message: Message) -> tuple[str, str]:
    """A message's own words and what it quotes below them."""
    if not message.new_text:
        return message.text, ""
    own = message.new_text.strip()
    rest = message.text.strip()
    return own, rest[len(own) :].strip() if rest.startswith(own) else rest


def _delivery(mail: Any) -> View:
    if mail.state == "failed":
        return {"state": "failed", "text": _("Not delivered: %(error)s") % {"error": problems.words_for(mail.error)}}
    if mail.state == "sent" and mail.sent_at is not None:
        return {"state": "sent", "text": _("Sent to %(address)s") % {"address": mail.address}}
    return {"state": "queued", "text": _("Being sent to %(address)s") % {"address": mail.address}}


def _file(file: Attachment) -> View:
    return {
        "name": file.name,
        "size": file.file.size,
        "type": file.type,
        "inline": file.inline,
        "url": reverse("desk:file", args=[file.pk]),
    }


def _moment(read_to: int | None) -> float:
    return ids.moment_of(read_to).timestamp() if read_to else 0.0
