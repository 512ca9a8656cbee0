"""Who may see and change people, clients, teams and tokens: as a predicate and as a queryset's condition."""

from collections.abc import Mapping

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tierdesk.domain.people import rules
from tierdesk.domain.people.models import Grant, Membership
from tierdesk.kernel.actors import Actor, ActorKind, Clients
from tierdesk.kernel.refusals import Refusal, not_found

SIGNED_IN = frozenset({ActorKind.PERSON, ActorKind.TOKEN})


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


def may_see_client(actor: Actor, client_id: int) -> bool:
    """The predicate of `client_scope`."""
    if actor.holds(rules.READ, client_id) or actor.holds(rules.CLIENT_VIEW, client_id):
        return True
    return (
        actor.person_id is not None
        and Membership.objects.filter(person_id=actor.person_id, client_id=client_id).exists()
    )


def may_see_person(actor: Actor, person_id: int) -> bool:
    """The predicate of `person_scope`."""
    clients = actor.clients_for(rules.PEOPLE_READ)
    if clients.every or person_id == actor.person_id:
        return True
    of = Membership.objects.filter(person_id=person_id).values_list("client_id", flat=True)
    return any(client_id in clients for client_id in of)


def grants_held(person_id: int) -> dict[str, Clients]:
    """The permissions that a person's roles give, and for whom."""
    rows = Grant.objects.filter(person_id=person_id).values_list("role__permissions", "client_id")
    return rules.grants_of(rows, ())


def may_manage_person(actor: Actor, person_id: int) -> bool:
    """Whether an actor may change a person and what lets him in: for every client the person belongs to (for the
    whole installation, where he belongs to none), and only one who may do no more than the actor himself.
    """
    if actor.kind is ActorKind.SYSTEM:
        return True
    if actor.kind not in SIGNED_IN:
        return False
    managed = actor.clients_for(rules.PEOPLE_MANAGE)
    of = set(Membership.objects.filter(person_id=person_id).values_list("client_id", flat=True))
    reaches = managed.every or (bool(of) and all(client_id in managed for client_id in of))
    return reaches and rules.covers(actor.grants, grants_held(person_id))


def require_manage_person(actor: Actor, person_id: int) -> None:
    """Refuse (`forbidden`) whoever `may_manage_person` does not admit; `not_found` where he may not even see him."""
    if may_manage_person(actor, person_id):
        return
    if not may_see_person(actor, person_id):
        raise not_found(_("There is no such person."))
    raise Refusal(
        "forbidden",
        _("You may not change this person."),
        hint=_("Somebody with at least the same rights has to do it."),
    )


def require_covers(actor: Actor, wanted: Mapping[str, Clients]) -> None:
    """Refuse (`forbidden`) whoever would give or take a right that he lacks himself."""
    if actor.kind is not ActorKind.SYSTEM and not rules.covers(actor.grants, wanted):
        raise Refusal(
            "forbidden",
            _("You cannot give or take rights that you do not hold yourself."),
            hint=_("Ask an administrator who holds them."),
        )


def staff_clients(actor: Actor) -> Clients:
    """The clients whose tickets an actor reads as staff."""
    return actor.clients_for(rules.READ)


def require_signed_in(actor: Actor) -> int:
    """The person who signed in, or whose token it is. Refused: everybody else, and so every mail."""
    if actor.person_id is None or actor.kind not in SIGNED_IN:
        raise Refusal("unauthenticated", _("Sign in first."))
    return actor.person_id


def require_person(actor: Actor) -> int:
    """The person behind an actor. Refused: an actor that nobody stands behind."""
    if actor.person_id is None or actor.kind is ActorKind.ANONYMOUS:
        raise Refusal("unauthenticated", _("Sign in first."))
    return actor.person_id
