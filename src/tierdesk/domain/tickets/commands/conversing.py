"""What people say to each other on a ticket: opening it, messages, notes, files, who takes part."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from tierdesk.domain.people import queries as people
from tierdesk.domain.people import rules as people_rules
from tierdesk.domain.tickets import indexing, policies, rules
from tierdesk.domain.tickets.commands.fields import write_fields
from tierdesk.domain.tickets.commands.locking import locked, refuse_if_changed, status_of, touch
from tierdesk.domain.tickets.commands.steering import move_to
from tierdesk.domain.tickets.models import (
    Attachment,
    Category,
    Kind,
    Message,
    Note,
    Participant,
    Ticket,
)  # fmt: skip
from tierdesk.events.tickets import (
    AgentReplied,
    FileDownloaded,
    NoteAdded,
    ParticipantAdded,
    RequesterWrote,
    TicketOpened,
)  # fmt: skip
from tierdesk.kernel import clock, files, ids, numbers
from tierdesk.kernel.actors import Actor, ActorKind
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.commands import command, record
from tierdesk.kernel.refusals import Faults, Refusal

MAX_FILES = 50
MAX_PARTICIPANTS = 50
CONVERSATION = ("RequesterWrote", "AgentReplied")


@dataclass(frozen=True, slots=True)
class FileIn:
    """A file that comes with a message: `content` is its bytes, a file of them, or what is on disk already."""

    name: str
    type: str
    content: bytes | Path | files.Written
    content_id: str = ""
    inline: bool = False

    def written(self) -> files.Written:
        """Its bytes, durable."""
        if isinstance(self.content, files.Written):
            return self.content
        if isinstance(self.content, Path):
            with self.content.open("rb") as stream:
                return files.write(iter(lambda: stream.read(1 << 20), b""))
        return files.write(self.content)


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
    subject = people_rules.clean_name(subject, rules.SUBJECT_LIMIT)
    text = _clean_text(text, cut=actor.kind is ActorKind.MAIL)
    team = next((t for t in people.teams() if t.pk == team_id), None)
    faults = Faults()
    if not subject:
        faults.add("subject", _("Say in a few words what it is about."))
    if not text.strip() and actor.kind is not ActorKind.MAIL:
        faults.add("text", _("Describe what happened, or what is needed."))
    if kind not in Kind.values:
        known = ", ".join(Kind.values)
        faults.add("kind", _("This kind is not known."), _("Use one of: %(known)s.") % {"known": known})
    if team_id is not None and team is None:
        faults.add("team", _("There is no such team."), _("Choose one from the list."))
    if category_id is not None and not Category.objects.filter(pk=category_id, active=True).exists():
        faults.add("category", _("There is no such category."), _("Choose one from the list."))
    impact, urgency = _levels(faults, impact, urgency, priority)
    _check_files(faults, files)
    faults.refuse()
    now = clock.now()
    status = status_of(rules.NEW)
    ticket = Ticket(
        id=ids.new_id(),
        number=numbers.next_number("ticket"),
        client_id=client_id,
        kind=kind,
        subject=subject,
        preview=rules.preview_of(new_text or text),
        channel=channel,
        requester_id=requester_id,
        language=language,
        status=status,
        impact=impact,
        urgency=urgency,
        priority=rules.priority_of(impact, urgency),
        category_id=category_id,
        team=team,
        tier_id=team.tier_id if team else 1,
        attention_at=now,
        waiting_since=now,
        last_message_at=now,
        created_at=now,
        updated_at=now,
    )
    ticket.save(force_insert=True)
    write_fields(ticket, custom_fields or {}, opening=actor.kind is not ActorKind.MAIL)
    message = _write_message(ticket, requester_id, Message.Direction.IN, text, new_text, html, channel, files)
    ticket.opening_message = message  # type: ignore[attr-defined]  # for the caller, who wants both
    record(
        actor,
        TicketOpened(
            thing_id=ticket.pk,
            client_id=client_id,
            ticket_version=ticket.version,
            message_id=message.pk,
            channel=channel,
            kind=kind,
            tier=ticket.tier_id,
            team_id=team_id,
            by_mail_id=by_mail_id,
            follows_ticket_id=follows_ticket_id,
        ),
    )
    for person_id in list(dict.fromkeys(participant_ids))[:MAX_PARTICIPANTS]:
        _join(actor, ticket, person_id)
    return ticket


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
    _check_files(faults, files)
    faults.refuse()
    if actor.person_id is None:
        raise Refusal("forbidden", _("Only a person can write to people."))
    refuse_if_changed(actor, ticket, version, CONVERSATION)
    if not answering and _closed_long_ago(ticket):
        return _follow_up(actor, ticket, text, new_text, html, channel, files, by_mail_id)
    direction = Message.Direction.OUT if answering else Message.Direction.IN
    message = _write_message(ticket, actor.person_id, direction, text, new_text, html, channel, files)
    ticket.last_message_at = message.at
    ticket.preview = rules.preview_of(new_text or text) or ticket.preview
    before = ticket.status.category
    if not answering and (before in {rules.WAITING_REQUESTER, *rules.DONE} or ticket.waiting_since is None):
        ticket.waiting_since = message.at
    if answering:
        ticket.waiting_since = None
        if ticket.assignee_id is None and actor.kind is ActorKind.PERSON:
            ticket.assignee_id = actor.person_id
    ticket.attention_at = message.at
    touch(ticket, "last_message_at", "preview", "waiting_since", "attention_at", "assignee")
    facts: dict[str, Any] = {
        "thing_id": ticket.pk,
        "client_id": ticket.client_id,
        "ticket_version": ticket.version,
        "message_id": message.pk,
    }
    if answering:
        record(actor, AgentReplied(**facts))
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
    _check_files(faults, files)
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
    _attach(ticket, files, note=note)
    indexing.index_note(ticket, note)
    touch(ticket)
    record(
        actor,
        NoteAdded(thing_id=ticket.pk, client_id=ticket.client_id, ticket_version=ticket.version, note_id=note.pk),
    )
    return note


@command
def add_participant(actor: Actor, *, ref: str, person_id: int) -> None:
    """Let somebody take part from the customer's side: he gets the messages from now on and can read the ticket.

    Refused: whoever may not edit the ticket; more than 50 participants. The requester takes part already.
    """
    ticket = locked(actor, policies.EDIT, ref)
    taking_part = Participant.objects.unscoped("counts one ticket's").filter(ticket=ticket)
    if taking_part.count() >= MAX_PARTICIPANTS:
        raise Refusal("invalid", _("A ticket has at most %(n)s participants.") % {"n": MAX_PARTICIPANTS}, "participant")
    if people.person_by_id(person_id) is None:
        raise Refusal("invalid", _("There is no such person."), "participant")
    _join(actor, ticket, person_id)


@command
def mark_read(actor: Actor, *, ref: str) -> None:
    """Everything on the ticket counts as read by this agent. A requester's reading is not kept."""
    number = rules.number_in(ref) or 0
    ticket = Ticket.objects.scoped(policies.ticket_scope(actor)).filter(number=number).first()
    if ticket is None:
        raise policies.no_such_ticket()
    if actor.person_id is None or not policies.is_staff_for(actor, ticket.client_id):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_readmark (person_id, ticket_id, client_id, read_to) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (person_id, ticket_id) DO UPDATE SET read_to = excluded.read_to "
            "WHERE tickets_readmark.read_to < excluded.read_to",
            [actor.person_id, ticket.pk, ticket.client_id, ids.new_id()],
        )


