"""Mail handed to us by a mail server: LMTP (RFC 2033) and SMTP (RFC 5321). "250" is said when the mail is durable.

Every answer is one of the fixed sentences below; none tells anything of what is inside (advisory row 8).
"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from tierdesk.domain.channels.email import commands, queries
from tierdesk.domain.channels.email.models import MailIn
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.refusals import Refusal

log = structlog.get_logger()

KEPT = "250 2.0.0 Kept"
UNKNOWN = "550 5.1.1 There is no mailbox of this address here"
MANY = "452 4.5.3 Too many recipients, send the rest in another transaction"
TOO_LARGE = "552 5.3.4 This mail is larger than allowed here, send a smaller one"
FULL = "452 4.3.1 There is no room left to keep this mail, try again later"
DOWN = "451 4.3.0 The mail cannot be kept right now, try again later"
BUSY = "421 4.3.2 Too many connections, try again later"

MAX_RECIPIENTS = 100
MAX_CONNECTIONS = 50
THREADS = 4
STREAM_LIMIT = 64 * 1024


class Handler:
    """Recipients are mailboxes; data becomes mails."""

    def __init__(self, source: MailIn.Source) -> None:
        self.source = source
        self.connections = 0
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix=f"{source}-in")

    def close(self) -> None:
        """Finish what runs."""
        self._pool.shutdown(wait=True)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A recipient is taken when it is an active mailbox or a plus-address of one."""
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return MANY
        answer: str
        answer, mailbox_id = await self._in_thread(_find_mailbox, address)
        if mailbox_id is not None:
            envelope.rcpt_tos.append(address)
            _mailboxes(envelope)[address] = mailbox_id
        return str(answer)

    async def handle_exception(self, error: Exception) -> str:
        """What nobody foresaw: the mail server is told to keep the mail and try again, instead of aiosmtpd's "500" with
        the error's own words, upon which it would send the mail back.
        """
        log.error("mail_session_failed", exc_info=error)
        return DOWN

    async def take_in(self, envelope: Envelope, raw: bytes) -> list[str]:
        """Keep the mail once for every mailbox; the answer for each recipient, in order.

        Of the recipients that are one mailbox, the longest counts: a signed plus-address says which ticket is meant.
        """
        sender = envelope.mail_from or ""
        sender = "" if sender == "<>" else sender
        recipients: dict[int, str] = {}
        for address in envelope.rcpt_tos:
            mailbox_id = _mailboxes(envelope)[address]
            recipients[mailbox_id] = max(recipients.get(mailbox_id, ""), address, key=len)
        answers = {
            mailbox_id: await self._in_thread(_keep, (mailbox_id, raw, self.source, sender, address))
            for mailbox_id, address in recipients.items()
        }
        return [answers[_mailboxes(envelope)[address]] for address in envelope.rcpt_tos]

    async def _in_thread(self, function: Any, argument: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, argument)


class _Taking(SMTP):
    """The part that LMTP and SMTP share: lines of any length, a limit on the whole, an answer for each recipient."""

    line_length_limit = STREAM_LIMIT
    answers_each = False

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Take the mail in. Instead of aiosmtpd's own, which refuses lines of more than a thousand bytes (real mail has
        them) and gives one answer where LMTP wants one for each recipient.
        """
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 Name a recipient first")
            return
        if arg:
            await self.push("501 5.5.4 DATA takes no parameter")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        raw = await self._read_data()
        count = len(envelope.rcpt_tos) if self.answers_each else 1
        answers = [TOO_LARGE] * count if raw is None else await self.event_handler.take_in(envelope, raw)
        self._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd says nothing of types
        if not self.answers_each:
            answers = [next((one for one in answers if one != KEPT), KEPT)]
        await self.push("\r\n".join(answers))

    async def _read_data(self) -> bytes | None:
        """The mail, its dots unstuffed (RFC 5321, 4.5.2); none when it was larger than allowed."""
        limit = self.data_size_limit or 0
        data, size, at_line_start = bytearray(), 0, True
        while True:
            try:
                piece = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as error:
                piece = await self._reader.readexactly(max(error.consumed, 1))
            if at_line_start and piece == b".\r\n":
                return bytes(data) if size <= limit else None
            if at_line_start and piece.startswith(b"."):
                piece = piece[1:]
            at_line_start = piece.endswith(b"\r\n")
            size += len(piece)
            if size <= limit:
                data += piece
            else:
                data.clear()

    async def _handle_client(self) -> None:
        handler: Handler = self.event_handler
        handler.connections += 1
        try:
            if handler.connections > MAX_CONNECTIONS:
                await self.push(BUSY)
                if self.transport is not None:
                    self.transport.close()
                return
            await super()._handle_client()
        finally:
            handler.connections -= 1


class SmtpTaking(_Taking):
    """SMTP: one answer, the worst of all recipients."""


class LmtpTaking(_Taking, LMTP):
    """LMTP: an answer for each recipient."""

    answers_each = True


class Listener:
    """One port of this machine that takes mail in, in a thread of its own."""

    def __init__(self, source: MailIn.Source, port: int, host: str = "127.0.0.1") -> None:
        self.port = port
        self._host = host
        self._handler = Handler(source)
        self._kind = LmtpTaking if source == MailIn.Source.LMTP else SmtpTaking
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"{source}-listener", daemon=True)
        self._server: asyncio.Server | None = None

    def start(self) -> None:
        """Listen. Raises `OSError` when the port is taken; a port of 0 becomes a free one."""
        self._server = self._loop.run_until_complete(self._loop.create_server(self._session, self._host, self.port))
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more; what was answered with 250 is kept."""
        if self._server is None:
            return
        asyncio.run_coroutine_threadsafe(self._close(self._server), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._handler.close()
        self._loop.close()
        self._server = None

    def _session(self) -> SMTP:
        return self._kind(
            self._handler,
            data_size_limit=settings.TIERDESK.max_mail_bytes,
            enable_SMTPUTF8=True,
            hostname=settings.TIERDESK.mail_domain,
            ident="Tierdesk",
            timeout=300,
            loop=self._loop,
        )

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        sessions = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)


def _mailboxes(envelope: Envelope) -> dict[str, int]:
    found: dict[str, int] = envelope.__dict__.setdefault("tierdesk_mailboxes", {})
    return found


def _find_mailbox(address: str) -> tuple[str, int | None]:
    try:
        close_old_connections()
        mailbox = queries.mailbox_by_address(address)
    except DatabaseError:
        log.exception("recipient_not_looked_up")
        connection.close()
        return DOWN, None
    return ("250 2.1.5 Known", mailbox.pk) if mailbox else (UNKNOWN, None)


def _keep(given: tuple[int, bytes, MailIn.Source, str, str]) -> str:
    mailbox_id, raw, source, sender, recipient = given
    try:
        close_old_connections()
        commands.receive_mail(
            SYSTEM, mailbox_id=mailbox_id, raw=raw, source=source, envelope_from=sender, envelope_to=recipient
        )
    except Refusal as refusal:
        log.warning("mail_refused", code=refusal.code)
        return FULL if refusal.code == "storage_full" else DOWN
    except (DatabaseError, OSError):
        log.exception("mail_not_kept")
        connection.close()
        return DOWN
    return KEPT
