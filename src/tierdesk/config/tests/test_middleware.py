"""What surrounds every request: headers, language, actor, refusals."""

import errno
import json
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import include, path
from django.utils import timezone, translation

from tierdesk.config import answers
from tierdesk.demo.cast import Cast, build_cast
from tierdesk.domain.people import commands
from tierdesk.kernel.refusals import Faults, Refusal, not_found


def _two_faults() -> Refusal:
    faults = Faults()
    faults.add("a", "A is wrong.", "Mend it.")
    faults.add("b", "B is wrong.")
    try:
        faults.refuse()
    except Refusal as refusal:
        return refusal
    raise AssertionError


RAISED: dict[str, Callable[[], Exception]] = {
    "not_found": lambda: not_found("There is no ticket TD-1042."),
    "http404": lambda: Http404("TD-1042"),
    "forbidden": lambda: Refusal("forbidden", "No.", hint="Ask."),
    "denied": lambda: PermissionDenied("secret reason"),
    "unauthenticated": lambda: Refusal("unauthenticated", "Sign in first."),
    "conflict": lambda: Refusal("conflict", "Mira answered 8 s ago.", current={"version": 3}),
    "invalid": _two_faults,
    "full": lambda: Refusal("storage_full", "No room."),
    "disk": lambda: OSError(errno.ENOSPC, "No space left on device"),
    "database": lambda: OperationalError("database or disk is full"),
    "gone": lambda: OperationalError("connection to secret-host refused"),
    "nul": lambda: DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"),
    "suspicious": lambda: SuspiciousOperation("<script>alert(1)</script>"),
    "bug": lambda: ValueError("canary-secret-5471"),
    "markup": lambda: Refusal("invalid", "<script>alert(1)</script>"),
}
STATUS = {
    "not_found": 404, "http404": 404, "forbidden": 403, "denied": 403, "unauthenticated": 401, "conflict": 409,
    "invalid": 422, "full": 507, "disk": 507, "database": 507, "nul": 400, "gone": 503,
    "suspicious": 400, "bug": 500, "markup": 422,
}  # fmt: skip


def raising(request: HttpRequest, what: str) -> HttpResponse:
    raise RAISED[what]()


def telling(request: HttpRequest) -> HttpResponse:
    who = request.actor
    said = {
        "person": who.person_id,
        "kind": str(who.kind),
        "language": translation.get_language(),
        "zone": timezone.get_current_timezone_name(),
        "nonce": request.csp_nonce,
    }
    return HttpResponse(json.dumps(said), content_type="application/json")


def preset(request: HttpRequest) -> HttpResponse:
    return HttpResponse("x", headers={"Content-Security-Policy": "sandbox", "Cache-Control": "max-age=60"})


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render_to_string("ui/door.html", {}, request))


urlpatterns = [
    path("raise/<str:what>", raising),
    path("api/raise/<str:what>", raising),
    path("tell", telling),
    path("preset", preset),
    path("page", page),
    path("", include("tierdesk.domain.people.web.urls")),
]
handler400 = answers.page_malformed
handler403 = answers.page_forbidden
handler404 = answers.page_not_found
handler500 = answers.page_broken


@pytest.fixture(autouse=True)
def these_urls(settings: Any) -> None:
    """The views of this file."""
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def cast(db: None) -> Cast:
    """The fixed cast."""
    return build_cast()


@pytest.mark.parametrize("prefix", ["/raise/", "/api/raise/"])
@pytest.mark.parametrize("what", RAISED)
def test_every_answer_carries_the_headers(db: None, client: Client, prefix: str, what: str) -> None:
    response = client.get(prefix + what)
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'nonce-")
    assert "unsafe" not in policy
    assert "script-src 'self'" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    assert response["Cache-Control"] == "private, no-store"


def test_a_view_may_have_said_it_itself(db: None, client: Client) -> None:
    response = client.get("/preset")
    assert response["Content-Security-Policy"] == "sandbox"
    assert "X-Frame-Options" not in response
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "max-age=60"


