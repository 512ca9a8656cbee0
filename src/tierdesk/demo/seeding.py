"""A believable month at a small desk, told through commands alone: what is there afterwards could have happened."""

import datetime as dt
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db import transaction

from tierdesk.demo.cast import PASSWORD
from tierdesk.demo.people import ADMIN, DOMAIN, STAFF, Desk, build_desk
from tierdesk.demo.stories import STORIES, Step, Story
from tierdesk.domain.channels.email import commands as email
from tierdesk.domain.channels.email import queries as email_queries
from tierdesk.domain.people import commands as people_commands
from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import commands as tickets
from tierdesk.kernel import clock, worker
from tierdesk.kernel.actors import SYSTEM, Actor

__all__ = ["PASSWORD", "fill"]

MAILBOX = f"support@{DOMAIN}"
FOUNDED = dt.timedelta(days=31)
READ_BY_ALL_AFTER = 72.0  # hours
HOURS_PER_WEEK = 168.0
CATEGORIES: Mapping[str, tuple[dict[str, str], Mapping[str, dict[str, str]]]] = {
    "hardware": (
        {"en": "Hardware", "ko": "하드웨어", "ru": "Оборудование"},
        {
            "laptop": {"en": "Laptop", "ko": "노트북", "ru": "Ноутбук"},
            "printer": {"en": "Printer and scanner", "ko": "프린터·스캐너", "ru": "Принтер и сканер"},
            "phone": {"en": "Phone", "ko": "휴대폰", "ru": "Телефон"},
            "other": {"en": "Other device", "ko": "기타 장비", "ru": "Другое устройство"},
        },
    ),
    "software": (
        {"en": "Software", "ko": "소프트웨어", "ru": "Программы"},
        {
            "office": {"en": "Office", "ko": "오피스", "ru": "Офисные программы"},
            "business": {"en": "Business software", "ko": "업무 프로그램", "ru": "Рабочие программы"},
            "practice": {"en": "Practice software", "ko": "병원 프로그램", "ru": "Программы клиники"},
        },
    ),
    "network": (
        {"en": "Network", "ko": "네트워크", "ru": "Сеть"},
        {
            "vpn": {"en": "VPN", "ko": "VPN", "ru": "VPN"},
            "wifi": {"en": "Wi-Fi", "ko": "Wi-Fi", "ru": "Wi-Fi"},
            "internet": {"en": "Internet and lines", "ko": "인터넷·회선", "ru": "Интернет и линии"},
        },
    ),
    "accounts": (
        {"en": "Accounts", "ko": "계정", "ru": "Учётные записи"},
        {
            "password": {"en": "Password", "ko": "비밀번호", "ru": "Пароль"},
            "access": {"en": "Access", "ko": "권한", "ru": "Доступ"},
            "mailbox": {"en": "Mailbox", "ko": "메일함", "ru": "Почтовый ящик"},
            "billing": {"en": "Invoices", "ko": "청구", "ru": "Счета"},
        },
    ),
    "security": (
        {"en": "Security", "ko": "보안", "ru": "Безопасность"},
        {"phishing": {"en": "Phishing and scams", "ko": "피싱·사기", "ru": "Фишинг и мошенничество"}},
    ),
}
SYSTEMS = (
    ("windows-11", "Windows 11"),
    ("windows-10", "Windows 10"),
    ("macos", "macOS"),
    ("android", "Android"),
    ("ios", "iOS"),
    ("other", "Other"),
)


def fill(*, seed: int) -> Iterator[str]:
    """Make the demo where nobody can sign in yet, and say who can. A desk that is there already stays as it is.

    Nobody gets a mail: what the month's events would have sent is settled before the first mailbox exists. The month
    is one transaction, so that an interrupted demo leaves an empty installation. `seed` moves its moments.
    """
    if people.person_by_address(ADMIN) is None:
        if people.somebody_can_sign_in():
            yield "This desk has people already; the demo is for an empty installation."
            return
        with transaction.atomic():
            _live_the_month(clock.now(), random.Random(seed))  # noqa: S311 - believable moments, no secret
    worker.drain("demo")
    if not email_queries.own_addresses():
        _open_mailbox()
        worker.drain("demo")
    signs_in = ", ".join(f"{colleague.address} ({colleague.says})" for colleague in STAFF)
    yield f"Sign in as {signs_in} with the password {PASSWORD}   (a demo's, known to everybody)"
    yield f"Mail to {MAILBOX} becomes a ticket of the front line."


@dataclass(slots=True)
class _Told:
    """A story while it is being told: its ticket has a reference from its first step on."""

    story: Story
    opened_at: dt.datetime
    category_id: int
    ref: str = ""
    seen_by: set[str] = field(default_factory=set)


def _live_the_month(now: dt.datetime, chance: random.Random) -> None:
    with clock.frozen(now - FOUNDED):
        people_commands.ensure_defaults(SYSTEM)
        tickets.ensure_defaults(SYSTEM)
        desk = build_desk()
        categories = _make_categories()
        _make_fields()
    deeds: list[tuple[dt.datetime, int, Callable[[], None]]] = []
    for story in STORIES:
        told = _Told(story, _opening(story, now, chance), categories[story.category])
        deeds.append((told.opened_at, len(deeds), _opener(desk, told)))
        for step in story.steps:
            moment = told.opened_at + dt.timedelta(hours=step.after, seconds=chance.randrange(50))
            deeds.append((moment, len(deeds), _doer(desk, told, step, now)))
        if story.ago > READ_BY_ALL_AFTER:
            deeds.append((now, len(deeds), _reader(desk, told)))
    for moment, _order, do in sorted(deeds, key=lambda deed: deed[:2]):
        with clock.frozen(min(moment, now)):
            do()


