"""Rows 18 to 37: what comes from outside is shown, stored and handed out, and never runs, leaks or leads elsewhere."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver

from tests.authorisation.world import EVERYBODY, World, taken_back
from tierdesk.domain.channels.email.rules.sanitising import sanitise_html, text_to_html
from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import commands
from tierdesk.domain.tickets.commands import FileIn
from tierdesk.domain.tickets.models import Attachment, Message, Ticket
from tierdesk.kernel import files
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]
SCRIPTS = ("<script>alert('zq1')</script>", "\"><img src=x onerror=alert('zq1')>", "' onmouseover='alert(1)' x='")


@pytest.fixture(autouse=True)
def _left_as_it_was(world: World) -> Iterator[None]:
    """The world is shared by all tests of this module."""
    with taken_back():
        yield


def _open(world: World, **what: Any) -> Ticket:
    given = {"subject": "S", "text": "T", "channel": "email"}
    people = {"requester_id": world.cast.requester_a.pk, "client_id": world.cast.acme.pk}
    return commands.open_ticket(SYSTEM, **(given | people | what))


@pytest.mark.parametrize("script", SCRIPTS)
def test_row_18_a_script_in_any_field_of_a_mail_is_text(script: str, world: World) -> None:
    made = _open(world, subject=script, text=script, files=[FileIn(script, script, b"x", content_id=script)])
    browser = world.browser("agent_l1")
    for path in (f"/desk/tickets/{made.ref}", "/desk/", "/desk/?q=zq1"):
        page = browser.get(path).content.decode()
        assert script not in page
        assert not re.search(r"<(img|script)[^>]*(onerror|>alert)", page)


def test_row_19_a_body_is_cleaned_when_it_is_shown_whatever_was_kept(world: World) -> None:
    made = _open(world, html="<p>Hi</p>")
    Message.objects.unscoped("test").filter(ticket=made).update(html=f"<p>Hi</p>{SCRIPTS[0]}<svg onload=alert(1)>")
    message = Message.objects.unscoped("test").get(ticket=made)
    page = world.browser("agent_l1").get(f"/desk/messages/{message.pk}/body").content.decode()
    assert "Hi" in page
    assert "alert" not in page
    assert "svg" not in page


TYPES = (
    "text/html",
    "image/svg+xml",
    "application/pdf",
    "text/javascript",
    "application/xhtml+xml",
    "x\r\ny: z",
    "image/png",
)
NAMES = ("a.html", "a.svg", "a.js", "a.png", ".htaccess", "a.pht")
MAGIC = (b"<html><script>", b"<?xml version='1.0'?><svg onload=x>", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize(("type_", "name"), list(itertools.product(TYPES, NAMES)))
def test_rows_20_to_23_an_upload_is_handed_out_as_bytes_to_keep(type_: str, name: str, world: World) -> None:
    made = _open(world, files=[FileIn(name, type_, magic) for magic in MAGIC])
    for attachment in Attachment.objects.unscoped("test").filter(ticket=made):
        answer = world.browser("agent_l1").get(f"/desk/files/{attachment.pk}")
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_row_20_pages_run_scripts_by_nonce_alone(world: World) -> None:
    policy = world.browser("agent_l1").get("/desk/")["Content-Security-Policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert re.fullmatch(r"script-src 'nonce-[\w-]{20,}' 'strict-dynamic'", scripts)
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "&#106;avascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        " javascript:x",
    ],
)
def test_row_24_links_lead_to_known_schemes_alone(link: str) -> None:
    cleaned = sanitise_html(f'<a href="{link}">x</a>')
    assert not re.search(r'href="(?!https?:|mailto:|tel:)', cleaned)
    assert "<a href" not in text_to_html(link)


@pytest.mark.parametrize(
    "tag", ["svg", "math", "style", "noscript", "iframe", "form", "object", "template", "base", "meta"]
)
def test_row_26_no_tag_that_changes_how_the_rest_is_read(tag: str) -> None:
    html = f"<p>a<{tag}><p title='</{tag}><img src=x onerror=alert(1)>'>b</{tag}></p>"
    once = sanitise_html(html)
    assert f"<{tag}" not in once
    assert "onerror=" not in re.sub(r'"[^"]*"', "", once)
    assert sanitise_html(once) == once


@pytest.mark.parametrize(
    "header", ["User-Agent", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "Host", "Accept-Language"]
)
def test_rows_27_and_28_what_headers_say_is_on_no_page(header: str, world: World) -> None:
    browser = world.browser("agent_l1")
    for path in ("/desk/", "/desk/tickets/TD-999999", "/accounts/sign-in", "/nowhere"):
        page = browser.get(path, headers={header: SCRIPTS[0]}).content.decode()
        assert "zq1" not in page


@pytest.mark.parametrize(
    "name",
    [
        ".htaccess",
        "\u200b.htaccess",
        "../../x",
        "/etc/passwd",
        "C:\\x",
        "a\x00.png",
        "x" * 300,
        "\u202egnp.exe",
        "．．／x",
        "",
        "..",
        "CON",
    ],
)
def test_rows_29_and_33_a_name_is_only_said_never_used(name: str, world: World) -> None:
    made = _open(world, files=[FileIn(name, "text/plain", b"x")])
    attachment = Attachment.objects.unscoped("test").select_related("file").get(ticket=made)
    path = files.path_of(attachment.file.key)
    assert re.fullmatch(r"[0-9a-f]{40}", path.name)
    assert path.parent.parent == settings.TIERDESK.files_dir
    assert 0 < len(attachment.name) <= 200
    assert not re.search("[\x00-\x1f\u200b\u202e/\\\\]", attachment.name)
    answer = world.browser("agent_l1").get(f"/desk/files/{attachment.pk}")
    assert "\n" not in answer["Content-Disposition"]


def test_row_29_files_lie_outside_of_what_is_served(world: World) -> None:
    assert "static" not in settings.TIERDESK.files_dir.parts
    stored = files.store(b"x")
    for path in (
        f"/static/{stored.key}",
        f"/static/../files/{stored.key}",
        f"/files/{stored.key}",
        f"/desk/files/{stored.key}",
    ):
        assert world.browser("admin").get(path).status_code in {400, 404}


@pytest.mark.parametrize("who", EVERYBODY)
def test_rows_31_and_37_a_file_and_a_picture_ask_for_permission_each_time(who: str, world: World) -> None:
    inside = who in {"agent_l1", "agent_l2", "agent_l3", "lead", "admin"}
    for path in (f"/desk/files/{world.file_id('bolt')}", f"/desk/messages/{world.replies['bolt']}/body"):
        answer = world.browser(who).get(path)
        assert (answer.status_code == 200) == inside


def test_row_31_ids_of_files_cannot_be_walked_through(world: World) -> None:
    known = world.file_id("bolt")
    browser = world.browser("provider_agent")
    answers = {browser.get(f"/desk/files/{known + step}").status_code for step in range(-20, 20)}
    assert answers == {404}


def test_row_32_no_upload_waits_for_somebody_elses_form(world: World) -> None:
    """Uploads come with the form that uses them; nothing in the request names a file that is there already."""
    taken = world.file_id("bolt")
    given = {"text": "x", "files": str(taken), "attachment_ids": str(taken), "form_id": "1"}
    made = _open(world)
    world.browser("agent_l1").post(f"/desk/tickets/{made.ref}/messages", given)
    assert not Attachment.objects.unscoped("test").filter(ticket=made).exists()


def test_row_34_no_address_deletes_a_file(world: World) -> None:
    browser = world.browser("admin")
    path = f"/desk/files/{world.file_id('acme')}"
    assert {browser.delete(path).status_code, browser.post(path).status_code, browser.put(path).status_code} == {405}
    assert Attachment.objects.unscoped("test").filter(pk=world.file_id("acme")).exists()


def _patterns(found: list[Any], before: str = "") -> list[str]:
    paths = []
    for one in found:
        path = before + str(one.pattern)
        if isinstance(one, URLResolver):
            paths += _patterns(one.url_patterns, path)
        elif isinstance(one, URLPattern):
            paths.append(path)
    return paths


def test_row_35_no_address_is_for_tests_or_developers() -> None:
    paths = _patterns(get_resolver().url_patterns)
    assert len(paths) > 20
    assert not [path for path in paths if re.search(r"test|debug|example|demo|__|phpinfo|silk|admin/", path)]
    assert settings.DEBUG is False


def test_row_36_every_download_is_recorded_with_who_and_what(world: World) -> None:
    before = Event.objects.filter(name="FileDownloaded").count()
    for who in ("agent_l1", "lead"):
        world.browser(who).get(f"/desk/files/{world.file_id('acme')}")
    world.browser("provider_agent").get(f"/desk/files/{world.file_id('bolt')}")
    new = Event.objects.filter(name="FileDownloaded").order_by("-id")[:2]
    assert Event.objects.filter(name="FileDownloaded").count() == before + 2
    assert {event.actor_person_id for event in new} == {world.cast.agent_l1.pk, world.cast.lead.pk}
    assert {event.data["attachment_id"] for event in new} == {world.file_id("acme")}
    assert people.person_by_id(world.cast.lead.pk) is not None


def test_row_36_the_picture_in_a_page_is_no_public_address(world: World) -> None:
    made = _open(
        world, html='<img src="cid:a">', files=[FileIn("a.png", "image/png", b"x", content_id="a", inline=True)]
    )
    message = Message.objects.unscoped("test").get(ticket=made)
    page = world.browser("agent_l1").get(f"/desk/messages/{message.pk}/body").content.decode()
    assert "/desk/files/" not in page
    assert Browser().get(f"/desk/messages/{message.pk}/body").status_code == 302


def test_row_33_an_upload_through_the_form_keeps_to_the_same_rules(world: World) -> None:
    made = _open(world)
    upload = SimpleUploadedFile("../../../x.py", b"x")
    upload._name = "../../../x.py"
    world.browser("agent_l1").post(f"/desk/tickets/{made.ref}/messages", {"text": "x", "files": upload})
    stored = Attachment.objects.unscoped("test").select_related("file").get(ticket=made)
    assert files.path_of(stored.file.key).is_relative_to(settings.TIERDESK.files_dir)
    assert "/" not in stored.name
