"""Reads of people and where they belong. `actor_for` is where every signed-in request begins."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet, Subquery

from tierdesk.domain.people import policies, rules
from tierdesk.domain.people.models import (
    Address,
    ApiToken,
    Client,
    ClientDomain,
    Grant,
    Login,
    Membership,
    Person,
    Role,
    Team,
    TeamMembership,
    Tier,
)
from tierdesk.kernel.actors import Actor, ActorKind
from tierdesk.kernel.kept import keep

TOKEN_LENGTH = len(rules.TOKEN_PREFIX) + 43  # 256 bits in URL-safe base64


def actor_for(person: Person, *, kind: ActorKind = ActorKind.PERSON, **more: Any) -> Actor | None:
    """The actor that a person is, with his grants as they stand now. None for one who is not active."""
    if not person.active:
        return None
    held = [
        (row["role__permissions"], row["client_id"])
        for row in Grant.objects.filter(person=person).values("role__permissions", "client_id")
    ]
    managed: list[int] = []
    if not held:  # whoever works at the desk sees by his role; a manager's view is for the customer's side
        rows = Membership.objects.filter(person=person, kind=Membership.Kind.MANAGER)
        managed = list(rows.values_list("client_id", flat=True))
    teams = TeamMembership.objects.filter(person=person).values_list("team_id", flat=True) if held else ()
    return Actor(
        kind,
        person_id=person.pk,
        name=person.name,
        grants=rules.grants_of(held, managed),
        team_ids=frozenset(teams),
        language=person.language or "en",
        time_zone=person.time_zone or "UTC",
        **more,
    )


def actor_for_token(secret: str) -> Actor | None:
    """The actor that a token's secret stands for: its person, with his rights as they stand now.

    None for what is unknown, revoked, blank or of another form, and for a person who is not active.
    """
    token = token_by_secret(secret)
    return actor_of_token(token) if token else None


def token_by_secret(secret: str) -> ApiToken | None:
    """The living token of that secret, with its person."""
    digest = token_digest(secret)
    if not digest:
        return None
    token = ApiToken.objects.select_related("person__login").filter(digest=digest, revoked_at__isnull=True).first()
    if token is None or not hmac.compare_digest(token.digest, digest):
        return None
    login = token.person.login
    return token if token.person.active and (login is None or login.is_active) else None


def actor_of_token(token: ApiToken) -> Actor | None:
    """The actor of a token that was found to be living."""
    return actor_for(token.person, kind=ActorKind.TOKEN, token_id=token.pk)


def tokens_of(person_id: int) -> QuerySet[ApiToken]:
    """A person's tokens, revoked ones too, the newest first. Secrets are not among what is kept."""
    return ApiToken.objects.filter(person_id=person_id).order_by("-id")


def token_id_of(secret: str) -> int | None:
    """The id of the token, living or revoked, that a secret belongs to."""
    digest = token_digest(secret)
    return ApiToken.objects.filter(digest=digest).values_list("pk", flat=True).first() if digest else None


def token_digest(secret: str) -> str:
    """SHA-256 of a secret in our form; empty for what has another. 256 random bits need no slow hash."""
    if not isinstance(secret, str) or not secret.startswith(rules.TOKEN_PREFIX) or not secret.isascii():
        return ""
    return hashlib.sha256(secret.encode()).hexdigest() if len(secret) == TOKEN_LENGTH else ""


def login_by_address(address: str) -> Login | None:
    """The login of that address, with its person; active or not. For signing in only."""
    folded = rules.fold_address(address)
    return Login.objects.select_related("person").filter(email=folded).first() if folded else None


def login_of_session(login_id: int) -> Login | None:
    """The login behind a session with its person, in one read; none where either may no longer come in."""
    login = Login.objects.select_related("person").filter(pk=login_id, is_active=True).first()
    person = person_of(login) if login else None
    return login if person is not None and person.active else None


def person_of(login: Login) -> Person | None:
    """The person who signs in with a login."""
    return getattr(login, "person", None)


def person_by_id(person_id: int) -> Person | None:
    """A person, for the system's own use."""
    return Person.objects.filter(pk=person_id).first()


def person_by_address(address: str) -> Person | None:
    """The person whose address this is."""
    folded = rules.fold_address(address)
    row = Address.objects.select_related("person").filter(address=folded).first() if folded else None
    return row.person if row else None


def address_of(person_id: int) -> str:
    """The address to write to: the primary one, else the first. Empty where there is none."""
    row = Address.objects.filter(person_id=person_id).order_by("-primary", "id").first()
    return row.address if row else ""


