"""Reads of tickets, always in somebody's name."""

import datetime as dt
import zoneinfo
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from tierdesk.domain.people import queries as people
from tierdesk.domain.people import rules as people_rules
from tierdesk.domain.tickets import catalogue, policies, rules
from tierdesk.domain.tickets.conditions import ticket_fields
from tierdesk.domain.tickets.models import Attachment, FieldValue, Message, Note, Participant, ReadMark, Status, Ticket
from tierdesk.kernel import clock
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.conditions.querying import narrow
from tierdesk.kernel.conditions.syntax import parse
from tierdesk.kernel.models import Event
from tierdesk.kernel.paging import Page, page_by_time
from tierdesk.kernel.search.access import SearchAccess

PAGE = 50
TIMELINE = 200
HIDDEN_EVENTS = ("RequesterWrote", "AgentReplied", "NoteAdded", "FileDownloaded", "MailSent")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on a timeline: a message, a note (staff only) or an event; the one of that `type` is set."""

    type: str
    id: int
    at: dt.datetime
    message: Message | None = None
    note: Note | None = None
    event: Event | None = None
    attachments: list[Attachment] = field(default_factory=list)


def visible_tickets(actor: Actor) -> QuerySet[Ticket]:
    """The tickets that an actor may read."""
    return Ticket.objects.scoped(policies.ticket_scope(actor))


def ticket_for(actor: Actor, ref: str) -> Ticket:
    """A ticket by its reference, with what every page shows: `read_to`, `requester_address`, and `stream_position`,
    the position up to which this reading knows the stream. Refused: what is not there or not to be seen.
    """
    number = rules.number_in(ref)
    tickets = _listed(actor, visible_tickets(actor)).annotate(
        requester_address=people.first_address_of(OuterRef("requester_id")),
        stream_position=Subquery(
            Event.objects.filter(position__isnull=False).order_by("-position").values("position")[:1]
        ),
    )
    found = tickets.filter(number=number).first() if number is not None else None
    if found is None:
        raise policies.no_such_ticket()
    return found


def find_tickets(actor: Actor, q: str = "", *, page: str = "", size: int = PAGE) -> Page[Ticket]:
    """A page of the tickets that fit conditions, last changed first. Refused: conditions that cannot be understood, a
    page that does not exist. An empty `q` is every ticket that the actor may see.
    """
    return page_by_time(_listed(actor, matching(actor, q)), field="updated_at", key=page, size=size)


def list_tickets(actor: Actor, condition: Q, *, page: str = "", size: int = PAGE) -> Page[Ticket]:
    """A page of the visible tickets of a fixed view, last changed first. Refused: a page that does not exist."""
    tickets = _listed(actor, visible_tickets(actor).filter(condition))
    return page_by_time(tickets, field="updated_at", key=page, size=size)


def matching(actor: Actor, q: str) -> QuerySet[Ticket]:
    """The visible tickets that fit conditions. Free words are looked for in what the actor may read."""
    tickets = visible_tickets(actor)
    if not q.strip():
        return tickets
    number = rules.number_in(q)
    if number is not None:
        return tickets.filter(number=number)
    staff = actor.clients_for(people_rules.READ)
    if staff:
        access = SearchAccess(frozenset(Audience), None if staff.every else staff.ids)
    else:
        access = SearchAccess(frozenset({Audience.REQUESTER}))
    zone = zoneinfo.ZoneInfo(actor.time_zone or "UTC")
    return narrow(
        tickets,
        parse(q),
        fields=ticket_fields(actor),
        now=clock.now().astimezone(zone),
        me=actor.person_id,
        access=access,
    )


def of_views(actor: Actor, views: Iterable[tuple[str, Q]]) -> dict[str, QuerySet[Ticket]]:
    """The visible tickets of each view, to be counted together."""
    tickets = visible_tickets(actor)
    return {name: tickets.filter(condition) for name, condition in views}


def timeline(actor: Actor, ticket: Ticket, *, before: int | None = None, limit: int = TIMELINE) -> list[Entry]:
    """What happened on a ticket that the actor may read, oldest first: at most the latest `limit` entries of each
    kind, or those before an id. Notes and internal events are for staff of its client alone.
    """
    staff = policies.is_staff_for(actor, ticket.client_id)
    earlier = Q(pk__lt=before) if before else Q()
    own_side = Q() if staff else Q(audience=Audience.REQUESTER)
    messages = Message.objects.scoped(Q(ticket_id=ticket.pk) & own_side).select_related("author").filter(earlier)
    files = _files(Attachment.objects.scoped(Q(ticket_id=ticket.pk) & own_side))
    entries = [
        Entry("message", m.pk, m.at, message=m, attachments=files.get(m.pk, []))
        for m in messages.order_by("-id")[:limit]
    ]
    if staff:
        notes = Note.objects.scoped(Q(ticket_id=ticket.pk)).select_related("author").filter(earlier)
        entries += [
            Entry("note", n.pk, n.at, note=n, attachments=files.get(n.pk, [])) for n in notes.order_by("-id")[:limit]
        ]
    events = Event.objects.filter(own_side & earlier, topic="ticket", thing_id=ticket.pk).exclude(
        name__in=HIDDEN_EVENTS
    )
    entries += [Entry("event", e.pk, e.at, event=e) for e in events.annotate(**_actor_name()).order_by("-id")[:limit]]
    return sorted(entries, key=lambda entry: entry.id)


def field_values(ticket: Ticket) -> list[FieldValue]:
    """A ticket's custom fields. No statement where the installation has none."""
    if not catalogue.custom_fields():
        return []
    return list(FieldValue.objects.scoped(Q(ticket_id=ticket.pk)).select_related("field").order_by("field__position"))


