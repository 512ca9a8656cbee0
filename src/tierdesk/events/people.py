"""What happens to people and to what they may do."""

from dataclasses import dataclass
from typing import ClassVar

from tierdesk.kernel.vocabulary import Happened, event

PERSON = "person"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class PersonAdded(Happened):
    """Somebody became known. `found_in` says where: mail, api, web, console."""

    topic: ClassVar[str] = PERSON
    found_in: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class PersonChanged(Happened):
    """A person's name, language, addresses or settings changed. `changed` names them."""

    topic: ClassVar[str] = PERSON
    changed: tuple[str, ...]


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class AccessChanged(Happened):
    """What a person may do or see changed: roles, memberships, teams, being active."""

    topic: ClassVar[str] = PERSON
    changed: tuple[str, ...]


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn(Happened):
    """A person signed in."""

    topic: ClassVar[str] = PERSON
    method: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class SignedOut(Happened):
    """A person signed out."""

    topic: ClassVar[str] = PERSON


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class TokenCreated(Happened):
    """A token was made that acts with this person's rights."""

    topic: ClassVar[str] = PERSON
    token_id: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRevoked(Happened):
    """A token stopped working."""

    topic: ClassVar[str] = PERSON
    token_id: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class InstallationChanged(Happened):
    """Clients, teams, roles, mailboxes or settings changed. `what` names the kind, `thing_id` the row."""

    topic: ClassVar[str] = "installation"
    what: str
    changed: tuple[str, ...]
