"""How a story is told: who opened a ticket when, and what happened then, in hours."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens `after` hours from the opening. `who` is the local part of a staff member's address; the
    requester has none.
    """

    after: float
    what: str
    who: str = ""
    text: str = ""
    facts: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """One ticket. `ago` is how many hours before now it began; every step's `after` is less than that.

    `requester` is the local part of his address. `files` are names and texts that came with the first message.
    """

    ago: float
    requester: str
    subject: str
    text: str
    category: str
    kind: str = "incident"
    channel: str = "email"
    priority: int = 3
    team: str = "front-line"
    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    steps: tuple[Step, ...] = ()


def wrote(after: float, text: str) -> Step:
    """The requester writes again."""
    return Step(after, "wrote", "", text)


def answered(after: float, who: str, text: str) -> Step:
    """The desk answers."""
    return Step(after, "answered", who, text)


def noted(after: float, who: str, text: str) -> Step:
    """An agent tells the others."""
    return Step(after, "noted", who, text)


def took(after: float, who: str) -> Step:
    """An agent takes the ticket."""
    return Step(after, "took", who)


def handed(after: float, who: str, team: str, to: str = "") -> Step:
    """An agent gives the ticket to another team, to somebody there or to nobody yet."""
    return Step(after, "handed", who, "", (("team", team), ("to", to)))


def went(after: float, who: str, status: str) -> Step:
    """An agent puts the ticket into another status."""
    return Step(after, "went", who, "", (("status", status),))


def held(after: float, who: str, days: float) -> Step:
    """An agent puts the ticket on hold until so many days from now."""
    return Step(after, "held", who, "", (("days", days),))


def joined(after: float, who: str, person: str) -> Step:
    """An agent lets somebody else of the client take part."""
    return Step(after, "joined", who, "", (("person", person),))


def device(name: str, system: str) -> tuple[tuple[str, str], ...]:
    """The two custom fields of the demo."""
    return (("device", name), ("operating-system", system))