def participants(ticket: Ticket) -> list[Participant]:
    """Who takes part besides the requester, each with his `address`."""
    rows = Participant.objects.scoped(Q(ticket_id=ticket.pk)).select_related("person").order_by("id")
    return list(rows.annotate(address=people.first_address_of(OuterRef("person_id"))))


def participant_ids(ticket_id: int) -> set[int]:
    """Who stands on the customer's side of a ticket: the requester and those who take part."""
    requester = Ticket.objects.unscoped("for the mail gateway's decision").filter(pk=ticket_id)
    others = Participant.objects.unscoped("as above").filter(ticket_id=ticket_id)
    return {*requester.values_list("requester_id", flat=True), *others.values_list("person_id", flat=True)}


def ticket_by_id_for_system(ticket_id: int) -> Ticket | None:
    """A ticket by id, for reactions and jobs, which act for the system."""
    found = Ticket.objects.unscoped("the system's own").select_related("status", "client", "requester", "team")
    return found.filter(pk=ticket_id).first()


def ticket_by_number_for_system(number: int) -> Ticket | None:
    """A ticket by number, for the mail gateway."""
    found = Ticket.objects.unscoped("the system's own").select_related("status", "client", "requester", "team")
    return found.filter(number=number).first()


def message_for_system(message_id: int) -> Message | None:
    """A message with its ticket and author, for those who send it on."""
    found = Message.objects.unscoped("the system's own").select_related("ticket", "ticket__requester", "author")
    return found.filter(pk=message_id).first()


def message_for(actor: Actor, message_id: int) -> Message:
    """One message that the actor may read. Refused: `not_found`."""
    found = Message.objects.scoped(policies.entry_scope(actor)).select_related("ticket").filter(pk=message_id).first()
    if found is None:
        raise policies.no_such_ticket()
    return found


def attachments_of(message_id: int) -> list[Attachment]:
    """A message's files, for those who send it on."""
    rows = Attachment.objects.unscoped("the system's own").filter(message_id=message_id)
    return list(rows.select_related("file").order_by("id"))


def next_statuses(ticket: Ticket) -> list[Status]:
    """Where a ticket can go from here by hand, itself first."""
    allowed = {ticket.status_id, *catalogue.flow().get((ticket.kind, ticket.status_id), [])}
    return [status for status in catalogue.statuses() if status.pk in allowed]


def names_of(person_ids: Collection[int]) -> dict[int, str]:
    """Names of people, for events that hold ids."""
    return people.names_of(person_ids) if person_ids else {}


def _listed(actor: Actor, tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    with_rows = tickets.select_related("client", "requester", "status", "assignee", "tier", "team", "category")
    marks = ReadMark.objects.unscoped("the reader's own").filter(
        ticket_id=OuterRef("pk"), person_id=actor.person_id or 0
    )
    return with_rows.annotate(read_to=Subquery(marks.values("read_to")[:1]))


def _files(attachments: QuerySet[Attachment]) -> dict[int, list[Attachment]]:
    files: dict[int, list[Attachment]] = {}
    for row in attachments.select_related("file").order_by("id"):
        files.setdefault(row.message_id or row.note_id or 0, []).append(row)
    return files


def _actor_name() -> dict[str, Any]:
    return {"actor_name": people.name_of(OuterRef("actor_person_id"))}
