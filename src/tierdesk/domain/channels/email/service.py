"""The mail service: every mailbox that is read by IMAP, and the ports where mail is handed in."""

import contextlib
import threading

import structlog
from django.db import DatabaseError, close_old_connections, connection

from tierdesk.domain.channels.email import queries
from tierdesk.domain.channels.email.imap import Fetcher
from tierdesk.domain.channels.email.listener import Listener
from tierdesk.domain.channels.email.models import Mailbox, MailIn

log = structlog.get_logger()

WATCH_SECONDS = 3.0
CONNECTION_FIELDS = ("imap_host", "imap_port", "imap_security", "imap_user", "imap_folder")


class MailService:
    """Reads mailboxes and listens, from `start` to `stop`. New, changed and removed mailboxes are noticed within
    seconds. Many processes may run it: of each mailbox one reads.
    """

    def __init__(self, lmtp_port: int | None = None, smtp_port: int | None = None, host: str = "127.0.0.1") -> None:
        self._stop = threading.Event()
        self._fetchers: dict[tuple[object, ...], Fetcher] = {}
        self._watcher = threading.Thread(target=self._watch, name="mailboxes", daemon=True)
        ports = ((MailIn.Source.LMTP, lmtp_port), (MailIn.Source.SMTP, smtp_port))
        self.listeners = [Listener(source, port, host) for source, port in ports if port is not None]

    def start(self) -> None:
        """Begin. Raises `OSError` when a port is taken."""
        for listener in self.listeners:
            listener.start()
        self._watcher.start()

    def stop(self) -> None:
        """Fetch and take in nothing more, and return when what runs has ended."""
        self._stop.set()
        for listener in self.listeners:
            listener.stop()
        self._watcher.join(15)
        for fetcher in self._fetchers.values():
            fetcher.join(15)

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                close_old_connections()
                self._adjust()
            except DatabaseError:
                log.exception("mailboxes_not_read")
                connection.close()
            self._stop.wait(WATCH_SECONDS)
        with contextlib.suppress(DatabaseError):
            connection.close()

    def _adjust(self) -> None:
        wanted = {_identity(box): box for box in queries.active_mailboxes() if box.imap_host}
        for key in [key for key in self._fetchers if key not in wanted]:
            self._fetchers.pop(key).finish()
        for key, box in wanted.items():
            running = self._fetchers.get(key)
            if running is None or not running.is_alive():
                if running is not None:
                    log.error("fetcher_ended", mailbox=box.address)
                self._fetchers[key] = Fetcher(box, self._stop)
                self._fetchers[key].start()


def _identity(box: Mailbox) -> tuple[object, ...]:
    return (box.pk, bytes(box.imap_secret), *(getattr(box, field) for field in CONNECTION_FIELDS))
