"""A mail is kept once, and becomes what it should: a ticket, a message, a note, or a problem that somebody sees."""

from __future__ import annotations

import datetime as dt
import errno
from pathlib import Path

import pytest
from django.conf import settings

from tierdesk.domain.channels.email import commands, jobs, problems, queries
from tierdesk.domain.channels.email.models import FetchedMail, MailCursor, MailIn
from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import commands as tickets
from tierdesk.domain.tickets import queries as ticket_queries
from tierdesk.kernel import files
from tierdesk.kernel.actors import ANONYMOUS, SYSTEM
from tierdesk.kernel.commands import storage_full
from tierdesk.kernel.models import Job
from tierdesk.kernel.refusals import Refusal
from tierdesk.kernel.worker import drain

WHY = "a test looks at everything"


def test_a_mail_becomes_a_ticket_of_the_senders_client_in_the_mailboxes_team(desk, letter):
    mail = desk.receive(letter())
    (ticket,) = desk.tickets()
    assert mail.state == "processed" and mail.ticket_id == ticket.pk and mail.opened
    assert (ticket.client_id, ticket.team_id, ticket.channel) == (desk.acme.pk, desk.team.pk, "email")
    assert ticket.subject == "Printer" and people.address_of(ticket.requester_id) == "rita@acme.example"
    assert [m.text.strip() for m in desk.messages()] == ["The printer is on fire."]
    assert queries.raw_mail(desk.actor, mail.pk) == letter().as_bytes()


def test_the_same_bytes_are_one_mail_from_wherever_they_come(desk, letter):
    raw = letter().as_bytes()
    first = desk.receive(raw, source="lmtp")
    again = desk.receive(raw, source="imap", fetched=("INBOX", 7, 12))
    assert first.pk == again.pk and len(desk.tickets()) == 1
    assert FetchedMail.objects.get().mail_id == first.pk
    assert MailCursor.objects.get().last_uid == 12


def test_settling_again_changes_nothing(desk, letter):
    mail = desk.receive(letter())
    jobs.process.function(mail_id=mail.pk)
    jobs.process.enqueue(mail_id=mail.pk)
    drain()
    assert len(desk.tickets()) == 1 and len(desk.messages()) == 1


