"""IMAP against a real Dovecot: nothing lost, nothing twice, no flag touched or trusted, and at once."""

from __future__ import annotations

import errno
import itertools
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from tests.peers.dovecot import Dovecot
from tests.peers.workplace import command
from tierdesk.domain.channels.email import commands, imap, problems
from tierdesk.domain.channels.email.models import FetchedMail, Mailbox, MailCursor, MailIn
from tierdesk.domain.channels.email.service import MailService
from tierdesk.kernel import files
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.models import Lease

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.peers]
WHY = "a test looks at everything"
_numbers = itertools.count(1)


@pytest.fixture
def user(desk_committed, dovecot: Dovecot) -> str:
    """A mailbox on Dovecot that nobody used before, read by the desk's mailbox."""
    name = f"user{next(_numbers)}-{time.time_ns()}@desk.example"
    commands.change_mailbox(
        SYSTEM,
        mailbox_id=desk_committed.mailbox.pk,
        imap_host="127.0.0.1",
        imap_port=dovecot.imap_port,
        imap_security="none",
        imap_user=name,
        imap_password=dovecot.password,
    )
    return name


@pytest.fixture
def service(user: str) -> Iterator[MailService]:
    one = MailService()
    one.start()
    yield one
    one.stop()
    connection.close()


def raws() -> list[bytes]:
    return [files.read(mail.file) for mail in MailIn.objects.unscoped(WHY).select_related("file").order_by("id")]


def until(ready: Callable[[], bool], seconds: float = 20) -> float:
    """Wait for what another thread does; returns the seconds it took."""
    began, pause = time.monotonic(), threading.Event()
    while not ready():
        assert time.monotonic() - began < seconds, "not in time"
        pause.wait(0.02)
    return time.monotonic() - began


def mail_of(letter, number: int, text: str = "Hello") -> bytes:
    return letter(text, number=number).as_bytes().replace(b"\n", b"\r\n")


def fetched(count: int) -> Callable[[], bool]:
    return lambda: FetchedMail.objects.count() == count


def test_what_lies_there_and_what_comes_is_taken_in_within_a_second(user, dovecot, letter):
    dovecot.append(user, mail_of(letter, 1))
    service = MailService()
    service.start()
    try:
        until(fetched(1))
        until(lambda: Mailbox.objects.get().last_fetch_at is not None)
        pause = threading.Event()
        pause.wait(0.3)
        dovecot.deliver(user, mail_of(letter, 2))
        took = until(fetched(2))
    finally:
        service.stop()
    assert took < 1.0
    assert raws()[0] == mail_of(letter, 1)


def test_flags_are_neither_trusted_nor_touched(user, dovecot, letter):
    for number in (1, 2, 3):
        dovecot.append(user, mail_of(letter, number))
    with dovecot.mailbox(user) as other:
        other.select("INBOX")
        other.store("2", "+FLAGS", "\\Seen")
    service = MailService()
    service.start()
    until(fetched(3))
    service.stop()
    assert len(raws()) == 3
    with dovecot.mailbox(user) as other:
        other.select("INBOX", readonly=True)
        assert other.search(None, "SEEN")[1] == [b"2"]


def test_a_folder_numbered_anew_is_read_again_without_duplicates(user, service, dovecot, letter):
    dovecot.append(user, mail_of(letter, 1))
    dovecot.append(user, mail_of(letter, 2))
    until(fetched(2))
    before = MailCursor.objects.get().uid_validity
    service.stop()
    threading.Event().wait(1.1)  # Dovecot makes the number from the present second
    for path in (dovecot.folder / "mail" / user).glob("dovecot*"):
        if path.is_file():
            path.unlink()
    dovecot.append(user, mail_of(letter, 3))
    again = MailService()
    again.start()
    until(fetched(5))
    again.stop()
    assert MailCursor.objects.get().uid_validity != before
    assert MailIn.objects.unscoped(WHY).count() == 3


