"""What becomes of a mail: one transaction a mail, so that a re-run finds it done or not begun."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from tierdesk.domain.channels.email import languages, problems
from tierdesk.domain.channels.email.models import Mailbox, MailIn
from tierdesk.domain.channels.email.policies import may_see_mail
from tierdesk.domain.channels.email.rules.automatic import Automatic
from tierdesk.domain.channels.email.rules.loops import DEFAULT as BUDGET
from tierdesk.domain.channels.email.rules.loops import may_open_ticket
from tierdesk.domain.channels.email.rules.parsing import Attachment, ParsedMail
from tierdesk.domain.channels.email.rules.threading import Decision
from tierdesk.domain.people import commands as people_commands
from tierdesk.domain.people import queries as people
from tierdesk.domain.people import rules as people_rules
from tierdesk.domain.tickets import commands as tickets
from tierdesk.domain.tickets import queries as ticket_queries
from tierdesk.events.email import MailFailed, MailSettled
from tierdesk.kernel import clock, files
from tierdesk.kernel.actors import SYSTEM, Actor, ActorKind
from tierdesk.kernel.commands import command, record, system_only
from tierdesk.kernel.jobs import TASKS
from tierdesk.kernel.refusals import Refusal, not_found

if TYPE_CHECKING:
    from tierdesk.domain.people.models import Person
    from tierdesk.domain.tickets.models import Message

WHY = "a mail is settled by the system, or by those whose policy was asked"
MAX_TRIES = 3
MAX_FILES = 50
MAX_COPIES = 50


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from one mail and decided about it; its files are on disk already."""

    mail: ParsedMail
    automatic: Automatic
    decision: Decision
    files: Sequence[tickets.FileIn] = ()
    by_hand: bool = False


@command
def settle_mail(actor: Actor, *, mail_id: int, reading: Reading) -> MailIn:
    """The decision about a mail is carried out: a ticket of its own, a message or a note on one, or nothing but the
    mail itself. One that is settled already stays as it is. For the system.
    """
    system_only(actor)
    mail = _locked(mail_id)
    if mail.state != MailIn.State.RECEIVED:
        return mail
    _describe(mail, reading)
    if _is_placed(mail, reading):
        return _processed(mail)
    if not people_rules.fold_address(reading.mail.from_):
        return _failed(actor, mail, problems.NO_SENDER)
    if not reading.by_hand and not may_open_ticket(_opened_by(reading.mail.from_), clock.now())[0]:
        return _failed(actor, mail, f"{problems.LOOP_BUDGET}:{BUDGET.tickets_per_hour}")
    _open(mail, reading)
    return _processed(mail)


@command
def note_death(actor: Actor, *, mail_id: int, reason: str) -> MailIn:
    """The process that read this mail did not survive it. After the third time the mail has failed. For the system."""
    system_only(actor)
    mail = _locked(mail_id)
    if mail.state != MailIn.State.RECEIVED:
        return mail
    mail.tries += 1
    if mail.tries >= MAX_TRIES:
        return _failed(actor, mail, f"{problems.UNREADABLE}:{reason}")
    mail.save(update_fields=["tries"])
    return mail


@command
def fail_mail(actor: Actor, *, mail_id: int, error: str) -> MailIn:
    """The mail has failed and agents see it; `error` is a code of `problems`. For the system."""
    system_only(actor)
    mail = _locked(mail_id)
    return mail if mail.state != MailIn.State.RECEIVED else _failed(actor, mail, error)


@command
def retry_mail(actor: Actor, *, mail_id: int) -> MailIn:
    """A mail that failed or was dismissed is processed again, whatever the budgets say. Refused: whoever may not see
    it; a mail that did not fail; one of which only the headers are here.
    """
    mail = _problem(actor, mail_id)
    if mail.state not in {MailIn.State.FAILED, MailIn.State.DISMISSED}:
        raise Refusal("conflict", _("This mail did not fail."))
    if mail.partial:
        raise Refusal(
            "invalid",
            _("Only the headers of this mail are here."),
            hint=_("Ask the sender for a smaller mail, or let an administrator raise the limit."),
        )
    mail.state, mail.error, mail.tries = MailIn.State.RECEIVED, "", 0
    mail.save(update_fields=["state", "error", "tries"])
    TASKS["email.process"].enqueue(mail_id=mail.pk, by_hand=True)
    record(actor, MailSettled(thing_id=mail.pk, client_id=mail.client_id, outcome="retried"))
    return mail


