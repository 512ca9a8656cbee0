"""The story that everything else serves: a mail comes in by IMAP, an agent answers in her browser, the customer has her
answer in his mailbox, his reply lands on the same ticket. Real Postfix, Dovecot and Chromium, on both databases.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import Browser, expect

from e2e import correspondence as letters
from e2e.agent import Agent, agent
from e2e.correspondence import CUSTOMER, DESK, SUBJECT, MailServers, mail_servers
from e2e.installation import Installation
from tests.peers import dovecot as dovecot_peer
from tests.peers import postfix as postfix_peer
from tests.peers.fixtures import need
from tests.peers.workplace import wait_until

pytestmark = [pytest.mark.peers, pytest.mark.browser]

WITHIN = 2.0  # seconds between the mail's arrival in the mailbox and its row in the open queue
ANSWER = (
    "Hello Jiwoo, the gateway drops tunnels that are silent for ten minutes. "
    "Please switch “Keep alive” on in the client: 설정 > 연결 > 연결 유지."
)
REPLY = "감사합니다! '연결 유지'를 켜니 한 시간째 끊기지 않습니다."
CUSTOMERS_WORDS = ("VPN", "전표", "월말")


@dataclass(frozen=True, slots=True)
class Desk:
    """An installation with its mail servers and its people."""

    installation: Installation
    mail: MailServers
    cast: dict[str, Any]

    def logs(self) -> list[tuple[str, str]]:
        """For a failed test."""
        return [("Log of Tierdesk", self.installation.log()), *self.mail.logs()]

    def sign_in(self, person: Agent, part: str) -> None:
        """A person of the cast, by the form."""
        person.sign_in(self.cast["addresses"][part], self.cast["password"])


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """An empty database: its address, or nothing for SQLite."""
    if request.param == "sqlite":
        return ""
    url: str = request.getfixturevalue("postgresql_url")
    name = f"story_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{url.rpartition('/')[0]}/{name}"


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    """A fresh installation that reads its mailbox from Dovecot and sends through Postfix, waiting for mail."""
    need(dovecot_peer.absent() or postfix_peer.absent())
    installation = Installation(database)
    with mail_servers() as mail:
        cast = installation.prepare(
            "mail_desk",
            address=DESK,
            imap_port=mail.dovecot.imap_port,
            imap_password=mail.dovecot.password,
            smtp_port=mail.postfix.smtp_port,
        )
        with installation:
            wait_until("somebody who reads the mailbox", lambda: mail.has_reader(DESK), 15)
            yield Desk(installation, mail, cast)


def test_a_mail_is_answered_and_the_reply_lands_on_its_ticket(
    desk: Desk, browser: Browser, record_property: Any
) -> None:
    with agent(browser, desk.installation.url) as mira:
        desk.sign_in(mira, "agent_l1")
        mira.expect_live()
        first = _arrives(desk, mira, record_property)
        _is_acknowledged(desk, first)

        mira.open(SUBJECT)
        expect(mira.entries("월말 마감을 못 하고 있습니다")).to_have_count(1)
        assert mira.download(letters.LOG_NAME) == letters.LOG
        assert mira.download(letters.PICTURE_NAME) == letters.picture()
        mira.answer_by_keyboard(ANSWER)
        expect(mira.entries("Keep alive")).to_have_count(1)
        answer = _is_answered(desk, first, ANSWER)

        mira.watch_for(SUBJECT)
        desk.mail.postfix.send(letters.reply_to(answer, REPLY))
        expect(mira.entries(REPLY)).to_have_count(1)
        expect(mira.entries(REPLY)).to_be_visible()
        assert mira.stayed(), "the reply shows without reloading"
        expect(mira.page.locator("#queue-list li.row")).to_have_count(1)
        assert mira.complaints == []
    assert desk.installation.errors() == []


def test_the_same_story_without_a_script(desk: Desk, browser: Browser) -> None:
    with agent(browser, desk.installation.url, java_script_enabled=False) as mira:
        desk.sign_in(mira, "agent_l1")
        first = letters.first_mail()
        desk.mail.postfix.send(first)
        _is_acknowledged(desk, first)
        mira.page.reload()
        mira.open(SUBJECT)
        expect(mira.entries("월말 마감을 못 하고 있습니다")).to_have_count(1)
        assert mira.download(letters.LOG_NAME) == letters.LOG
        mira.page.locator("#f-reply").fill(ANSWER)
        mira.page.get_by_role("button", name="Send reply").click()
        expect(mira.page.locator("#toasts")).to_contain_text("Your answer is on its way.")
        expect(mira.entries("Keep alive")).to_have_count(1)
        answer = _is_answered(desk, first, ANSWER)

        desk.mail.postfix.send(letters.reply_to(answer, REPLY))
        wait_until("the reply on the ticket", lambda: _shows_after_reload(mira, REPLY), 15)
        mira.page.goto(f"{desk.installation.url}/desk/")
        expect(mira.page.locator("#queue-list li.row")).to_have_count(1)
        assert mira.complaints == []
    assert desk.installation.errors() == []


def _arrives(desk: Desk, mira: Agent, record_property: Any) -> EmailMessage:
    """The customer writes; his mail shows in the open queue, in time and without reloading."""
    mira.watch_for(SUBJECT)
    mail = letters.first_mail()
    desk.mail.postfix.send(mail)
    accepted = time.time()
    expect(mira.row(SUBJECT)).to_be_visible()
    shown, delivered = mira.seen_at(), desk.mail.delivered_at(DESK, mail["Message-ID"])
    figures = f"{shown - delivered:.2f} s after delivery, {shown - accepted:.2f} s after Postfix took it"
    record_property("figures", f"in the open queue {figures}")
    assert mira.stayed(), "the queue shows it without reloading"
    assert shown - delivered <= WITHIN, figures
    expect(mira.row(SUBJECT)).to_contain_text(letters.NAME)
    expect(mira.row(SUBJECT).locator(".unread-dot")).to_have_count(1)
    return mail


def _is_acknowledged(desk: Desk, first: EmailMessage) -> None:
    """He hears at once, in his language and without a word of his own, and no machine may answer."""
    acknowledgement = desk.mail.wait_for(CUSTOMER, 1)[0]
    text = letters.body_of(acknowledgement)
    assert acknowledgement["Auto-Submitted"] == "auto-replied"
    assert acknowledgement["Content-Language"] == "ko"
    assert first["Message-ID"] in acknowledgement["References"]
    said = f"{acknowledgement['Subject']}\n{text}"
    assert "TD-" in said
    assert sum("가" <= letter <= "힣" for letter in text) > 20, f"not in Korean: {text}"
    assert not [word for word in CUSTOMERS_WORDS if word in said]


def _is_answered(desk: Desk, first: EmailMessage, words: str) -> EmailMessage:
    """Her answer is in his mailbox, threaded below what he wrote, and an answer to it comes back to us."""
    mails = desk.mail.wait_for(CUSTOMER, 2)
    assert len(mails) == 2, [mail["Subject"] for mail in mails]
    answer = mails[1]
    assert " ".join(words.split()) in " ".join(letters.body_of(answer).split())
    assert answer["In-Reply-To"] == first["Message-ID"]
    assert answer["References"].split()[0] == first["Message-ID"]
    assert answer["Subject"].startswith(f"Re: {SUBJECT} [TD-")
    sender, back = answer["From"].addresses[0], answer["Reply-To"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == ("Tierdesk Support", DESK)
    assert back.addr_spec.startswith("support+") and back.domain == "demo.example"
    assert [address.addr_spec for address in answer["To"].addresses] == [CUSTOMER]
    assert "Auto-Submitted" not in answer, "a person wrote it"
    return answer


def _shows_after_reload(mira: Agent, text: str) -> bool:
    mira.page.reload()
    return mira.entries(text).count() == 1