def addresses_of(person_ids: Iterable[int]) -> dict[int, str]:
    """The address to write to, for many people at once."""
    rows = Address.objects.filter(person_id__in=list(person_ids)).order_by("primary", "-id")
    return {row.person_id: row.address for row in rows}


def is_address_of(person_id: int, address: str) -> bool:
    """Whether an address is this person's."""
    return Address.objects.filter(person_id=person_id, address=rules.fold_address(address)).exists()


def client_for_sender(address: str, person: Person | None) -> Client:
    """The client whom a mail of this sender concerns: his main membership, else his domain's, else the holding one."""
    if person is not None:
        member = Membership.objects.select_related("client").filter(person=person).order_by("-main", "id").first()
        if member is not None:
            return member.client
    domain = ClientDomain.objects.select_related("client").filter(domain=rules.domain_of(address)).first()
    return domain.client if domain else holding_client()


def holding_client() -> Client:
    """The client of whoever belongs to none that is known."""
    return Client.objects.get(holding=True)


def belongs_to(person_id: int, client_id: int) -> bool:
    """Whether somebody is one of a client's people."""
    return Membership.objects.filter(person_id=person_id, client_id=client_id).exists()


def client_is_there(client_id: int) -> bool:
    """Whether there is such a client, and it is served still."""
    return Client.objects.filter(pk=client_id, active=True).exists()


def visible_clients(actor: Actor) -> QuerySet[Client]:
    """The clients an actor may know of."""
    return Client.objects.filter(policies.client_scope(actor), active=True).distinct().order_by("name")


def visible_people(actor: Actor) -> QuerySet[Person]:
    """The people an actor may see."""
    return Person.objects.filter(policies.person_scope(actor)).distinct().order_by("name", "id")


def agents(client_id: int | None = None) -> QuerySet[Person]:
    """Active people who can work on tickets of a client (or of any)."""
    grants = Grant.objects.filter(role__slug__in=_roles_with(rules.REPLY))
    if client_id is not None:
        grants = grants.filter(client_id=client_id) | grants.filter(client__isnull=True)
    return Person.objects.filter(active=True, pk__in=grants.values("person_id")).order_by("name", "id")


def teams() -> QuerySet[Team]:
    """Active teams, from the lowest tier up."""
    return Team.objects.filter(active=True).select_related("tier").order_by("tier__level", "slug")


def team_by_slug(slug: str) -> Team | None:
    """The active team of that slug."""
    return Team.objects.select_related("tier").filter(slug=slug, active=True).first()


def tiers() -> QuerySet[Tier]:
    """The rungs, from L0 up."""
    return Tier.objects.all()


def _roles_with(permission: str) -> list[str]:
    return [role.slug for role in Role.objects.all() if permission in role.permissions]


def names_of(person_ids: Iterable[int]) -> dict[int, str]:
    """Names by id; who is not there is left out."""
    return dict(Person.objects.filter(pk__in=list(person_ids)).values_list("pk", "name"))


def name_of(person_id: Any) -> Subquery:
    """A person's name as part of another query; `person_id` is an `OuterRef`."""
    return Subquery(Person.objects.filter(pk=person_id).values("name")[:1])


def first_address_of(person_id: Any) -> Subquery:
    """The address to write to as part of another query; `person_id` is an `OuterRef`."""
    rows = Address.objects.filter(person_id=person_id).order_by("-primary", "id")
    return Subquery(rows.values("address")[:1])


def tiers_kept() -> list[Tier]:
    """The rungs, as they were at most two seconds ago; for pages."""
    return keep("people.tiers", lambda: list(tiers()))


def teams_kept() -> list[Team]:
    """Active teams, as they were at most two seconds ago; for pages."""
    return keep("people.teams", lambda: list(teams()))


def agents_kept(client_id: int) -> list[tuple[int, str]]:
    """Ids and names of those who work for a client, as they were at most two seconds ago; for pages."""
    return keep(("people.agents", client_id), lambda: list(agents(client_id).values_list("pk", "name")))


def somebody_can_sign_in() -> bool:
    """Whether anybody could: an installation without is new."""
    return Person.objects.filter(active=True, login__is_active=True).exists()


def administrators() -> QuerySet[Person]:
    """Active people who can sign in and who manage the whole installation."""
    grants = Grant.objects.filter(role__slug__in=_roles_with(rules.INSTALLATION), client__isnull=True)
    return Person.objects.filter(active=True, login__is_active=True, pk__in=grants.values("person_id"))
