"""What the API takes and gives of tickets. Every schema that is written names its fields, and takes no other.

None has an author, an actor or a permission: these follow from the token.
"""

import datetime as dt
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from tierdesk.domain.people.rules import MAX_ADDRESS
from tierdesk.domain.tickets.rules import SUBJECT_LIMIT, TEXT_LIMIT

KindName = Literal["incident", "request", "question", "scam_report"]
PriorityName = Literal["critical", "high", "medium", "low"]
Level = Annotated[StrictInt, Field(ge=1, le=3, description="1 high, 2 medium, 3 low.")]
Slug = Annotated[StrictStr, Field(min_length=1, max_length=40)]
Text = Annotated[StrictStr, Field(min_length=1, max_length=TEXT_LIMIT, description="Plain text.")]
Value = StrictStr | StrictInt | StrictFloat | StrictBool | None
CustomFields = Annotated[
    dict[str, Value],
    Field(max_length=200, description="Values of custom fields by their keys; null clears one."),
]


class Written(Schema):
    """The base of what is written: an unknown name is refused."""

    model_config = ConfigDict(extra="forbid")


class NewTicket(Written):
    """A ticket to be opened."""

    subject: StrictStr = Field(
        min_length=1, max_length=SUBJECT_LIMIT, description="In a few words.", examples=["Printer on floor 3 jams"]
    )
    text: Text = Field(examples=["It jams on every second page since this morning."])
    requester: StrictStr = Field(
        min_length=3,
        max_length=MAX_ADDRESS,
        description="The requester's mail address, known here or not. A requester's own token: his own.",
        examples=["jo@example.com"],
    )
    kind: KindName = "incident"
    client: Slug | None = Field(None, description="The client's slug; left out, it follows from the requester.")
    priority: PriorityName | None = Field(None, description="Left out: medium. For staff.")


class TicketChanges(Written):
    """What is to change; what is left out stays. All of it is done, or nothing."""

    subject: StrictStr | None = Field(None, min_length=1, max_length=SUBJECT_LIMIT)
    kind: KindName | None = None
    priority: PriorityName | None = Field(
        None, description="Stands for an impact and an urgency, both of which it sets."
    )
    impact: Level | None = None
    urgency: Level | None = None
    category: StrictStr | None = Field(None, max_length=200, description="The category's path; null for none.")
    status: Slug | None = Field(None, description="A status's key, along the flow of the ticket's kind.")
    hold_until: dt.datetime | None = Field(None, description="Until when, for a status on hold; with an offset.")
    assignee: StrictStr | None = Field(None, max_length=MAX_ADDRESS, description="An agent's address; null for nobody.")
    team: Slug | None = Field(None, description="A team's slug; null for none.")
    custom_fields: CustomFields = Field(default_factory=dict)
    version: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)] | None = Field(
        None, description="The `version` you saw: what a colleague changed since is not overwritten, but refused (409)."
    )


class NewMessage(Written):
    """Something to be said on a ticket."""

    text: Text = Field(examples=["We have sent a technician; he arrives at 14:00."])


class TicketInList(Schema):
    """A ticket as it stands. Fields of the desk's side are left out for the requester's side."""

    ref: str = Field(description="What people call it.", examples=["TD-1042"])
    subject: str
    requester: str = Field(description="The requester's mail address; empty where none is known.")
    requester_name: str
    client: str = Field(description="The client's slug.")
    kind: KindName
    status: str = Field(description="The status's key.")
    status_category: str = Field(description="What the product makes of the status; fixed names.")
    priority: PriorityName
    channel: str
    created_at: dt.datetime
    updated_at: dt.datetime
    solved_at: dt.datetime | None
    url: str = Field(description="Where a browser finds it.")
    team: str | None = Field(None, description="The team's slug. Desk's side only, as all that follows.")
    tier: str | None = None
    assignee: str | None = Field(None, description="The address of the agent who works on it.")
    assignee_name: str | None = None
    category: str | None = Field(None, description="The category's path.")
    impact: int | None = None
    urgency: int | None = None
    hold_until: dt.datetime | None = None
    version: int | None = Field(None, description="Rises with every change; give it back when you write.")


class TicketOut(TicketInList):
    """A ticket in full."""

    participants: list[str] = Field(description="Addresses of who else takes part from the customer's side.")
    custom_fields: dict[str, str | float | bool | None] | None = Field(None, description="Desk's side only.")


class TicketPage(Schema):
    """A page of tickets, last changed first."""

    items: list[TicketInList]
    next: str | None = Field(description="The `page` that follows; null at the end.")


class FileOut(Schema):
    """A file that came with a message or a note."""

    id: str
    name: str
    type: str
    size: int = Field(description="In bytes.")
    url: str = Field(description="Where the API hands it out.")


class EntryOut(Schema):
    """One thing on a timeline. Notes and inner events are on the desk's side only."""

    type: Literal["message", "note", "event"]
    id: str
    at: dt.datetime
    author: str = Field(description="The name of who wrote or did it; empty for nobody or the desk's own steps.")
    text: str | None = Field(None, description="Of messages and notes.")
    direction: Literal["in", "out"] | None = Field(None, description="Of messages: to the desk, or from it.")
    channel: str | None = None
    event: str | None = Field(None, description="Of events: what happened.")
    facts: dict[str, str | int | bool | list[str] | None] | None = None
    attachments: list[FileOut] = []


class TimelinePage(Schema):
    """A part of a timeline, oldest first; the first page holds the latest entries."""

    items: list[EntryOut]
    next: str | None = Field(description="The `page` of earlier entries; null where there are none.")


class MessageOut(Schema):
    """A message that was posted. `ref` is its ticket: another one, where the old had been closed long ago."""

    id: str
    ref: str
    at: dt.datetime


class NoteOut(Schema):
    """A note that was added."""

    id: str
    ref: str
    at: dt.datetime
