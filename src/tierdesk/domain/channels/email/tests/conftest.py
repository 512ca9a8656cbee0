"""A small desk for mail: a team, two clients, mailboxes, an agent; and mails as people write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from email.message import EmailMessage
from typing import Any

import pytest

from tierdesk.domain.channels.email import commands
from tierdesk.domain.channels.email.models import Mailbox, MailIn, MailOut
from tierdesk.domain.people import commands as people
from tierdesk.domain.people import queries as people_queries
from tierdesk.domain.people.models import Client, Person, Team
from tierdesk.domain.tickets import commands as tickets
from tierdesk.domain.tickets.models import Message, Note, Ticket
from tierdesk.kernel.actors import SYSTEM, Actor
from tierdesk.kernel.worker import drain

WHY = "a test looks at everything"


@dataclass
class Desk:
    """What the tests of this folder have."""

    team: Team
    acme: Client
    bolt: Client
    mailbox: Mailbox
    agent: Person

    @property
    def actor(self) -> Actor:
        """The agent, with his grants."""
        found = people_queries.actor_for(self.agent)
        assert found is not None
        return found

    def receive(self, mail: EmailMessage | bytes, *, run: bool = True, **more: Any) -> MailIn:
        """Take a mail in and do what follows."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        more.setdefault("source", "pipe")
        kept = commands.receive_mail(SYSTEM, mailbox_id=self.mailbox.pk, raw=raw, **more)
        if run:
            drain()
        return MailIn.objects.unscoped(WHY).get(pk=kept.pk)

    def tickets(self) -> list[Ticket]:
        """All tickets, oldest first."""
        return list(Ticket.objects.unscoped(WHY).order_by("id"))

    def messages(self, ticket: Ticket | None = None) -> list[Message]:
        """All messages, or those of a ticket."""
        rows = Message.objects.unscoped(WHY).order_by("id")
        return list(rows.filter(ticket=ticket) if ticket else rows)

    def notes(self, ticket: Ticket) -> list[Note]:
        """The notes of a ticket."""
        return list(Note.objects.unscoped(WHY).filter(ticket=ticket))

    def sent(self, purpose: str = "") -> list[MailOut]:
        """All mails of ours, oldest first."""
        rows = MailOut.objects.unscoped(WHY).order_by("id")
        return list(rows.filter(purpose=purpose) if purpose else rows)


@pytest.fixture
def desk(db: None) -> Desk:
    """An installation with its defaults, two clients known by their domains, a mailbox and an agent."""
    return build()


def build() -> Desk:
    """See `desk`."""
    people.ensure_defaults(SYSTEM)
    tickets.ensure_defaults(SYSTEM)
    team = people.create_team(SYSTEM, slug="front", name={"en": "Front line"}, tier=1)
    acme = people.create_client(SYSTEM, slug="acme", name="Acme", domains=["acme.example"])
    bolt = people.create_client(SYSTEM, slug="bolt", name="Bolt", domains=["bolt.example"])
    agent = people.create_person(SYSTEM, name="Ada Agent", addresses=["ada@desk.example"])
    people.grant_role(SYSTEM, person_id=agent.pk, role="lead", client_id=None)
    mailbox = commands.create_mailbox(
        SYSTEM, address="support@desk.example", name="Desk", team_id=team.pk, smtp_security="none"
    )
    return Desk(team, acme, bolt, mailbox, agent)


@pytest.fixture
def letter() -> Callable[..., EmailMessage]:
    """Makes a mail of a person; the same arguments make the same mail."""

    def write(
        text: str = "The printer is on fire.",
        *,
        sender: str = "Rita <rita@acme.example>",
        subject: str = "Printer",
        to: str = "support@desk.example",
        number: int = 1,
        **headers: str,
    ) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = sender
        mail["To"] = to
        mail["Subject"] = subject
        mail["Message-ID"] = f"<m{number}@mail.acme.example>"
        mail["Date"] = "Mon, 02 Mar 2026 09:00:00 +0000"
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        return mail

    return write


@pytest.fixture
def desk_committed(transactional_db: None) -> Desk:
    """The same desk, where other threads and processes see it too."""
    return build()


@pytest.fixture
def settings_of_mail(settings: Any) -> Callable[..., None]:
    """Changes fields of the typed environment for one test."""

    def change(**fields: Any) -> None:
        settings.TIERDESK = replace(settings.TIERDESK, **fields)

    return change
