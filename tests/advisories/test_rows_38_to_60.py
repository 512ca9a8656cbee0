"""What went wrong in other desks with who may see and do what (advisories, rows 38 to 60), as rules of ours.

Not here yet, since what they are about is not: 54 (invitations, exports), 55 (a knowledge base), 56 in its parts on
rules and exports, 58 (a web page for setting up). Row 60 is a rule of semgrep's in `bin/check`.
"""

import inspect
import json
import re
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from tests.authorisation.matrix import ROWS, standing
from tests.authorisation.world import CANARY, EVERYBODY, World, state, taken_back
from tierdesk.domain.people import commands as people
from tierdesk.domain.people import queries as people_queries
from tierdesk.domain.people.models import ApiToken
from tierdesk.domain.tickets import policies, queries
from tierdesk.domain.tickets.models import Message, Note, Ticket
from tierdesk.events import tickets as ticket_events
from tierdesk.kernel.actors import SYSTEM, Clients
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.live.registry import FEEDS
from tierdesk.kernel.models import Event
from tierdesk.kernel.refusals import Refusal
from tierdesk.kernel.scope import UnscopedRead

pytestmark = pytest.mark.django_db
API = "/api/v1"


def call(world: World, who: str, method: str, path: str, body: Any = None) -> Any:
    data = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    return world.caller(who).generic(method, API + path, **data)


def test_row_38_every_channel_tells_the_same(world: World) -> None:
    """List, page, search and live events agree on who sees a ticket."""
    for who in EVERYBODY[1:]:
        actor = world.cast.actor(who)
        listed = {i["ref"] for i in call(world, who, "GET", "/tickets?q=Secret").json()["items"]}
        read = {
            t.ref for t in world.tickets.values() if call(world, who, "GET", f"/tickets/{t.ref}").status_code == 200
        }
        events = Event.objects.filter(name="TicketOpened")
        live = {told["ref"] for e in events if (told := FEEDS["ticket"].deliver(e, actor)) is not None}
        assert listed == read == live, who


def test_row_39_error_answers_hold_no_exception_text(world: World) -> None:
    """What a stranger is told is constant: nothing of the code, its state or its exceptions."""
    for path in ("/tickets", "/tickets/TD-1", "/nothing"):
        body = call(world, "anonymous", "GET", path).content.decode()
        assert not re.search(r"Traceback|tierdesk\.|Error\b|0x[0-9a-f]{6}|File \"", body)


def test_row_40_optional_parameters_are_asked_about_too(world: World) -> None:
    """A parameter that names something foreign does not pass because another one was checked."""
    body = {"subject": "s", "text": "t", "requester": "jiwoo@acme.example", "client": "bolt"}
    assert call(world, "requester_a", "POST", "/tickets", body).status_code == 422


def test_row_41_a_colleagues_ticket_is_not_there(world: World) -> None:
    """List and detail stand on one queryset; requester_a2 of the same client sees nothing of requester_a's."""
    ref = world.ref("acme")
    assert call(world, "requester_a2", "GET", f"/tickets/{ref}").status_code == 404
    assert ref not in {i["ref"] for i in call(world, "requester_a2", "GET", "/tickets").json()["items"]}


def test_row_42_and_43_a_note_has_no_path_to_a_requester(world: World) -> None:
    """By its type: a note is no message, its audience cannot be the requester, no mail names one."""
    note = Note.objects.unscoped("test").first()
    assert note is not None and CANARY in note.text
    with pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.unscoped("test").filter(pk=note.pk).update(audience=Audience.REQUESTER)
    assert not [f for f in Message._meta.get_fields() if f.name == "note"]
    assert ticket_events.NoteAdded.audience is not Audience.REQUESTER


