"""Everything that changes mailboxes and mails."""

from tierdesk.domain.channels.email.commands.mailboxes import change_mailbox, create_mailbox, note_fetch
from tierdesk.domain.channels.email.commands.receiving import begin_folder, receive_headers, receive_mail
from tierdesk.domain.channels.email.commands.sending import mark_failed, mark_sent, resend_mail, write_mail
from tierdesk.domain.channels.email.commands.settling import (
    dismiss_mail,
    fail_mail,
    note_death,
    retry_mail,
    settle_mail,
)

__all__ = [
    "begin_folder",
    "change_mailbox",
    "create_mailbox",
    "dismiss_mail",
    "fail_mail",
    "mark_failed",
    "mark_sent",
    "note_death",
    "note_fetch",
    "receive_headers",
    "receive_mail",
    "resend_mail",
    "retry_mail",
    "settle_mail",
    "write_mail",
]
