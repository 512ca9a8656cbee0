"""What goes out: acknowledgements within their budget, answers in the thread, nothing that a name could smuggle in."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.core.mail import EmailMessage
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.peers.workplace import free_port
from tierdesk.domain.channels.email import (
    commands,
    composing,
    jobs,
    problems,
    queries,
    reactions,
    secrets,
    smtp,
    system_mail,
)
from tierdesk.domain.channels.email.models import MailOut
from tierdesk.domain.channels.email.rules import tokens
from tierdesk.domain.people import commands as people
from tierdesk.domain.tickets import commands as tickets
from tierdesk.kernel import clock as clock_module
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.models import Event, Job
from tierdesk.kernel.refusals import Refusal
from tierdesk.kernel.worker import drain

PEOPLE_TEXT = st.text(max_size=60)


class Sink:
    """A mail server that keeps what it takes; `answers` are given first, one a mail."""

    def __init__(self) -> None:
        self.mails: list[tuple[Any, Any]] = []
        self.answers: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.mails.append((parsed, envelope))
        return answer


@pytest.fixture
def server(desk) -> Iterator[Sink]:
    """A real SMTP server on a port of this machine, which the desk's mailbox sends by."""
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=0, server_hostname="sink.example")
    controller.port = free_port()
    controller.start()
    commands.change_mailbox(SYSTEM, mailbox_id=desk.mailbox.pk, smtp_host="127.0.0.1", smtp_port=controller.port)
    try:
        yield sink
    finally:
        controller.stop()


def test_the_first_acknowledgement_holds_nothing_of_the_requesters(desk, server, letter):
    desk.receive(letter("BUY PILLS at pills.example", subject="CHEAP PILLS", sender="Cheap Pills <rita@acme.example>"))
    ((mail, envelope),) = server.mails
    (ticket,) = desk.tickets()
    whole = mail.get_body(("plain",)).get_content() + mail.get_body(("html",)).get_content() + mail["Subject"]
    assert "PILLS" not in whole.upper() and ticket.ref in mail["Subject"]
    assert mail["Auto-Submitted"] == "auto-replied" and mail["X-Tierdesk-Loop"] == secrets.loop_token()
    assert mail["In-Reply-To"] == "<m1@mail.acme.example>"
    assert envelope.mail_from in {"", "<>"}
    assert desk.sent("ack")[0].state == "sent"


def test_an_answer_is_in_the_thread_signed_and_to_all_who_take_part(desk, server, letter):
    desk.receive(letter(Cc="bob@acme.example"))
    (ticket,) = desk.tickets()
    tickets.post_message(desk.actor, ref=ticket.ref, text="Use <b>water</b>.\nNow!")
    drain()
    mail, envelope = server.mails[-1]
    sent = desk.sent("reply")[0]
    key = secrets.token_key()
    claim = tokens.read_message_id(key, mail["Message-ID"], settings.TIERDESK.mail_domain)
    assert claim is not None and claim.ticket == ticket.pk and claim.is_for("rita@acme.example")
    back = tokens.read_reply_address(key, mail["Reply-To"].addresses[0].addr_spec)
    assert back is not None and back.ticket == ticket.pk and not back.is_for("bob@acme.example")
    assert mail["Subject"] == f"Re: Printer [{ticket.ref}]" and "m1@mail.acme.example" in mail["References"]
    assert (
        mail["From"].addresses[0].addr_spec == "support@desk.example"
        and mail["From"].addresses[0].display_name == "Desk"
    )
    assert set(envelope.rcpt_tos) == {"rita@acme.example", "bob@acme.example"}
    assert mail["Cc"].addresses[0].addr_spec == "bob@acme.example" and mail["Auto-Submitted"] is None
    assert "Use <b>water</b>." in mail.get_body(("plain",)).get_content()
    assert "&lt;b&gt;water" in mail.get_body(("html",)).get_content()
    assert queries.delivery_of(desk.actor, [sent.message_id])[sent.message_id].state == "sent"
    assert Event.objects.filter(name="MailSent", thing_id=ticket.pk).count() == 2