def test_row_44_ids_that_contain_one_another_are_different_clients(world: World) -> None:
    """Clients 1, 12 and 112: who is granted one of them sees nothing of the others."""
    assert {world.cast.acme.pk, world.cast.acme_eu.pk, world.cast.bolt.pk} == {1, 12, 112}
    seen = {i["client"] for i in call(world, "provider_agent", "GET", "/tickets").json()["items"]}
    assert seen == {"acme"}
    assert 12 not in Clients(ids=frozenset({1, 112}))


def test_row_45_the_api_asks_what_the_pages_ask(world: World) -> None:
    """Of every operation on a ticket there is a command with the same policy; a stranger finds 404, whichever way."""
    for method, path in (("GET", ""), ("GET", "/timeline"), ("POST", "/messages"), ("POST", "/notes"), ("PATCH", "")):
        body = None if method == "GET" else {"text": "x"} if path else {"subject": "x"}
        assert call(world, "requester_b", method, f"/tickets/{world.ref('acme')}{path}", body).status_code == 404


def test_row_46_reading_changes_nothing_and_no_secret_is_read(world: World) -> None:
    """GET never changes state; token digests and passwords are in no answer."""
    secrets = [*ApiToken.objects.values_list("digest", flat=True), *world.tokens.values()]
    for row in ROWS:
        if row.method != "GET" or not row.route.startswith("api:"):
            continue
        with taken_back():
            before = state()
            response = world.caller("admin").get(row.ask(world, "acme").path)
            content = b"".join(response.streaming_content) if response.streaming else response.content
            if row.route != "api:take_file":  # that a file was taken is kept for the audit
                assert state() == before, row
        assert not [secret for secret in secrets if secret.encode() in content], row


def test_row_47_a_ticket_is_not_found_by_its_number_by_those_who_may_not_see_it(world: World) -> None:
    """Search by number is scoped like any other read."""
    ref = world.ref("bolt")
    assert call(world, "requester_a", "GET", f"/tickets?q={ref}").json() == {"items": [], "next": None}
    assert [i["ref"] for i in call(world, "requester_b", "GET", f"/tickets?q={ref}").json()["items"]] == [ref]


@pytest.mark.parametrize("name", ["author", "author_id", "ignore_permissions", "raised_by", "direction", "at", "bcc"])
def test_row_48_and_50_no_author_or_permission_is_taken_from_input(world: World, name: str) -> None:
    """Every schema lists its fields; what it does not list is 400 and changes nothing."""
    ref = world.ref("acme")
    for method, path, body in (
        ("POST", "/tickets", {"subject": "s", "text": "t", "requester": "tom@acme.example"}),
        ("PATCH", f"/tickets/{ref}", {"subject": "s"}),
        ("POST", f"/tickets/{ref}/messages", {"text": "t"}),
        ("POST", f"/tickets/{ref}/notes", {"text": "t"}),
    ):
        with taken_back():
            before = state()
            response = call(world, "admin", method, path, {**body, name: True})
            assert (response.status_code, response.json()["errors"][0]["field"]) == (400, name)
            assert state() == before


def test_row_49_the_database_itself_refuses_a_row_of_another_client(world: World) -> None:
    """The second fence: a message of one client cannot hang on the ticket of another."""
    message = Message.objects.unscoped("test").filter(ticket=world.tickets["acme"]).first()
    assert message is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.unscoped("test").filter(pk=message.pk).update(ticket_id=world.tickets["bolt"].pk)
        connection.check_constraints()


def test_row_51_and_52_no_read_without_a_scope(world: World) -> None:
    """The tenant is never optional: a query in nobody's name does not run."""
    with pytest.raises(UnscopedRead):
        list(Ticket.objects.all())
    with pytest.raises(UnscopedRead):
        Ticket.objects.filter(client_id=1).count()
    with pytest.raises(UnscopedRead):
        Ticket.objects.update(subject="x")


