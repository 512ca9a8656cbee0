"""Every route × everybody × everything answers as the matrix says, and what is denied changes nothing (T-20)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver

from tests.authorisation.matrix import ROWS, Ask, Row
from tests.authorisation.world import EVERYBODY, MISSING, World, state, taken_back
from tierdesk.surfaces.api.document import operations
from tierdesk.surfaces.api.service import api

pytestmark = pytest.mark.django_db
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MOVING = re.compile(rb"nonce-?=?\"?[\w-]+|csrfmiddlewaretoken\" value=\"\w+|X-CSRFToken\W+\w+|[a-zA-Z0-9]{64}")


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, prefix + (f"{entry.namespace}:" if entry.namespace else ""))
        else:
            yield prefix + (entry.name or str(entry.pattern)), entry


def send(world: World, who: str, row: Row, ask: Ask, method: str = "") -> Any:
    method = method or row.method
    if row.route.startswith("api:"):
        data = {} if ask.body is None else {"data": json.dumps(ask.body), "content_type": "application/json"}
        return world.caller(who).generic(method, ask.path, **data)
    browser = world.browser(who)
    if method == "POST":
        return browser.post(ask.path, ask.body or {})
    return browser.generic(method, ask.path)


def outcome(response: HttpResponse) -> str | int:
    status = response.status_code
    if status in {301, 302, 303}:
        return "sign in" if response["Location"].startswith("/accounts/sign-in") else "ok"
    return "ok" if 200 <= status < 300 else status


def body_of(response: Any) -> bytes:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return MOVING.sub(b"", content)


def test_every_address_is_in_the_matrix() -> None:
    listed = {row.route for row in ROWS}
    # what a POST's pattern shares with a GET's is reached through that one
    names = {name for name, _pattern in routes(get_resolver())}
    assert sorted(names - listed) == [], "these addresses have no row in tests/authorisation/matrix.py"
    assert sorted(listed - names) == [], "these rows name no address"


def test_every_operation_of_the_api_is_in_the_matrix(world: World) -> None:
    asked = {
        (row.method.lower(), row.ask(world, "acme").path)
        for row in ROWS
        if row.route.startswith("api:") and row.outcomes
    }
    missing = []
    for path, method, _operation in operations(api.get_openapi_schema()):
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        if not any(method == m and pattern.fullmatch(p) for m, p in asked):
            missing.append(f"{method} {path}")
    assert missing == []


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_everybody_is_answered_as_the_matrix_says(world: World, row: Row) -> None:
    differences = []
    for thing in row.things or ("acme",):
        for who in EVERYBODY:
            expected = row.expected(who, thing)
            with taken_back():
                before = state() if expected != "ok" else None
                got = outcome(send(world, who, row, row.ask(world, thing)))
                if got != expected:
                    differences.append(f"{who} on {thing}: {got} instead of {expected}")
                if before is not None and state() != before:
                    differences.append(f"{who} on {thing}: was denied, and yet something changed")
    assert differences == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.things and row.as_missing], ids=str)
def test_what_may_not_be_seen_answers_as_what_is_not_there(world: World, row: Row) -> None:
    missing_path = row.ask(world, "missing").path
    for who in EVERYBODY:
        with taken_back():
            missing = send(world, who, row, row.ask(world, "missing"))
            missing_body = body_of(missing).replace(missing_path.encode(), b"PATH").replace(MISSING.encode(), b"REF")
        for thing in row.things:
            if row.expected(who, thing) != row.expected(who, "missing") or thing == "missing":
                continue
            ask = row.ask(world, thing)
            with taken_back():
                response = send(world, who, row, ask)
                ref = world.ref(thing).encode()
                body = body_of(response).replace(ask.path.encode(), b"PATH").replace(ref, b"REF")
            assert (response.status_code, body) == (missing.status_code, missing_body), (who, thing)
            assert {
                k: v for k, v in response.items() if "Policy" not in k and k not in {"Location", "Content-Length"}
            } == {k: v for k, v in missing.items() if "Policy" not in k and k not in {"Location", "Content-Length"}}


@pytest.mark.parametrize("route", sorted({row.route for row in ROWS}))
def test_other_methods_than_those_listed_do_nothing(world: World, route: str) -> None:
    rows = [row for row in ROWS if row.route == route]
    ask = rows[0].ask(world, "acme")
    path_rows = [row for row in ROWS if row.ask(world, "acme").path == ask.path]
    listed = {row.method for row in path_rows}
    if "/api/v1/elsewhere" in ask.path or ask.path in {"/api/v1/"}:
        listed = set()
    for method in METHODS:
        if method in listed or (method == "GET" and not listed):
            continue
        with taken_back():
            before = state()
            response = send(world, "admin", rows[0], Ask(ask.path, {}), method)
            if not route.startswith(
                "account_"
            ):  # allauth's forms take PUT for an empty POST, and show themselves again
                assert response.status_code in {404, 405}, (method, response.status_code)
            assert state() == before