def test_an_answer_to_the_reply_address_joins_without_any_header(desk, server, letter):
    desk.receive(letter())
    (ticket,) = desk.tickets()
    tickets.post_message(desk.actor, ref=ticket.ref, text="Hello")
    drain()
    reply_to = server.mails[-1][0]["Reply-To"].addresses[0].addr_spec
    joined = desk.receive(letter("thanks", number=5, subject="x"), source="lmtp", envelope_to=reply_to)
    assert joined.ticket_id == ticket.pk and "signed-address" in joined.reasons


def test_no_machine_is_acknowledged_and_nobody_twice_an_hour(desk, server, letter, clock):
    desk.receive(letter("a", Precedence="bulk"))
    desk.receive(letter("b", sender="no-reply@acme.example", number=2))
    assert desk.sent() == []
    desk.receive(letter("c", number=3))
    desk.receive(letter("d", number=4))
    assert len(desk.sent("ack")) == 1
    clock.advance(dt.timedelta(minutes=61))
    desk.receive(letter("e", number=5))
    assert len(desk.sent("ack")) == 2


def test_two_desks_that_hide_being_machines_stop(desk, server, letter, clock):
    desk.receive(letter(sender="help@other.example"))
    for number in range(2, 30):
        clock.advance(dt.timedelta(seconds=20))
        ours = desk.sent("ack")[0]
        desk.receive(
            letter(
                "We have received your request",
                sender="help@other.example",
                number=number,
                In_Reply_To=f"<{ours.internet_id}>",
            )
        )
    assert len(desk.tickets()) == 1 and len(desk.sent()) == 1


def test_a_requester_of_the_web_page_is_acknowledged_in_his_language(desk, server):
    person = people.create_person(
        SYSTEM, name="Рита", addresses=["r@acme.example"], language="ru", client_id=desk.acme.pk
    )
    tickets.open_ticket(SYSTEM, subject="x", text="y", requester_id=person.pk, client_id=desk.acme.pk, channel="web")
    drain()
    assert server.mails[-1][0]["Content-Language"] == "ru"


def test_a_temporary_no_is_tried_again_as_the_same_mail(desk, server, letter, clock):
    server.answers = ["451 later", "452 later"]
    desk.receive(letter())
    (mail,) = desk.sent()
    assert mail.state == "queued" and server.mails == []
    for _ in range(3):
        clock.advance(dt.timedelta(minutes=5))
        drain()
    (taken,) = server.mails
    assert taken[0]["Message-ID"] == f"<{mail.internet_id}>" and desk.sent()[0].state == "sent"


def test_a_permanent_no_is_seen_and_can_be_sent_again(desk, server, letter):
    server.answers = ["554 go away\r\n"[:-2]]
    desk.receive(letter())
    (mail,) = desk.sent()
    assert mail.state == "failed" and "554 go away" in problems.words_for(mail.error)
    failed = Event.objects.get(name="MailSent")
    assert failed.data["state"] == "failed" and failed.data["error"] == "smtp"
    with pytest.raises(Refusal):
        commands.resend_mail(desk.actor.without_grants(), mail_out_id=mail.pk)
    commands.resend_mail(desk.actor, mail_out_id=mail.pk)
    drain()
    assert desk.sent()[0].state == "sent" and len(server.mails) == 1


def test_a_server_away_for_a_day_is_given_up_and_said_so(desk, letter, clock):
    commands.change_mailbox(SYSTEM, mailbox_id=desk.mailbox.pk, smtp_host="127.0.0.1", smtp_port=1)
    desk.receive(letter())
    for _ in range(40):
        clock.advance(dt.timedelta(hours=1))
        drain()
    assert (desk.sent()[0].state, desk.sent()[0].error) == ("failed", problems.EXPIRED)
    assert not Job.objects.filter(task="email.send").exists()


def test_sending_again_after_a_crash_sends_nothing_that_was_marked(desk, server, letter):
    desk.receive(letter())
    jobs.send.function(mail_out_id=desk.sent()[0].pk)
    assert len(server.mails) == 1


