"""A mail of ours, made from facts: the same facts give the same mail, so that a second try is no second mail."""

import datetime as dt
import email.policy
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from django.utils import translation
from django.utils.translation import gettext as _

from tierdesk.domain.channels.email.rules.sanitising import text_to_html
from tierdesk.domain.people.rules import clean_name

MAX_ID = 250
MAX_FILES_BYTES = 20 * 1024 * 1024
POLICY = email.policy.SMTP.clone(max_line_length=76)


class Unwritable(ValueError):
    """An address that cannot stand in a header; nothing was sent to it."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The facts of one mail. `text` is empty in an acknowledgement: those hold nothing that a requester wrote."""

    sender_name: str
    sender_address: str
    recipient_name: str
    recipient_address: str
    reply_to: str
    internet_id: str
    ref: str
    language: str
    at: dt.datetime
    loop_token: str
    subject: str = ""
    text: str = ""
    author: str = ""
    automatic: bool = False
    copies: Sequence[str] = ()
    references: Sequence[str] = ()
    files: Sequence[tuple[str, str, bytes]] = field(default_factory=list)


def compose(facts: Outgoing) -> EmailMessage:
    """The mail, in the recipient's language, as text and as HTML.

    Nothing in a name, a subject or an id can add a header, a recipient or a line (advisory row 12): names and subjects
    lose their control characters, ids that are not plain are left out. Refused with `Unwritable`: such an address.
    """
    mail = EmailMessage(policy=POLICY)
    with translation.override(facts.language):
        subject, text = _words(facts)
    mail["Subject"] = clean_name(subject, 300)
    mail["From"] = _address(facts.sender_name, facts.sender_address)
    mail["To"] = _address(facts.recipient_name, facts.recipient_address)
    copies = tuple(_address("", one) for one in dict.fromkeys(facts.copies) if one != facts.recipient_address)
    if copies:
        mail["Cc"] = copies
    mail["Reply-To"] = _address(facts.sender_name, facts.reply_to)
    mail["Date"] = format_datetime(facts.at)
    mail["Message-ID"] = f"<{facts.internet_id}>"
    _thread(mail, [one for one in facts.references if _is_plain(one)])
    mail["X-Tierdesk-Loop"] = facts.loop_token
    if facts.automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["Precedence"] = "auto_reply"
    mail.set_content(text, cte="quoted-printable")
    body = f'<!DOCTYPE html><html lang="{facts.language}"><body>{text_to_html(text)}</body></html>'
    mail.add_alternative(body, subtype="html", cte="quoted-printable")
    _attach(mail, facts.files)
    mail["Content-Language"] = facts.language  # last: setting a body takes headers of that name away
    return mail


def _words(facts: Outgoing) -> tuple[str, str]:
    if facts.automatic:
        subject = _("[%(ref)s] We have received your request") % {"ref": facts.ref}
        text = _(
            "Thank you for writing to us.\n\nYour request has the number %(ref)s. A person will look at it and answer "
            "you by mail.\n\nIf you want to add something, answer this mail."
        ) % {"ref": facts.ref}
        return subject, f"{text}\n\n-- \n{facts.sender_name}\n"
    subject = f"Re: {facts.subject} [{facts.ref}]"
    footer = _("Your request %(ref)s. To write to us about it, answer this mail.") % {"ref": facts.ref}
    signed = f"{facts.author}\n{facts.sender_name}" if facts.author else facts.sender_name
    return subject, f"{facts.text.rstrip()}\n\n-- \n{signed}\n{footer}\n"


def _thread(mail: EmailMessage, references: list[str]) -> None:
    if references:
        mail["In-Reply-To"] = f"<{references[-1]}>"
        mail["References"] = " ".join(f"<{one}>" for one in references[-30:])


def _address(name: str, address: str) -> Address:
    try:
        return Address(display_name=clean_name(name.replace("\\", ""), 120), addr_spec=address)
    except (ValueError, IndexError) as error:
        raise Unwritable(address) from error
    except email.errors.MessageError as error:
        raise Unwritable(address) from error


def _is_plain(internet_id: str) -> bool:
    return (
        0 < len(internet_id) <= MAX_ID
        and internet_id.isascii()
        and internet_id.isprintable()
        and not set(internet_id) & set(' <>,;"()[]')
    )


def _attach(mail: EmailMessage, files: Sequence[tuple[str, str, bytes]]) -> None:
    for name, kind, content in files:
        main, _slash, sub = kind.partition("/")
        plain = main.isascii() and main.isalnum() and sub.isascii() and sub.replace("-", "").replace(".", "").isalnum()
        usable = plain and main not in {"message", "multipart"}
        mail.add_attachment(
            content,
            maintype=main if usable else "application",
            subtype=sub if usable else "octet-stream",
            filename=clean_name(name, 150) or "file",
        )
