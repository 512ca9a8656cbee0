"""What the API does with tickets, as a program sees it."""

import json
from typing import Any

import pytest

from tests.authorisation.world import World
from tierdesk.domain.tickets.models import Ticket
from tierdesk.domain.tickets.web.api.schemas import TicketOut, TicketPage, TimelinePage

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"


def call(world: World, who: str, method: str, path: str, body: Any = None) -> Any:
    data = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    return world.caller(who).generic(method, ROOT + path, **data)


def test_a_ticket_opened_for_an_unknown_address_is_listed_with_it(world: World) -> None:
    new = {"subject": "New laptop", "text": "Please", "requester": "Fresh.Face@Acme.example", "client": "acme"}
    made = call(world, "agent_l1", "POST", "/tickets", {**new, "kind": "request", "priority": "high"})
    assert made.status_code == 201, made.content
    assert made.json()["ref"].startswith("TD-")
    assert (made.json()["priority"], made.json()["kind"], made.json()["channel"]) == ("high", "request", "api")
    found = call(world, "agent_l1", "GET", "/tickets?q=laptop").json()
    assert [(i["ref"], i["subject"], i["requester"]) for i in found["items"]] == [
        (made.json()["ref"], "New laptop", "fresh.face@acme.example")
    ]
    assert found["next"] is None


def test_pages_of_a_list_hold_every_ticket_once(world: World) -> None:
    seen: list[str] = []
    page = ""
    while True:
        found = call(world, "admin", "GET", f"/tickets?limit=1&page={page}").json()
        TicketPage.model_validate(found)
        seen += [item["ref"] for item in found["items"]]
        if found["next"] is None:
            break
        page = found["next"]
    assert sorted(seen) == sorted(ticket.ref for ticket in world.tickets.values())


def test_a_requester_sees_his_side_and_staff_theirs(world: World) -> None:
    ref = world.ref("acme")
    own = call(world, "requester_a", "GET", f"/tickets/{ref}").json()
    staff = call(world, "agent_l1", "GET", f"/tickets/{ref}").json()
    assert set(staff) - set(own) == {
        "team", "tier", "assignee", "assignee_name", "category", "impact", "urgency", "hold_until", "version",
        "custom_fields",
    }  # fmt: skip
    assert set(staff) == set(TicketOut.model_fields)
    assert own["requester"] == "jiwoo@acme.example"


def test_a_timeline_is_in_order_and_pages_lead_back_to_its_beginning(world: World) -> None:
    ref = world.ref("acme")
    whole = call(world, "agent_l1", "GET", f"/tickets/{ref}/timeline").json()
    TimelinePage.model_validate(whole)
    assert whole["next"] is None
    assert {entry["type"] for entry in whole["items"]} == {"message", "note", "event"}
    ids = [entry["id"] for entry in whole["items"]]
    assert ids == sorted(ids, key=int)
    collected: list[str] = []
    page = ""
    while True:
        part = call(world, "agent_l1", "GET", f"/tickets/{ref}/timeline?limit=2&page={page}").json()
        collected = [entry["id"] for entry in part["items"]] + collected
        if part["next"] is None:
            break
        page = part["next"]
    assert collected == ids