def test_a_nonce_serves_once_and_stands_in_the_page(db: None, client: Client) -> None:
    pages = [client.get("/page") for _again in range(2)]
    nonces = [p["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0] for p in pages]
    assert len(set(nonces)) == 2
    for answer, nonce in zip(pages, nonces, strict=True):
        assert f'nonce="{nonce}"' in answer.content.decode()
        assert answer.content.decode().count("<script") == answer.content.decode().count(f'nonce="{nonce}"')


@pytest.mark.parametrize("what", RAISED)
def test_a_program_gets_a_problem(db: None, client: Client, what: str) -> None:
    response = client.get(f"/api/raise/{what}")
    assert response["Content-Type"] == "application/problem+json"
    said = response.json()
    assert (response.status_code, said["status"]) == (STATUS[what], STATUS[what])
    assert said["code"]
    assert "canary" not in response.content.decode()


def test_a_problem_tells_every_fault_and_what_stands_now(db: None, client: Client) -> None:
    assert client.get("/api/raise/conflict").json()["current"] == {"version": 3}
    assert client.get("/api/raise/invalid").json()["errors"] == [
        {"field": "a", "message": "A is wrong.", "hint": "Mend it."},
        {"field": "b", "message": "B is wrong.", "hint": None},
    ]
    assert client.get("/api/raise/full")["Retry-After"] == "60"


@pytest.mark.parametrize("what", sorted(set(RAISED) - {"unauthenticated"}))
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_person_gets_a_page_or_its_part(db: None, client: Client, what: str, headers: dict[str, str]) -> None:
    response = client.get(f"/raise/{what}", headers=headers)
    assert response.status_code == STATUS[what]
    assert response["Content-Type"].startswith("text/html")
    text = response.content.decode()
    assert "<script>alert" not in text
    assert "canary" not in text
    assert ("<!doctype" in text.lower()) is not bool(headers)


def test_missing_and_foreign_look_the_same(db: None, client: Client) -> None:
    def normal(response: Any) -> tuple[int, str]:
        nonce = response["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0]
        text = response.content.decode().replace(nonce, "N")
        return response.status_code, "\n".join(
            line for line in text.splitlines() if 'name="next"' not in line and "csrf" not in line
        )

    assert (
        normal(client.get("/raise/not_found")) == normal(client.get("/raise/http404")) == normal(client.get("/no/such"))
    )
    assert client.get("/api/raise/not_found").json() == client.get("/api/none").json()


def test_a_stranger_is_asked_to_sign_in_and_comes_back(db: None, client: Client) -> None:
    response = client.get("/raise/unauthenticated?a=1")
    assert (response.status_code, response["Location"]) == (302, "/sign-in?next=%2Fraise%2Funauthenticated%3Fa%3D1")
    assert client.post("/raise/unauthenticated")["Location"] == "/sign-in"
    part = client.get(
        "/raise/unauthenticated",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/desk/x"},
    )
    assert (part.status_code, part["HX-Redirect"]) == (401, "/sign-in?next=%2Fdesk%2Fx")
    evil = client.get(
        "/raise/unauthenticated", headers={"HX-Request": "true", "HX-Current-URL": "http://evil.example/desk/x"}
    )
    assert evil["HX-Redirect"] == "/sign-in"


def test_a_bug_is_logged_once_under_the_number_that_is_shown(db: None, client: Client) -> None:
    with structlog.testing.capture_logs() as logs:
        response = client.get("/api/raise/bug")
    assert [entry["event"] for entry in logs] == ["bug"]
    assert logs[0]["incident"] == response.json()["incident"]
    with structlog.testing.capture_logs() as logs:
        page = client.get("/raise/bug")
    assert logs[0]["incident"] in page.content.decode()
    assert [entry["event"] for entry in logs] == ["bug"]


def test_the_actor_is_whoever_is_signed_in(cast: Cast, client: Client) -> None:
    assert client.get("/tell").json()["kind"] == "anonymous"
    client.force_login(cast.agent_l2.login)
    said = client.get("/tell").json()
    assert (said["kind"], said["person"], said["language"]) == ("person", cast.agent_l2.pk, "ko")


@pytest.mark.parametrize("header", ["Remote-User", "X-Remote-User", "X-Forwarded-User", "X-User"])
def test_headers_that_name_a_user_are_ignored(cast: Cast, header: str) -> None:
    """Row 15."""
    client = Client(headers={header: "ada@desk.example"}, REMOTE_USER="ada@desk.example")
    assert client.get("/tell").json()["person"] is None


def test_a_staff_request_reads_four_times(cast: Cast, client: Client, django_assert_num_queries: Any) -> None:
    client.force_login(cast.agent_l1.login)
    with django_assert_num_queries(4):
        client.get("/tell")


def test_nobody_costs_no_read(db: None, client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        client.get("/tell")


def test_language_is_the_persons_then_the_cookies_then_the_browsers(cast: Cast, client: Client) -> None:
    def told(**headers: str) -> str:
        return client.get("/tell", headers=headers).json()["language"]

    assert told() == "en"
    assert told(**{"Accept-Language": "ru,en;q=0.5"}) == "ru"
    client.post("/settings/language", {"language": "ko"})
    assert told(**{"Accept-Language": "ru"}) == "ko"
    client.force_login(cast.agent_l3.login)
    assert told(**{"Accept-Language": "en"}) == "ru"
    client.post("/settings/language", {"language": "en"})
    assert told(**{"Accept-Language": "ko"}) == "en"
    response = client.get("/tell")
    assert {"accept-language", "cookie"} <= {v.strip().lower() for v in response["Vary"].split(",")}
    assert translation.get_language() == "en"


def test_times_are_in_the_persons_zone(cast: Cast, client: Client) -> None:
    commands.set_time_zone(cast.actor("agent_l1"), time_zone="Asia/Seoul")
    client.force_login(cast.agent_l1.login)
    assert client.get("/tell").json()["zone"] == "Asia/Seoul"
    assert Client().get("/tell").json()["zone"] == "UTC"


def test_settings_are_kept_by_posting_only_and_only_real_ones(cast: Cast, client: Client) -> None:
    assert client.get("/settings/theme", {"theme": "dark"}).status_code == 405
    assert client.post("/settings/theme", {"theme": "pink"}).status_code == 422
    assert client.post("/settings/language", {"language": "xx"}).status_code == 422
    assert "tierdesk_theme" not in client.cookies
    response = client.post("/preferences", {"theme": "dark", "next": "/page"})
    assert (response.status_code, response["Location"]) == (303, "/page")
    assert client.cookies["tierdesk_theme"].value == "dark"
    assert client.post("/settings/theme", {"theme": "dark"}, headers={"X-Requested-With": "f"}).status_code == 204
    client.force_login(cast.agent_l1.login)
    client.post("/settings/theme", {"theme": "light"})
    cast.agent_l1.refresh_from_db()
    assert cast.agent_l1.theme == "light"
    assert 'data-theme="light"' in client.get("/page").content.decode()
