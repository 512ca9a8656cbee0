"""Taking mail in: when a function here returns, the mail is durable, once, and its processing is certain."""

import hashlib
import re

from django.db import IntegrityError, transaction

from tierdesk.domain.channels.email import problems
from tierdesk.domain.channels.email.models import FetchedMail, Mailbox, MailCursor, MailIn
from tierdesk.events.email import MailFailed
from tierdesk.kernel import files, ids
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.commands import command, record, system_only
from tierdesk.kernel.jobs import TASKS

Fetched = tuple[str, int, int]  # folder, UIDVALIDITY, UID
WHY = "mail is taken in by the system, before anybody's client is known"

_HEADER_BYTES = 64 * 1024
_ENDS = re.compile(rb"\r?\n\r?\n")
_MESSAGE_ID = re.compile(rb"^message-id:[ \t\r\n]{0,10}<?([^<>\s\x00]{1,250})>?", re.IGNORECASE | re.MULTILINE)


def receive_mail(
    actor: Actor,
    *,
    mailbox_id: int,
    raw: bytes,
    source: str,
    envelope_from: str = "",
    envelope_to: str = "",
    fetched: Fetched | None = None,
) -> MailIn:
    """The mail is on disk, in its row, in the ledger, behind the cursor, and has its job; or none of it.

    The same bytes for the same mailbox are one mail, however often and from wherever they come. Refused:
    `storage_full`, when there is no room; then nothing may be acknowledged.
    """
    system_only(actor)
    digest = hashlib.sha256(raw).hexdigest()
    known = _known(mailbox_id, digest)
    if known is not None and fetched is None:
        return known
    written = files.write(raw) if known is None else None
    return _keep(
        actor,
        mail=_mail(mailbox_id, digest, raw, source=source, size=len(raw), envelope=(envelope_from, envelope_to)),
        written=written,
        fetched=fetched,
    )


def receive_headers(
    actor: Actor, *, mailbox_id: int, headers: bytes, size: int, limit: int, fetched: Fetched
) -> MailIn:
    """Keep what stands at the head of a mail that is too large (`size` bytes, more than `limit`), as one that failed;
    agents see it, and the mail itself stays on its server.
    """
    system_only(actor)
    digest = hashlib.sha256(b"headers of %d bytes\n" % size + headers).hexdigest()
    known = _known(mailbox_id, digest)
    written = files.write(headers) if known is None else None
    mail = _mail(mailbox_id, digest, headers, source=MailIn.Source.IMAP, size=size)
    mail.partial, mail.state, mail.error = True, MailIn.State.FAILED, f"{problems.TOO_LARGE}:{size}:{limit}"
    return _keep(actor, mail=mail, written=written, fetched=fetched)


@command
def begin_folder(actor: Actor, *, mailbox_id: int, folder: str, uid_validity: int) -> int:
    """The last UID that is ours of a folder under this UIDVALIDITY. When the server has numbered its mails anew
    (RFC 9051, 2.3.1.1), reading begins again at nothing; what is known is recognised by its content.
    """
    system_only(actor)
    cursor, _made = MailCursor.objects.get_or_create(
        mailbox_id=mailbox_id, folder=folder, defaults={"uid_validity": uid_validity}
    )
    if cursor.uid_validity != uid_validity:
        cursor.uid_validity, cursor.last_uid = uid_validity, 0
        cursor.save(update_fields=["uid_validity", "last_uid"])
    return cursor.last_uid


def headline(raw: bytes) -> str:
    """The Message-ID in the first 64 kB of headers, without angle brackets; empty where there is none."""
    head = _ENDS.split(raw[:_HEADER_BYTES], 1)[0]
    found = _MESSAGE_ID.search(head)
    return found[1].decode("ascii", "replace")[:250] if found else ""


@command
def _keep(actor: Actor, *, mail: MailIn, written: files.Written | None, fetched: Fetched | None) -> MailIn:
    kept = _known(mail.mailbox_id, mail.sha256)
    if kept is None and written is not None:
        try:
            with transaction.atomic():
                mail.file = files.adopt(written)
                mail.save(force_insert=True)
        except IntegrityError:  # another process took the same mail in at the same moment
            kept = _known(mail.mailbox_id, mail.sha256)
            if kept is None:
                raise
        else:
            _begin(actor, mail)
    if fetched is not None:
        _note_fetched(kept or mail, fetched)
    return kept or mail


def _begin(actor: Actor, mail: MailIn) -> None:
    if mail.state == MailIn.State.FAILED:
        record(actor, MailFailed(thing_id=mail.pk, client_id=None, reason=mail.error))
    else:
        TASKS["email.process"].enqueue(mail_id=mail.pk)


def _note_fetched(mail: MailIn, fetched: Fetched) -> None:
    folder, uid_validity, uid = fetched
    FetchedMail.objects.get_or_create(
        mailbox_id=mail.mailbox_id, folder=folder, uid_validity=uid_validity, uid=uid, defaults={"mail": mail}
    )
    cursor, _made = MailCursor.objects.get_or_create(
        mailbox_id=mail.mailbox_id, folder=folder, defaults={"uid_validity": uid_validity}
    )
    if cursor.uid_validity == uid_validity and uid > cursor.last_uid:
        cursor.last_uid = uid
        cursor.save(update_fields=["last_uid"])


def _known(mailbox_id: int, digest: str) -> MailIn | None:
    return MailIn.objects.unscoped(WHY).filter(mailbox_id=mailbox_id, sha256=digest).first()


def _mail(
    mailbox_id: int, digest: str, raw: bytes, *, source: str, size: int, envelope: tuple[str, str] = ("", "")
) -> MailIn:
    mailbox = Mailbox.objects.only("client_id").get(pk=mailbox_id)
    return MailIn(
        id=ids.new_id(),
        mailbox_id=mailbox_id,
        client_id=mailbox.client_id,
        sha256=digest,
        size=size,
        source=source,
        envelope_from=_line(envelope[0]),
        envelope_to=_line(envelope[1]),
        internet_id=headline(raw),
    )


def _line(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:320]
