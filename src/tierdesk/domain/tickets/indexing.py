"""What of a ticket can be found by its words: each message and note, with the ticket's subject and reference."""

from tierdesk.domain.tickets.models import Message, Note, Ticket


def index_message(ticket: Ticket, message: Message) -> None:
    """Make a message findable, with the transaction that writes it."""


def index_note(ticket: Ticket, note: Note) -> None:
    """Make a note findable by agents, with the transaction that writes it."""
