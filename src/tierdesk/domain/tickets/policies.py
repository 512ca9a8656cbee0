"""Who may see and change tickets and what hangs on them: the same rule as predicate and as queryset's condition."""

from django.db.models import Q
from django.utils.translation import gettext as _

from tierdesk.domain.people import queries as people_queries
from tierdesk.domain.people import rules as people
from tierdesk.domain.tickets.models import Participant, Ticket
from tierdesk.kernel.actors import Actor, ActorKind
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.refusals import Refusal, not_found

NOBODY = Q(pk__in=[])
READ, REPLY, NOTE, EDIT = "read", "reply", "note", "edit"
_STAFF = {READ: people.READ, REPLY: people.REPLY, NOTE: people.NOTE, EDIT: people.EDIT}
_OWN_SIDE = {READ, REPLY}


def is_staff_for(actor: Actor, client_id: int) -> bool:
    """Whether an actor reads this client's tickets from the desk's side, notes included."""
    return actor.holds(people.READ, client_id)


def may(actor: Actor, verb: str, ticket: Ticket) -> bool:
    """Whether an actor may `read`, `reply`, `note` or `edit` a ticket.

    Staff need the permission for the ticket's client; the requester, participants and the client's managers may read
    and reply from their own side.
    """
    if is_staff_for(actor, ticket.client_id):
        return actor.holds(_STAFF[verb], ticket.client_id)
    return verb in _OWN_SIDE and is_on_own_side(actor, ticket)


def is_on_own_side(actor: Actor, ticket: Ticket) -> bool:
    """Whether an actor stands on the customer's side of this ticket."""
    if actor.holds(people.CLIENT_VIEW, ticket.client_id):
        return True
    if actor.person_id is None:
        return False
    if ticket.requester_id == actor.person_id:
        return True
    own = Participant.objects.unscoped("asks for one ticket and one person")
    return own.filter(ticket_id=ticket.pk, person_id=actor.person_id).exists()


def require(actor: Actor, verb: str, ticket: Ticket) -> None:
    """Refuse what `may` does not allow: `not_found` where the ticket is not to be seen, else `forbidden`."""
    if may(actor, verb, ticket):
        return
    if verb == READ or not may(actor, READ, ticket):
        raise no_such_ticket()
    raise Refusal("forbidden", _("You can see this ticket, but not do this to it."))


def no_such_ticket() -> Refusal:
    """The one answer for a ticket that is not there and for one that is not to be seen."""
    return not_found(_("There is no such ticket."))


def ticket_scope(actor: Actor) -> Q:
    """The tickets that an actor may read; agrees with `may(actor, "read", …)`."""
    clients = actor.clients_for(people.READ) | actor.clients_for(people.CLIENT_VIEW)
    if clients.every:
        return Q()
    seen = Q(client_id__in=clients.ids) if clients.ids else NOBODY
    if actor.person_id is not None:
        taking_part = Participant.objects.unscoped("one person's own").filter(person_id=actor.person_id)
        seen |= Q(requester_id=actor.person_id) | Q(pk__in=taking_part.values("ticket_id"))
    return seen


def staff_scope(actor: Actor) -> Q:
    """What only the desk's side sees (notes, marks), of the clients that an actor reads as staff."""
    clients = actor.clients_for(people.READ)
    if clients.every:
        return Q()
    return Q(client_id__in=clients.ids) if clients.ids else NOBODY


def entry_scope(actor: Actor) -> Q:
    """Messages and attachments: all of those as staff; of tickets seen from the own side, what is for requesters."""
    if actor.clients_for(people.READ).every:
        return Q()
    tickets = Ticket.objects.scoped(ticket_scope(actor)).values("pk")
    return staff_scope(actor) | Q(ticket__in=tickets, audience=Audience.REQUESTER)


def may_open(actor: Actor, client_id: int, requester_id: int) -> bool:
    """Whether an actor may open a ticket of a client for a requester: staff for anybody, everybody for himself at a
    client that he belongs to. A mail's sender was given his client by the gateway.
    """
    if actor.holds(people.CREATE, client_id):
        return True
    if actor.person_id is None or actor.person_id != requester_id:
        return False
    return actor.kind is ActorKind.MAIL or people_queries.belongs_to(actor.person_id, client_id)
