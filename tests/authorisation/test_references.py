"""Every parameter that names another thing is asked about too: what the caller may not see is not there."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.authorisation.matrix import OWN_SIDE, STAFF, standing
from tests.authorisation.world import EVERYBODY, World, state, taken_back
from tierdesk.domain.tickets import policies, queries
from tierdesk.domain.tickets.models import Message, Note, Ticket
from tierdesk.kernel.refusals import Refusal

pytestmark = pytest.mark.django_db
NEW = {"subject": "s", "text": "t"}


def call(world: World, who: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    data = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    return world.caller(who).generic(method, "/api/v1" + path, **data)


@pytest.mark.parametrize(
    ("who", "body"),
    [
        ("requester_a", {"requester": "jiwoo@acme.example", "client": "bolt"}),
        ("requester_a", {"requester": "jiwoo@acme.example", "client": "acme-eu"}),
        ("requester_a", {"requester": "oleg@bolt.example", "client": "acme"}),
        ("client_manager", {"requester": "carol@acme.example", "client": "bolt"}),
        ("client_manager", {"requester": "jiwoo@acme.example", "client": "acme"}),
        ("outsider", {"requester": "otto@elsewhere.example", "client": "acme"}),
        ("provider_agent", {"requester": "new@bolt.example", "client": "bolt"}),
        ("provider_agent", {"requester": "new@bolt.example"}),
        ("provider_agent", {"requester": "oleg@bolt.example", "client": "acme"}),
        ("provider_agent", {"requester": "oleg@bolt.example"}),
        ("provider_agent", {"requester": "jiwoo@acme.example", "client": "acme-eu"}),
    ],
)
def test_no_ticket_is_opened_in_or_for_what_is_anothers(world: World, who: str, body: dict[str, str]) -> None:
    with taken_back():
        before = state()
        response = call(world, who, "POST", "/tickets", NEW | body)
        assert response.status_code in {403, 422}, response.content
        assert state() == before
        assert "Олег" not in response.content.decode()


def test_a_foreign_client_is_refused_as_one_that_is_not_there(world: World) -> None:
    for who in ("requester_a", "provider_agent"):
        body = NEW | {"requester": "jiwoo@acme.example"}
        foreign = call(world, who, "POST", "/tickets", body | {"client": "bolt"})
        missing = call(world, who, "POST", "/tickets", body | {"client": "no-such"})
        assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)


@pytest.mark.parametrize("who", ["lead", "provider_agent"])
@pytest.mark.parametrize(
    "body",
    [
        {"assignee": "oleg@bolt.example"},
        {"assignee": "jiwoo@acme.example"},
        {"assignee": "nobody@nowhere.example"},
        {"team": "no-such"},
        {"category": "no/such"},
        {"status": "no-such"},
        {"custom_fields": {"no-such": 1}},
    ],
    ids=str,
)
def test_a_ticket_is_given_to_nothing_that_does_not_fit_it(world: World, who: str, body: dict[str, Any]) -> None:
    with taken_back():
        before = state()
        response = call(world, who, "PATCH", f"/tickets/{world.ref('acme')}", body)
        assert response.status_code == 422, response.content
        assert state() == before


def test_a_provider_is_not_given_tickets_of_other_clients(world: World) -> None:
    given_to = {"assignee": "petra@provider.example"}
    assert call(world, "lead", "PATCH", f"/tickets/{world.ref('bolt')}", given_to).status_code == 422
    with taken_back():
        assert call(world, "lead", "PATCH", f"/tickets/{world.ref('acme')}", given_to).status_code == 200


@pytest.mark.parametrize("who", ["requester_a", "provider_agent"])
@pytest.mark.parametrize(
    "q", ["client:bolt", "requester:oleg@bolt.example", 'requester:"Олег Сомов"', "client:acme-eu"]
)
def test_conditions_on_what_is_anothers_answer_as_on_what_is_not_there(world: World, who: str, q: str) -> None:
    field = q.partition(":")[0]
    foreign = call(world, who, "GET", f"/tickets?q={q}")
    missing = call(world, who, "GET", f"/tickets?q={field}:no-such-thing")
    assert foreign.status_code == missing.status_code == 422
    assert set(foreign.json()) == set(missing.json())
    assert foreign.json()["errors"][0]["hint"] == missing.json()["errors"][0]["hint"] or "bolt" not in json.dumps(
        foreign.json()["errors"][0]["hint"]
    )


def test_the_desk_opens_no_ticket_for_a_foreign_client(world: World) -> None:
    form = {"address": "jiwoo@acme.example", "subject": "s", "text": "t", "client": str(world.cast.bolt.pk)}
    with taken_back():
        before = state()
        response = world.browser("provider_agent").post("/desk/tickets/new", form)
        assert response.status_code in {403, 404, 422}
        assert state() == before


@pytest.mark.parametrize("number", ["9999999999999999999", "9223372036854775808", "-1", "1e3", "٣"])
def test_ids_that_cannot_be_ours_are_refused_and_break_nothing(world: World, number: str) -> None:
    browser = world.browser("admin")
    with taken_back():
        form = {"address": "tom@acme.example", "subject": "s", "text": "t", "client": number, "team": number}
        assert browser.post("/desk/tickets/new", form).status_code in {404, 422}
        assert browser.post(f"/desk/tickets/{world.ref('acme')}/assignment", {"assignee": number}).status_code == 422
        assert browser.post(f"/desk/tickets/{world.ref('acme')}/details", {"category": number}).status_code == 422
        assert browser.get(f"/desk/files/{number}").status_code == 404
        assert browser.get(f"/desk/mails/{number}/raw").status_code == 404
        assert call(world, "admin", "GET", f"/attachments/{number}").status_code == 404
        assert call(world, "admin", "GET", f"/tickets/TD-{number}").status_code == 404
        assert call(world, "admin", "GET", f"/tickets/{world.ref('acme')}/timeline?page={number}").status_code == 422


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    who=st.sampled_from(EVERYBODY[1:]),
    q=st.sampled_from(
        ["", "Secret", "Words", "status:new", "-client:acme", "priority>=low", "secret or words", "Answer"]
    ),
)
def test_lists_hold_what_the_predicate_admits_and_nothing_else(world: World, who: str, q: str) -> None:
    """Row isolation in small (T-21): list, page, predicate and scope agree for everybody and whatever is asked."""
    actor = world.cast.actor(who)
    allowed = {t.ref for thing, t in world.tickets.items() if standing(who, thing) in {STAFF, OWN_SIDE}}
    assert allowed == {t.ref for t in Ticket.objects.unscoped("test") if policies.may(actor, policies.READ, t)}
    try:
        found = {t.ref for t in queries.find_tickets(actor, q).rows}
    except Refusal:
        found = set()  # a client that he does not know of
    assert found <= allowed
    if q in {"", "Secret"}:
        assert found == allowed
    for model in (Message, Note):
        scope = policies.entry_scope(actor) if model is Message else policies.staff_scope(actor)
        rows = model.objects.scoped(scope).select_related("ticket")
        assert {row.ticket.ref for row in rows} <= allowed
