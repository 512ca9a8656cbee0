"""Every page and form of the desk, with and without JavaScript; what is refused is said and what was typed stays."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from tierdesk.demo.cast import Cast
from tierdesk.domain.tickets import commands
from tierdesk.domain.tickets.commands import FileIn
from tierdesk.domain.tickets.models import Attachment, Message, Note, Ticket
from tierdesk.kernel.models import Event

pytestmark = pytest.mark.django_db
TYPED = "typed with care <b>&amp;"
SHOWN = "typed with care &lt;b&gt;&amp;amp;"


def now(ticket: Ticket) -> Ticket:
    return Ticket.objects.unscoped("test").select_related("status").get(pk=ticket.pk)


def events() -> int:
    return Event.objects.count()


FORMS: dict[str, dict[str, str]] = {
    "messages": {"text": "Restart it."},
    "notes": {"text": "Known bug."},
    "status": {"status": "solved"},
    "assignment": {"assignee": ""},
    "details": {"subject": "Another", "impact": "1", "urgency": "", "category": "", "kind": "question"},
}
WRONG: dict[str, dict[str, str]] = {
    "messages": {"text": " "},
    "notes": {"text": ""},
    "status": {"status": "nonsense"},
    "assignment": {"assignee": "9" * 19},
    "details": {"subject": "", "impact": "7"},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_works_without_javascript(form: str, ticket: Ticket, sign_in: Any) -> None:
    answer = sign_in("agent_l1").post(f"/desk/tickets/{ticket.ref}/{form}", FORMS[form] | {"version": "1"})
    assert (answer.status_code, answer["Location"]) == (302, f"/desk/tickets/{ticket.ref}")


@pytest.mark.parametrize("form", FORMS)
def test_a_form_gives_htmx_the_ticket_alone(form: str, ticket: Ticket, sign_in: Any) -> None:
    answer = sign_in("agent_l1", htmx=True).post(f"/desk/tickets/{ticket.ref}/{form}", FORMS[form])
    assert answer.status_code == 200
    assert b"<html" not in answer.content
    assert ticket.ref in answer.content.decode()


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize("form", WRONG)
def test_what_is_wrong_is_said_with_the_page_and_nothing_changes(
    form: str, htmx: bool, ticket: Ticket, sign_in: Any
) -> None:
    before = events()
    answer = sign_in("agent_l1", htmx=htmx).post(f"/desk/tickets/{ticket.ref}/{form}", WRONG[form])
    assert answer.status_code == 422
    assert (b"<html" in answer.content) != htmx
    assert (events(), now(ticket).version) == (before, 1)


def test_two_errors_of_a_form_are_both_shown(ticket: Ticket, sign_in: Any) -> None:
    page = sign_in("agent_l1").post(f"/desk/tickets/{ticket.ref}/details", {"subject": "", "impact": "7"})
    text = page.content.decode()
    assert "Say in a few words what it is about." in text
    assert "This is 1 (high), 2 (medium) or 3 (low)." in text


def test_a_new_ticket_with_two_errors_shows_both_and_keeps_the_rest(sign_in: Any, cast: Cast) -> None:
    before = events()
    given = {"address": "", "subject": "", "text": TYPED, "priority": "high", "client": str(cast.bolt.pk)}
    page = sign_in("agent_l1").post("/desk/tickets/new", given)
    text = page.content.decode()
    assert (page.status_code, events()) == (422, before)
    assert "Whom is this for?" in text
    assert "Say in a few words what it is about." in text
    assert SHOWN in text


def test_a_new_ticket_is_written_down_with_its_files(sign_in: Any, cast: Cast) -> None:
    given = {"address": "New@Bolt.example", "name": "Nina", "subject": "S", "text": "T", "priority": "critical"}
    files = [SimpleUploadedFile("a.txt", b"a"), SimpleUploadedFile("b.txt", b"b")]
    answer = sign_in("agent_l1").post("/desk/tickets/new", given | {"files": files})
    made = Ticket.objects.unscoped("test").select_related("requester").get()
    assert (answer.status_code, answer["Location"]) == (302, f"/desk/tickets/{made.ref}")
    assert (made.client_id, made.requester.name, made.priority, made.channel) == (cast.bolt.pk, "Nina", 1, "phone")
    assert Attachment.objects.unscoped("test").count() == 2


@pytest.mark.parametrize("name", ["client", "team"])
@pytest.mark.parametrize("value", ["999", "9" * 19, "x", "-1", "1 or 1=1"])
def test_a_choice_that_is_none_is_refused(name: str, value: str, sign_in: Any, cast: Cast) -> None:
    before = events()
    given = {"address": "a@bolt.example", "subject": "S", "text": TYPED, name: value}
    page = sign_in("agent_l1").post("/desk/tickets/new", given)
    assert (page.status_code, events()) == (422, before)
    assert SHOWN in page.content.decode()


@pytest.mark.parametrize("value", ["999", "x", "9" * 19])
def test_an_unknown_team_of_a_ticket_is_refused(value: str, ticket: Ticket, sign_in: Any) -> None:
    for form in ("details", "assignment"):
        page = sign_in("agent_l1").post(f"/desk/tickets/{ticket.ref}/{form}", {"team": value})
        assert page.status_code == 422
        assert now(ticket).team_id is None


@pytest.mark.parametrize("until", ["", "x", "2020-01-01T00:00", "9999-12-31T23:59", "0001-01-01T00:00"])
def test_a_hold_without_a_real_time_ahead_is_refused(until: str, ticket: Ticket, sign_in: Any, cast: Cast) -> None:
    cast.agent_l1.time_zone = "Etc/GMT+12"
    cast.agent_l1.save(update_fields=["time_zone"])
    page = sign_in("agent_l1").post(f"/desk/tickets/{ticket.ref}/status", {"status": "on-hold", "hold_until": until})
    assert page.status_code == 422
    assert now(ticket).hold_until is None


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize(("form", "what"), [("messages", Message), ("notes", Note)])
def test_what_was_written_stays_when_a_colleague_was_faster(
    form: str, what: Any, htmx: bool, ticket: Ticket, sign_in: Any, cast: Cast
) -> None:
    commands.post_message(cast.actor("agent_l2"), ref=ticket.ref, text="I was faster")
    page = sign_in("agent_l1", htmx=htmx).post(f"/desk/tickets/{ticket.ref}/{form}", {"text": TYPED, "version": "1"})
    text = page.content.decode()
    if form == "notes":  # a note collides with nothing
        assert page.status_code == (200 if htmx else 302)
        return
    assert page.status_code == 409
    assert "answered" in text
    assert SHOWN in text
    assert "I was faster" in text
    assert what.objects.unscoped("test").filter(text=TYPED).count() == 0


def test_what_was_written_stays_when_a_file_is_too_large(ticket: Ticket, sign_in: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(settings, "TIERDESK", replace(settings.TIERDESK, max_upload_bytes=2))
    files = SimpleUploadedFile("a.txt", b"aaa")
    page = sign_in("agent_l1").post(f"/desk/tickets/{ticket.ref}/messages", {"text": TYPED, "files": files})
    assert page.status_code == 413
    assert SHOWN in page.content.decode()
    assert Message.objects.unscoped("test").count() == 1


FOREIGN = ("", "/messages", "/notes", "/assignment", "/status", "/details", "/read")


@pytest.mark.parametrize("path", FOREIGN)
@pytest.mark.parametrize("htmx", [True, False])
def test_anothers_ticket_looks_like_none(path: str, htmx: bool, open_another: Any, sign_in: Any, cast: Cast) -> None:
    foreign = open_another(requester_id=cast.requester_b.pk, client_id=cast.bolt.pk)
    browser = sign_in("provider_agent", htmx=htmx)
    ask = browser.post if path else browser.get
    given = {"text": "x", "status": "solved", "subject": "x"}
    there, missing = ask(f"/desk/tickets/{foreign.ref}{path}", given), ask(f"/desk/tickets/TD-999999{path}", given)
    assert there.status_code == missing.status_code == 404
    assert _without_nonces(there.content) == _without_nonces(missing.content)


def _without_nonces(content: bytes) -> bytes:
    return re.sub(rb'(nonce|csrfmiddlewaretoken" value)="[^"]*"|TD-\d+', b"", content)


def test_strangers_are_sent_to_sign_in_and_requesters_turned_away(ticket: Ticket, sign_in: Any, client: Any) -> None:
    for path in ("/desk/", "/desk/tickets/new", f"/desk/tickets/{ticket.ref}"):
        assert client.get(path)["Location"].startswith("/accounts/sign-in")
        assert sign_in("requester_a").get(path).status_code == 403


def test_reading_counts_for_oneself(ticket: Ticket, sign_in: Any) -> None:
    browser = sign_in("agent_l1")
    assert browser.post(f"/desk/tickets/{ticket.ref}/read").status_code == 204


@pytest.mark.parametrize("q", ["vpn", "status:open", "nonsense:x", "TD-1", "\x00", "(" * 50, "client:bolt"])
def test_any_question_gives_a_page(q: str, ticket: Ticket, sign_in: Any) -> None:
    for htmx in (True, False):
        assert sign_in("agent_l1", htmx=htmx).get("/desk/", {"q": q}).status_code == 200
    assert sign_in("agent_l1").get("/desk/", {"view": "x", "page": "%%"}).status_code == 200


NASTY = "<script>alert('zq')</script>\"'><img src=x onerror=alert(1)>{{7*7}}"


def test_what_people_write_never_becomes_markup(sign_in: Any, cast: Cast, open_another: Any) -> None:
    cast.requester_a.name = NASTY[:150]
    cast.requester_a.save(update_fields=["name"])
    file = FileIn(NASTY, "text/html", b"x")
    made = open_another(subject=NASTY, text=NASTY, files=[file])
    commands.add_note(cast.actor("agent_l1"), ref=made.ref, text=NASTY, files=[file])
    browser = sign_in("agent_l1")
    pages = [f"/desk/tickets/{made.ref}", "/desk/", f"/desk/?q={made.ref}"]
    for path in pages:
        text = browser.get(path).content.decode()
        assert "alert(" in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "{{7*7}}" in text


def test_a_file_comes_back_byte_for_byte_and_never_runs(ticket: Ticket, sign_in: Any, client: Any) -> None:
    content = b"<html><script>alert(1)</script>" + bytes(range(256)) * 40
    upload = SimpleUploadedFile('evil"; filename=x.html', content, content_type="text/html")
    browser = sign_in("agent_l1")
    browser.post(f"/desk/tickets/{ticket.ref}/messages", {"text": "See file", "files": upload})
    attachment = Attachment.objects.unscoped("test").get()
    answer = browser.get(f"/desk/files/{attachment.pk}")
    assert b"".join(answer.streaming_content) == content
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert Event.objects.filter(name="FileDownloaded").count() == 1
    assert client.get(f"/desk/files/{attachment.pk}").status_code == 302
    assert browser.get("/desk/files/1").status_code == 404
    assert browser.get(f"/desk/files/{10**19}").status_code == 404


def test_a_mails_body_stands_in_a_sandbox_with_its_own_pictures_alone(
    sign_in: Any, cast: Cast, open_another: Any
) -> None:
    html = (
        '<p onclick="x()">Hi</p><script>alert(1)</script><img src="cid:pic@1"><img src="cid:gone@1">'
        '<img src="https://tracker.example/"><a href="javascript:alert(1)">x</a>'
        '<form action="/desk/"><input></form>'
    )
    picture = FileIn("p.png", "image/png", b"\x89PNG", content_id="<pic@1>", inline=True)
    svg = FileIn("p.svg", "image/svg+xml", b"<svg onload=alert(1)>", content_id="<gone@1>", inline=True)
    made = open_another(text="Hi", html=html, files=[picture, svg])
    answer = sign_in("agent_l1").get(f"/desk/messages/{made.opening_message.pk}/body")
    text = answer.content.decode()
    assert answer["Content-Security-Policy"].startswith("sandbox allow-popups; default-src 'none'; img-src data:;")
    assert "allow-scripts" not in answer["Content-Security-Policy"]
    assert "data:image/png;base64,iVBORw==" in text
    for gone in ("script>", "onclick", "svg", ' src="https', "javascript:", "<form", "<input"):
        assert gone not in text
    assert sign_in("requester_b").get(f"/desk/messages/{made.opening_message.pk}/body").status_code == 403