def _opening(story: Story, now: dt.datetime, chance: random.Random) -> dt.datetime:
    """When a story begins: about when it says, and not at a weekend, where it is old enough to be moved."""
    moment = now - dt.timedelta(hours=story.ago, minutes=chance.randrange(1, 15) if story.ago > 1 else 0)
    if story.ago < HOURS_PER_WEEK:
        return moment
    return moment - dt.timedelta(days=max(0, moment.weekday() - 4))


def _opener(desk: Desk, told: _Told) -> Callable[[], None]:
    def do() -> None:
        story = told.story
        requester = desk.requesters[story.requester]
        client = people.client_for_sender("", people.person_by_id(requester.person_id or 0))
        by_phone = story.channel == "phone"
        actor = desk.staff[story.steps[0].who] if by_phone and story.steps else requester
        ticket = tickets.open_ticket(
            actor,
            subject=story.subject,
            text=story.text,
            requester_id=requester.person_id or 0,
            client_id=client.pk,
            channel=story.channel,
            kind=story.kind,
            priority=story.priority,
            category_id=told.category_id,
            team_id=desk.teams[story.team],
            language=requester.language,
            custom_fields=dict(story.fields),
            files=[tickets.FileIn(name, "text/plain", text.encode()) for name, text in story.files],
        )
        told.ref = ticket.ref

    return do


def _doer(desk: Desk, told: _Told, step: Step, now: dt.datetime) -> Callable[[], None]:
    def do() -> None:
        if step.what == "wrote":
            requester = desk.requesters[told.story.requester]
            channel = "email" if told.story.channel == "phone" else told.story.channel
            tickets.post_message(requester, ref=told.ref, text=step.text, channel=channel)
            return
        actor = desk.staff[step.who]
        _DEEDS[step.what](desk, actor, told, step, now)
        tickets.mark_read(actor, ref=told.ref)

    return do


def _reader(desk: Desk, told: _Told) -> Callable[[], None]:
    def do() -> None:
        for actor in desk.staff.values():
            tickets.mark_read(actor, ref=told.ref)

    return do


def _answer(_desk: Desk, actor: Actor, told: _Told, step: Step, _now: dt.datetime) -> None:
    tickets.post_message(actor, ref=told.ref, text=step.text)


def _note(_desk: Desk, actor: Actor, told: _Told, step: Step, _now: dt.datetime) -> None:
    tickets.add_note(actor, ref=told.ref, text=step.text)


def _take(desk: Desk, actor: Actor, told: _Told, _step: Step, _now: dt.datetime) -> None:
    tickets.assign(actor, ref=told.ref, person_id=actor.person_id, team_id=desk.teams[told.story.team])


def _hand_over(desk: Desk, actor: Actor, told: _Told, step: Step, _now: dt.datetime) -> None:
    facts = dict(step.facts)
    colleague = desk.staff[facts["to"]].person_id if facts["to"] else None
    tickets.assign(actor, ref=told.ref, person_id=colleague, team_id=desk.teams[facts["team"]])


def _go(_desk: Desk, actor: Actor, told: _Told, step: Step, _now: dt.datetime) -> None:
    tickets.set_status(actor, ref=told.ref, status=dict(step.facts)["status"])


def _hold(_desk: Desk, actor: Actor, told: _Told, step: Step, now: dt.datetime) -> None:
    until = now + dt.timedelta(days=dict(step.facts)["days"])
    tickets.set_status(actor, ref=told.ref, status="on-hold", hold_until=until)


def _join(desk: Desk, actor: Actor, told: _Told, step: Step, _now: dt.datetime) -> None:
    person_id = desk.requesters[dict(step.facts)["person"]].person_id or 0
    tickets.add_participant(actor, ref=told.ref, person_id=person_id)


_DEEDS: Mapping[str, Callable[[Desk, Actor, _Told, Step, dt.datetime], None]] = {
    "answered": _answer,
    "noted": _note,
    "took": _take,
    "handed": _hand_over,
    "went": _go,
    "held": _hold,
    "joined": _join,
}


def _make_categories() -> dict[str, int]:
    made: dict[str, int] = {}
    for slug, (name, children) in CATEGORIES.items():
        parent = tickets.create_category(SYSTEM, slug=slug, name=name)
        for child, child_name in children.items():
            row = tickets.create_category(SYSTEM, slug=child, name=child_name, parent_id=parent.pk)
            made[row.path] = row.pk
    return made


def _make_fields() -> None:
    tickets.create_custom_field(
        SYSTEM, key="device", type="text", label={"en": "Device", "ko": "장비", "ru": "Устройство"}
    )
    tickets.create_custom_field(
        SYSTEM,
        key="operating-system",
        type="choice",
        label={"en": "Operating system", "ko": "운영 체제", "ru": "Операционная система"},
        choices=[{"key": key, "label": {"en": name}} for key, name in SYSTEMS],
    )


def _open_mailbox() -> None:
    team = people.team_by_slug("front-line")
    if team is not None:
        email.create_mailbox(SYSTEM, address=MAILBOX, name="Demo Support", team_id=team.pk)