def test_a_full_disk_refuses_and_leaves_nothing(desk, letter, monkeypatch):
    def full(_stream: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(Refusal) as refused:
        commands.receive_mail(SYSTEM, mailbox_id=desk.mailbox.pk, raw=letter().as_bytes(), source="lmtp")
    assert refused.value.code == "storage_full"
    assert not MailIn.objects.unscoped(WHY).exists() and not Job.objects.filter(task="email.process").exists()
    monkeypatch.undo()
    desk.receive(letter())
    assert len(desk.tickets()) == 1


def test_a_mail_that_a_full_disk_keeps_waiting_takes_no_room_with_each_try(desk, letter, monkeypatch):
    mail = letter()
    for n in range(3):
        mail.add_attachment(b"file %d" % n, maintype="application", subtype="zip", filename=f"{n}.zip")
    kept = desk.receive(mail, run=False)

    def on_disk() -> int:
        return sum(path.is_file() for path in Path(settings.TIERDESK.files_dir).glob("*/*"))

    before, real, calls = on_disk(), files.write, []

    def write(content: bytes) -> files.Written:
        calls.append(content)
        if len(calls) == 3:
            raise storage_full()
        return real(content)

    monkeypatch.setattr(files, "write", write)
    drain()
    kept.refresh_from_db()
    assert len(calls) == 3 and kept.state == "received" and on_disk() == before


def test_only_the_system_takes_mail_in(desk, letter):
    for actor in (ANONYMOUS, desk.actor):
        with pytest.raises(Refusal):
            commands.receive_mail(actor, mailbox_id=desk.mailbox.pk, raw=b"x", source="pipe")


def test_an_answer_to_our_signed_mail_joins_and_reopens(desk, letter):
    desk.receive(letter())
    (ticket,) = desk.tickets()
    tickets.post_message(desk.actor, ref=ticket.ref, text="Did you try water?")
    drain()
    (reply,) = desk.sent("reply")
    answer = desk.receive(letter("It got worse.", number=2, subject="Re", In_Reply_To=f"<{reply.internet_id}>"))
    assert answer.ticket_id == ticket.pk and len(desk.tickets()) == 1
    assert answer.reasons[:2] == ["signed-message-id", "signed-for-sender"]
    assert ticket_queries.ticket_by_id_for_system(ticket.pk).status.category == "open"


def test_a_strangers_answer_to_a_known_mail_is_a_ticket_of_its_own(desk, letter):
    desk.receive(letter())
    desk.receive(letter("Let me in", sender="eve@evil.example", number=2, References="<m1@mail.acme.example>"))
    assert len(desk.tickets()) == 2
    stranger = MailIn.objects.unscoped(WHY).order_by("-id")[0]
    assert "known-reference:sender-not-on-ticket" in stranger.reasons


def test_an_answer_waits_for_the_mail_that_it_answers(desk, letter):
    first = desk.receive(letter(), run=False)
    Job.objects.filter(args__mail_id=first.pk).delete()
    second = desk.receive(letter("More", number=2, References="<m1@mail.acme.example>"))
    assert second.state == "received"
    assert "waits" in Job.objects.get(args__mail_id=second.pk).last_error


def test_a_copied_person_takes_part_and_our_own_addresses_do_not(desk, letter):
    desk.receive(letter(Cc="Bob <bob@acme.example>, support@desk.example, support+x@desk.example"))
    (ticket,) = desk.tickets()
    bob = people.person_by_address("bob@acme.example")
    assert ticket_queries.participant_ids(ticket.pk) == {ticket.requester_id, bob.pk}


def test_a_bounce_of_our_mail_is_a_note_and_changes_nothing(desk, letter):
    desk.receive(letter())
    (ticket,) = desk.tickets()
    tickets.post_message(desk.actor, ref=ticket.ref, text="Hello")
    drain()
    (reply,) = desk.sent("reply")
    before = ticket_queries.ticket_by_id_for_system(ticket.pk)
    bounce = letter(
        "User unknown",
        sender="MAILER-DAEMON@mx.example",
        subject="Undelivered Mail Returned to Sender",
        number=9,
        In_Reply_To=f"<{reply.internet_id}>",
        Auto_Submitted="auto-replied",
    )
    kept = desk.receive(bounce, source="lmtp", envelope_from="")
    after = ticket_queries.ticket_by_id_for_system(ticket.pk)
    assert kept.auto == "bounce" and kept.ticket_id == ticket.pk and kept.message_id is None
    assert "User unknown" in desk.notes(ticket)[0].text
    assert after.status_id == before.status_id and len(desk.messages(ticket)) == 2


def test_a_bounce_of_nothing_is_kept_without_a_ticket(desk, letter):
    mail = letter("x", sender="MAILER-DAEMON@mx.example", subject="Undelivered Mail Returned to Sender")
    kept = desk.receive(mail, source="lmtp", envelope_from="")
    assert kept.state == "processed" and kept.ticket_id is None and "unthreaded-bounce" in kept.reasons
    assert not desk.tickets()


def test_our_own_mail_that_comes_back_is_ignored_with_a_reason(desk, letter):
    kept = desk.receive(letter(sender="support@desk.example"))
    assert kept.state == "processed" and kept.auto == "loop" and "loop" in kept.reasons and not desk.tickets()


def test_more_than_ten_tickets_an_hour_from_one_address_wait_for_a_person(desk, letter):
    for number in range(12):
        last = desk.receive(letter(f"{number}", number=number))
    assert len(desk.tickets()) == 10
    assert last.state == "failed" and "10 mails" in problems.words_for(last.error)
    assert queries.problem_count(desk.actor) == 2
    assert [m.pk for m in queries.mail_problems(desk.actor).rows][0] == last.pk
    commands.retry_mail(desk.actor, mail_id=last.pk)
    drain()
    assert len(desk.tickets()) == 11 and queries.problem_count(desk.actor) == 1


def test_a_mail_that_nobody_foresaw_shows_itself_after_three_tries_and_not_after_a_day(
    desk, letter, monkeypatch, clock
):
    def bug(_parsed: object) -> None:
        raise LookupError("unknown encoding: x")

    monkeypatch.setattr(jobs.deciding, "decide_about", bug)
    bad = desk.receive(letter())
    assert bad.state == "received"
    for _ in range(2):
        clock.advance(dt.timedelta(minutes=1))
        drain()
    bad.refresh_from_db()
    assert bad.state == "failed" and "LookupError" in problems.words_for(bad.error)
    assert not Job.objects.exists() and queries.problem_count(SYSTEM) == 1
    monkeypatch.undo()
    commands.retry_mail(SYSTEM, mail_id=bad.pk)
    drain()
    assert len(desk.tickets()) == 1


def test_a_mail_that_kills_its_reader_fails_after_three_tries_and_stops_no_other(desk, letter, monkeypatch, clock):
    alive = jobs.parser.parse

    def parse(raw: bytes):
        if b"poison" in raw:
            raise jobs.Unparseable("too-slow")
        return alive(raw)

    monkeypatch.setattr(jobs.parser, "parse", parse)
    bad = desk.receive(letter("poison"), run=False)
    good = desk.receive(letter("fine", number=2))
    assert good.state == "processed"
    for _ in range(5):
        clock.advance(dt.timedelta(minutes=1))
        drain()
    bad = MailIn.objects.unscoped(WHY).get(pk=bad.pk)
    assert (bad.state, bad.tries) == ("failed", 3) and "too-slow" in problems.words_for(bad.error)
    assert not Job.objects.filter(task="email.process").exists()
    commands.dismiss_mail(desk.actor, mail_id=bad.pk)
    assert queries.problem_count(desk.actor) == 0


def test_a_mail_without_a_job_is_found_and_processed(desk, letter, clock):
    desk.receive(letter(), run=False)
    Job.objects.filter(task="email.process").delete()
    clock.advance(dt.timedelta(hours=1))
    jobs.find_left_behind()
    drain()
    assert len(desk.tickets()) == 1


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00", b"\r\n\r\n", b"From: \xff\xfe\r\nSubject: \x00\r\n\r\n\x00\x00", b"Message-ID: " + b"<" * 10_000],
)
def test_any_bytes_are_kept_and_shown(desk, raw):
    mail = desk.receive(raw)
    assert mail.state == "failed" and mail.error == problems.NO_SENDER
    assert queries.raw_mail(desk.actor, mail.pk) == raw