def test_row_53_who_lost_access_has_lost_it_everywhere(world: World) -> None:
    """A grant that was taken away is gone with the next request: token, session, live events."""
    with taken_back():
        person = world.cast.provider_agent
        people.revoke_role(SYSTEM, person_id=person.pk, role="agent", client_id=world.cast.acme.pk)
        assert call(world, "provider_agent", "GET", f"/tickets/{world.ref('acme')}").status_code in {401, 404}
        page = world.browser("provider_agent").get(f"/desk/tickets/{world.ref('acme')}")
        assert page.status_code in {302, 403, 404}
        actor = people_queries.actor_for(person)
        assert actor is not None
        assert not queries.visible_tickets(actor).exists()
        told = [FEEDS["ticket"].deliver(event, actor) for event in Event.objects.filter(topic="ticket")]
        assert not [one for one in told if one]


def test_row_53_a_revoked_token_and_an_inactive_person_are_nobody(world: World) -> None:
    """At once, not when a cache runs out."""
    with taken_back():
        token = people_queries.token_by_secret(world.tokens["agent_l1"])
        assert token is not None
        people.revoke_token(SYSTEM, token_id=token.pk)
        assert call(world, "agent_l1", "GET", "/tickets").status_code == 401
    with taken_back():
        people.deactivate_person(SYSTEM, person_id=world.cast.agent_l2.pk)
        assert call(world, "agent_l2", "GET", "/tickets").status_code == 401


def test_row_56_nobody_gives_a_right_that_he_lacks(world: World) -> None:
    """A lead cannot make himself, or anybody, an administrator."""
    for who in ("lead", "agent_l1", "client_manager", "requester_a"):
        with taken_back():
            before = state()
            with pytest.raises(Refusal):
                people.grant_role(world.cast.actor(who), person_id=world.cast.people()[who].pk, role="admin")
            assert state() == before


def test_row_57_what_asks_a_policy_raises_and_returns_nothing() -> None:
    """`require` never answers with something that a caller could forget to look at."""
    assert inspect.signature(policies.require).return_annotation in {None, "None"}


@pytest.mark.parametrize(
    "q",
    [
        "assignee__login__password:a", "requester__addresses__address:a", "token:td_", "digest:a", "login.password:a",
        "client__grants__role:a", "team__memberships__person:1", "pk:1", "id:1", "field.password:a", "notes:a",
    ],
)  # fmt: skip
def test_row_59_conditions_know_listed_fields_only(world: World, q: str) -> None:
    """No path through the ORM can be asked for; every field is registered by name."""
    for who in ("admin", "requester_a"):
        assert call(world, who, "GET", f"/tickets?q={q}").status_code == 422


@pytest.mark.parametrize(
    "name", ["sort", "order_by", "client__id", "page_size", "assignee__login__password__startswith"]
)
def test_row_59_lists_take_listed_parameters_only(world: World, name: str) -> None:
    """Sorting and filtering come from an allow-list."""
    assert call(world, "admin", "GET", f"/tickets?{name}=1").status_code == 400


@pytest.mark.parametrize(
    "q",
    [
        "tier:L1",
        "team:front-line",
        "assignee:none",
        "impact:high",
        "urgency:low",
        "category:none",
        "hold:none",
        "waiting<1d",
    ],
)
def test_row_59_the_requesters_side_cannot_ask_for_what_it_is_not_shown(world: World, q: str) -> None:
    """Whether a list is empty would tell it."""
    for who in ("requester_a", "client_manager", "outsider"):
        assert call(world, who, "GET", f"/tickets?q={q}").status_code == 422
    assert call(world, "agent_l1", "GET", f"/tickets?q={q}").status_code == 200


def test_the_cast_stands_where_these_rules_think(world: World) -> None:
    """The matrix's view of who is what agrees with the policy itself."""
    for thing, ticket in world.tickets.items():
        for who in EVERYBODY[1:]:
            actor = world.cast.actor(who)
            seen = policies.may(actor, policies.READ, ticket)
            assert seen == (standing(who, thing) in {"staff", "own side"}), (who, thing)
            assert policies.is_staff_for(actor, ticket.client_id) == (standing(who, thing) == "staff") or not seen
