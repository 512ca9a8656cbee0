"""What people may do: roles, memberships, teams. Nobody gives or takes a right that he lacks himself."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tierdesk.domain.people import policies, rules
from tierdesk.domain.people.commands.installation import find_client
from tierdesk.domain.people.commands.sign_in import cut_off, lock_person
from tierdesk.domain.people.models import Grant, Membership, Person, Role, Team, TeamMembership
from tierdesk.events.people import AccessChanged
from tierdesk.kernel.actors import Actor, Clients
from tierdesk.kernel.commands import command, record
from tierdesk.kernel.refusals import Refusal, not_found


@command
def grant_role(actor: Actor, *, person_id: int, role: str, client_id: int | None = None) -> Grant:
    """The person holds a role (its slug), for one client or (none) for every client. His sessions and tokens end, so
    that none of them carries rights that it was not made for.

    Refused: whoever does not manage people there, a role that can do what the actor cannot, somebody inactive.
    """
    policies.require(actor, rules.PEOPLE_MANAGE, client_id)
    person, found = lock_person(person_id), _role(role)
    policies.require_covers(actor, rules.grants_of([(found.permissions, client_id)], ()))
    policies.require_covers(actor, policies.grants_held(person.pk))
    if client_id is not None:
        find_client(client_id)
    if not person.active:
        raise Refusal("invalid", _("This person is not active."), "person_id")
    held = _held(person, found, client_id).first()
    if held is not None:
        return held
    cut_off(actor, person)
    _changed(actor, person, client_id, "roles")
    return Grant.objects.create(person=person, role=found, client_id=client_id)


@command
def revoke_role(actor: Actor, *, person_id: int, role: str, client_id: int | None = None) -> None:
    """The person does not hold the role there any more; his sessions and tokens end. Refused as in `grant_role`, and
    for the last one who manages the installation.
    """
    policies.require(actor, rules.PEOPLE_MANAGE, client_id)
    person, found = lock_person(person_id), _role(role)
    policies.require_covers(actor, rules.grants_of([(found.permissions, client_id)], ()))
    policies.require_covers(actor, policies.grants_held(person.pk))
    with keep_an_administrator():
        gone, _detail = _held(person, found, client_id).delete()
    if gone:
        cut_off(actor, person)
        _changed(actor, person, client_id, "roles")


@command
def set_membership(
    actor: Actor, *, person_id: int, client_id: int, kind: str = Membership.Kind.REQUESTER, main: bool | None = None
) -> Membership:
    """The person belongs to a client, as a requester or as its manager. `main` makes it the client that his mails
    concern (his first one is so by itself); none leaves that as it is.
    """
    _require_member_change(actor, person_id, client_id)
    find_client(client_id)
    if kind not in Membership.Kind.values:
        raise Refusal("invalid", _("A person is a client's requester or its manager."), "kind")
    if kind == Membership.Kind.MANAGER:
        view = {rules.CLIENT_VIEW: Clients(ids=frozenset({client_id}))}
        if not actor.holds(rules.READ, client_id):
            policies.require_covers(actor, view)
    person = lock_person(person_id)
    row = Membership.objects.filter(person=person, client_id=client_id).first()
    if row is None:
        row = add_member(person, client_id, kind)
        changed = True
    else:
        changed = row.kind != kind
        Membership.objects.filter(pk=row.pk).update(kind=kind)
        row.kind = kind
    if main and not row.main:
        Membership.objects.filter(person=person, main=True).update(main=False)
        Membership.objects.filter(pk=row.pk).update(main=True)
        row.main = changed = True
    if changed:
        _changed(actor, person, client_id, "memberships")
    return row


@command
def remove_membership(actor: Actor, *, person_id: int, client_id: int) -> None:
    """The person does not belong to the client any more, and sees nothing of it from now on."""
    _require_member_change(actor, person_id, client_id)
    person = lock_person(person_id)
    gone, _detail = Membership.objects.filter(person=person, client_id=client_id).delete()
    if not gone:
        return
    rest = Membership.objects.filter(person=person)
    if not rest.filter(main=True).exists() and (first := rest.order_by("id").first()):
        rest.filter(pk=first.pk).update(main=True)
    _changed(actor, person, client_id, "memberships")


@command
def join_team(actor: Actor, *, person_id: int, team: str) -> None:
    """The person works in a team (its slug). Refused: whoever has no role at the desk."""
    policies.require_manage_person(actor, person_id)
    person, found = lock_person(person_id), _team(team)
    if not policies.grants_held(person.pk).get(rules.READ):
        raise Refusal("invalid", _("Only agents work in teams."), "person_id", _("Give the person a role first."))
    _row, made = TeamMembership.objects.get_or_create(person=person, team=found)
    if made:
        _changed(actor, person, None, "teams")


@command
def leave_team(actor: Actor, *, person_id: int, team: str) -> None:
    """The person does not work in the team any more."""
    policies.require_manage_person(actor, person_id)
    person, found = lock_person(person_id), _team(team)
    gone, _detail = TeamMembership.objects.filter(person=person, team=found).delete()
    if gone:
        _changed(actor, person, None, "teams")


def add_member(person: Person, client_id: int, kind: str = Membership.Kind.REQUESTER) -> Membership:
    """A membership; the person's first is his main one."""
    first = not Membership.objects.filter(person=person).exists()
    return Membership.objects.create(person=person, client_id=client_id, kind=kind, main=first)


@contextmanager
def keep_an_administrator() -> Iterator[None]:
    """Refuse what the block did, where after it nobody manages the installation though somebody did before."""
    before = _administrators()
    yield
    if before and not _administrators():
        raise Refusal(
            "invalid", _("Somebody has to manage the installation."), hint=_("Make somebody else administrator first.")
        )


def _administrators() -> bool:
    roles = [role.pk for role in Role.objects.all() if rules.INSTALLATION in role.permissions]
    return Grant.objects.filter(role_id__in=roles, client__isnull=True, person__active=True).exists()


def _held(person: Person, role: Role, client_id: int | None) -> QuerySet[Grant]:
    held = Grant.objects.filter(person=person, role=role)
    return held.filter(client__isnull=True) if client_id is None else held.filter(client_id=client_id)


def _require_member_change(actor: Actor, person_id: int, client_id: int) -> None:
    policies.require(actor, rules.PEOPLE_MANAGE, client_id)
    if not policies.may_see_person(actor, person_id) and not actor.clients_for(rules.PEOPLE_MANAGE).every:
        raise not_found(_("There is no such person."))


def _role(slug: str) -> Role:
    role = Role.objects.filter(slug=slug).first()
    if role is None:
        raise not_found(_("There is no such role."))
    return role


def _team(slug: str) -> Team:
    team = Team.objects.filter(slug=slug, active=True).first()
    if team is None:
        raise not_found(_("There is no such team."))
    return team


def _changed(actor: Actor, person: Person, client_id: int | None, what: str) -> None:
    record(actor, AccessChanged(thing_id=person.pk, client_id=client_id, changed=(what,)))