def test_nul_and_controls_in_a_mail_reach_no_table(desk):
    raw = (
        b"From: Rita\x00 <rita@acme.example>\r\nSubject: a\x00b\x07\r\nMessage-ID: <n\x00@x>\r\n\r\nhello\x00there\r\n"
    )
    assert desk.receive(raw).state == "processed"
    (ticket,) = desk.tickets()
    assert "\x00" not in ticket.subject + desk.messages()[0].text


def test_a_failed_mail_is_seen_only_by_those_who_settle_problems(desk):
    mail = desk.receive(b"nothing")
    for actor in (ANONYMOUS, desk.actor.without_grants()):
        with pytest.raises(Refusal) as refused:
            queries.raw_mail(actor, mail.pk)
        assert refused.value.code == "not_found"
        assert queries.problem_count(actor) == 0
        for settle in (commands.retry_mail, commands.dismiss_mail):
            with pytest.raises(Refusal):
                settle(actor, mail_id=mail.pk)
    assert MailIn.objects.unscoped(WHY).get(pk=mail.pk).state == "failed"


def test_attachments_are_on_disk_and_on_the_message(desk, letter):
    mail = letter()
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="../fire.png")
    kept = desk.receive(mail)
    (attachment,) = ticket_queries.attachments_of(kept.message_id)
    assert files.read(attachment.file) == b"\x89PNG" and "/" not in attachment.name
    assert Path(settings.TIERDESK.files_dir).exists()


@pytest.mark.parametrize(("text", "language"), [("프린터가 고장났습니다", "ko"), ("Принтер не работает", "ru")])
def test_a_requesters_language_is_that_of_his_words(desk, letter, text, language):
    desk.receive(letter(text, subject=text))
    (ticket,) = desk.tickets()
    assert ticket.requester.language == language and ticket.language == language
    (acknowledgement,) = desk.sent("ack")
    assert acknowledgement.language == language
