"""What is sent to the API is read strictly, and every no has one form."""

import json
from typing import Any

import pytest

from tests.authorisation.world import World

pytestmark = pytest.mark.django_db
TICKETS = "/api/v1/tickets"
NEW = {"subject": "s", "text": "t", "requester": "x@acme.example"}


def post(world: World, body: bytes | str, content_type: str = "application/json") -> Any:
    return world.caller("agent_l1").post(TICKETS, data=body, content_type=content_type)


def refused(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    said: dict[str, Any] = response.json()
    assert said["code"] == code
    assert said["status"] == status
    assert said["type"] == f"urn:tierdesk:problem:{code}"
    assert said["detail"]
    assert said["errors"]
    return said


@pytest.mark.parametrize("name", ["author", "raised_by", "ignore_permissions", "client_id", "requester_id", "channel"])
def test_an_unknown_field_is_named(world: World, name: str) -> None:
    said = refused(post(world, json.dumps({**NEW, name: 1})), 400, "unknown_field")
    assert said["errors"][0]["field"] == name


def test_everything_that_is_wrong_is_said_at_once(world: World) -> None:
    said = refused(post(world, json.dumps({"subject": 5, "kind": "riddle"})), 400, "wrong_type")
    assert {error["field"] for error in said["errors"]} == {"subject", "kind", "text", "requester"}


def test_malformed_json_is_refused_with_its_place(world: World) -> None:
    said = refused(post(world, '{"subject": "a",\n "text": }'), 400, "malformed")
    assert said["current"] == {"line": 2, "column": 10}


@pytest.mark.parametrize(
    "body",
    [
        b'{"subject": "\xff"}',
        b"{" * 200_000,
        b"[" * 200_000,
        b'{"a": ' * 50_000 + b"1" + b"}" * 50_000,
        json.dumps({"subject": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}).encode(),
        b'{"subject": "a", "subject": "b"}',
        b'{"subject": NaN}',
        b'{"subject": ' + b"9" * 10_000 + b"}",
        b'{"subject": "\\ud800"}',
        b'{"subject": "a\\u0000b"}',
        b'{"\\ud800": 1}',
        b"",
        b"\xef\xbb\xbf{}",
    ],
    ids=range(13),
)
def test_what_is_no_json_of_ours_is_refused(world: World, body: bytes) -> None:
    response = post(world, body)
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("body", ["[]", "1", '"text"', "null", "true"])
def test_a_body_that_is_no_object_is_refused(world: World, body: str) -> None:
    refused(post(world, body), 400, "wrong_type")


def test_other_types_than_json_are_refused(world: World) -> None:
    refused(post(world, "subject=a", "application/x-www-form-urlencoded"), 415, "unsupported_type")
    refused(post(world, json.dumps(NEW), "text/plain"), 415, "unsupported_type")


def test_a_body_that_is_too_large_is_refused(world: World) -> None:
    refused(post(world, json.dumps({**NEW, "text": "x" * 5_000_000})), 413, "too_large")


def test_an_unknown_parameter_is_refused(world: World) -> None:
    said = refused(world.caller("agent_l1").get(TICKETS + "?query=x"), 400, "unknown_field")
    assert said["errors"][0]["field"] == "query"
    refused(world.caller("agent_l1").get(TICKETS + "?q=%00"), 400, "wrong_type")
    refused(world.caller("agent_l1").get(TICKETS + "?limit=1000"), 400, "wrong_type")


def test_methods_that_are_not_known_are_refused_with_those_that_are(world: World) -> None:
    response = world.caller("agent_l1").delete(f"{TICKETS}/{world.ref('acme')}")
    refused(response, 405, "method_not_allowed")
    assert set(response["Allow"].split(", ")) == {"GET", "PATCH"}


@pytest.mark.parametrize("path", ["nothing", "tickets/", "tickets/TD-1/nothing", "docs", ""])
def test_where_nothing_is_the_answer_is_a_problem_too(world: World, path: str) -> None:
    refused(world.caller("agent_l1").get(f"/api/v1/{path}"), 404, "not_found")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer td_" + "a" * 43, "Bearer td_é"]
)
def test_without_a_living_token_nothing_is_answered(world: World, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = world.caller("nobody").get(TICKETS, headers=headers)
    refused(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_session_is_no_token(world: World) -> None:
    assert world.browser("admin").get(TICKETS).status_code == 401


def test_nobody_is_told_before_he_is_known_what_is_wrong_with_his_request(world: World) -> None:
    assert world.caller("nobody").post(TICKETS, data="{", content_type="application/json").status_code == 401
