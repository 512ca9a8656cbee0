"""Everything that changes a ticket."""

from tierdesk.domain.tickets.commands.attaching import FileIn, take_file
from tierdesk.domain.tickets.commands.configuring import create_category, create_custom_field, ensure_defaults
from tierdesk.domain.tickets.commands.conversing import add_note, open_for, open_ticket, post_message
from tierdesk.domain.tickets.commands.steering import assign, change_details, set_status, wake_held
from tierdesk.domain.tickets.commands.taking_part import add_participant, mark_read

__all__ = [
    "FileIn",
    "add_note",
    "add_participant",
    "assign",
    "change_details",
    "create_category",
    "create_custom_field",
    "ensure_defaults",
    "mark_read",
    "open_for",
    "open_ticket",
    "post_message",
    "set_status",
    "take_file",
    "wake_held",
]
