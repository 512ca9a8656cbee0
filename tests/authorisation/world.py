"""The fixed cast with tickets, files, notes, tokens and sessions: what the matrix and its neighbours act upon."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.test import Client as Browser

from tierdesk.demo.cast import Cast, build_cast
from tierdesk.domain.channels.email.models import Mailbox, MailIn
from tierdesk.domain.people import commands as people
from tierdesk.domain.people import queries as people_queries
from tierdesk.domain.tickets import commands
from tierdesk.domain.tickets.commands import FileIn
from tierdesk.domain.tickets.models import Attachment, Ticket
from tierdesk.kernel import files, kept
from tierdesk.kernel.actors import SYSTEM, Actor, ActorKind

CANARY = "zqx-canary-7f3a"  # one word for every analyser; stands in notes alone
FILE_CANARY = "zqx-file-canary-91b2"
MISSING = "TD-999999"
EVERYBODY = (
    "anonymous",
    "outsider",
    "requester_a",
    "requester_a2",
    "requester_b",
    "client_manager",
    "provider_agent",
    "agent_l1",
    "agent_l2",
    "agent_l3",
    "lead",
    "admin",
)
THINGS = ("acme", "acme_colleague", "acme_eu", "bolt", "missing")


@dataclass(slots=True)
class World:
    """What there is. Tickets by thing: `acme` is requester_a's, `acme_colleague` requester_a2's, `bolt` requester_b's,
    `acme_eu` that of somebody outside of the cast; `missing` is none.
    """

    cast: Cast
    tickets: dict[str, Ticket] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    note_files: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    replies: dict[str, int] = field(default_factory=dict)
    mails: dict[str, int] = field(default_factory=dict)

    def ref(self, thing: str) -> str:
        """The reference of a thing."""
        return self.tickets[thing].ref if thing in self.tickets else MISSING

    def file_id(self, thing: str, *, of_note: bool = False) -> int:
        """The id of a file on a thing."""
        return (self.note_files if of_note else self.files).get(thing, 4242)

    def mail_id(self, thing: str) -> int:
        """The id of the mail that a thing came by; of `problem`, one that belongs to no ticket."""
        return self.mails.get(thing, 4242)

    def caller(self, who: str) -> Browser:
        """A client of the API with somebody's token."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}
        return Browser(headers=headers, raise_request_exception=True)

    def browser(self, who: str) -> Browser:
        """A browser in which somebody is signed in."""
        browser = Browser(raise_request_exception=True)
        if who in self.cookies:
            browser.cookies[settings.SESSION_COOKIE_NAME] = self.cookies[who]
        return browser

    def mail_actor(self, who: str, trust: str = "proven") -> Actor:
        """Somebody as the sender of a mail: with his own things, without his grants."""
        actor = people_queries.actor_for(self.cast.people()[who], kind=ActorKind.MAIL, trust=trust)
        assert actor is not None
        return actor.without_grants()


def build_world() -> World:
    """Make it all, by the commands that people use."""
    commands.ensure_defaults(SYSTEM)
    kept.forget()
    cast = build_cast()
    world = World(cast)
    eu = people.create_person(SYSTEM, name="Eva Neu", addresses=["eva@acme-eu.example"], client_id=cast.acme_eu.pk)
    requesters = {
        "acme": (cast.requester_a, cast.acme),
        "acme_colleague": (cast.requester_a2, cast.acme),
        "acme_eu": (eu, cast.acme_eu),
        "bolt": (cast.requester_b, cast.bolt),
    }
    for thing, (person, client) in requesters.items():
        ticket = commands.open_ticket(
            SYSTEM,
            subject=f"Secret of {thing}",
            text=f"Words of {thing}",
            requester_id=person.pk,
            client_id=client.pk,
            channel="web",
            files=[FileIn("picture.png", "image/png", b"bytes of " + thing.encode())],
        )
        commands.add_note(
            cast.actor("agent_l2"),
            ref=ticket.ref,
            text=f"Inner words {CANARY} of {thing}",
            files=[FileIn(f"{FILE_CANARY}.txt", "text/plain", FILE_CANARY.encode())],
        )
        reply = commands.post_message(cast.actor("agent_l1"), ref=ticket.ref, text=f"Answer to {thing}")
        world.tickets[thing] = Ticket.objects.unscoped("test").get(pk=ticket.pk)
        world.replies[thing] = reply.pk
        for attachment in Attachment.objects.unscoped("test").filter(ticket=ticket):
            (world.note_files if attachment.note_id else world.files)[thing] = attachment.pk
    _bring_mails(world)
    for who, person in cast.people().items():
        world.tokens[who] = people.create_token(SYSTEM, person_id=person.pk, label="matrix")[1]
        if person.login is not None:
            browser = Browser()
            browser.force_login(person.login)
            world.cookies[who] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return world


def _bring_mails(world: World) -> None:
    team = world.cast.front_line
    mailbox = Mailbox.objects.create(address="help@desk.example", name="Help", team=team)
    for thing, ticket in [*world.tickets.items(), ("problem", None)]:
        raw = f"Subject: Secret of {thing}\r\n\r\nWords of {thing}\r\n".encode()
        stored = files.store(raw)
        mail = MailIn(
            mailbox=mailbox,
            file=stored,
            sha256=stored.sha256,
            size=stored.size,
            source="lmtp",
            state="failed" if ticket is None else "processed",
            client_id=ticket.client_id if ticket else None,
            ticket=ticket,
        )
        mail.save(force_insert=True)
        world.mails[thing] = mail.pk


@contextmanager
def taken_back() -> Iterator[None]:
    """What happens within is undone in the end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def state() -> tuple[Any, ...]:
    """What a denied request must leave as it was: every ticket as it stands, and how much there is of all else."""
    tables = (
        "tickets_message",
        "tickets_note",
        "tickets_attachment",
        "tickets_participant",
        "tickets_readmark",
        "tickets_fieldvalue",
        "kernel_event",
        "kernel_storedfile",
        "people_person",
        "people_address",
        "people_membership",
        "people_grant",
        "people_apitoken",
        "people_login",
        "channels_email_mailin",
        "channels_email_mailout",
    )
    with connection.cursor() as cursor:
        counts = ", ".join(f"(SELECT COUNT(*) FROM {table})" for table in tables)
        cursor.execute(f"SELECT {counts}")
        row = cursor.fetchone()
        cursor.execute("SELECT * FROM tickets_ticket ORDER BY id")
        return (row, cursor.fetchall())
