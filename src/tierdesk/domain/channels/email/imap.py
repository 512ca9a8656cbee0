"""Reading a mailbox by IMAP: an own cursor and ledger, IDLE where the server has it, and no flag touched or trusted.

The folder is opened read-only (EXAMINE) and mails are fetched with BODY.PEEK (RFC 9051, 6.4.5): what others read, mark
or move is theirs. A mail counts as fetched when it is durable here, and never before.
"""

import contextlib
import datetime as dt
import os
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError

from tierdesk.domain.channels.email import commands, secrets
from tierdesk.domain.channels.email.models import FetchedMail, Mailbox, MailIn
from tierdesk.kernel import worker
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.models import Lease
from tierdesk.kernel.refusals import Refusal

log = structlog.get_logger()

LEASE = dt.timedelta(seconds=60)
RENEW_SECONDS = 20.0
IDLE_SECONDS = 300.0  # a server may hang up after 30 minutes (RFC 2177), and some networks much earlier
POLL_SECONDS = 30.0
NOTE_SECONDS = 60.0
BATCH = 50
BATCH_BYTES = 4 * 1024 * 1024
LONGEST_PAUSE = 300.0
TIMEOUT = SocketTimeout(connect=15, read=60)


class LeaseLost(Exception):
    """Another process reads this mailbox now."""


class Fetcher(threading.Thread):
    """One mailbox, until `stop` is set: reads what is new, waits for more, and begins again when that ends."""

    def __init__(self, mailbox: Mailbox, stop: threading.Event) -> None:
        super().__init__(name=f"imap-{mailbox.pk}", daemon=True)
        self.mailbox = mailbox
        self._stop_all = stop
        self._stop_own = threading.Event()
        self._owner = _owner_name()
        self._lease = f"imap/{mailbox.pk}"
        self._renewed = self._noted = 0.0
        self._error = ""
        self._read = True  # whether everything was read since the last error; until then the pauses grow

    def finish(self) -> None:
        """Stop at the next pause, within a second or two."""
        self._stop_own.set()

    @property
    def stopping(self) -> bool:
        """Whether it has been told to stop."""
        return self._stop_all.is_set() or self._stop_own.is_set()

    def run(self) -> None:
        """See the class."""
        pause = 1.0
        while not self.stopping:
            try:
                close_old_connections()
                if not self._take_lease():
                    self._pause(2.0)
                    continue
                with self._session() as client:
                    self._follow(client)
            except LeaseLost:
                continue
            except (OSError, IMAPClientError, DatabaseError, Refusal) as error:
                pause = 1.0 if self._read else min(pause * 2, LONGEST_PAUSE)
                self._read = False
                self._note_error(error)
                self._pause(pause)
        self._release()

    @contextlib.contextmanager
    def _session(self) -> Iterator[IMAPClient]:
        box = self.mailbox
        context = ssl.create_default_context()
        secure = box.imap_security == Mailbox.Security.TLS
        client = IMAPClient(
            box.imap_host, box.imap_port, ssl=secure, ssl_context=context if secure else None, timeout=TIMEOUT
        )
        try:
            if box.imap_security == Mailbox.Security.STARTTLS:
                client.starttls(context)
            client.login(box.imap_user, secrets.unseal(box.imap_secret))
            yield client
        finally:
            with contextlib.suppress(OSError, IMAPClientError):
                client.shutdown()

    def _follow(self, client: IMAPClient) -> None:
        """Read what is new and wait for more, again and again. The folder is opened anew each time round, so that a
        server that numbers its mails anew is noticed.
        """
        can_idle = client.has_capability("IDLE")
        while not self.stopping:
            opened = client.select_folder(self.mailbox.imap_folder, readonly=True)
            validity = int(opened[b"UIDVALIDITY"])
            self._read_new(client, validity)
            self._note_success()
            if not can_idle:
                self._wait(POLL_SECONDS)
                continue
            until = time.monotonic() + IDLE_SECONDS
            while not self.stopping and time.monotonic() < until:
                if self._idle(client, until):
                    self._read_new(client, validity)
                    self._note_success()

    def _idle(self, client: IMAPClient, until: float) -> bool:
        """Wait for the server to speak of new mail. True where it did."""
        client.idle()
        spoken, quick = _announced(client), 0
        while not spoken and not self.stopping and time.monotonic() < until:
            if _has_buffered(client):
                break
            asked = time.monotonic()
            said = [one for one in client.idle_check(timeout=1.0) if isinstance(one, tuple)]
            quick = quick + 1 if not said and time.monotonic() - asked < 0.5 else 0
            if quick > 3 or any(one[0] == b"BYE" for one in said):  # readable and empty is how an end looks
                raise OSError("the server ended the connection")
            spoken = _speaks_of_mail(said)
            self._renew()
        return _speaks_of_mail(client.idle_done()[1]) or spoken

    def _read_new(self, client: IMAPClient, validity: int) -> None:
        last = commands.begin_folder(
            SYSTEM, mailbox_id=self.mailbox.pk, folder=self.mailbox.imap_folder, uid_validity=validity
        )
        _announced(client)  # what was said until now, the search sees
        found = sorted(uid for uid in client.search(["UID", f"{last + 1}:*"]) if uid > last)
        for start in range(0, len(found), BATCH):
            batch = self._unknown(found[start : start + BATCH], validity)
            sizes = client.fetch(batch, ["RFC822.SIZE"]) if batch else {}
            for group in _groups({uid: int(sizes[uid][b"RFC822.SIZE"]) for uid in batch if uid in sizes}):
                self._take_in(client, group, validity)
                if self.stopping:
                    return

    def _take_in(self, client: IMAPClient, sizes: dict[int, int], validity: int) -> None:
        limit = settings.TIERDESK.max_mail_bytes
        folder = self.mailbox.imap_folder
        whole = [uid for uid, size in sizes.items() if size <= limit]
        raws = client.fetch(whole, ["BODY.PEEK[]"]) if whole else {}
        for uid in sorted(sizes):
            self._renew()
            if sizes[uid] > limit:
                head = client.fetch([uid], ["BODY.PEEK[HEADER]"]).get(uid, {}).get(b"BODY[HEADER]") or b""
                commands.receive_headers(
                    SYSTEM,
                    mailbox_id=self.mailbox.pk,
                    headers=head[: 1024 * 1024],
                    size=sizes[uid],
                    limit=limit,
                    fetched=(folder, validity, uid),
                )
            elif uid in raws:  # one that is not there any more was moved away by somebody
                commands.receive_mail(
                    SYSTEM,
                    mailbox_id=self.mailbox.pk,
                    raw=raws.pop(uid).get(b"BODY[]") or b"",
                    source=MailIn.Source.IMAP,
                    fetched=(folder, validity, uid),
                )

    def _unknown(self, uids: list[int], validity: int) -> list[int]:
        ledger = FetchedMail.objects.filter(
            mailbox_id=self.mailbox.pk, folder=self.mailbox.imap_folder, uid_validity=validity, uid__in=uids
        )
        known = set(ledger.values_list("uid", flat=True))
        return [uid for uid in uids if uid not in known]

    def _take_lease(self) -> bool:
        if not worker.take_lease(self._lease, self._owner, LEASE) and not self._inherit():
            return False
        self._renewed = time.monotonic()
        return True

    def _inherit(self) -> bool:
        """Take the lease from a process of this machine that is no more; there is nothing to wait for."""
        row = Lease.objects.filter(name=self._lease).first()
        if row is None or not _is_gone(row.owner):
            return False
        worker.release_lease(self._lease, row.owner)
        return worker.take_lease(self._lease, self._owner, LEASE)

    def _renew(self) -> None:
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return
        if not worker.take_lease(self._lease, self._owner, LEASE):
            raise LeaseLost
        self._renewed = time.monotonic()

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            self._renew()
            self._pause(1.0)

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            self._stop_all.wait(min(0.5, max(0.0, until - time.monotonic())))

    def _note_success(self) -> None:
        self._read = True
        if not self._error and time.monotonic() - self._noted < NOTE_SECONDS and self._noted:
            return
        commands.note_fetch(SYSTEM, mailbox_id=self.mailbox.pk)
        self._noted, self._error = time.monotonic(), ""

    def _note_error(self, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}"[:500]
        log.warning("mailbox_not_read", mailbox=self.mailbox.address, error=said)
        connection.close()
        if said == self._error:
            return
        with contextlib.suppress(DatabaseError, Refusal):
            commands.note_fetch(SYSTEM, mailbox_id=self.mailbox.pk, error=said)
            self._error = said

    def _release(self) -> None:
        with contextlib.suppress(DatabaseError):
            worker.release_lease(self._lease, self._owner)
        connection.close()


