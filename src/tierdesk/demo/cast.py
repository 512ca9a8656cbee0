"""The fixed cast: the same few people and clients in every test and in the demo.

Three clients whose ids contain one another as text (1, 12, 112) and whose names do too, a provider's agent who is
limited to one of them, and everybody whom a ticket can meet. Nobody here exists.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password

from tierdesk.domain.people import commands, queries
from tierdesk.kernel.actors import SYSTEM, Actor
from tierdesk.kernel.commands import command

if TYPE_CHECKING:
    from tierdesk.domain.people.models import Client, Person, Team

PASSWORD = "ladder-of-five-rungs-0412"  # noqa: S105 - of people who do not exist, in tests and demo data
SCAMMER = "billing@acrne.example"  # looks like acme.example; no person has it


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody and everything of the cast by name."""

    acme: Client
    acme_eu: Client
    bolt: Client
    holding: Client
    front_line: Team
    technicians: Team
    experts: Team
    admin: Person
    lead: Person
    agent_l1: Person
    agent_l2: Person
    agent_l3: Person
    provider_agent: Person
    client_manager: Person
    requester_a: Person
    requester_a2: Person
    requester_b: Person
    outsider: Person
    scammer: str = SCAMMER
    password: str = PASSWORD

    def people(self) -> dict[str, Person]:
        """Every person by the name of his part."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.type == "Person"}

    def actor(self, part: str) -> Actor:
        """Who somebody is as an actor, with his grants as they stand now. `part` is a person's name here."""
        actor = queries.actor_for(queries.person_by_id(self.people()[part].pk) or self.people()[part])
        if actor is None:
            raise LookupError(f"{part} is not active.")
        return actor

    def address(self, part: str) -> str:
        """The address that somebody writes from and signs in with."""
        return queries.address_of(self.people()[part].pk)


def build_cast() -> Cast:
    """Put the cast into a database that has none of it; defaults (tiers, roles, holding client) are made on the way."""
    return _build(SYSTEM)


@command
def _build(actor: Actor) -> Cast:
    commands.ensure_defaults(actor)
    acme = commands.create_client(actor, slug="acme", name="Acme", domains=["acme.example"], client_id=1)
    acme_eu = commands.create_client(
        actor, slug="acme-eu", name="Acme Europe", domains=["acme-eu.example"], time_zone="Europe/Berlin", client_id=12
    )
    bolt = commands.create_client(actor, slug="bolt", name="Bolt", domains=["bolt.example"], client_id=112)
    front_line = commands.create_team(
        actor, slug="front-line", name={"en": "Front line", "ko": "1차 지원팀", "ru": "Первая линия"}, tier=1
    )
    technicians = commands.create_team(
        actor, slug="technicians", name={"en": "Technicians", "ko": "기술 지원팀", "ru": "Техники"}, tier=2
    )
    experts = commands.create_team(
        actor, slug="experts", name={"en": "Experts", "ko": "전문가팀", "ru": "Эксперты"}, tier=3
    )
    return Cast(
        acme=acme,
        acme_eu=acme_eu,
        bolt=bolt,
        holding=queries.holding_client(),
        front_line=front_line,
        technicians=technicians,
        experts=experts,
        admin=_staff(actor, "Ada Reyes", "ada@desk.example", "admin"),
        lead=_staff(actor, "Lena Orlova", "lena@desk.example", "lead", language="ru"),
        agent_l1=_staff(actor, "Mira Holt", "mira@desk.example", "agent", team="front-line"),
        agent_l2=_staff(actor, "Jun Seo", "jun@desk.example", "agent", team="technicians", language="ko"),
        agent_l3=_staff(actor, "Viktor Ilyin", "viktor@desk.example", "agent", team="experts", language="ru"),
        provider_agent=_staff(actor, "Petra Lund", "petra@provider.example", "agent", client=acme),
        client_manager=_person(actor, "Carol Dietz", "carol@acme.example", acme, manager=True),
        requester_a=_person(actor, "한지우", "jiwoo@acme.example", acme, language="ko"),
        requester_a2=_person(actor, "Tom Baker", "tom@acme.example", acme),
        requester_b=_person(actor, "Олег Сомов", "oleg@bolt.example", bolt, language="ru"),
        outsider=_person(actor, "Otto Fern", "otto@elsewhere.example", None),
    )


def _staff(
    actor: Actor,
    name: str,
    address: str,
    role: str,
    *,
    team: str = "",
    client: Client | None = None,
    language: str = "en",
) -> Person:
    person = _person(actor, name, address, None, language=language)
    commands.grant_role(actor, person_id=person.pk, role=role, client_id=client.pk if client else None)
    if team:
        commands.join_team(actor, person_id=person.pk, team=team)
    return person


def _person(
    actor: Actor, name: str, address: str, client: Client | None, *, language: str = "en", manager: bool = False
) -> Person:
    person = commands.create_person(
        actor, name=name, addresses=[address], language=language, client_id=client.pk if client else None
    )
    if client is not None and manager:
        commands.set_membership(actor, person_id=person.pk, client_id=client.pk, kind="manager")
    commands.create_login(actor, person_id=person.pk, password_hash=_hashed())
    person.refresh_from_db()
    return person


@cache
def _hashed() -> str:
    return make_password(PASSWORD)
