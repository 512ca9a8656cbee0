"""Reads of mailboxes and mails."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tierdesk.domain.channels.email import policies
from tierdesk.domain.channels.email.models import Mailbox, MailIn, MailOut
from tierdesk.domain.people import policies as people_policies
from tierdesk.domain.people import rules as people_rules
from tierdesk.domain.tickets import queries as ticket_queries
from tierdesk.kernel import files
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.paging import Page, page_by_time
from tierdesk.kernel.refusals import not_found

WHY = "facts for a decision about a mail, for the system"
PAGE = 50
REFERENCES = 20


def delivery_of(actor: Actor, message_ids: Iterable[int]) -> dict[int, MailOut]:
    """The mail that carried each message, where there is one: with its `state`, `error` and `sent_at`. For staff."""
    mine = MailOut.objects.scoped(policies.sent_scope(actor)).filter(message_id__in=list(message_ids))
    return {mail.message_id: mail for mail in mine.order_by("id") if mail.message_id is not None}


def sent_of_ticket(actor: Actor, ticket_id: int) -> dict[int, MailOut]:
    """How each message of a ticket was sent, by message. For staff."""
    mine = MailOut.objects.scoped(policies.sent_scope(actor)).filter(ticket_id=ticket_id, message__isnull=False)
    return {mail.message_id: mail for mail in mine.order_by("id") if mail.message_id is not None}


def mails_of_ticket(actor: Actor, ticket_id: int) -> dict[int, int]:
    """The mail that each message of a ticket came by, by message. For staff."""
    mine = MailIn.objects.scoped(policies.sent_scope(actor)).filter(ticket_id=ticket_id, message__isnull=False)
    return {row[0]: row[1] for row in mine.values_list("message_id", "pk") if row[0] is not None}


def mail_problems(actor: Actor, *, page: str = "", size: int = PAGE) -> Page[MailIn]:
    """Mails that failed and wait for somebody's decision, latest first. `problems.words_for(mail.error)` says why."""
    return page_by_time(_problems(actor).select_related("mailbox"), field="received_at", key=page, size=size)


def problem_count(actor: Actor) -> int:
    """How many mails wait for a decision, counted up to 100."""
    return _problems(actor)[:100].count()


def problems_of(actor: Actor) -> QuerySet[MailIn]:
    """The mails that wait for somebody's decision, to be counted with other things."""
    return _problems(actor)


def raw_mail(actor: Actor, mail_id: int) -> bytes:
    """A mail as it came. Refused (`not_found`): whoever may not see it."""
    mail = MailIn.objects.unscoped("the policy is asked next").select_related("file").filter(pk=mail_id).first()
    if mail is None or not policies.may_see_mail(actor, mail):
        raise not_found(_("There is no such mail."))
    return files.read(mail.file)


def mail_of_message(actor: Actor, message_id: int) -> MailIn | None:
    """The mail that a message came by, with the reasons why it is where it is. For staff of its client."""
    mail = MailIn.objects.unscoped("the policy is asked next").filter(message_id=message_id).first()
    return mail if mail is not None and policies.may_see_mail(actor, mail) else None


def mailboxes(actor: Actor) -> QuerySet[Mailbox]:
    """All mailboxes. Refused: whoever may not manage the installation."""
    people_policies.require(actor, people_rules.INSTALLATION)
    return Mailbox.objects.select_related("team", "client").order_by("address")


def active_mailboxes() -> list[Mailbox]:
    """The mailboxes in use, for the mail service."""
    return list(Mailbox.objects.filter(active=True).order_by("id"))


def mails_waiting_since(before: dt.datetime) -> int:
    """How many mails came in before a moment and are not settled yet; for the check of the installation."""
    return MailIn.objects.unscoped(WHY).filter(state=MailIn.State.RECEIVED, received_at__lt=before).count()


def sends_failed_since(after: dt.datetime) -> int:
    """How many mails written after a moment could not be sent; for the check of the installation."""
    return MailOut.objects.unscoped(WHY).filter(state=MailOut.State.FAILED, created_at__gte=after).count()


def own_addresses() -> list[str]:
    """Every address of the desk, in use or not."""
    return list(Mailbox.objects.values_list("address", flat=True))


def mailbox_by_address(address: str) -> Mailbox | None:
    """The active mailbox of an address, or of a plus-address made from it."""
    folded = people_rules.fold_address(address)
    local, _at, domain = folded.rpartition("@")
    names = {folded, f"{local.partition('+')[0]}@{domain}"}
    return Mailbox.objects.filter(active=True, address__in=names).first() if folded else None


def ticket_of_internet_id(internet_id: str) -> int | None:
    """The ticket that a mail with this Message-ID belongs to. An id borne by mails of several proves nothing."""
    if not internet_id or len(internet_id) > 250:
        return None
    rows = MailIn.objects.unscoped(WHY).filter(internet_id=internet_id, ticket__isnull=False)
    found = set(rows.values_list("ticket_id", flat=True)[:20])
    sent = MailOut.objects.unscoped(WHY).filter(internet_id=internet_id)
    found.update(sent.values_list("ticket_id", flat=True)[:1])
    return found.pop() if len(found) == 1 else None


def waits_for_another(mail: MailIn, internet_ids: Iterable[str]) -> bool:
    """Whether a mail that this one answers came before it and is not settled yet."""
    named = [one for one in internet_ids if one][:20]
    earlier = MailIn.objects.unscoped(WHY).filter(state=MailIn.State.RECEIVED, pk__lt=mail.pk)
    return bool(named) and earlier.filter(internet_id__in=named).exists()


def references_of(ticket_id: int, address: str) -> list[str]:
    """The Message-IDs of a ticket's mails that a recipient has: those that came in and those sent to him, in order.

    An answer answers what a person wrote (RFC 5322, 3.6.4), so an acknowledgement counts only where no mail came in.
    """
    came = MailIn.objects.unscoped(WHY).filter(ticket_id=ticket_id, message__isnull=False).exclude(internet_id="")
    went = MailOut.objects.unscoped(WHY).filter(ticket_id=ticket_id, address=address, state=MailOut.State.SENT)
    if came.exists():
        went = went.exclude(purpose=MailOut.Purpose.ACKNOWLEDGEMENT)
    pairs = [*came.order_by("id").values_list("id", "internet_id")[:1]]
    pairs += came.order_by("-id").values_list("id", "internet_id")[:REFERENCES]
    pairs += went.order_by("-id").values_list("id", "internet_id")[:REFERENCES]
    return [name for _id, name in sorted(set(pairs))]


def first_mailbox_of(ticket_id: int) -> int | None:
    """The mailbox that a ticket's first mail came to."""
    rows = MailIn.objects.unscoped(WHY).filter(ticket_id=ticket_id).order_by("id")
    return rows.values_list("mailbox_id", flat=True).first()


def ticket_exists(ticket_id: int) -> int | None:
    """The ticket itself, or none where it is gone."""
    ticket = ticket_queries.ticket_by_id_for_system(ticket_id)
    return ticket.pk if ticket else None


def _problems(actor: Actor) -> QuerySet[MailIn]:
    failed = MailIn.objects.scoped(policies.problem_scope(actor)).filter(state=MailIn.State.FAILED)
    return failed.order_by("-received_at", "-id")