def _speaks_of_mail(said: list[Any]) -> bool:
    return any(isinstance(one, tuple) and len(one) > 1 and one[1] in {b"EXISTS", b"RECENT"} for one in said)


def _announced(client: IMAPClient) -> bool:
    """Whether the server spoke of new mail beside its answers since this was last asked. It may do so with any command,
    says it only once, and imapclient hands it out only while idling; hence the look inside.
    """
    return bool(client._imap.response("EXISTS")[1] != [None])


def _has_buffered(client: IMAPClient) -> bool:
    """Whether lines wait in imaplib's buffer: those that came in one piece with the answer to IDLE. `idle_check`
    asks the socket alone and would let them lie until the server speaks again; `idle_done` reads them.
    """
    connected = client.socket()
    timeout = connected.gettimeout()
    connected.settimeout(0)
    try:
        return bool(client._imap.file.peek(1))
    except OSError:  # TLS has only half a record yet
        return False
    finally:
        connected.settimeout(timeout)


def _groups(sizes: dict[int, int]) -> Iterator[dict[int, int]]:
    """Mails that are fetched together: few bytes at a time, and a large one alone."""
    group: dict[int, int] = {}
    for uid, size in sorted(sizes.items()):
        if group and sum(group.values()) + size > BATCH_BYTES:
            yield group
            group = {}
        group[uid] = size
    if group:
        yield group


def _owner_name() -> str:
    return f"{os.uname().nodename[:18]}/{os.getpid()}/{_started(os.getpid())}"[:40]


def _is_gone(owner: str) -> bool:
    node, pid, started = (*owner.split("/"), "", "", "")[:3]
    if node != os.uname().nodename[:18] or not pid.isdigit():
        return False
    return _started(int(pid)) != started


def _started(pid: int) -> str:
    """When a process began, in ticks of its machine; empty where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
