"""Where a ticket stands, who works on it, what it says of itself; and colleagues who change it at the same time."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from typing import Any

import pytest
from django.db import connection

from tierdesk.demo.cast import Cast, build_cast
from tierdesk.domain.tickets import commands, queries, rules
from tierdesk.domain.tickets.models import FieldValue, Ticket
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.clock import FrozenClock
from tierdesk.kernel.models import Event
from tierdesk.kernel.refusals import Refusal

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def events(ticket: Ticket, name: str) -> list[dict[str, Any]]:
    rows = Event.objects.filter(topic="ticket", thing_id=ticket.pk, name=name).order_by("id")
    return [row.data for row in rows]


def key(category: str) -> str:
    return category.replace("_", "-")


def _lead_to(ticket: Ticket, category: str, cast: Cast, until: dt.datetime) -> None:
    agent = cast.actor("agent_l1")
    for step in {"new": [], "closed": ["solved", "closed"]}.get(category, [category]):
        commands.set_status(agent, ref=ticket.ref, status=key(step), hold_until=until)


@pytest.mark.parametrize(("start", "end"), list(itertools.permutations(rules.CATEGORIES, 2)))
def test_statuses_follow_the_flow_and_nothing_else(
    start: str, end: str, opened: Any, fresh: Any, cast: Cast, clock: FrozenClock, denied: Any
) -> None:
    ticket, until = opened(), clock.moment + HOUR
    _lead_to(ticket, start, cast, until)
    clock.advance(dt.timedelta(minutes=1))

    def move() -> None:
        commands.set_status(cast.actor("agent_l2"), ref=ticket.ref, status=key(end), hold_until=until)

    if end not in rules.DEFAULT_FLOW[start]:
        with denied("invalid", "status") as caught:
            move()
        assert "From here it can go to: " in str(caught[0].hint)
        return
    move()
    now = fresh(ticket)
    assert (now.status.category, now.active) == (end, end not in rules.DONE)
    assert (now.hold_until, now.attention_at) == ((until, until) if end == "on_hold" else (None, clock.moment))
    assert (now.solved_at is not None, now.closed_at is not None) == (end in rules.DONE, end == "closed")
    assert (now.waiting_since is None) == (end in rules.DONE or start in rules.DONE)
    assert events(ticket, "StatusChanged")[-1]["to_status"] == key(end)


def test_an_unknown_status_and_a_hold_without_an_end_ahead_are_refused(
    opened: Any, cast: Cast, clock: FrozenClock, denied: Any
) -> None:
    ticket, agent = opened(), cast.actor("agent_l1")
    with denied("invalid", "status"):
        commands.set_status(agent, ref=ticket.ref, status="nonsense")
    for until in (None, clock.moment, clock.moment - HOUR):
        with denied("invalid", "hold_until"):
            commands.set_status(agent, ref=ticket.ref, status="on-hold", hold_until=until)


def test_the_status_that_it_has_already_changes_nothing(
    opened: Any, fresh: Any, cast: Cast, clock: FrozenClock
) -> None:
    ticket, agent = opened(), cast.actor("agent_l1")
    commands.set_status(agent, ref=ticket.ref, status="open")
    version = fresh(ticket).version
    commands.set_status(agent, ref=ticket.ref, status="open")
    commands.set_status(agent, ref=ticket.ref, status="open", hold_until=clock.moment + HOUR)
    assert fresh(ticket).version == version
    assert len(events(ticket, "StatusChanged")) == 1


def test_what_is_on_hold_comes_back_by_itself_at_its_time(
    opened: Any, fresh: Any, cast: Cast, clock: FrozenClock, denied: Any
) -> None:
    ticket, agent = opened(), cast.actor("agent_l1")
    commands.set_status(agent, ref=ticket.ref, status="on-hold", hold_until=clock.moment + HOUR)
    commands.set_status(agent, ref=ticket.ref, status="on-hold", hold_until=clock.moment + 2 * HOUR)
    clock.advance(HOUR)
    assert commands.wake_held(SYSTEM) == 0
    clock.advance(HOUR)
    with denied("forbidden"):
        commands.wake_held(agent)
    assert commands.wake_held(SYSTEM) == 1
    now = fresh(ticket)
    assert (now.status.category, now.hold_until, now.attention_at) == ("open", None, clock.moment)
    assert commands.wake_held(SYSTEM) == 0


def test_a_requesters_words_do_not_lose_the_hold_silently(
    opened: Any, fresh: Any, cast: Cast, clock: FrozenClock
) -> None:
    ticket = opened()
    commands.set_status(cast.actor("agent_l1"), ref=ticket.ref, status="on-hold", hold_until=clock.moment + HOUR)
    commands.post_message(cast.actor("requester_a"), ref=ticket.ref, text="It is urgent now")
    assert (fresh(ticket).status.category, fresh(ticket).hold_until) == ("open", None)


def test_assigning_gives_a_person_a_team_and_the_teams_tier(opened: Any, fresh: Any, cast: Cast) -> None:
    ticket, agent = opened(), cast.actor("agent_l1")
    commands.assign(agent, ref=ticket.ref, person_id=cast.agent_l2.pk, team_id=cast.technicians.pk)
    now = fresh(ticket)
    assert (now.assignee_id, now.team_id, now.tier_id) == (cast.agent_l2.pk, cast.technicians.pk, 2)
    assert now.status.category == "open"
    commands.assign(agent, ref=ticket.ref, person_id=cast.agent_l2.pk, team_id=cast.technicians.pk)
    assert len(events(ticket, "TicketAssigned")) == 1
    commands.assign(agent, ref=ticket.ref, person_id=None, team_id=None)
    now = fresh(ticket)
    assert (now.assignee_id, now.team_id, now.tier_id) == (None, None, 2)


@pytest.mark.parametrize("part", ["requester_a", "client_manager", "outsider"])
def test_only_those_who_work_for_the_client_can_be_assigned(part: str, opened: Any, cast: Cast, denied: Any) -> None:
    ticket = opened()
    with denied("invalid", "team", "assignee"):
        commands.assign(cast.actor("lead"), ref=ticket.ref, person_id=cast.people()[part].pk, team_id=999)
    foreign = opened(requester_id=cast.requester_b.pk, client_id=cast.bolt.pk)
    with denied("invalid", "assignee"):
        commands.assign(cast.actor("lead"), ref=foreign.ref, person_id=cast.provider_agent.pk, team_id=None)


def test_details_change_together_and_priority_follows(opened: Any, fresh: Any, cast: Cast) -> None:
    category = commands.create_category(cast.actor("admin"), slug="vpn", name={"en": "VPN"})
    ticket, agent = opened(), cast.actor("agent_l1")
    commands.change_details(
        agent, ref=ticket.ref, subject=" New\nname\u202e ", kind="request", impact=1, urgency=1, category_id=category.pk
    )
    now = fresh(ticket)
    assert (now.subject, now.kind, now.priority, now.category_id) == ("New name", "request", 1, category.pk)
    assert set(events(ticket, "DetailsChanged")[0]["changed"]) == {
        "subject",
        "kind",
        "impact",
        "urgency",
        "category_id",
    }
    assert events(ticket, "DetailsChanged")[0]["priority_from"] == 3
    assert [t.ref for t in queries.find_tickets(agent, '"new name"').rows] == [ticket.ref]
    assert [t.ref for t in queries.find_tickets(agent, "drops subject:vpn").rows] == []
    commands.change_details(agent, ref=ticket.ref, priority=4, team_id=cast.experts.pk)
    now = fresh(ticket)
    assert (now.impact, now.urgency, now.priority, now.tier_id) == (3, 3, 4, 3)


def test_details_that_say_the_same_or_nothing_change_nothing(opened: Any, fresh: Any, cast: Cast) -> None:
    ticket, agent = opened(), cast.actor("agent_l1")
    commands.change_details(agent, ref=ticket.ref, subject=ticket.subject, impact=2, priority=3)
    commands.change_details(agent, ref=ticket.ref, impact=None, urgency=None, priority=None)
    commands.change_details(agent, ref=ticket.ref)
    assert fresh(ticket).version == ticket.version
    assert events(ticket, "DetailsChanged") == []


def test_all_that_is_wrong_with_details_is_said_at_once(opened: Any, cast: Cast, denied: Any) -> None:
    ticket = opened()
    with denied("invalid", "nonsense", "subject", "kind", "impact", "urgency", "priority", "category"):
        commands.change_details(
            cast.actor("agent_l1"),
            ref=ticket.ref,
            nonsense=1,
            subject="",
            kind="x",
            impact=0,
            urgency=4,
            priority=9,
            category_id=10**19,
        )
    with denied("invalid", "team"):
        commands.change_details(cast.actor("agent_l1"), ref=ticket.ref, team_id=999, subject="x")


FIELDS = {
    "room": ("text", ["7", " Straße "], ["x\x00y"]),
    "seats": ("number", ["12.5", 3, "-0.000001"], ["x", "nan", "inf", "1e14", "1e999999"]),
    "day": ("date", ["2026-03-09"], ["09.03.2026", "2026-02-30"]),
    "vip": ("boolean", ["true", "on", "0", False], ["yes", "2"]),
    "colour": ("choice", ["red"], ["Red!", "blue"]),
}


@pytest.fixture
def fields(cast: Cast) -> None:
    choices = [{"key": "red", "label": {"en": "Red"}}]
    for name, (kind, _good, _bad) in FIELDS.items():
        commands.create_custom_field(
            cast.actor("admin"), key=name, type=kind, label={"en": name}, choices=choices if kind == "choice" else ()
        )


@pytest.mark.parametrize("name", FIELDS)
def test_custom_fields_take_what_is_of_their_type(
    name: str, opened: Any, cast: Cast, fields: None, denied: Any
) -> None:
    ticket, agent = opened(), cast.actor("agent_l1")
    _kind, good, bad = FIELDS[name]
    for value in good:
        commands.change_details(agent, ref=ticket.ref, custom_fields={name: value})
        assert FieldValue.objects.unscoped("test").get(ticket=ticket).field.key == name
        before = len(events(ticket, "DetailsChanged"))
        commands.change_details(agent, ref=ticket.ref, custom_fields={name: value})
        assert len(events(ticket, "DetailsChanged")) == before
    for value in bad:
        if name == "room":
            commands.change_details(agent, ref=ticket.ref, custom_fields={name: value})
            assert FieldValue.objects.unscoped("test").get(ticket=ticket).text == "xy"
            continue
        with denied("invalid", name):
            commands.change_details(agent, ref=ticket.ref, custom_fields={name: value})
    commands.change_details(agent, ref=ticket.ref, custom_fields={name: None})
    assert not FieldValue.objects.unscoped("test").exists()


def test_wrong_and_missing_custom_fields_are_said_at_once(opened: Any, cast: Cast, fields: None, denied: Any) -> None:
    admin = cast.actor("admin")
    commands.create_custom_field(admin, key="needed", type="text", label={"en": "N"}, required=True)
    commands.create_custom_field(admin, key="other", type="text", label={"en": "O"}, required=True, kinds=["question"])
    with denied("invalid", "nonsense", "seats", "needed"):
        opened(cast.actor("agent_l1"), custom_fields={"nonsense": "1", "seats": "x"})
    ticket = opened(cast.actor("agent_l1"), custom_fields={"needed": "y"})
    with denied("invalid", "needed"):
        commands.change_details(admin, ref=ticket.ref, custom_fields={"needed": ""})
    with denied("invalid", "other"):
        commands.change_details(admin, ref=ticket.ref, custom_fields={"other": "of another kind"})


def test_two_who_answer_at_once_hear_of_each_other(opened: Any, cast: Cast, clock: FrozenClock, denied: Any) -> None:
    ticket = opened()
    commands.post_message(cast.actor("agent_l1"), ref=ticket.ref, text="A", version=ticket.version)
    clock.advance(dt.timedelta(seconds=8))
    with denied("conflict") as caught:
        commands.post_message(cast.actor("agent_l2"), ref=ticket.ref, text="B", version=ticket.version)
    assert str(caught[0].message) == "Mira Holt answered 8 seconds ago."
    assert caught[0].current["version"] > ticket.version
    commands.post_message(cast.actor("agent_l2"), ref=ticket.ref, text="B", version=caught[0].current["version"])


def test_ones_own_changes_are_no_conflict(opened: Any, cast: Cast) -> None:
    ticket, agent = opened(), cast.actor("agent_l1")
    for text in "AB":
        commands.post_message(agent, ref=ticket.ref, text=text, version=ticket.version)


COLLISIONS: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "the same field": ({"subject": "A"}, {"subject": "B"}, True),
    "other fields": ({"subject": "A"}, {"impact": 1}, False),
    "one of several": ({"subject": "A", "impact": 1}, {"impact": 3, "urgency": 1}, True),
    "the same value": ({"impact": 1}, {"impact": 1}, False),
    "the same custom field": ({"custom_fields": {"room": "1"}}, {"custom_fields": {"room": "2"}}, True),
    "another custom field": ({"custom_fields": {"room": "1"}}, {"custom_fields": {"seats": "2"}}, False),
    "priority and its parts": ({"priority": 1}, {"impact": 3}, True),
}


@pytest.mark.parametrize("name", COLLISIONS)
def test_changes_to_other_fields_go_through_and_to_the_same_collide(
    name: str, opened: Any, fresh: Any, cast: Cast, fields: None, denied: Any
) -> None:
    first, second, collides = COLLISIONS[name]
    ticket = opened()
    commands.change_details(cast.actor("agent_l1"), ref=ticket.ref, version=ticket.version, **first)

    def change() -> None:
        commands.change_details(cast.actor("agent_l2"), ref=ticket.ref, version=ticket.version, **second)

    if collides:
        with denied("conflict"):
            change()
        return
    change()
    now = fresh(ticket)
    for field, value in (first | second).items():
        assert field == "custom_fields" or getattr(now, field) == value


def test_status_and_assignment_collide_with_their_like_alone(opened: Any, cast: Cast, denied: Any) -> None:
    ticket, mira, jun = opened(), cast.actor("agent_l1"), cast.actor("agent_l2")
    commands.set_status(mira, ref=ticket.ref, status="open", version=ticket.version)
    commands.assign(jun, ref=ticket.ref, person_id=cast.agent_l2.pk, team_id=None, version=ticket.version)
    with denied("conflict"):
        commands.set_status(jun, ref=ticket.ref, status="solved", version=ticket.version)
    with denied("conflict"):
        commands.assign(mira, ref=ticket.ref, person_id=cast.agent_l1.pk, team_id=None, version=ticket.version)
    commands.add_note(mira, ref=ticket.ref, text="N", version=ticket.version)


def test_taking_a_ticket_by_answering_collides_with_assigning_it(opened: Any, cast: Cast, denied: Any) -> None:
    ticket = opened()
    commands.post_message(cast.actor("agent_l1"), ref=ticket.ref, text="Mine")
    with denied("conflict"):
        commands.assign(
            cast.actor("agent_l2"), ref=ticket.ref, person_id=cast.agent_l2.pk, team_id=None, version=ticket.version
        )


@pytest.mark.django_db(transaction=True)
def test_many_who_answer_one_version_at_once_are_one_answer_and_conflicts(transactional_db: None) -> None:
    """The lock on the ticket decides, on both databases."""

    commands.ensure_defaults(SYSTEM)
    cast = build_cast()
    ticket = commands.open_ticket(
        SYSTEM, subject="S", text="T", requester_id=cast.requester_a.pk, client_id=cast.acme.pk, channel="web"
    )
    actors = [cast.actor(part) for part in ("agent_l1", "agent_l2", "agent_l3", "lead")]
    gate, outcomes = threading.Barrier(len(actors)), []

    def answer(number: int) -> None:
        try:
            gate.wait(30)
            commands.post_message(actors[number], ref=ticket.ref, text=str(number), version=1)
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=answer, args=(n,)) for n in range(len(actors))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["conflict", "conflict", "conflict", "done"]
