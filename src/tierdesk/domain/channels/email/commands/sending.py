"""What goes out: a row for every mail, with its Message-ID, before anything is sent."""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from tierdesk.domain.channels.email import secrets
from tierdesk.domain.channels.email.models import Mailbox, MailOut
from tierdesk.domain.channels.email.rules import tokens
from tierdesk.domain.people import policies as people_policies
from tierdesk.domain.people import rules as people_rules
from tierdesk.events.email import MailSent
from tierdesk.kernel import clock, ids
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.commands import command, record, system_only
from tierdesk.kernel.jobs import TASKS
from tierdesk.kernel.refusals import Refusal, not_found

PURPOSES = {MailOut.Purpose.REPLY: "reply", MailOut.Purpose.ACKNOWLEDGEMENT: "acknowledgement"}
WHY = "the system sends everybody's mail"


@command
def write_mail(
    actor: Actor,
    *,
    mailbox_id: int,
    client_id: int,
    ticket_id: int,
    recipient_id: int,
    address: str,
    purpose: str,
    language: str,
    message_id: int | None = None,
    copies: Sequence[str] = (),
) -> MailOut:
    """A mail to one person waits to be sent, with a signed Message-ID that is its own for good. A message goes to an
    address once: a second call gives the first mail. For the system.
    """
    system_only(actor)
    if message_id is not None:
        before = MailOut.objects.unscoped(WHY).filter(message_id=message_id, address=address).first()
        if before is not None:
            return before
    mail_id = ids.new_id()
    mail = MailOut(
        id=mail_id,
        mailbox_id=mailbox_id,
        client_id=client_id,
        ticket_id=ticket_id,
        message_id=message_id,
        purpose=purpose,
        recipient_id=recipient_id,
        address=address,
        copies=list(copies),
        language=language,
        internet_id=tokens.make_message_id(
            secrets.token_key(),
            ticket=ticket_id,
            purpose=PURPOSES[MailOut.Purpose(purpose)],
            recipient=address,
            unique=mail_id,
            domain=settings.TIERDESK.mail_domain,
        ),
    )
    mail.save(force_insert=True)
    _enqueue(mail)
    return mail


@command
def mark_sent(actor: Actor, *, mail_out_id: int) -> MailOut:
    """A mail server has taken the mail over. For the system; nothing happens to one that does not wait."""
    return _settled(actor, mail_out_id, MailOut.State.SENT, "")


@command
def mark_failed(actor: Actor, *, mail_out_id: int, error: str) -> MailOut:
    """The mail cannot be sent; `error` is a code of `problems`. Agents see it on the ticket. For the system."""
    return _settled(actor, mail_out_id, MailOut.State.FAILED, error)


@command
def resend_mail(actor: Actor, *, mail_out_id: int) -> MailOut:
    """A mail that failed waits to be sent again, as the same mail. Refused: whoever may not answer this client."""
    mail = _locked(mail_out_id)
    if mail is None or not actor.holds(people_rules.READ, mail.client_id):
        raise not_found(_("There is no such mail."))
    people_policies.require(actor, people_rules.REPLY, mail.client_id)
    if mail.state != MailOut.State.FAILED:
        raise Refusal("conflict", _("This mail did not fail."))
    mail.state, mail.error, mail.created_at = MailOut.State.QUEUED, "", clock.now()
    mail.save(update_fields=["state", "error", "created_at"])
    _enqueue(mail)
    return mail


def is_expired(mail: MailOut) -> bool:
    """Whether it has been tried for a whole day."""
    return clock.now() - mail.created_at > dt.timedelta(days=1)


def mailbox_for(ticket_mailbox_id: int | None, team_id: int | None) -> Mailbox | None:
    """The mailbox that answers: the one a ticket came by, else its team's, else the first active one."""
    active = list(Mailbox.objects.filter(active=True).order_by("id"))
    return next(
        (box for box in active if box.pk == ticket_mailbox_id),
        next((box for box in active if team_id is not None and box.team_id == team_id), active[0] if active else None),
    )


def _settled(actor: Actor, mail_out_id: int, state: MailOut.State, error: str) -> MailOut:
    system_only(actor)
    mail = _locked(mail_out_id)
    if mail is None:
        raise not_found(_("There is no such mail."))
    if mail.state != MailOut.State.QUEUED:
        return mail
    mail.state, mail.error = state, _line(error)
    mail.sent_at = clock.now() if state == MailOut.State.SENT else None
    mail.save(update_fields=["state", "error", "sent_at"])
    record(
        actor,
        MailSent(
            thing_id=mail.ticket_id,
            client_id=mail.client_id,
            mail_out_id=mail.pk,
            state=mail.state,
            error=mail.error.partition(":")[0] or None,
        ),
    )
    return mail


def _line(error: str) -> str:
    return "".join(c if c.isprintable() else " " for c in error)[:500]


def _locked(mail_out_id: int) -> MailOut | None:
    return MailOut.objects.unscoped(WHY).select_for_update().filter(pk=mail_out_id).first()


def _enqueue(mail: MailOut) -> None:
    TASKS["email.send"].enqueue(mail_out_id=mail.pk, lane=f"mail-out/{mail.ticket_id}")
