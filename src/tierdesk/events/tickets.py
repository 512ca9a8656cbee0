"""What happens to tickets. Ids and facts, never bodies."""

from dataclasses import dataclass
from typing import ClassVar

from tierdesk.kernel.audience import Audience
from tierdesk.kernel.vocabulary import Happened, event

TICKET = "ticket"


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketEvent(Happened):
    """The base of these. `ticket_version` is the version that the ticket has since."""

    topic: ClassVar[str] = TICKET
    ticket_version: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class TicketOpened(TicketEvent):
    """A ticket came to be, with its first message. `by_mail` is the mail it came from."""

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
class RequesterWrote(TicketEvent):
    """A message came from the requester's side. `reasons` says why it joined this ticket."""

    audience: ClassVar[Audience] = Audience.REQUESTER
    message_id: int
    channel: str
    by_mail_id: int | None = None
    reasons: tuple[str, ...] | None = None


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class AgentReplied(TicketEvent):
    """The desk answered the requester's side."""

    audience: ClassVar[Audience] = Audience.REQUESTER
    message_id: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class NoteAdded(TicketEvent):
    """An agent told the others something."""

    note_id: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class TicketAssigned(TicketEvent):
    """Who works on it changed: person, team, or both. None: nobody."""

    from_person_id: int | None = None
    to_person_id: int | None = None
    from_team_id: int | None = None
    to_team_id: int | None = None
    to_tier: int | None = None


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class StatusChanged(TicketEvent):
    """It stands elsewhere now, by hand or because of a message. Keys are of status rows."""

    audience: ClassVar[Audience] = Audience.REQUESTER
    from_status: str
    to_status: str
    category: str
    hold_until: str | None = None


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class DetailsChanged(TicketEvent):
    """Its subject, kind, impact, urgency, category or custom fields changed. `changed` names them."""

    changed: tuple[str, ...]
    priority_from: int | None = None
    priority_to: int | None = None


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class ParticipantAdded(TicketEvent):
    """Somebody else takes part from the customer's side."""

    audience: ClassVar[Audience] = Audience.REQUESTER
    person_id: int


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class FileDownloaded(Happened):
    """Somebody took a copy of an attachment."""

    topic: ClassVar[str] = TICKET
    attachment_id: int
