"""Loops end without any header's help (rows 13 and 84)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tierdesk.domain.channels.email.rules.automatic import Automatic, classify
from tierdesk.domain.channels.email.rules.loops import Sent, may_acknowledge, may_open_ticket, may_send_automatically
from tierdesk.domain.channels.email.rules.parsing import parse_mail

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MIRA = "mira@acme.example"


def asked(history: list[Sent], address: str = MIRA, kind: str = "none") -> bool:
    return may_acknowledge(history, NOW, address, automatic=Automatic(kind), own_addresses=["support@desk.example"])[0]


def test_one_acknowledgement_an_hour_and_five_a_day() -> None:
    assert asked([])
    assert not asked([Sent(NOW - timedelta(minutes=59), MIRA.upper())])
    assert asked([Sent(NOW - timedelta(minutes=61), MIRA)])
    assert not asked([Sent(NOW - timedelta(hours=n), MIRA) for n in range(2, 7)])


@pytest.mark.parametrize(
    "address", ["no-reply@x.example", "MAILER-DAEMON@x.example", "support+abc@desk.example", "bad", ""]
)
def test_never_to_machines_or_ourselves(address: str) -> None:
    assert not asked([], address)


@pytest.mark.parametrize("kind", ["auto-reply", "bounce", "list", "loop"])
def test_never_in_answer_to_a_machine(kind: str) -> None:
    assert not asked([], kind=kind)


def test_three_automatic_messages_on_a_ticket_and_ten_tickets_an_hour() -> None:
    old = [Sent(NOW - timedelta(days=9), MIRA, 7, acknowledgement=False)] * 3
    assert not may_send_automatically(old, NOW, MIRA, 7)[0]
    assert may_send_automatically(old, NOW, MIRA, 8)[0]
    assert not may_open_ticket([NOW - timedelta(minutes=5)] * 10, NOW)[0]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Auto-Submitted: auto-replied", "auto-reply"),
        ("Auto-Submitted: no", "none"),
        ("X-Auto-Response-Suppress: All", "auto-reply"),
        ("Precedence: bulk", "list"),
        ("List-Id: <a.b>", "list"),
        ("Message-ID: <a@desk.example>", "loop"),
        ("Return-Path: <>", "auto-reply"),
        ("Subject: 자동 회신: 부재중", "auto-reply"),
        ("Subject: Автоответ: отпуск", "auto-reply"),
    ],
)
def test_signs_of_machines(header: str, kind: str) -> None:
    mail = parse_mail(f"From: {MIRA}\n{header}\n\nhello".encode())
    assert classify(mail, own_domain="desk.example").kind == kind