@command
def dismiss_mail(actor: Actor, *, mail_id: int) -> MailIn:
    """A mail that failed is no problem any more; it is kept. Refused: whoever may not see it; one that did not fail."""
    mail = _problem(actor, mail_id)
    if mail.state == MailIn.State.DISMISSED:
        return mail
    if mail.state != MailIn.State.FAILED:
        raise Refusal("conflict", _("This mail did not fail."))
    mail.state = MailIn.State.DISMISSED
    mail.save(update_fields=["state"])
    record(actor, MailSettled(thing_id=mail.pk, client_id=mail.client_id, outcome="dismissed"))
    return mail


def files_of(mail: ParsedMail, written: list[files.Written]) -> tuple[list[tickets.FileIn], list[str]]:
    """A mail's files, durable on disk, and why some were left in the original; what was written is added to `written`.
    Call it before the transaction.
    """
    kept: list[tickets.FileIn] = []
    reasons: list[str] = []
    for one in mail.attachments:
        if len(kept) == MAX_FILES:
            reasons.append("files-left-in-the-original")
            break
        if one.size > settings.TIERDESK.max_upload_bytes:
            reasons.append("file-too-large")
            continue
        written.append(files.write(one.content))
        kept.append(_file(one, written[-1]))
    return kept, reasons


def _file(one: Attachment, content: files.Written) -> tickets.FileIn:
    return tickets.FileIn(
        name=one.name.replace("\x00", "") or "file",
        type=one.type[:120].replace("\x00", ""),
        content=content,
        content_id=one.content_id.replace("\x00", ""),
        inline=one.inline,
    )


def _describe(mail: MailIn, reading: Reading) -> None:
    mail.sender = _clean(reading.mail.from_, 320)
    mail.subject = _clean(reading.mail.subject, 250)
    mail.auto = reading.automatic.kind if reading.automatic.kind != "none" else ""
    mail.internet_id = _clean(reading.mail.message_id, 250)
    mail.reasons = [_clean(reason, 120) for reason in (*reading.decision.reasons, *reading.automatic.reasons)]
    mail.reasons += [f"problem:{problem}" for problem in reading.mail.problems]
    mail.reasons = list(dict.fromkeys(mail.reasons))[:40]


def _is_placed(mail: MailIn, reading: Reading) -> bool:
    """Whether the mail has found its place without a ticket of its own."""
    action, ticket_id = reading.decision.action, reading.decision.ticket
    if action == "join" and ticket_id is not None:
        return _join(mail, reading, ticket_id)
    if action == "keep" and ticket_id is not None and _keep_on(mail, reading, ticket_id):
        return True
    return action == "ignore" or (action == "keep" and reading.automatic.kind == "bounce")


def _open(mail: MailIn, reading: Reading) -> None:
    parsed, box = reading.mail, mail.mailbox
    language = languages.language_of(parsed.new_text or parsed.text)
    person = _requester(box, parsed.from_, parsed.from_name, language)
    client = box.client or people.client_for_sender(parsed.from_, person)
    ticket = tickets.open_ticket(
        _mail_actor(person),
        subject=_subject(parsed),
        text=parsed.text,
        new_text=parsed.new_text,
        html=parsed.html,
        requester_id=person.pk,
        client_id=client.pk,
        channel="email",
        team_id=box.team_id if box.team.active else None,
        language=language or person.language or client.language or box.language,
        files=reading.files,
        participant_ids=_copied(box, parsed, person) if reading.automatic.kind == "none" else (),
        by_mail_id=mail.pk,
    )
    message: Message = ticket.opening_message  # type: ignore[attr-defined]  # set by open_ticket
    mail.opened = True
    _belongs(mail, message)


