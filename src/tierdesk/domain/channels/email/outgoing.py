"""The facts of a mail that waits to be sent, from the ticket and the message that it carries."""

from tierdesk.domain.channels.email import queries, secrets
from tierdesk.domain.channels.email.composing import MAX_FILES_BYTES, Outgoing
from tierdesk.domain.channels.email.models import MailOut
from tierdesk.domain.channels.email.rules import tokens
from tierdesk.domain.tickets import queries as tickets
from tierdesk.kernel import files
from tierdesk.kernel.refusals import not_found


def facts_of(mail: MailOut) -> Outgoing:
    """What `compose` needs for this mail."""
    ticket = tickets.ticket_by_id_for_system(mail.ticket_id)
    if ticket is None:
        raise not_found("The ticket of a mail is gone.")
    message = tickets.message_for_system(mail.message_id) if mail.message_id is not None else None
    box = mail.mailbox
    return Outgoing(
        sender_name=box.name,
        sender_address=box.address,
        recipient_name=mail.recipient.name,
        recipient_address=mail.address,
        reply_to=_reply_to(mail),
        internet_id=mail.internet_id,
        ref=ticket.ref,
        language=mail.language,
        at=mail.created_at,
        loop_token=secrets.loop_token(),
        subject=ticket.subject,
        text=message.text if message else "",
        author=message.author.name if message else "",
        automatic=mail.purpose == MailOut.Purpose.ACKNOWLEDGEMENT,
        copies=mail.copies,
        references=queries.references_of(mail.ticket_id, mail.address),
        files=_files(mail.message_id) if message else [],
    )


def _reply_to(mail: MailOut) -> str:
    purpose = "acknowledgement" if mail.purpose == MailOut.Purpose.ACKNOWLEDGEMENT else "reply"
    try:
        return tokens.make_reply_address(
            secrets.token_key(),
            ticket=mail.ticket_id,
            recipient=mail.address,
            purpose=purpose,
            mailbox_address=mail.mailbox.address,
        )
    except ValueError:  # a mailbox's name from before the limit; the Message-ID leads back all the same
        return mail.mailbox.address


def _files(message_id: int | None) -> list[tuple[str, str, bytes]]:
    kept: list[tuple[str, str, bytes]] = []
    room = MAX_FILES_BYTES
    for attachment in tickets.attachments_of(message_id) if message_id is not None else ():
        room -= attachment.file.size
        if room >= 0:
            kept.append((attachment.name, attachment.type, files.read(attachment.file)))
    return kept
