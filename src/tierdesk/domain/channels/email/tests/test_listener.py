"""LMTP and SMTP: 250 means durable, every other answer is one fixed sentence, and a client learns nothing else."""

from __future__ import annotations

import errno
import smtplib
import threading
from collections.abc import Iterator
from email.policy import SMTP

import pytest
from django.db import OperationalError, connection
from django.db.models import QuerySet

from tierdesk.domain.channels.email import commands, listener
from tierdesk.domain.channels.email.models import MailIn
from tierdesk.kernel import files
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.worker import drain

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "a test looks at everything"
TO = "support@desk.example"


@pytest.fixture
def lmtp(desk_committed) -> Iterator[listener.Listener]:
    one = listener.Listener(MailIn.Source.LMTP, 0)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def port(desk_committed) -> Iterator[int]:
    one = listener.Listener(MailIn.Source.SMTP, 0)
    one.start()
    yield one.port
    one.stop()


def kept() -> QuerySet[MailIn]:
    return MailIn.objects.unscoped(WHY).order_by("id")


def test_a_mail_is_durable_when_250_is_said(lmtp, letter):
    with smtplib.LMTP("127.0.0.1", lmtp.port) as client:
        client.sendmail("rita@acme.example", [TO], letter().as_bytes(policy=SMTP))
        (mail,) = kept()
    assert files.read(mail.file) == letter().as_bytes(policy=SMTP)
    assert (mail.source, mail.envelope_from, mail.envelope_to) == ("lmtp", "rita@acme.example", TO)
    drain()
    assert kept()[0].state == "processed"


def test_lmtp_answers_for_each_recipient(lmtp, letter, desk_committed):
    commands.create_mailbox(SYSTEM, address="sales@desk.example", name="Sales", team_id=desk_committed.team.pk)
    with smtplib.LMTP("127.0.0.1", lmtp.port) as client:
        client.ehlo()
        client.mail("rita@acme.example")
        codes = [client.rcpt(to)[0] for to in (TO, "nobody@desk.example", "sales+x@desk.example")]
        client.putcmd("data")
        assert client.getreply()[0] == 354
        client.send(b"Subject: x\r\n\r\n..dots\r\n.\r\n")
        answers = [client.getreply() for _ in range(2)]
    assert codes == [250, 550, 250] and [code for code, _ in answers] == [250, 250]
    assert {m.mailbox.address for m in kept().select_related("mailbox")} == {TO, "sales@desk.example"}
    assert files.read(kept()[0].file) == b"Subject: x\r\n\r\n.dots\r\n"


def test_an_unknown_recipient_is_told_so_in_a_sentence(port):
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.ehlo("x")
        client.mail("rita@acme.example")
        code, text = client.rcpt("root@desk.example")
    assert code == 550 and b"no mailbox of this address" in text


def test_too_large_is_said_before_and_after_data(port, settings_of_mail):
    settings_of_mail(max_mail_bytes=2000)
    one = listener.Listener(MailIn.Source.SMTP, 0)
    one.start()
    try:
        with smtplib.SMTP("127.0.0.1", one.port) as client:
            with pytest.raises(smtplib.SMTPSenderRefused) as early:
                client.sendmail("rita@acme.example", [TO], b"Subject: x\r\n\r\n" + b"x" * 5000)
            client.rset()
            client.ehlo("x")
            client.mail("rita@acme.example")
            client.rcpt(TO)
            code, text = client.data(b"Subject: x\r\n\r\n" + b"y" * 70_000)
            assert client.noop()[0] == 250
    finally:
        one.stop()
    assert early.value.smtp_code == 552 and code == 552 and b"larger than allowed" in text
    assert not kept().exists()


def test_lines_of_any_length_and_the_null_sender_are_taken(port):
    raw = b"Subject: x\r\n\r\n" + b"z" * 300_000 + b"\r\n.end\r\n"
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("", [TO], raw)
    (mail,) = kept()
    assert files.read(mail.file) == raw and mail.envelope_from == ""


def test_a_full_disk_is_452_and_nothing_is_kept(port, letter, monkeypatch):
    def full(_stream: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with smtplib.SMTP("127.0.0.1", port) as client:
        monkeypatch.setattr(files.os, "fsync", full)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("rita@acme.example", [TO], letter().as_bytes())
        assert refused.value.smtp_code == 452 and not kept().exists()
        monkeypatch.undo()
        client.sendmail("rita@acme.example", [TO], letter().as_bytes())
    assert kept().count() == 1


def test_a_database_that_is_away_is_451_and_tells_nothing(port, letter, monkeypatch):
    def down(*_args: object, **_more: object) -> None:
        raise OperationalError("password of secret-host refused")

    with smtplib.SMTP("127.0.0.1", port) as client:
        monkeypatch.setattr(listener.commands, "receive_mail", down)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("rita@acme.example", [TO], letter().as_bytes())
        assert refused.value.smtp_code == 451 and b"secret" not in refused.value.smtp_error
        monkeypatch.setattr(listener.queries, "mailbox_by_address", down)
        client.ehlo("x")
        client.mail("rita@acme.example")
        assert client.rcpt(TO)[0] == 451


def test_what_nobody_foresaw_is_451_so_that_the_mail_is_tried_again(port, letter, monkeypatch):
    def bug(*_args: object, **_more: object) -> None:
        raise KeyError("something inside")

    with smtplib.SMTP("127.0.0.1", port) as client:
        monkeypatch.setattr(listener.commands, "receive_mail", bug)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("rita@acme.example", [TO], letter().as_bytes())
    assert refused.value.smtp_code == 451 and b"inside" not in refused.value.smtp_error


def test_of_one_mailboxs_recipients_the_plus_address_counts(lmtp, letter):
    plus = "support+token@desk.example"
    with smtplib.LMTP("127.0.0.1", lmtp.port) as client:
        client.ehlo()
        client.mail("rita@acme.example")
        assert [client.rcpt(to)[0] for to in (TO, plus)] == [250, 250]
        client.putcmd("data")
        client.getreply()
        client.send(letter().as_bytes(policy=SMTP) + b"\r\n.\r\n")
        assert [client.getreply()[0] for _ in range(2)] == [250, 250]
    assert [mail.envelope_to for mail in kept()] == [plus]


def test_many_at_once_are_kept_once_each(port, letter):
    raws = [letter(f"{n}", number=n).as_bytes() for n in range(10)]

    def deliver() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            for raw in raws:
                client.sendmail("rita@acme.example", [TO], raw)

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    connection.close()
    assert kept().count() == 10
