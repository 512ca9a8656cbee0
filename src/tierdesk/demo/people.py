"""Who is there in the demo: clients, teams, staff and the people who ask. Nobody here exists."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from tierdesk.demo.cast import PASSWORD
from tierdesk.domain.people import commands, queries
from tierdesk.kernel.actors import SYSTEM, Actor

DOMAIN = "demo.example"
ADMIN = f"admin@{DOMAIN}"
TEAMS = (
    ("front-line", {"en": "Front line", "ko": "1차 지원팀", "ru": "Первая линия"}, 1),
    ("technicians", {"en": "Technicians", "ko": "기술 지원팀", "ru": "Техники"}, 2),
    ("experts", {"en": "Experts", "ko": "전문가팀", "ru": "Эксперты"}, 3),
)
CLIENTS = (
    ("harbour-dental", "Harbour Dental", "harbour-dental.example", "en", "Europe/London"),
    ("hanbit", "한빛물류", "hanbit.example", "ko", "Asia/Seoul"),
    ("northern-light", "Северный свет", "northern-light.example", "ru", "Europe/Moscow"),
)
REQUESTERS = (
    ("amelia", "Amelia Hart", "harbour-dental.example", "en"),
    ("george", "George Pell", "harbour-dental.example", "en"),
    ("ruth", "Ruth Ashby", "harbour-dental.example", "en"),
    ("hannah", "Hannah Cole", "harbour-dental.example", "en"),
    ("minjun", "강민준", "hanbit.example", "ko"),
    ("sua", "윤수아", "hanbit.example", "ko"),
    ("jihoon", "임지훈", "hanbit.example", "ko"),
    ("haeun", "조하은", "hanbit.example", "ko"),
    ("kirill", "Кирилл Зимин", "northern-light.example", "ru"),
    ("daria", "Дарья Лугова", "northern-light.example", "ru"),
    ("nikolai", "Николай Верхов", "northern-light.example", "ru"),
    ("priya", "Priya Raman", "freelance.example", "en"),
)
MANAGERS = {"ruth": "harbour-dental"}


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody at the desk: `short` is what stands before the @, `team` none for those who are in none."""

    short: str
    name: str
    role: str
    says: str
    team: str = ""
    language: str = "en"
    time_zone: str = "Europe/Berlin"

    @property
    def address(self) -> str:
        """What he or she signs in with."""
        return f"{self.short}@{DOMAIN}"


STAFF = (
    Colleague("admin", "Demo Administrator", "admin", "administrator"),
    Colleague("elena", "Елена Сорокина", "lead", "lead", language="ru"),
    Colleague("mira", "Mira Jensen", "agent", "first line", "front-line"),
    Colleague("seoyeon", "박서연", "agent", "first line, Korean", "front-line", "ko", "Asia/Seoul"),
    Colleague("tomas", "Tomas Varga", "agent", "second line", "technicians"),
    Colleague("dohyun", "이도현", "agent", "second line, Korean", "technicians", "ko", "Asia/Seoul"),
    Colleague("grace", "Grace Okafor", "agent", "third line", "experts"),
    Colleague("anton", "Антон Белов", "agent", "third line, Russian", "experts", "ru"),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everybody by what stands before the @, as actors; teams by slug."""

    staff: Mapping[str, Actor]
    requesters: Mapping[str, Actor]
    teams: Mapping[str, int]


def build_desk() -> Desk:
    """Make the clients, teams and people; the defaults of every desk (tiers, roles, holding client) are there."""
    for slug, name, domain, language, time_zone in CLIENTS:
        commands.create_client(SYSTEM, slug=slug, name=name, domains=[domain], language=language, time_zone=time_zone)
    for slug, names, tier in TEAMS:
        commands.create_team(SYSTEM, slug=slug, name=names, tier=tier)
    hashed = make_password(PASSWORD)
    for colleague in STAFF:
        _hire(colleague, hashed)
    clients = {client.slug: client.pk for client in queries.visible_clients(SYSTEM)}
    for short, name, domain, language in REQUESTERS:
        person = commands.find_or_add_requester(
            SYSTEM, address=f"{short}@{domain}", name=name, found_in="console", language=language
        )
        if short in MANAGERS:
            commands.set_membership(SYSTEM, person_id=person.pk, client_id=clients[MANAGERS[short]], kind="manager")
    return Desk(
        staff={colleague.short: _actor(colleague.address) for colleague in STAFF},
        requesters={short: _actor(f"{short}@{domain}") for short, _name, domain, _language in REQUESTERS},
        teams={team.slug: team.pk for team in queries.teams()},
    )


def _hire(colleague: Colleague, hashed: str) -> None:
    person = commands.create_person(
        SYSTEM,
        name=colleague.name,
        addresses=[colleague.address],
        language=colleague.language,
        time_zone=colleague.time_zone,
    )
    commands.create_login(SYSTEM, person_id=person.pk, password_hash=hashed)
    commands.grant_role(SYSTEM, person_id=person.pk, role=colleague.role)
    if colleague.team:
        commands.join_team(SYSTEM, person_id=person.pk, team=colleague.team)


def _actor(address: str) -> Actor:
    person = queries.person_by_address(address)
    actor = queries.actor_for(person) if person else None
    if actor is None:
        raise LookupError(f"{address} is not there.")
    return actor