def test_a_file_is_handed_out_to_be_saved(world: World) -> None:
    entries = call(world, "requester_a", "GET", f"/tickets/{world.ref('acme')}/timeline").json()["items"]
    (file,) = [file for entry in entries for file in entry["attachments"]]
    path = file["url"].partition(ROOT)[2]
    taken = call(world, "requester_a", "GET", path)
    assert b"".join(taken.streaming_content) == b"bytes of acme"
    assert taken["Content-Disposition"] == 'attachment; filename="picture.png"'
    assert taken["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in taken["Content-Security-Policy"]


def test_messages_and_notes_are_written_by_the_tokens_person(world: World) -> None:
    ref = world.ref("bolt")
    said = call(world, "agent_l2", "POST", f"/tickets/{ref}/messages", {"text": "On it"})
    noted = call(world, "agent_l2", "POST", f"/tickets/{ref}/notes", {"text": "Check the switch"})
    asked = call(world, "requester_b", "POST", f"/tickets/{ref}/messages", {"text": "Thanks"})
    assert (said.status_code, noted.status_code, asked.status_code) == (201, 201, 201)
    assert said.json()["ref"] == ref
    entries = {e["id"]: e for e in call(world, "agent_l1", "GET", f"/tickets/{ref}/timeline").json()["items"]}
    assert (entries[said.json()["id"]]["author"], entries[said.json()["id"]]["direction"]) == ("Jun Seo", "out")
    assert (entries[asked.json()["id"]]["author"], entries[asked.json()["id"]]["direction"]) == ("Олег Сомов", "in")
    assert entries[noted.json()["id"]]["type"] == "note"


def test_several_changes_are_one(world: World) -> None:
    wanted = {
        "subject": "Better words",
        "priority": "critical",
        "assignee": "jun@desk.example",
        "team": "technicians",
        "status": "solved",
    }
    changed = call(world, "agent_l1", "PATCH", f"/tickets/{world.ref('acme')}", wanted)
    assert changed.status_code == 200, changed.content
    said = changed.json()
    assert {name: said[name] for name in wanted} == wanted
    assert said["tier"] == "L2"
    assert said["impact"] == said["urgency"] == 1


def test_of_changes_of_which_one_is_refused_none_is_made(world: World) -> None:
    ref = world.ref("acme")
    before = call(world, "agent_l1", "GET", f"/tickets/{ref}").json()
    refused = call(world, "agent_l1", "PATCH", f"/tickets/{ref}", {"subject": "Half", "status": "new"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "status"
    assert call(world, "agent_l1", "GET", f"/tickets/{ref}").json() == before


def test_nobody_and_no_team_are_said_by_null(world: World) -> None:
    ref = world.ref("acme")
    call(world, "agent_l1", "PATCH", f"/tickets/{ref}", {"assignee": "mira@desk.example", "team": "front-line"})
    cleared = call(world, "agent_l1", "PATCH", f"/tickets/{ref}", {"assignee": None, "team": None}).json()
    assert (cleared["assignee"], cleared["team"]) == (None, None)
    kept = call(world, "agent_l1", "PATCH", f"/tickets/{ref}", {"team": "experts"}).json()
    assert (kept["assignee"], kept["team"]) == (None, "experts")


def test_a_change_over_a_colleagues_is_a_conflict_that_says_how_it_stands(world: World) -> None:
    ref = world.ref("acme")
    seen = call(world, "agent_l1", "GET", f"/tickets/{ref}").json()["version"]
    call(world, "agent_l2", "PATCH", f"/tickets/{ref}", {"subject": "Jun's words"})
    late = call(world, "agent_l1", "PATCH", f"/tickets/{ref}", {"subject": "Mira's words", "version": seen})
    assert late.status_code == 409
    assert late.json()["current"]["version"] > seen
    other = call(world, "agent_l1", "PATCH", f"/tickets/{ref}", {"priority": "low", "version": seen})
    assert other.status_code == 200


def test_a_requester_opens_tickets_for_himself_alone(world: World) -> None:
    new = {"subject": "Mine", "text": "Words"}
    mine = call(world, "requester_a", "POST", "/tickets", {**new, "requester": "Jiwoo@acme.example"})
    assert mine.status_code == 201
    assert mine.json()["client"] == "acme"
    before = Ticket.objects.unscoped("test").count()
    for address in ("tom@acme.example", "nobody-yet@acme.example"):
        assert call(world, "requester_a", "POST", "/tickets", {**new, "requester": address}).status_code == 403
    urgent = {**new, "requester": "jiwoo@acme.example", "priority": "critical"}
    assert call(world, "requester_a", "POST", "/tickets", urgent).status_code == 403
    assert Ticket.objects.unscoped("test").count() == before


def test_conditions_that_cannot_be_understood_are_refused_with_their_place(world: World) -> None:
    refused = call(world, "agent_l1", "GET", "/tickets?q=statuss:open")
    assert refused.status_code == 422
    assert refused["Content-Type"] == "application/problem+json"
    (error,) = refused.json()["errors"]
    assert error["field"] == "q"
    assert "status" in error["hint"]
    assert refused.json()["current"] == {"position": 0}
    assert call(world, "agent_l1", "GET", "/tickets?page=nonsense").status_code == 422