def test_a_mail_too_large_shows_itself_and_stops_no_other(user, dovecot, letter, settings_of_mail):
    settings_of_mail(max_mail_bytes=20_000)
    dovecot.append(user, mail_of(letter, 1))
    dovecot.append(user, mail_of(letter, 2, "word " * 10_000))
    dovecot.append(user, mail_of(letter, 3))
    service = MailService()
    service.start()
    until(fetched(3))
    service.stop()
    (large,) = MailIn.objects.unscoped(WHY).filter(partial=True)
    assert large.state == "failed" and large.size > 20_000 and "headers" in problems.words_for(large.error)
    assert files.read(large.file).startswith(b"From: Rita") and len(files.read(large.file)) < 2000
    assert len(dovecot.mails(user)) == 3


def test_a_full_disk_moves_no_cursor_and_loses_nothing(user, dovecot, letter, monkeypatch):
    def full(_stream: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    dovecot.append(user, mail_of(letter, 1))
    service = MailService()
    service.start()
    until(lambda: "room" in Mailbox.objects.get().last_error)
    assert not FetchedMail.objects.exists() and MailCursor.objects.get().last_uid == 0
    monkeypatch.undo()
    until(fetched(1))
    service.stop()
    until(lambda: Mailbox.objects.get().last_error == "")


def test_two_services_read_a_mailbox_once(user, dovecot, letter):
    services = [MailService(), MailService()]
    for one in services:
        one.start()
    for number in range(1, 21):
        dovecot.append(user, mail_of(letter, number))
    until(fetched(20))
    for one in services:
        one.stop()
    assert MailIn.objects.unscoped(WHY).count() == 20


def test_a_lease_of_a_process_that_is_gone_is_inherited_and_a_live_ones_is_not(user):
    fetcher = imap.Fetcher(Mailbox.objects.get(), threading.Event())
    assert fetcher._take_lease()
    node = imap._owner_name().split("/")[0]
    other = imap.Fetcher(Mailbox.objects.get(), threading.Event())
    other._owner = "elsewhere/1/1"
    assert not other._take_lease()
    Lease.objects.update(owner=f"{node}/999999999/1")
    assert other._take_lease()


def test_a_wrong_password_is_said_on_the_mailbox_and_mended_while_running(user, dovecot, letter):
    box = Mailbox.objects.get()
    commands.change_mailbox(SYSTEM, mailbox_id=box.pk, imap_password="wrong")
    dovecot.append(user, mail_of(letter, 1))
    service = MailService()
    service.start()
    until(lambda: "AUTHENTICATIONFAILED" in Mailbox.objects.get().last_error, 30)
    commands.change_mailbox(SYSTEM, mailbox_id=box.pk, imap_password=dovecot.password)
    until(fetched(1), 30)
    service.stop()


def test_a_mailbox_that_is_added_while_running_is_read(desk_committed, service, dovecot, letter):
    dovecot.append("late@desk.example", mail_of(letter, 1))
    commands.create_mailbox(
        SYSTEM,
        address="late@desk.example",
        name="Late",
        team_id=desk_committed.team.pk,
        imap_host="127.0.0.1",
        imap_port=dovecot.imap_port,
        imap_security="none",
        imap_user="late@desk.example",
        imap_password=dovecot.password,
    )
    until(fetched(1))


def test_a_steady_stream_is_taken_in_without_waiting_for_the_next_round(user, service, dovecot, letter):
    dovecot.append(user, mail_of(letter, 1))
    until(fetched(1))
    for number in range(2, 40):
        dovecot.deliver(user, mail_of(letter, number))
    assert until(fetched(39)) < 5


def test_a_connection_that_is_cut_is_noticed_and_made_again(user, service, dovecot, letter):
    dovecot.append(user, mail_of(letter, 1))
    until(fetched(1))
    command("/usr/bin/doveadm", "-c", dovecot.config, "kick", user)
    dovecot.append(user, mail_of(letter, 2))
    until(fetched(2), 15)