def test_a_message_goes_to_an_address_once(desk, server, letter):
    desk.receive(letter())
    (ticket,) = desk.tickets()
    tickets.post_message(desk.actor, ref=ticket.ref, text="Hello")
    drain()
    reactions.send_reply(Event.objects.get(name="AgentReplied"))
    drain()
    assert len(desk.sent("reply")) == 1


@hypothesis_settings(max_examples=150, deadline=None)
@given(PEOPLE_TEXT, PEOPLE_TEXT, PEOPLE_TEXT, st.lists(PEOPLE_TEXT, max_size=3))
def test_nothing_in_a_name_subject_or_id_adds_a_header_or_a_recipient(name, subject, author, references):
    nasty = [
        "\r\nBcc: eve@evil.example",
        "\n\neve",
        ", eve@evil.example",
        "<eve@evil.example>",
        "\x00",
        "\u2028To: e@e",
    ]
    for tail in nasty:
        facts = composing.Outgoing(
            sender_name=name + tail,
            sender_address="support@desk.example",
            recipient_name=name + tail,
            recipient_address="rita@acme.example",
            reply_to="support+t@desk.example",
            internet_id="a@desk.example",
            ref="TD-1",
            language="en",
            at=clock_module.now(),
            loop_token="t",
            subject=subject + tail,
            text=author + tail,
            author=author + tail,
            references=[*references, "x" + tail],
            files=[(name + tail, "text/plain" + tail, b"x")],
        )
        raw = composing.compose(facts).as_bytes()
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert {k.lower() for k in mail} <= {
            "subject",
            "from",
            "to",
            "reply-to",
            "date",
            "message-id",
            "in-reply-to",
            "references",
            "x-tierdesk-loop",
            "content-language",
            "mime-version",
            "content-type",
        }
        assert [a.addr_spec for a in mail["To"].addresses] == ["rita@acme.example"]
        assert [a.addr_spec for a in mail["From"].addresses] == ["support@desk.example"]
        assert "\n" not in mail["Subject"]


@pytest.mark.parametrize("address", ["a\r\nBcc: e@e.example", "a b@c.example", "a@b.example,e@e.example", "", "@"])
def test_an_address_that_could_be_two_is_never_written(address):
    with pytest.raises(composing.Unwritable):
        composing._address("x", address)


def test_a_mailboxes_password_is_kept_unreadable(desk):
    box = commands.change_mailbox(SYSTEM, mailbox_id=desk.mailbox.pk, smtp_password="hunter2", smtp_user="u")
    assert b"hunter2" not in bytes(box.smtp_secret) and secrets.unseal(box.smtp_secret) == "hunter2"


def test_the_installations_server_is_read_from_one_line():
    assert smtp.read_server("mail.example:25") == smtp.Server("mail.example", 25, "none")
    assert smtp.read_server("tls://mail.example:465") == smtp.Server("mail.example", 465, "tls")
    assert smtp.read_server("") is None and smtp.read_server("mail.example") is None


def test_only_administrators_change_mailboxes(desk):
    for call in (
        lambda: commands.create_mailbox(desk.actor, address="x@desk.example", name="x", team_id=desk.team.pk),
        lambda: commands.change_mailbox(desk.actor, mailbox_id=desk.mailbox.pk, name="x"),
        lambda: queries.mailboxes(desk.actor),
    ):
        with pytest.raises(Refusal) as refused:
            call()
        assert refused.value.code == "forbidden"
    assert MailOut.objects.unscoped("none were made").count() == 0


def test_a_system_mail_goes_through_the_same_server(desk, server):
    mail = EmailMessage("Password", "Zeile\nПароль", to=["rita@acme.example"], connection=system_mail.Backend())
    assert mail.send() == 1
    taken, envelope = server.mails[-1]
    assert taken["Subject"] == "Password" and "Пароль" in taken.get_content()
    assert (envelope.mail_from, envelope.rcpt_tos) == ("support@desk.example", ["rita@acme.example"])


def test_a_system_mail_without_a_server_is_not_sent_and_not_an_error(desk):
    mail = EmailMessage("Password", "x", to=["rita@acme.example"], connection=system_mail.Backend())
    assert mail.send() == 0