@command
def take_file(actor: Actor, *, attachment_id: int) -> Attachment:
    """The attachment, to be handed out; who took it and when is recorded. Refused: what the actor may not see."""
    seen = Attachment.objects.scoped(policies.entry_scope(actor)).select_related("file")
    attachment = seen.filter(pk=attachment_id).first()
    if attachment is None:
        raise Refusal("not_found", _("There is no such file."))
    record(
        actor,
        FileDownloaded(thing_id=attachment.ticket_id, client_id=attachment.client_id, attachment_id=attachment.pk),
    )
    return attachment


def _follow_up(
    actor: Actor,
    ticket: Ticket,
    text: str,
    new_text: str,
    html: str,
    channel: str,
    files: Sequence[FileIn],
    by_mail_id: int | None,
) -> Message:
    requester_id = actor.person_id or ticket.requester_id
    opened = open_ticket(
        actor,
        subject=ticket.subject,
        text=text,
        new_text=new_text,
        html=html,
        requester_id=requester_id,
        client_id=ticket.client_id,
        channel=channel,
        kind=ticket.kind,
        team_id=ticket.team_id,
        language=ticket.language,
        files=files,
        by_mail_id=by_mail_id,
        follows_ticket_id=ticket.pk,
    )
    message: Message = opened.opening_message  # type: ignore[attr-defined]
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


def _check_files(faults: Faults, files: Sequence[FileIn]) -> None:
    if len(files) > MAX_FILES:
        faults.add("files", _("At most %(n)s files go with one message.") % {"n": MAX_FILES})
    limit = settings.TIERDESK.max_upload_bytes
    for file in files:
        size = len(file.content) if isinstance(file.content, bytes) else 0
        if size > limit:
            faults.add(
                "files",
                _("“%(name)s” is larger than %(mb)s MB.") % {"name": file.name, "mb": limit // 2**20},
                _("Put it where the others can reach it and send a link."),
            )


def _write_message(
    ticket: Ticket,
    author_id: int,
    direction: str,
    text: str,
    new_text: str,
    html: str,
    channel: str,
    files: Sequence[FileIn],
) -> Message:
    message = Message(
        id=ids.new_id(),
        ticket=ticket,
        client_id=ticket.client_id,
        direction=direction,
        channel=channel,
        author_id=author_id,
        text=text,
        new_text="" if new_text.strip() == text.strip() else new_text,
        html=html.replace("\x00", ""),
        at=clock.now(),
    )
    message.save(force_insert=True)
    _attach(ticket, files, message=message)
    indexing.index_message(ticket, message)
    return message


def _attach(
    ticket: Ticket, files_in: Sequence[FileIn], *, message: Message | None = None, note: Note | None = None
) -> None:
    for file in files_in:
        stored = files.adopt(file.written())
        Attachment(
            id=ids.new_id(),
            ticket=ticket,
            client_id=ticket.client_id,
            message=message,
            note=note,
            audience=Audience.REQUESTER if message else Audience.AGENTS,
            file=stored,
            name=people_rules.clean_name(file.name.replace("/", "_").replace("\\", "_"), 200) or "file",
            type=file.type[:120],
            content_id=file.content_id[:250],
            inline=file.inline,
        ).save(force_insert=True)


def _join(actor: Actor, ticket: Ticket, person_id: int) -> None:
    if person_id == ticket.requester_id:
        return
    _row, made = Participant.objects.unscoped("one ticket's, whose policy was asked").get_or_create(
        ticket=ticket, person_id=person_id, defaults={"client_id": ticket.client_id, "since": clock.now()}
    )
    if made:
        record(
            actor,
            ParticipantAdded(
                thing_id=ticket.pk, client_id=ticket.client_id, ticket_version=ticket.version, person_id=person_id
            ),
        )
