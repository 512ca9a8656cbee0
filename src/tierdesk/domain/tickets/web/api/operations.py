"""Operations on tickets: each finds the actor, calls one command or query, and shapes the answer."""

from typing import Annotated, Any

import msgspec
from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Path, Query, Router
from ninja.responses import Status

from tierdesk.domain.tickets import commands, queries
from tierdesk.domain.tickets.models import Ticket
from tierdesk.domain.tickets.web.api import shaping, writing
from tierdesk.domain.tickets.web.api.schemas import (
    MessageOut,
    NewMessage,
    NewTicket,
    NoteOut,
    TicketChanges,
    TicketOut,
    TicketPage,
    TimelinePage,
)
from tierdesk.kernel import files
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.refusals import Refusal

MOST = 100
LONGEST_ID = 19
Ref = Annotated[str, Path(description="A reference, such as `TD-1042`.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]

router = Router(tags=["tickets"], exclude_unset=True)


@router.get("/tickets", response=TicketPage, operation_id="listTickets", summary="List tickets")
def list_tickets(
    request: HttpRequest,
    q: Annotated[str, Query(description='Conditions, such as `status:open tier:L1 updated<2h "vpn"`.')] = "",
    page: Annotated[str, Query(description="`next` of the page before.")] = "",
    limit: Limit = 50,
) -> HttpResponse:
    """The tickets that fit conditions and that the caller may see, last changed first."""
    actor = _actor(request)
    found = queries.find_tickets(actor, q, page=page, size=limit)
    content = {"items": shaping.tickets_out(actor, found.rows), "next": found.older or None}
    return HttpResponse(msgspec.json.encode(content), content_type="application/json; charset=utf-8")


@router.post("/tickets", response={201: TicketOut}, operation_id="openTicket", summary="Open a ticket")
def open_ticket(request: HttpRequest, given: NewTicket) -> Status[dict[str, Any]]:
    """A new ticket with its first message, as the requester's words. Staff open them for any address; a requester's
    token for its own.
    """
    actor = _actor(request)
    opened = writing.open_as_told(actor, given=given)
    return Status(201, shaping.ticket_out(actor, queries.ticket_for(actor, opened.ref)))


@router.get("/tickets/{ref}", response=TicketOut, operation_id="readTicket", summary="Read a ticket")
def read_ticket(request: HttpRequest, ref: Ref) -> dict[str, Any]:
    """One ticket in full, as far as the caller's side sees it."""
    actor = _actor(request)
    return shaping.ticket_out(actor, queries.ticket_for(actor, ref))


@router.patch("/tickets/{ref}", response=TicketOut, operation_id="changeTicket", summary="Change a ticket")
def change_ticket(request: HttpRequest, ref: Ref, given: TicketChanges) -> dict[str, Any]:
    """Change what is named; the rest stays. All changes are made, or none. For staff."""
    actor = _actor(request)
    return shaping.ticket_out(actor, writing.change_as_told(actor, ref=ref, given=given))


@router.get("/tickets/{ref}/timeline", response=TimelinePage, operation_id="readTimeline", summary="Read a timeline")
def read_timeline(
    request: HttpRequest,
    ref: Ref,
    page: Annotated[str, Query(description="`next` of the page before.")] = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """What was said and done on a ticket, oldest first; the first page holds the latest. Notes are for staff alone."""
    actor = _actor(request)
    ticket = queries.ticket_for(actor, ref)
    found = queries.timeline(actor, ticket, before=_before(page), limit=limit + 1)
    found.sort(key=lambda entry: entry.id)  # what pages lead along; the desk shows the opening first
    shown = found[-limit:]
    earlier = str(shown[0].id) if len(found) > limit else None
    return {"items": shaping.entries_out(actor, ticket, shown), "next": earlier}


@router.post("/tickets/{ref}/messages", response={201: MessageOut}, operation_id="postMessage", summary="Say something")
def post_message(request: HttpRequest, ref: Ref, given: NewMessage) -> Status[dict[str, Any]]:
    """A message that the requester's side sees: the desk's answer from staff, else a word from the requester's side."""
    said = commands.post_message(_actor(request), ref=ref, text=given.text, channel=Ticket.Channel.API)
    return Status(201, {"id": str(said.pk), "ref": said.ticket.ref, "at": said.at})


@router.post("/tickets/{ref}/notes", response={201: NoteOut}, operation_id="addNote", summary="Add a note")
def add_note(request: HttpRequest, ref: Ref, given: NewMessage) -> Status[dict[str, Any]]:
    """A note for the other agents. No requester ever sees it."""
    note = commands.add_note(_actor(request), ref=ref, text=given.text)
    return Status(201, {"id": str(note.pk), "ref": note.ticket.ref, "at": note.at})


@router.get(
    "/attachments/{attachment_id}",
    operation_id="takeFile",
    summary="Take a file",
    openapi_extra={
        "responses": {
            200: {
                "description": "The bytes as they came. Never to be shown in a page of this site.",
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            }
        }
    },
)
def take_file(request: HttpRequest, attachment_id: Annotated[str, Path(description="A file's id.")]) -> FileResponse:
    """The bytes of a file, to be saved. That it was taken, and by whom, is kept."""
    attachment = commands.take_file(_actor(request), attachment_id=_id(attachment_id) or 0)
    try:
        stream = files.open_stream(attachment.file)
    except FileNotFoundError as error:
        raise Refusal("unavailable", _("The bytes of this file are not in reach just now.")) from error
    response = FileResponse(
        stream, as_attachment=True, filename=attachment.name, content_type="application/octet-stream"
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _actor(request: HttpRequest) -> Actor:
    actor = getattr(request, "auth", None)
    if not isinstance(actor, Actor):  # an operation that forgot to ask for a token answers nobody
        raise Refusal("unauthenticated", _("Sign in first."))
    return actor


def _before(page: str) -> int | None:
    if page and _id(page) is None:
        raise Refusal("invalid", _("This page of the list does not exist."), "page", _("Go to the first page."))
    return _id(page)


def _id(text: str) -> int | None:
    """An id as the API gives it; none for what cannot be one of ours."""
    fits = text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID
    return int(text) if fits and 0 < int(text) < 2**63 else None
