"""Signing in and out over the web: what an attacker tries, and what a person needs."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierdesk.demo.cast import Cast, build_cast
from tierdesk.domain.people import commands, rules
from tierdesk.domain.people.models import Login
from tierdesk.kernel import worker
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.models import Event

FRESH = "another-ladder-entirely-77"


@pytest.fixture(autouse=True)
def locmem(settings: Any) -> None:
    """System mails stay in this process; how they are sent is the channel's to test."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def sign_in(client: Client, address: str, password: str, **more: Any) -> Any:
    return client.post(reverse("account_login"), {"login": address, "password": password, **more})


def is_in(client: Client) -> bool:
    response = client.get(reverse("account_login"))
    return response.status_code == 302


def ask_link(client: Client, address: str, **headers: Any) -> Any:
    return client.post(reverse("account_reset_password"), {"email": address}, **headers)


def mailed_path() -> str:
    body = str(mail.outbox[-1].body)
    return next(line for line in body.split() if "://" in line).partition("://")[2].partition("/")[2].join(["/", ""])


def test_one_signs_in_and_out_and_both_are_recorded(cast: Cast, client: Client) -> None:
    response = sign_in(client, "Mira@Desk.example", cast.password)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert is_in(client)
    client.post(reverse("account_logout"))
    assert not is_in(client)
    names = Event.objects.filter(thing_id=cast.agent_l1.pk, name__startswith="Signed").order_by("id")
    assert [(e.name, e.actor_person_id) for e in names] == [
        ("SignedIn", cast.agent_l1.pk),
        ("SignedOut", cast.agent_l1.pk),
    ]


def test_a_page_of_signing_in_needs_its_token(cast: Cast) -> None:
    """Row 78."""
    strict = Client(enforce_csrf_checks=True)
    response = sign_in(strict, "mira@desk.example", cast.password)
    assert response.status_code == 403
    assert not is_in(strict)


def test_signing_out_is_no_get(cast: Cast, client: Client) -> None:
    sign_in(client, "mira@desk.example", cast.password)
    assert client.get(reverse("account_logout")).status_code == 405
    assert is_in(client)


def test_a_session_known_before_is_worthless_after(cast: Cast, client: Client) -> None:
    """Row 71."""
    client.cookies["tierdesk_session"] = "a" * 32
    sign_in(client, "mira@desk.example", cast.password)
    first = client.cookies["tierdesk_session"].value
    assert first != "a" * 32
    client.post(reverse("account_logout"))
    assert not Session.objects.filter(session_key=first).exists()
    sign_in(client, "mira@desk.example", cast.password)
    assert client.cookies["tierdesk_session"].value != first
    other = Client()
    other.cookies["tierdesk_session"] = first
    assert not is_in(other)


@pytest.mark.parametrize("change", ["password", "role", "deactivated", "sessions"])
def test_other_devices_are_out_at_their_next_request(cast: Cast, change: str) -> None:
    """Row 74."""
    devices = [Client(), Client()]
    for device in devices:
        sign_in(device, "mira@desk.example", cast.password)
        assert is_in(device)
    person_id = cast.agent_l1.pk
    match change:
        case "password":
            commands.set_password(SYSTEM, person_id=person_id, password=FRESH)
        case "role":
            commands.revoke_role(SYSTEM, person_id=person_id, role="agent")
        case "deactivated":
            commands.deactivate_person(SYSTEM, person_id=person_id)
        case "sessions":
            commands.end_sessions(SYSTEM, person_id=person_id)
    assert not any(is_in(device) for device in devices)


def test_every_failure_has_the_same_answer(cast: Cast) -> None:
    """Row 70: known, unknown, inactive, and one who has no password look the same."""
    commands.deactivate_person(SYSTEM, person_id=cast.agent_l3.pk)
    nobody = commands.create_person(SYSTEM, name="No Password", addresses=["nopass@desk.example"])
    commands.create_login(SYSTEM, person_id=nobody.pk)
    answers = set()
    for address, password in [
        ("mira@desk.example", "wrong"),
        ("mila@desk.example", "wrong"),
        ("viktor@desk.example", "wrong"),
        ("viktor@desk.example", cast.password),
        ("nopass@desk.example", "wrong"),
    ]:
        response = sign_in(Client(), address, password)
        text = response.content.decode().replace(address, "ADDRESS")
        answers.add((response.status_code, _without_secrets(text), response.cookies.keys().__len__()))
    assert len(answers) == 1


def test_failures_cost_the_same_work(cast: Cast) -> None:
    """Row 70: the same statements and one password hash, whoever is asked for. Clocks are compared in bench/."""
    commands.deactivate_person(SYSTEM, person_id=cast.agent_l3.pk)
    work = []
    for number, address in enumerate(("mira@desk.example", "mila@desk.example", "viktor@desk.example")):
        with CaptureQueriesContext(connection) as made:
            sign_in(Client(REMOTE_ADDR=f"192.0.2.{number}"), address, "wrong")
        work.append(_statements(made))
    assert work[0] == work[1] == work[2]