def _join(mail: MailIn, reading: Reading, ticket_id: int) -> bool:
    ticket = ticket_queries.ticket_by_id_for_system(ticket_id)
    person = people.person_by_address(reading.mail.from_)
    if ticket is None or person is None:
        return False
    try:
        with transaction.atomic():
            message = tickets.post_message(
                _mail_actor(person),
                ref=ticket.ref,
                text=reading.mail.text,
                new_text=reading.mail.new_text,
                html=reading.mail.html,
                files=reading.files,
                channel="email",
                by_mail_id=mail.pk,
                reasons=mail.reasons,
            )
    except Refusal as refusal:
        if refusal.code == "storage_full":
            raise
        mail.reasons = [*mail.reasons, f"could-not-join:{refusal.code}"]
        return False
    mail.opened = message.ticket_id != ticket.pk
    _belongs(mail, message)
    return True


def _keep_on(mail: MailIn, reading: Reading, ticket_id: int) -> bool:
    """What a machine sent about a ticket stands on it as a note: seen by agents, and nothing changes by it."""
    ticket = ticket_queries.ticket_by_id_for_system(ticket_id)
    if ticket is None:
        mail.reasons = [*mail.reasons, "ticket-gone"]
        return False
    head = f"{reading.mail.from_} – {reading.mail.subject}".replace("\x00", "")
    text = (reading.mail.new_text or reading.mail.text).replace("\x00", "")[:20_000]
    tickets.add_note(SYSTEM, ref=ticket.ref, text=f"{head}\n\n{text}".strip(), files=reading.files)
    mail.ticket_id, mail.client_id = ticket.pk, ticket.client_id
    return True


def _belongs(mail: MailIn, message: Message) -> None:
    mail.message, mail.ticket_id, mail.client_id = message, message.ticket_id, message.client_id


def _processed(mail: MailIn) -> MailIn:
    mail.state, mail.error = MailIn.State.PROCESSED, ""
    mail.save()
    return mail


def _failed(actor: Actor, mail: MailIn, error: str) -> MailIn:
    mail.state, mail.error = MailIn.State.FAILED, _clean(error, 500)
    mail.save()
    record(actor, MailFailed(thing_id=mail.pk, client_id=mail.client_id, reason=mail.error.partition(":")[0]))
    return mail


def _requester(box: Mailbox, address: str, name: str, language: str) -> Person:
    return people_commands.find_or_add_requester(
        SYSTEM, address=address, name=_clean(name, 160), found_in="mail", language=language, client_id=box.client_id
    )


def _copied(box: Mailbox, parsed: ParsedMail, requester: Person) -> list[int]:
    own = set(Mailbox.objects.values_list("address", flat=True))
    found: list[int] = []
    for copied in [*parsed.to, *parsed.cc][: MAX_COPIES * 4]:
        folded = people_rules.fold_address(copied.address)
        local, _at, domain = folded.rpartition("@")
        if not folded or f"{local.partition('+')[0]}@{domain}" in own:
            continue
        person = _requester(box, folded, copied.name, "")
        if person.pk != requester.pk and person.pk not in found:
            found.append(person.pk)
        if len(found) == MAX_COPIES:
            break
    return found


def _mail_actor(person: Person) -> Actor:
    return Actor(ActorKind.MAIL, person_id=person.pk, name=person.name, language=person.language or "en")


def _subject(parsed: ParsedMail) -> str:
    words = " ".join((parsed.new_text or parsed.text)[:400].split())
    for subject in (parsed.subject, words[:80], parsed.from_):
        cleaned = people_rules.clean_name(subject, 250)
        if cleaned:
            return cleaned
    return "…"


def _opened_by(address: str) -> list[dt.datetime]:
    since = clock.now() - dt.timedelta(hours=1)
    rows = MailIn.objects.unscoped(WHY).filter(sender=_clean(address, 320), opened=True, received_at__gte=since)
    return list(rows.order_by("-id").values_list("received_at", flat=True)[:100])


def _clean(text: str, limit: int) -> str:
    return people_rules.clean_name(text, limit)


def _locked(mail_id: int) -> MailIn:
    rows = MailIn.objects.unscoped(WHY).select_related("mailbox", "mailbox__team", "mailbox__client")
    mail = rows.select_for_update(of=("self",)).filter(pk=mail_id).first()
    if mail is None:
        raise not_found(_("There is no such mail."))
    return mail


def _problem(actor: Actor, mail_id: int) -> MailIn:
    mail = MailIn.objects.unscoped(WHY).select_for_update().filter(pk=mail_id).first()
    if mail is None or not may_see_mail(actor, mail):
        raise not_found(_("There is no such mail."))
    return mail
