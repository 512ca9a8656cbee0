#!/usr/bin/env python
# ruff: noqa: PLC0415, N802 - the environment is set before Django is loaded; aiosmtpd names its hooks
"""Mails through a real Dovecot while the mail service and the workers are killed with SIGKILL, again and again.

Afterwards every mail must be there exactly once, every ticket whole, every file on disk, every acknowledgement sent.
Prints one line of JSON (with --json) or a few of text; ends with 1 when anything was lost, doubled or half-written.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

ADDRESS = "support@desk.example"
WHY = "the bench counts everything"
PATIENCE = 240.0


def main() -> int:
    """See the module."""
    given = _arguments()
    with contextlib.ExitStack() as stack:
        data = Path(tempfile.mkdtemp(prefix="td-kill-"))
        stack.callback(shutil.rmtree, data, ignore_errors=True)
        os.environ["TIERDESK_DATA_DIR"] = str(data)
        os.environ["DJANGO_SETTINGS_MODULE"] = "tierdesk.config.settings"
        os.environ.pop("TIERDESK_DATABASE", None)
        if given.database == "postgresql":
            from tests.peers.postgresql import PostgreSQL

            os.environ["TIERDESK_DATABASE"] = stack.enter_context(PostgreSQL()).url
        from tests.peers.dovecot import Dovecot

        server = stack.enter_context(Dovecot())
        result = _run(given, server, data)
    ok = not result["faults"]
    sys.stdout.write(json.dumps(result) + "\n" if given.json else _told(result))
    return 0 if ok else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=5.0, help="seconds between kills: from 0.2 to this")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _run(given: argparse.Namespace, server: Any, data: Path) -> dict[str, Any]:
    chance = random.Random(given.seed)
    _work("migrate").wait()
    import django

    django.setup()
    with _sink() as (sink_port, sunk):
        _set_up(server, sink_port)
        mails = _mails(given.mails, chance)
        began = time.monotonic()
        sender = threading.Thread(target=_deliver, args=(server, mails, 0.8 * given.kills * (1.2 + given.longest / 2)))
        sender.start()
        killed = _kill_again_and_again(given.kills, given.longest, chance)
        sender.join()
        settled = _settle(len({hashlib.sha256(raw).hexdigest() for raw in mails}))
        seconds = time.monotonic() - began
        faults = _faults(mails, sunk)
    if not settled:
        faults.insert(0, "not settled in time")
    return {
        "mails": given.mails, "kills": killed, "database": given.database, "seed": given.seed,
        "seconds": round(seconds, 1), "faults": faults[:20], **_counts(mails, sunk),
    }  # fmt: skip


def _work(*arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"}
    log = (Path(os.environ["TIERDESK_DATA_DIR"]) / "bench.log").open("ab")
    with log:
        return subprocess.Popen(
            [sys.executable, "-m", "tierdesk.config", *arguments],
            env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


@contextlib.contextmanager
def _sink() -> Iterator[tuple[int, collections.Counter[str]]]:
    """A mail server that takes everything and counts Message-IDs."""
    from email import message_from_bytes

    from aiosmtpd.controller import Controller

    from tests.peers.workplace import free_port

    sunk: collections.Counter[str] = collections.Counter()

    class Handler:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            sunk[str(message_from_bytes(envelope.content)["Message-ID"]).strip("<> ")] += 1
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=free_port(), server_hostname="sink.example")
    controller.start()
    try:
        yield controller.port, sunk
    finally:
        controller.stop()


def _set_up(server: Any, sink_port: int) -> None:
    from tierdesk.domain.channels.email import commands
    from tierdesk.domain.people import commands as people
    from tierdesk.domain.tickets import commands as tickets
    from tierdesk.kernel.actors import SYSTEM

    people.ensure_defaults(SYSTEM)
    tickets.ensure_defaults(SYSTEM)
    team = people.create_team(SYSTEM, slug="front", name={"en": "Front"}, tier=1)
    commands.create_mailbox(
        SYSTEM, address=ADDRESS, name="Desk", team_id=team.pk, imap_host="127.0.0.1", imap_port=server.imap_port,
        imap_security="none", imap_user=ADDRESS, imap_password=server.password, smtp_host="127.0.0.1",
        smtp_port=sink_port, smtp_security="none",
    )  # fmt: skip
    from django.db import connection

    connection.close()


def _mails(count: int, chance: random.Random) -> list[bytes]:
    """Mails of many people: some answer an earlier one, some have no Message-ID or another's, some a file, some are
    broken, and one in fifty comes twice.
    """
    made: list[bytes] = []
    for n in range(count):
        kind = chance.random()
        sender, message_id = f"person{n}@client{n % 7}.example", f"<m{n}@mail.example>"
        extra = ""
        if kind < 0.1 and n:
            earlier = chance.randrange(n)
            sender, extra = (
                f"person{earlier}@client{earlier % 7}.example",
                f"In-Reply-To: <m{earlier}@mail.example>\r\n",
            )
        elif kind < 0.12:
            message_id = "<same@mail.example>"
        elif kind < 0.13:
            message_id = ""
        head = f"From: Person {n} <{sender}>\r\nTo: {ADDRESS}\r\nSubject: Mail {n}\r\n{extra}"
        head += f"Message-ID: {message_id}\r\n" if message_id else ""
        body = f"This is mail {n}.\r\n" * chance.choice((1, 5, 200))
        if kind > 0.98 and made:
            made.append(made[-1])
        elif kind > 0.96:
            made.append(f'{head}Content-Type: multipart/mixed; boundary="\r\n\r\n\x80\xff{body}'.encode("latin-1"))
        elif kind > 0.85:
            made.append(_with_file(head, body, chance))
        else:
            made.append(f"{head}\r\n{body}".encode())
    return made


def _with_file(head: str, body: str, chance: random.Random) -> bytes:
    import base64

    content = base64.encodebytes(chance.randbytes(chance.choice((100, 20_000, 400_000)))).decode().replace("\n", "\r\n")
    return (
        f"{head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{body}\r\n--b\r\n"
        "Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment; filename=a.pdf\r\n\r\n{content}--b--\r\n"
    ).encode()


def _deliver(server: Any, mails: list[bytes], seconds: float) -> None:
    """Mails come all the time that processes are killed, in bursts."""
    pause, began = threading.Event(), time.monotonic()
    with server.mailbox(ADDRESS) as connection:
        for n, raw in enumerate(mails):
            if n % 10 == 0:
                pause.wait(max(0.0, began + seconds * n / len(mails) - time.monotonic()))
            connection.append("INBOX", None, None, raw)


def _kill_again_and_again(kills: int, longest: float, chance: random.Random) -> int:
    pause = threading.Event()
    for _ in range(kills):
        process = _work("work")
        pause.wait(1.0 + chance.uniform(0.2, longest))  # a second, in which it only loads
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return kills


def _settle(expected: int) -> bool:
    """Let the service finish what is there. Leases of the killed are ended, which saves waiting a minute for each."""
    from django.db import connection

    from tierdesk.domain.channels.email.models import MailIn
    from tierdesk.kernel import clock
    from tierdesk.kernel.models import Event, Job

    Job.objects.exclude(lease_owner="").update(lease_until=clock.now())
    process = _work("work")
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE
    done = False
    while not done and time.monotonic() < deadline:
        pause.wait(0.5)
        mails = MailIn.objects.unscoped(WHY)
        done = (
            mails.count() >= expected
            and not mails.filter(state="received").exists()
            and not Event.objects.filter(position__isnull=True).exists()
            and not Job.objects.filter(state="ready").exists()
        )
    process.terminate()
    process.wait(30)
    connection.close()
    return done


def _faults(mails: list[bytes], sunk: collections.Counter[str]) -> list[str]:
    from tierdesk.domain.channels.email.models import MailIn, MailOut
    from tierdesk.domain.tickets.models import Attachment, Message, Ticket
    from tierdesk.kernel import files
    from tierdesk.kernel.models import Job, StoredFile

    faults: list[str] = []
    wanted = {hashlib.sha256(raw).hexdigest() for raw in mails}
    have = collections.Counter(MailIn.objects.unscoped(WHY).values_list("sha256", flat=True))
    faults += [f"lost: {digest[:12]}" for digest in wanted - have.keys()]
    faults += [f"unknown: {digest[:12]}" for digest in have.keys() - wanted]
    faults += [f"{n} times: {digest[:12]}" for digest, n in have.items() if n > 1]
    for mail in MailIn.objects.unscoped(WHY).all():
        if mail.state != "processed" or mail.ticket_id is None or mail.message_id is None:
            faults.append(f"half: mail {mail.pk} {mail.state} {mail.error}")
    messages = collections.Counter(Message.objects.unscoped(WHY).values_list("ticket_id", flat=True))
    tickets = set(Ticket.objects.unscoped(WHY).values_list("id", flat=True))
    opened = MailIn.objects.unscoped(WHY).filter(opened=True)
    faults += [f"ticket without a message: {pk}" for pk in tickets - messages.keys()]
    if opened.count() != len(tickets) or opened.values("ticket_id").distinct().count() != len(tickets):
        faults.append(f"{opened.count()} mails opened {len(tickets)} tickets")
    if sum(messages.values()) != len(wanted):
        faults.append(f"{sum(messages.values())} messages of {len(wanted)} mails")
    for stored in StoredFile.objects.all():
        path = files.path_of(stored.key)
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != stored.sha256:
            faults.append(f"file: {stored.key[:12]}")
    with_file = sum(b"filename=a.pdf" in raw for raw in set(mails))
    if Attachment.objects.unscoped(WHY).count() != with_file:
        faults.append(f"{Attachment.objects.unscoped(WHY).count()} attachments of {with_file}")
    ours = dict(MailOut.objects.unscoped(WHY).values_list("internet_id", "state"))
    faults += [f"acknowledgement not sent: {one}" for one, state in ours.items() if state != "sent" or not sunk[one]]
    faults += [f"sent, but unknown: {one}" for one in sunk if one not in ours]
    faults += [f"dead job: {job.task} {job.last_error[:80]}" for job in Job.objects.filter(state="dead")]
    return faults


def _counts(mails: list[bytes], sunk: collections.Counter[str]) -> dict[str, int]:
    from tierdesk.domain.channels.email.models import MailIn
    from tierdesk.domain.tickets.models import Ticket

    return {
        "different": len(set(mails)),
        "kept": MailIn.objects.unscoped(WHY).count(),
        "tickets": Ticket.objects.unscoped(WHY).count(),
        "acknowledgements": len(sunk),
        "acknowledged_twice": sum(n - 1 for n in sunk.values()),
    }


def _told(result: dict[str, Any]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in result.items())


if __name__ == "__main__":
    sys.exit(main())
