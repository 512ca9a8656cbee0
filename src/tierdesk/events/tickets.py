"""What happens to tickets. Ids and facts, never bodies."""

from dataclasses import dataclass
from typing import ClassVar

from tierdesk.kernel.audience import Audience
from tierdesk.kernel.vocabulary import Happened, event

TICKET = "ticket"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class TicketOpened(Happened):
    """A ticket came to be, with its first message. `by_mail` is the mail it came from."""

    topic: ClassVar[str] = TICKET
    audience: ClassVar[Audience] = Audience.REQUESTER
    message_id: int
    channel: str
    kind: str
    tier: int
    team_id: int | None = None
    by_mail_id: int | None = None
    follows_ticket_id: int | None = None


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class RequesterWrote(Happened):
    """A message came from the requester's side. `reasons` says why it joined this ticket."""

    topic: ClassVar[str] = TICKET
    audience: ClassVar[Audience] = Audience.REQUESTER
    message_id: int
    channel: str
    by_mail_id: int | None = None
    reasons: tuple[str, ...] | None = None


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class AgentReplied(Happened):
    """The desk answered the requester's side."""

    topic: ClassVar[str] = TICKET
    audience: ClassVar[Audience] = Audience.REQUESTER
    message_id: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class NoteAdded(Happened):
    """An agent told the others something."""

    topic: ClassVar[str] = TICKET
    note_id: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class TicketAssigned(Happened):
    """Who works on it changed: person, team, or both. None: nobody."""

    topic: ClassVar[str] = TICKET
    from_person_id: int | None = None
    to_person_id: int | None = None
    from_team_id: int | None = None
    to_team_id: int | None = None


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class StatusChanged(Happened):
    """It stands elsewhere now, by hand or because of a message. Keys are of status rows."""

    topic: ClassVar[str] = TICKET
    audience: ClassVar[Audience] = Audience.REQUESTER
    from_status: str
    to_status: str
    category: str
    hold_until: str | None = None


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DetailsChanged(Happened):
    """Its subject, kind, impact, urgency, category or custom fields changed. `changed` names them."""

    topic: ClassVar[str] = TICKET
    changed: tuple[str, ...]
    priority_from: int | None = None
    priority_to: int | None = None


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class ParticipantAdded(Happened):
    """Somebody else takes part from the customer's side."""

    topic: ClassVar[str] = TICKET
    audience: ClassVar[Audience] = Audience.REQUESTER
    person_id: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class FileDownloaded(Happened):
    """Somebody took a copy of an attachment."""

    topic: ClassVar[str] = TICKET
    attachment_id: int
