"""Who acts. Every command takes one first; it carries what it may do, so that nobody has to look it up twice."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


class ActorKind(enum.StrEnum):
    """What kind of hand is at work."""

    PERSON = "person"
    TOKEN = "token"  # noqa: S105 - a kind of actor, no secret
    MAIL = "mail"
    AUTOMATION = "automation"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Clients:
    """A set of clients: every one, or those named. Nothing is in the empty set, so a missing grant refuses."""

    every: bool = False
    ids: frozenset[int] = frozenset()

    def __contains__(self, client_id: int | None) -> bool:
        return self.every or (client_id is not None and client_id in self.ids)

    def __bool__(self) -> bool:
        return self.every or bool(self.ids)

    def __or__(self, other: "Clients") -> "Clients":
        return Clients(self.every or other.every, self.ids | other.ids)


EVERY_CLIENT = Clients(every=True)
NO_CLIENT = Clients()


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, token, mail, rule or the system itself, with its grants.

    `grants` maps a permission (`ticket.read`) to the clients it holds for. `person_id` is who stands behind it, where
    somebody does. `trust` is how far the sender of a mail is known: `none`, `address` or `proven`.
    """

    kind: ActorKind
    person_id: int | None = None
    name: str = ""
    grants: Mapping[str, Clients] = field(default_factory=dict)
    team_ids: frozenset[int] = frozenset()
    language: str = "en"
    time_zone: str = "UTC"
    token_id: int | None = None
    rule_id: int | None = None
    trust: str = "none"

    def clients_for(self, permission: str) -> Clients:
        """The clients for which this actor holds a permission."""
        if self.kind is ActorKind.SYSTEM:
            return EVERY_CLIENT
        return self.grants.get(permission, NO_CLIENT)

    def holds(self, permission: str, client_id: int | None) -> bool:
        """Whether a permission is held for one client."""
        return client_id in self.clients_for(permission)

    def without_grants(self) -> "Actor":
        """The same hand with nothing but its own things: how a mail acts, whatever its From says."""
        return replace(self, grants={}, team_ids=frozenset())


SYSTEM = Actor(ActorKind.SYSTEM, name="Tierdesk")
ANONYMOUS = Actor(ActorKind.ANONYMOUS)
