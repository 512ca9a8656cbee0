"""What of a ticket can be found by its words: each message and note, under the ticket's subject and reference."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from tierdesk.domain.tickets.models import Message, Note, Ticket
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.search.index import index_document
from tierdesk.kernel.search.sources import Document, SearchSource, register_source

MESSAGES, NOTES = "message", "note"
_WHY = "the index itself is scoped by its access tokens"


def text_of(ticket: Ticket, entry: Message | Note) -> str:
    """What an entry is found by."""
    return f"{ticket.ref} {ticket.subject}\n{entry.text}"


def index_message(ticket: Ticket, message: Message) -> None:
    """Make a message findable, with the transaction that writes it."""
    _index(ticket, message, MESSAGES, Audience.REQUESTER)


def index_note(ticket: Ticket, note: Note) -> None:
    """Make a note findable by agents, with the transaction that writes it."""
    _index(ticket, note, NOTES, Audience.AGENTS)


def reindex_ticket(ticket: Ticket) -> None:
    """Write a ticket's entries to the index again, after its subject changed."""
    for message in Message.objects.unscoped(_WHY).filter(ticket=ticket):
        index_message(ticket, message)
    for note in Note.objects.unscoped(_WHY).filter(ticket=ticket):
        index_note(ticket, note)


def register() -> None:
    """Tell the index whose documents these are."""
    register_source(
        SearchSource(MESSAGES, lambda: _documents(Message, Audience.REQUESTER), lambda ids: _texts(Message, ids))
    )
    register_source(SearchSource(NOTES, lambda: _documents(Note, Audience.AGENTS), lambda ids: _texts(Note, ids)))


def _index(ticket: Ticket, entry: Message | Note, source: str, audience: Audience) -> None:
    index_document(
        id=entry.pk,
        thing_id=ticket.pk,
        client_id=ticket.client_id,
        audience=audience,
        source=source,
        text=text_of(ticket, entry),
    )


def _documents(model: type[Message] | type[Note], audience: Audience) -> Iterator[Document]:
    rows: Iterable[Message | Note] = model.objects.unscoped(_WHY).select_related("ticket").order_by("id").iterator(500)
    for row in rows:
        yield Document(row.pk, row.ticket_id, row.client_id, audience, text_of(row.ticket, row))


def _texts(model: type[Message] | type[Note], ids: Collection[int]) -> Mapping[int, str]:
    rows: Iterable[Message | Note] = model.objects.unscoped(_WHY).select_related("ticket").filter(pk__in=list(ids))
    return {row.pk: text_of(row.ticket, row) for row in rows}
