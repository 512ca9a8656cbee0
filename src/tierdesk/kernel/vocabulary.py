"""What an event is: a frozen dataclass in the past tense, with ids and facts and never a body. Pure Python."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from tierdesk.kernel.audience import Audience
from tierdesk.kernel.registries import Registry


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """The base of every event.

    `thing_id` is the thing it happened to, of the kind `topic`; events of one thing keep their order for every
    subscriber. `client_id` is the client whose business it is, or none for the installation's own. Subclasses add
    facts of plain JSON types (str, int, bool, None and lists of these).
    """

    topic: ClassVar[str] = ""
    version: ClassVar[int] = 1
    audience: ClassVar[Audience] = Audience.AGENTS

    thing_id: int
    client_id: int | None

    def facts(self) -> dict[str, Any]:
        """What is kept as JSON: all but what has a column of its own, and but what is not there."""
        own = (f.name for f in fields(self) if f.name not in {"thing_id", "client_id"})
        return {name: value for name in own if (value := getattr(self, name)) is not None}


EVENTS: Registry[type[Happened]] = Registry("event")


def event(cls: type[Happened]) -> type[Happened]:
    """Class decorator: make an event known under its class name. Refused: a topic left empty."""
    if not cls.topic:
        raise ValueError(f"{cls.__name__} needs a topic.")
    EVENTS.register(cls.__name__, cls)
    return cls
