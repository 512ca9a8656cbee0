"""What upper areas add to the live streams: who is there, what they may be told, and when to look again."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tierdesk.kernel.actors import Actor
from tierdesk.kernel.registries import Registry

if TYPE_CHECKING:
    from tierdesk.kernel.models import Event

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """What a browser sent when it opened its stream. Names of `headers` are lower case; `cookies` are decoded."""

    headers: Mapping[str, str]
    cookies: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Feed:
    """How the events of one topic reach people.

    `deliver(event, actor)` asks the policy and returns what this actor may be told (facts that JSON can carry), or
    none. `narrow(event, actors)`, where given, drops in one query those who are not concerned, before each is asked.
    Both run in a thread with a database connection.
    """

    deliver: "Callable[[Event, Actor], Payload | None]"
    narrow: "Callable[[Event, Sequence[Actor]], Sequence[Actor]] | None" = None


def identity_of(actor: Actor) -> Hashable:
    """Streams with the same identity share the answer of the policy."""
    return (actor.kind, actor.person_id, actor.token_id)


FEEDS: Registry[Feed] = Registry("live feed")
RECHECKS: "Registry[Callable[[Event], int | None]]" = Registry("live recheck")
AUTHENTICATORS: Registry[Callable[[LiveRequest], Actor | None]] = Registry("live authenticator")


def live_feed(topic: str, feed: Feed) -> None:
    """Tell the streams about the events of a topic. A topic without a feed reaches nobody."""
    FEEDS.register(topic, feed)


def live_authenticator(authenticate: Callable[[LiveRequest], Actor | None]) -> None:
    """Set who tells whose stream it is; one for the installation. It runs in a thread, again every minute."""
    AUTHENTICATORS.register("live", authenticate)


def live_recheck(event_name: str, person_of: "Callable[[Event], int | None]") -> None:
    """Look again at a person's streams whenever an event of that name happens, in every web process.

    `person_of(event)` returns the person, or none for everybody.
    """
    RECHECKS.register(event_name, person_of)
