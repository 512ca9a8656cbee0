"""What people say to each other on a ticket: opening it, messages, notes, files, who takes part."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from tierdesk.domain.people import commands as people_commands
from tierdesk.domain.people import queries as people
from tierdesk.domain.people import rules as people_rules
from tierdesk.domain.tickets import indexing, policies, rules
from tierdesk.domain.tickets.commands.attaching import FileIn, attach, check_files
from tierdesk.domain.tickets.commands.fields import write_fields
from tierdesk.domain.tickets.commands.locking import locked, refuse_if_changed, status_of, touch
from tierdesk.domain.tickets.commands.steering import move_to
from tierdesk.domain.tickets.commands.taking_part import MAX_PARTICIPANTS, join
from tierdesk.domain.tickets.models import (
    Category,
    Kind,
    Message,
    Note,
    Ticket,
)  # fmt: skip
from tierdesk.events.tickets import (
    AgentReplied,
    NoteAdded,
    RequesterWrote,
    TicketAssigned,
    TicketOpened,
)  # fmt: skip
from tierdesk.kernel import clock, ids, numbers
from tierdesk.kernel.actors import Actor, ActorKind
from tierdesk.kernel.commands import command, record
from tierdesk.kernel.conditions.folding import fold
from tierdesk.kernel.refusals import Faults, Refusal

if TYPE_CHECKING:
    from tierdesk.domain.people.models import Team

FIRST_LINE = 1  # the tier that takes in what no team is named for
CONVERSATION = ("RequesterWrote", "AgentReplied")


@dataclass(frozen=True, slots=True)
class _Words:
    """What is said, and how it came."""

    text: str
    new_text: str
    html: str
    channel: str
    files: Sequence[FileIn]


@command
def open_ticket(
    actor: Actor,
    *,
    subject: str,
    text: str,
    requester_id: int,
    client_id: int,
    channel: str,
    kind: str = Kind.INCIDENT,
    new_text: str = "",
    html: str = "",
    impact: int | None = None,
    urgency: int | None = None,
    priority: int | None = None,
    category_id: int | None = None,
    team_id: int | None = None,
    language: str = "",
    files: Sequence[FileIn] = (),
    participant_ids: Iterable[int] = (),
    custom_fields: Mapping[str, Any] | None = None,
    by_mail_id: int | None = None,
    follows_ticket_id: int | None = None,
) -> Ticket:
    """A new ticket with its first message, as the requester's words. Its attribute `opening_message` is that message.

    Impact and urgency run from 1 (high) to 3 (low) and make the priority; a `priority` (1 to 4) given instead stands
    for a pair. Refused: whoever may not open one for this requester and client; an empty subject or text; an unknown
    kind, team or category; wrong custom fields; more or larger files than allowed.
    """
    if not policies.may_open(actor, client_id, requester_id):
        raise Refusal("forbidden", _("You may not open tickets for this requester."), "requester")
    words = _Words(_clean_text(text, cut=actor.kind is ActorKind.MAIL), new_text, html, channel, files)
    faults = Faults()
    subject = _opening_subject(faults, actor, subject, words)
    team = _opening_place(faults, client_id, kind, team_id, category_id)
    impact, urgency = _levels(faults, impact, urgency, priority)
    faults.refuse()
    ticket = Ticket(
        client_id=client_id,
        requester_id=requester_id,
        category_id=category_id,
        team=team,
        kind=kind,
        subject=subject,
        channel=channel,
        language=language,
        impact=impact,
        urgency=urgency,
    )
    message = _open(ticket, words)
    by_form = actor.kind is not ActorKind.MAIL and follows_ticket_id is None
    write_fields(ticket, custom_fields or {}, opening=by_form)
    _record_opening(actor, ticket, message, by_mail_id=by_mail_id, follows_ticket_id=follows_ticket_id)
    for person_id in list(dict.fromkeys(participant_ids))[:MAX_PARTICIPANTS]:
        join(actor, ticket, person_id)
    return ticket


@command
def open_for(actor: Actor, *, address: str, name: str, client_id: int | None, **ticket: Any) -> Ticket:
    """A new ticket for whoever has this mail address, known or not; `ticket` as in `open_ticket`.

    Without a client it is the requester's own. Refused: as there, and an address that is none.
    """
    if client_id is not None and not people.client_is_there(client_id):
        raise Refusal("invalid", _("There is no such client."), "client", _("Choose one from the list."))
    requester = people_commands.find_or_add_requester(
        actor, address=address, name=name, found_in=ticket["channel"], client_id=client_id
    )
    if client_id is None:
        client_id = people.client_for_sender(people_rules.fold_address(address), requester).pk
    return open_ticket(actor, requester_id=requester.pk, client_id=client_id, **ticket)


@command
def post_message(
    actor: Actor,
    *,
    ref: str,
    text: str,
    new_text: str = "",
    html: str = "",
    files: Sequence[FileIn] = (),
    channel: str = Ticket.Channel.WEB,
    version: int | None = None,
    by_mail_id: int | None = None,
    reasons: Sequence[str] = (),
) -> Message:
    """Say something that the requester's side sees. From staff it is the desk's answer and leaves the ticket waiting
    for the requester; from the own side it (re)opens the ticket, or, where that was closed long ago, opens another
    that names it.

    Refused: nobody's or another client's ticket; an empty message without files; `conflict`, when somebody else wrote
    after the `version` that the writer had before his eyes.
    """
    ticket = locked(actor, policies.REPLY, ref)
    answering = policies.is_staff_for(actor, ticket.client_id)
    text = _clean_text(text, cut=actor.kind is ActorKind.MAIL)
    faults = Faults()
    if not text.strip() and not files and actor.kind is not ActorKind.MAIL:
        faults.add("text", _("The message is empty."), _("Write something, or attach a file."))
    check_files(faults, files)
    faults.refuse()
    if actor.person_id is None:
        raise Refusal("forbidden", _("Only a person can write to people."))
    refuse_if_changed(actor, ticket, version, CONVERSATION)
    words = _Words(text, new_text, html, channel, files)
    if not answering and _closed_long_ago(ticket):
        return _follow_up(actor, ticket, words, by_mail_id)
    direction = Message.Direction.OUT if answering else Message.Direction.IN
    message = _write_message(ticket, actor.person_id, direction, words)
    ticket.last_message_at = message.at
    ticket.preview = rules.preview_of(new_text or text) or ticket.preview
    before = ticket.status.category
    if not answering and (before in {rules.WAITING_REQUESTER, *rules.DONE} or ticket.waiting_since is None):
        ticket.waiting_since = message.at
    taken = answering and ticket.assignee_id is None and actor.kind is ActorKind.PERSON
    if answering:
        ticket.waiting_since = None
    if taken:
        ticket.assignee_id = actor.person_id
    ticket.attention_at = message.at
    touch(ticket, "last_message_at", "preview", "waiting_since", "attention_at", "assignee")
    facts = _facts(ticket) | {"message_id": message.pk}
    if answering:
        record(actor, AgentReplied(**facts))
        if taken:
            record(actor, _taken_by(ticket, actor.person_id))
    else:
        why = tuple(reasons) or None
        record(actor, RequesterWrote(**facts, channel=channel, by_mail_id=by_mail_id, reasons=why))
    move_to(actor, ticket, rules.category_after_message(before, from_requester=not answering))
    return message


@command
def add_note(actor: Actor, *, ref: str, text: str, files: Sequence[FileIn] = (), version: int | None = None) -> Note:
    """Tell the other agents something; no requester ever sees it. Refused: whoever may not note; an empty note."""
    ticket = locked(actor, policies.NOTE, ref)
    text = _clean_text(text, cut=False)
    faults = Faults()
    if not text.strip() and not files:
        faults.add("text", _("The note is empty."), _("Write something, or attach a file."))
    check_files(faults, files)
    faults.refuse()
    note = Note(
        id=ids.new_id(),
        ticket=ticket,
        client_id=ticket.client_id,
        author_id=actor.person_id,
        text=text,
        at=clock.now(),
    )
    note.save(force_insert=True)
    attach(ticket, files, note=note)
    indexing.index_note(ticket, note)
    touch(ticket)
    record(
        actor,
        NoteAdded(thing_id=ticket.pk, client_id=ticket.client_id, ticket_version=ticket.version, note_id=note.pk),
    )
    return note


def _opening_subject(faults: Faults, actor: Actor, subject: str, words: _Words) -> str:
    subject = people_rules.clean_name(subject, rules.SUBJECT_LIMIT)
    if not subject:
        faults.add("subject", _("Say in a few words what it is about."))
    if not words.text.strip() and actor.kind is not ActorKind.MAIL:
        faults.add("text", _("Describe what happened, or what is needed."))
    check_files(faults, words.files)
    return subject


def _opening_place(
    faults: Faults, client_id: int, kind: str, team_id: int | None, category_id: int | None
) -> "Team | None":
    if not people.client_is_there(client_id):
        faults.add("client", _("There is no such client."), _("Choose one from the list."))
    if kind not in Kind.values:
        known = ", ".join(Kind.values)
        faults.add("kind", _("This kind is not known."), _("Use one of: %(known)s.") % {"known": known})
    if category_id is not None and not Category.objects.filter(pk=category_id, active=True).exists():
        faults.add("category", _("There is no such category."), _("Choose one from the list."))
    team = next((t for t in people.teams() if t.pk == team_id), None) if team_id is not None else None
    if team_id is not None and team is None:
        faults.add("team", _("There is no such team."), _("Choose one from the list."))
    return team


def _open(ticket: Ticket, words: _Words) -> Message:
    now = clock.now()
    ticket.number = numbers.next_number("ticket")
    ticket.subject_folded = fold(ticket.subject)
    ticket.preview = rules.preview_of(words.new_text or words.text)
    ticket.status = status_of(rules.NEW)
    ticket.priority = rules.priority_of(ticket.impact, ticket.urgency)
    ticket.tier_id = ticket.team.tier_id if ticket.team else FIRST_LINE
    ticket.attention_at = ticket.waiting_since = ticket.last_message_at = now
    ticket.created_at = ticket.updated_at = now
    ticket.save(force_insert=True)
    message = _write_message(ticket, ticket.requester_id, Message.Direction.IN, words)
    ticket.opening_message = message  # type: ignore[attr-defined]  # for the caller, who wants both
    return message


def _record_opening(actor: Actor, ticket: Ticket, message: Message, **origin: Any) -> None:
    said: dict[str, Any] = {
        "message_id": message.pk,
        "channel": ticket.channel,
        "kind": ticket.kind,
        "tier": ticket.tier_id,
    }
    record(actor, TicketOpened(**_facts(ticket), **said, team_id=ticket.team_id, **origin))


def _taken_by(ticket: Ticket, person_id: int) -> TicketAssigned:
    return TicketAssigned(
        **_facts(ticket),
        to_person_id=person_id,
        from_team_id=ticket.team_id,
        to_team_id=ticket.team_id,
        to_tier=ticket.tier_id,
    )


def _facts(ticket: Ticket) -> dict[str, Any]:
    return {"thing_id": ticket.pk, "client_id": ticket.client_id, "ticket_version": ticket.version}


def _follow_up(actor: Actor, ticket: Ticket, words: _Words, by_mail_id: int | None) -> Message:
    opened = open_ticket(
        actor,
        subject=ticket.subject,
        text=words.text,
        new_text=words.new_text,
        html=words.html,
        requester_id=actor.person_id or ticket.requester_id,
        client_id=ticket.client_id,
        channel=words.channel,
        kind=ticket.kind,
        team_id=ticket.team_id,
        language=ticket.language,
        files=words.files,
        by_mail_id=by_mail_id,
        follows_ticket_id=ticket.pk,
    )
    message: Message = opened.opening_message  # type: ignore[attr-defined]  # set by open_ticket
    return message


def _closed_long_ago(ticket: Ticket) -> bool:
    closed = ticket.status.category == rules.CLOSED and ticket.closed_at is not None
    return closed and clock.now() - (ticket.closed_at or clock.now()) > dt.timedelta(days=rules.REOPEN_DAYS)


def _clean_text(text: str, *, cut: bool) -> str:
    text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    if len(text) <= rules.TEXT_LIMIT:
        return text
    if cut:
        return text[: rules.TEXT_LIMIT] + "\n" + _("[The rest is in the original mail.]")
    raise Refusal(
        "too_large",
        _("The text is longer than %(n)s characters.") % {"n": f"{rules.TEXT_LIMIT:,}"},
        "text",
        _("Attach it as a file instead."),
    )


def _levels(faults: Faults, impact: int | None, urgency: int | None, priority: int | None) -> tuple[int, int]:
    if priority is not None and impact is None and urgency is None:
        if priority in rules.PRIORITIES.values():
            return rules.impact_and_urgency_for(priority)
        faults.add("priority", _("This priority is not known."), ", ".join(rules.PRIORITIES))
    for name, value in (("impact", impact), ("urgency", urgency)):
        if value is not None and value not in rules.LEVELS:
            faults.add(name, _("This is 1 (high), 2 (medium) or 3 (low)."))
    return impact or 2, urgency or 2


def _write_message(ticket: Ticket, author_id: int, direction: str, words: _Words) -> Message:
    message = Message(
        id=ids.new_id(),
        ticket=ticket,
        client_id=ticket.client_id,
        direction=direction,
        channel=words.channel,
        author_id=author_id,
        text=words.text,
        new_text="" if words.new_text.strip() == words.text.strip() else words.new_text.replace("\x00", ""),
        html=words.html.replace("\x00", ""),
        at=clock.now(),
    )
    message.save(force_insert=True)
    attach(ticket, words.files, message=message)
    indexing.index_message(ticket, message)
    return message
