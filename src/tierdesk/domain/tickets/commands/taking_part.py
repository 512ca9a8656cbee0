"""Who else takes part in a ticket, and how far each agent has read it."""

from django.db import connection
from django.utils.translation import gettext as _

from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import policies, rules
from tierdesk.domain.tickets.commands.locking import locked
from tierdesk.domain.tickets.models import Participant, Ticket
from tierdesk.events.tickets import ParticipantAdded
from tierdesk.kernel import clock, ids
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.commands import command, record
from tierdesk.kernel.refusals import Refusal

MAX_PARTICIPANTS = 50


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
    join(actor, ticket, person_id)


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


def join(actor: Actor, ticket: Ticket, person_id: int) -> None:
    """Add a participant to a ticket whose policy was asked; the requester is none."""
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
