"""Who may see and change people, clients, teams and tokens: as a predicate and as a queryset's condition."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tierdesk.domain.people import rules
from tierdesk.kernel.actors import Actor, ActorKind, Clients
from tierdesk.kernel.refusals import Refusal


def is_staff(actor: Actor) -> bool:
    """Whether this actor works at the desk at all: for one client at least."""
    return bool(actor.clients_for(rules.READ))


def require(actor: Actor, permission: str, client_id: int | None = None) -> None:
    """Refuse (`forbidden`) whoever lacks a permission; for one client, or (none) for the whole installation."""
    clients = actor.clients_for(permission)
    allowed = clients.every if client_id is None else client_id in clients
    if not allowed:
        raise Refusal(
            "forbidden",
            _("You may not do this."),
            hint=_("Ask an administrator for the permission “%(permission)s”.") % {"permission": permission},
        )


def client_scope(actor: Actor, *, field: str = "pk") -> Q:
    """The clients that an actor may know of: as staff, or as one of its people."""
    clients = actor.clients_for(rules.READ) | actor.clients_for(rules.CLIENT_VIEW)
    if clients.every:
        return Q()
    own = Q(memberships__person_id=actor.person_id) if field == "pk" and actor.person_id else Q(pk__in=[])
    return Q(**{f"{field}__in": clients.ids}) | own


def person_scope(actor: Actor) -> Q:
    """The people that an actor may see: all of the clients he reads people of; everybody sees himself."""
    clients = actor.clients_for(rules.PEOPLE_READ)
    if clients.every:
        return Q()
    seen = Q(memberships__client_id__in=clients.ids) if clients.ids else Q(pk__in=[])
    return seen | Q(pk=actor.person_id) if actor.person_id else seen


def staff_clients(actor: Actor) -> Clients:
    """The clients whose tickets an actor reads as staff."""
    return actor.clients_for(rules.READ)


def require_person(actor: Actor) -> int:
    """The person behind an actor. Refused: an actor that nobody stands behind."""
    if actor.person_id is None or actor.kind is ActorKind.ANONYMOUS:
        raise Refusal("unauthenticated", _("Sign in first."))
    return actor.person_id
