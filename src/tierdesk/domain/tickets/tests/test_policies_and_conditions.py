"""Each rule has two forms; on random tickets, for the whole cast, they agree."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tierdesk.demo.cast import Cast
from tierdesk.domain.people import commands as people_commands
from tierdesk.domain.tickets import commands, policies, queries
from tierdesk.domain.tickets.conditions import ticket_fields
from tierdesk.domain.tickets.models import Ticket
from tierdesk.kernel import clock as time
from tierdesk.kernel.actors import ANONYMOUS, SYSTEM, Actor
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.clock import FrozenClock
from tierdesk.kernel.conditions.matching import matches
from tierdesk.kernel.conditions.syntax import parse
from tierdesk.kernel.refusals import Refusal
from tierdesk.kernel.search.access import SearchAccess

pytestmark = pytest.mark.django_db
RANDOM = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PARTS = ("requester_a", "requester_a2", "requester_b", "outsider", "client_manager", "provider_agent")
TEXTS = ("VPN drops", "Принтер горит", "프린터가 고장났습니다", "Straße closed", "100% disk")

tickets = st.fixed_dictionaries(
    {
        "requester": st.sampled_from(PARTS),
        "client": st.sampled_from(["acme", "acme_eu", "bolt", "holding"]),
        "participants": st.lists(st.sampled_from(PARTS), max_size=2),
        "subject": st.sampled_from(TEXTS),
        "text": st.sampled_from(TEXTS),
        "kind": st.sampled_from(["incident", "request", "question", "scam_report"]),
        "channel": st.sampled_from(["email", "web", "phone", "api"]),
        "impact": st.integers(1, 3),
        "urgency": st.integers(1, 3),
        "team": st.sampled_from(["", "front_line", "technicians", "experts"]),
        "assignee": st.sampled_from(["", "agent_l1", "lead"]),
        "status": st.sampled_from(["", "open", "on-hold", "solved", "waiting-vendor"]),
        "note": st.sampled_from(["", *TEXTS]),
        "room": st.sampled_from([None, "A7", "straße", "100%"]),
        "seats": st.sampled_from([None, "-1", "3", "12.5"]),
        "vip": st.sampled_from([None, "true", "false"]),
        "colour": st.sampled_from([None, "red", "blue"]),
        "later": st.integers(0, 300),
    }
)


def _make(cast: Cast, what: dict[str, Any]) -> Ticket:
    lead = cast.actor("lead")
    ticket = commands.open_ticket(
        SYSTEM,
        subject=what["subject"],
        text=what["text"],
        requester_id=cast.people()[what["requester"]].pk,
        client_id=getattr(cast, what["client"]).pk,
        channel=what["channel"],
        kind=what["kind"],
        impact=what["impact"],
        urgency=what["urgency"],
        team_id=getattr(cast, what["team"]).pk if what["team"] else None,
        participant_ids=[cast.people()[part].pk for part in what["participants"]],
        custom_fields={key: what[key] for key in ("room", "seats", "vip", "colour")},
    )
    if what["note"]:
        commands.add_note(lead, ref=ticket.ref, text=what["note"])
    if what["assignee"]:
        person = cast.people()[what["assignee"]].pk
        commands.assign(lead, ref=ticket.ref, person_id=person, team_id=ticket.team_id)
    if what["status"]:
        until = time.now() + dt.timedelta(hours=what["later"] + 1)
        commands.set_status(lead, ref=ticket.ref, status=what["status"], hold_until=until)
    return Ticket.objects.unscoped("test").select_related("status").get(pk=ticket.pk)


@pytest.fixture
def everybody(cast: Cast) -> dict[str, Actor]:
    """The cast, the system, nobody, and a manager of two clients."""
    people_commands.set_membership(SYSTEM, person_id=cast.client_manager.pk, client_id=cast.acme_eu.pk, kind="manager")
    return {part: cast.actor(part) for part in cast.people()} | {"system": SYSTEM, "nobody": ANONYMOUS}


@RANDOM
@given(made=st.lists(tickets, min_size=1, max_size=4))
def test_what_may_be_read_is_exactly_what_is_listed(
    made: list[dict[str, Any]], cast: Cast, everybody: dict[str, Actor], clock: FrozenClock
) -> None:
    with transaction.atomic():
        _fields(cast)
        rows = [_make(cast, what) for what in made]
        for part, actor in everybody.items():
            listed = set(queries.visible_tickets(actor).values_list("pk", flat=True))
            for row in rows:
                assert (row.pk in listed) == policies.may(actor, "read", row), (part, row.ref)
                staff = policies.is_staff_for(actor, row.client_id)
                noted = {n.pk for n in row.notes.scoped(policies.staff_scope(actor))}
                every = {n.pk for n in row.notes.unscoped("test")}
                assert noted == (every if staff else set()), (part, row.ref)
                said = row.messages.scoped(policies.entry_scope(actor)).count()
                assert (said > 0) == (row.pk in listed), (part, row.ref)
        transaction.set_rollback(True)


def _fields(cast: Cast) -> None:
    admin = cast.actor("admin")
    choices = [{"key": key, "label": {"en": key}} for key in ("red", "blue")]
    for key, kind in (("room", "text"), ("seats", "number"), ("vip", "boolean"), ("colour", "choice")):
        commands.create_custom_field(
            admin, key=key, type=kind, label={"en": key}, choices=choices if kind == "choice" else ()
        )


CONDITIONS = [
    "status:open",
    "status:solved",
    "-status:new",
    "kind:incident channel:email",
    "priority>=high",
    "priority:low or impact:high",
    "urgency<high",
    "tier>=L2",
    "client:acme",
    "-client:acme",
    "client:acme or client:bolt",
    "team:technicians",
    "-team:technicians",
    "assignee:me",
    "assignee:none",
    "requester:oleg@bolt.example",
    "active:yes",
    "active:no",
    "subject:vpn",
    "-subject:strasse",
    'subject:"100%"',
    "created<2h",
    "updated>1h",
    "hold<2d",
    "hold:none",
    "-waiting:none",
    "number>1",
    "field.room:a7",
    "-field.room:a7",
    "field.room:none",
    "field.seats>2",
    "field.seats<0",
    "field.vip:yes",
    "-field.vip:yes",
    "field.colour:red",
    "field.colour:none or field.colour:blue",
    "vpn",
    '"vpn drops"',
    "принтеры",
    "프린터",
    "-vpn",
    "vpn status:new",
    "(vpn or принтер) -client:bolt",
]


@RANDOM
@given(
    made=st.lists(tickets, min_size=1, max_size=4), asked=st.lists(st.sampled_from(CONDITIONS), min_size=8, max_size=8)
)
def test_both_interpreters_say_the_same_of_tickets(
    made: list[dict[str, Any]], asked: list[str], cast: Cast, clock: FrozenClock
) -> None:
    with transaction.atomic():
        _fields(cast)
        for what in made:
            clock.advance(dt.timedelta(minutes=what["later"]))
            _make(cast, what)
        actor = cast.actor("lead")
        rows = list(Ticket.objects.unscoped("test").select_related("status"))
        for text in asked:
            found = {ticket.pk for ticket in queries.find_tickets(actor, text, size=100).rows}
            matching = {
                row.pk
                for row in rows
                if matches(
                    parse(text),
                    row,
                    fields=ticket_fields(actor),
                    now=time.now(),
                    me=actor.person_id,
                    access=SearchAccess(frozenset(Audience)),
                )
            }
            assert found == matching, text
        transaction.set_rollback(True)


@pytest.mark.parametrize("text", CONDITIONS)
def test_every_condition_of_these_is_understood(text: str, cast: Cast) -> None:
    _fields(cast)
    queries.find_tickets(cast.actor("lead"), text)


@pytest.mark.parametrize(
    "text", ["a\x00b", "\x00", "status:\x00", 'subject:"\x00"', "TD-" + "9" * 30, "(" * 200, "'" * 99]
)
def test_no_text_breaks_the_search(text: str, cast: Cast) -> None:
    try:
        queries.find_tickets(cast.actor("lead"), text)
    except Refusal as refusal:
        assert refusal.code == "conditions"