def test_an_account_takes_ten_wrong_guesses_an_hour(cast: Cast) -> None:
    """Row 75, one after another; other spellings and Host headers count as the same account."""
    spellings = ["mira@desk.example", "MIRA@desk.example", " mira@desk.example", "mira@DESK.example"]
    for attempt in range(10):
        client = Client(headers={"host": f"h{attempt}.example"}, REMOTE_ADDR=f"192.0.2.{attempt + 1}")
        sign_in(client, spellings[attempt % 4], "wrong")
    late = Client(headers={"host": "late.example"}, REMOTE_ADDR="198.51.100.7")
    sign_in(late, "mira@desk.example", cast.password)
    assert not is_in(late)
    sign_in(late, "jun@desk.example", cast.password)
    assert is_in(late)


@pytest.fixture
def committed(transactional_db: None) -> Iterator[Cast]:
    """The cast, where other threads see it."""
    cache.clear()
    yield build_cast()
    cache.clear()


def test_parallel_guesses_are_all_counted(committed: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 75: forty at once reach the password check ten times at most."""
    checked: list[int] = []
    real = Login.check_password
    monkeypatch.setattr(Login, "check_password", lambda self, raw: (checked.append(1), real(self, raw))[1])
    _at_once(40, lambda n: sign_in(Client(REMOTE_ADDR=f"192.0.2.{n}"), "mira@desk.example", "wrong"))
    assert 1 <= len(checked) <= 10


def test_many_mails_of_one_new_sender_make_one_person(committed: Cast) -> None:
    """Row 82."""
    found: list[int] = []
    add = commands.find_or_add_requester
    _at_once(8, lambda n: found.append(add(SYSTEM, address="new@acme.example", name=f"N{n}", found_in="mail").pk))
    assert len(found) == 8
    assert len(set(found)) == 1
    assert Event.objects.filter(name="PersonAdded", thing_id=found[0]).count() == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("/\\.:@%09evilhtps?#\t ", max_size=24))
def test_after_signing_in_one_stays_here(cast: Cast, tail: str) -> None:
    """Row 65."""
    for url in ("/" + tail, "//" + tail, "https:" + tail):
        client = Client()
        client.force_login(Login.objects.get(person=cast.agent_l1))
        target = client.get(reverse("account_login"), {"next": url})["Location"]
        assert target == "/" or (target == url and rules.is_local_path(url))


@pytest.mark.parametrize(
    "url", ["//evil.example", "/\\evil.example", "/\t/evil.example", "https:evil.example", "\\\\e"]
)
def test_no_answer_leads_elsewhere(cast: Cast, client: Client, url: str) -> None:
    assert client.post(reverse("set_theme"), {"theme": "dark", "next": url})["Location"] == "/"
    assert sign_in(client, "mira@desk.example", cast.password, next=url)["Location"] == "/"
    assert client.post(reverse("account_logout"), {"next": url})["Location"] == "/"


def test_one_comes_back_to_where_one_wanted_to_go(cast: Cast, client: Client) -> None:
    response = sign_in(client, "mira@desk.example", cast.password, next="/desk/tickets/TD-1000?a=1")
    assert response["Location"] == "/desk/tickets/TD-1000?a=1"


HOSTS = [f"evil{n}.example" for n in range(8)] + ["evil.example:443", "127.0.0.1"]


def test_the_link_comes_from_the_settings_and_goes_to_the_stored_address(cast: Cast, settings: Any) -> None:
    """Rows 16 and 17."""
    for host in HOSTS:
        cache.clear()
        headers = {"HTTP_HOST": host, "HTTP_X_FORWARDED_HOST": host, "HTTP_FORWARDED": f"host={host}"}
        assert ask_link(Client(), "MIRA@Desk.example", **headers).status_code == 302
        worker.drain()
    assert len(mail.outbox) == len(HOSTS)
    for message in mail.outbox:
        assert message.to == ["mira@desk.example"]
        assert settings.TIERDESK.public_url + "/" in message.body
        assert "evil" not in message.body


def test_forgetting_a_password_says_nothing_about_who_is_known(cast: Cast) -> None:
    """Row 70: the request does the same for everybody, the rest happens behind."""
    commands.deactivate_person(SYSTEM, person_id=cast.agent_l3.pk)
    seen = set()
    work = []
    for number, address in enumerate(("mira@desk.example", "mila@desk.example", "viktor@desk.example")):
        with CaptureQueriesContext(connection) as made:
            response = ask_link(Client(REMOTE_ADDR=f"192.0.2.{number}"), address)
        seen.add((response.status_code, response["Location"], response.content))
        work.append(_statements(made))
    assert len(seen) == 1
    assert work[0] == work[1] == work[2]
    worker.drain()
    assert [m.to for m in mail.outbox] == [["mira@desk.example"]]


@pytest.mark.parametrize("lookalike", ["m\u0131ra@desk.example", "\uff4dira@desk.example", "mira@desk.example\u200b"])
def test_an_address_that_only_folds_to_another_is_mailed_nothing(cast: Cast, client: Client, lookalike: str) -> None:
    """Row 16."""
    ask_link(client, lookalike)
    worker.drain()
    assert all(message.to == ["mira@desk.example"] for message in mail.outbox)


def test_a_link_sets_the_password_once(cast: Cast, client: Client) -> None:
    """Rows 72 and 73."""
    device = Client()
    sign_in(device, "mira@desk.example", cast.password)
    ask_link(client, "mira@desk.example")
    worker.drain()
    path = mailed_path()
    form = client.get(path)
    assert form.status_code == 302
    assert "set-password" in form["Location"]
    assert client.get(form["Location"]).status_code == 200
    done = client.post(form["Location"], {"password1": FRESH, "password2": FRESH})
    assert done["Location"] == reverse("account_reset_password_from_key_done")
    assert not is_in(device)
    assert not is_in(client)
    assert Client().get(path).status_code == 200  # the page that says that the link is used up
    again = Client()
    sign_in(again, "mira@desk.example", FRESH)
    assert is_in(again)


@pytest.mark.parametrize("spoil", ["late", "deactivated", "signed_in", "sessions_ended", "other_login", "altered"])
def test_a_link_dies(cast: Cast, client: Client, spoil: str, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    ask_link(client, "mira@desk.example")
    worker.drain()
    path = mailed_path()
    match spoil:
        case "late":
            settings.PASSWORD_RESET_TIMEOUT = -1
        case "deactivated":
            commands.deactivate_person(SYSTEM, person_id=cast.agent_l1.pk)
        case "signed_in":
            sign_in(Client(), "mira@desk.example", cast.password)
        case "sessions_ended":
            commands.end_sessions(SYSTEM, person_id=cast.agent_l1.pk)
        case "other_login":
            ask_link(client, "ada@desk.example")
            worker.drain()
            path = mailed_path().partition("-")[0] + "-" + path.partition("-")[2]
        case "altered":
            path = path[:-1] + ("a" if path[-1] != "a" else "b")
    response = client.get(path)
    assert response.status_code == 200
    assert b"password1" not in response.content


@pytest.mark.parametrize("tail", ["", "-", "zzzzzzzzzzzzz-x", "0-0-0", "1-set-password", "%00-x", "a" * 400 + "-b"])
def test_broken_links_are_no_bug(cast: Cast, client: Client, tail: str) -> None:
    response = client.get(reverse("account_login").removesuffix("sign-in") + "password/set/" + tail)
    assert response.status_code in {200, 404}
    assert b"password1" not in response.content


def test_nothing_else_of_allauth_can_be_reached(cast: Cast, client: Client) -> None:
    """Sign-up, mail management and the rest are not routed (row 35's closed inventory)."""
    for name in ("signup", "email", "set_password", "confirm_email", "inactive", "request_login_code"):
        with pytest.raises(Exception, match="Reverse for"):
            reverse(f"account_{name}")
    prefix = reverse("account_login").removesuffix("sign-in")
    for path in ("signup", "signup/", "email", "email/", "password/change/", "confirm-email/"):
        assert client.get(prefix + path).status_code == 404


def test_every_page_has_a_template(cast: Cast, client: Client) -> None:
    for name in (
        "account_login",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
    ):
        response = client.get(reverse(name))
        assert response.status_code == 200, name
        assert b"Tierdesk" in response.content


def test_a_staff_request_takes_four_statements(cast: Cast, client: Client) -> None:
    sign_in(client, "mira@desk.example", cast.password)
    with CaptureQueriesContext(connection) as made:
        client.post(reverse("set_theme"), {"theme": "auto", "next": "/"})
    reads = [q["sql"] for q in made if q["sql"].startswith("SELECT")]
    grants = next(i for i, sql in enumerate(reads) if "people_grant" in sql)
    assert grants == 2  # session; login and person; grants
    assert "people_teammembership" in reads[3]
    assert sum("people_grant" in sql or "django_session" in sql or "people_login" in sql for sql in reads[:4]) == 3


def _statements(made: CaptureQueriesContext) -> list[str]:
    return [re.split(r"WHERE|VALUES|SAVEPOINT", q["sql"])[0] for q in made]


def _without_secrets(page: str) -> str:
    return re.sub(r'(nonce|value)="[^"]*"|"inlineScriptNonce": "[^"]*"', "", page)


def _at_once(count: int, call: Callable[[int], Any]) -> None:
    gate = threading.Barrier(count)
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            gate.wait(30)
            call(number)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
