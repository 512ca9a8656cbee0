"""What mail does when others act: the first acknowledgement, and the desk's answers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.db import connection

from tierdesk.domain.channels.email import commands, queries
from tierdesk.domain.channels.email.commands.sending import mailbox_for
from tierdesk.domain.channels.email.models import MailIn, MailOut
from tierdesk.domain.channels.email.rules.automatic import Automatic
from tierdesk.domain.channels.email.rules.loops import Sent, may_acknowledge
from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import queries as tickets
from tierdesk.events.tickets import AgentReplied, TicketOpened
from tierdesk.kernel import clock
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.jobs import reaction
from tierdesk.kernel.models import Event

if TYPE_CHECKING:
    from tierdesk.domain.tickets.models import Ticket

WHY = "reactions act for the system"
MAX_COPIES = 50
_ONE_AT_A_TIME = 7_316_002


@reaction(TicketOpened, name="email.acknowledge")
def acknowledge(event: Event) -> None:
    """The requester hears that his request has come in: in his language, without a word of his own, within the
    budgets, and never in answer to a machine.
    """
    ticket = tickets.ticket_by_id_for_system(event.thing_id)
    if ticket is None:
        return
    cause = MailIn.objects.unscoped(WHY).filter(pk=event.data.get("by_mail_id")).first()
    box = mailbox_for(cause.mailbox_id if cause else None, ticket.team_id)
    address = (cause.sender if cause else "") or people.address_of(ticket.requester_id)
    if box is None or not box.acknowledge or not address:
        return
    automatic = Automatic(cause.auto) if cause and cause.auto else Automatic()
    _one_at_a_time()
    history = _automatic_mails(address, ticket.pk)
    own = queries.own_addresses()
    allowed, _why = may_acknowledge(
        history, clock.now(), address, automatic=automatic, own_addresses=own, ticket=ticket.pk
    )
    if allowed:
        commands.write_mail(
            SYSTEM,
            mailbox_id=box.pk,
            client_id=ticket.client_id,
            ticket_id=ticket.pk,
            recipient_id=ticket.requester_id,
            address=address,
            purpose=MailOut.Purpose.ACKNOWLEDGEMENT,
            language=_language(ticket),
        )


@reaction(AgentReplied, name="email.reply")
def send_reply(event: Event) -> None:
    """The desk's answer goes to the requester, with a copy to everybody who takes part."""
    message = tickets.message_for_system(event.data["message_id"])
    ticket = tickets.ticket_by_id_for_system(event.thing_id)
    if message is None or ticket is None:
        return
    box = mailbox_for(queries.first_mailbox_of(ticket.pk), ticket.team_id)
    side = tickets.participant_ids(ticket.pk)
    addresses = people.addresses_of(side)
    own = set(queries.own_addresses())
    address = addresses.get(ticket.requester_id, "")
    copies = sorted({a for who, a in addresses.items() if who != ticket.requester_id and a not in own})
    if box is None or (not address and not copies):
        return
    commands.write_mail(
        SYSTEM,
        mailbox_id=box.pk,
        client_id=ticket.client_id,
        ticket_id=ticket.pk,
        message_id=message.pk,
        recipient_id=ticket.requester_id,
        address=address or copies.pop(0),
        copies=copies[:MAX_COPIES],
        purpose=MailOut.Purpose.REPLY,
        language=_language(ticket),
    )


def _language(ticket: Ticket) -> str:
    return ticket.requester.language or ticket.language or ticket.client.language


def _automatic_mails(address: str, ticket_id: int) -> list[Sent]:
    sent = MailOut.objects.unscoped(WHY).filter(purpose=MailOut.Purpose.ACKNOWLEDGEMENT)
    now = clock.now()
    rows = sent.filter(created_at__gte=now - dt.timedelta(hours=1)) | sent.filter(
        address=address, created_at__gte=now - dt.timedelta(days=1)
    )
    rows |= sent.filter(address=address, ticket_id=ticket_id)
    values = rows.distinct().values_list("created_at", "address", "ticket_id")
    return [Sent(at, to, ticket) for at, to, ticket in values[:5000]]


def _one_at_a_time() -> None:
    """Two acknowledgements to one address may not be weighed at once; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
