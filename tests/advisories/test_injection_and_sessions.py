"""Rows 61 to 78: questions that reach for other data, redirects, deserialisation, sessions and tokens, forged forms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client as Browser

from tests.authorisation.world import World, state, taken_back
from tierdesk.domain.people.queries import token_by_secret
from tierdesk.domain.people.rules import is_local_path

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
SOURCE = Path(__file__).parents[2] / "src/tierdesk"


@pytest.fixture(autouse=True)
def _left_as_it_was(world: World) -> Iterator[None]:
    """The world is shared by all tests of this module."""
    with taken_back():
        yield


INJECTIONS = [
    "' OR 1=1 --",
    '" OR ""="',
    "1); DROP TABLE tickets_ticket; --",
    "%' AND sleep(9) --",
    "*",
    "NEAR(a b)",
    "a:b",
]
INJECTIONS += [
    "requester__login__password:x",
    "assignee.password:a",
    "sort:client__id",
    "\x00",
    "a AND NOT b",
    "col : x",
    '"',
]


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("name", ["q", "view", "page", "sort", "order_by", "filter"])
def test_rows_59_and_61_no_parameter_reaches_the_database_as_sql(name: str, text: str, world: World) -> None:
    before = state()
    for part in ("provider_agent", "lead"):
        answer = world.browser(part).get("/desk/", {name: text})
        assert answer.status_code == 200
        if part == "provider_agent":
            assert "Secret of bolt" not in answer.content.decode()
    assert state() == before


ELSEWHERE = ["//evil.example", "/\\evil.example", "https://evil.example", "https:evil.example", "/\t/evil.example"]
ELSEWHERE += [
    "\\\\evil.example",
    "javascript:alert(1)",
    "/%09/evil.example\n",
    " //evil.example",
    "http:///evil.example",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_row_65_signing_in_leads_nowhere_else(url: str, world: World) -> None:
    given = {"login": world.cast.address("agent_l1"), "password": world.cast.password, "next": url}
    answer = Browser().post("/accounts/sign-in", given)
    assert answer.status_code == 302
    assert is_local_path(answer["Location"])
    assert "evil" not in answer["Location"]


def test_row_67_what_people_write_is_never_a_template(world: World) -> None:
    ref = world.ref("acme")
    world.browser("agent_l1").post(f"/desk/tickets/{ref}/messages", {"text": "{{7*7}} {% raw %} ${7*7} %(name)s"})
    page = world.browser("agent_l1").get(f"/desk/tickets/{ref}").content.decode()
    assert "{{7*7}} {% raw %} ${7*7} %(name)s" in page


def test_row_68_nothing_is_unpickled() -> None:
    forbidden = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle", "yaml"}
    found = []
    for path in SOURCE.rglob("*.py"):
        if "/tests/" in str(path):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [(path.name, name) for name in names if name.split(".")[0] in forbidden]
    assert found == []
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"
    assert "DatabaseCache" in settings.CACHES["default"]["BACKEND"]
    assert "tierdesk" in settings.CACHES["default"]["BACKEND"]


def test_row_71_signing_in_gives_another_session(world: World) -> None:
    browser = Browser()
    browser.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    browser.post("/accounts/sign-in", {"login": world.cast.address("agent_l1"), "password": world.cast.password})
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value not in {"", "a" * 32}
    other = Browser()
    other.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    assert other.get("/desk/").status_code == 302


@pytest.mark.parametrize(
    "secret", ["", " ", "null", "undefined", "\x00", "td_", "td_" + "0" * 43, "[]", "td_\u00e9" * 12]
)
def test_row_73_a_blank_or_made_up_token_is_nobodys(secret: str, world: World) -> None:
    assert token_by_secret(secret) is None


FORMS = ["/desk/tickets/new", "/accounts/sign-in", "/accounts/sign-out"]


def test_row_78_every_form_wants_its_token(world: World) -> None:
    ref, before = world.ref("acme"), state()
    paths = FORMS + [
        f"/desk/tickets/{ref}/{form}" for form in ("messages", "notes", "status", "assignment", "details", "read")
    ]
    for path in paths:
        browser = Browser(enforce_csrf_checks=True)
        browser.cookies[settings.SESSION_COOKIE_NAME] = world.cookies["admin"]
        answer = browser.post(path, {"text": "x", "status": "solved", "subject": "x"})
        assert answer.status_code in {403, 404}, path
        assert browser.get("/desk/").status_code == 200
    assert state() == before


def test_row_78_looking_changes_nothing(world: World) -> None:
    before = state()
    for path in (
        "/",
        "/desk/",
        "/desk/?q=Secret",
        f"/desk/tickets/{world.ref('acme')}",
        "/desk/tickets/new",
        "/readyz",
    ):
        world.browser("admin").get(path)
    assert state() == before
