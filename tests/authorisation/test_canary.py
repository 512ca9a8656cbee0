"""What agents note is in no byte that a requester's side can get: pages, API, search, live events, mails (T-22)."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.authorisation.matrix import ROWS
from tests.authorisation.test_matrix import send
from tests.authorisation.world import CANARY, FILE_CANARY, THINGS, World, taken_back
from tierdesk.domain.channels.email import reactions
from tierdesk.domain.channels.email.composing import compose
from tierdesk.domain.channels.email.models import MailOut
from tierdesk.domain.channels.email.outgoing import facts_of
from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import commands, queries
from tierdesk.domain.tickets.models import Attachment, Note, Participant
from tierdesk.kernel import worker
from tierdesk.kernel.live.registry import FEEDS
from tierdesk.kernel.models import Event

pytestmark = pytest.mark.django_db
CUSTOMER_SIDE = ("anonymous", "outsider", "requester_a", "requester_a2", "requester_b", "client_manager")
SEARCHES = (CANARY, f'"{CANARY}"', CANARY[:6], "Inner", f"{CANARY} or Secret", "-nothing", FILE_CANARY)


def inner_words(world: World) -> list[bytes]:
    """The canaries, and the ids of all that is inner: not even that there is a note may be seen."""
    notes = Note.objects.unscoped("test").values_list("pk", flat=True)
    files = Attachment.objects.unscoped("test").filter(note__isnull=False).values_list("pk", flat=True)
    return [CANARY.encode(), FILE_CANARY.encode(), *(str(pk).encode() for pk in (*notes, *files))]


def sent(response: Any) -> bytes:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content + str(response.headers).encode()


def take_part_everywhere(world: World) -> None:
    """The outsider takes part (in copy) in every ticket, the client manager manages acme."""
    for ticket in world.tickets.values():
        commands.add_participant(world.cast.actor("admin"), ref=ticket.ref, person_id=world.cast.outsider.pk)


@pytest.mark.parametrize("who", CUSTOMER_SIDE)
def test_no_route_says_to_the_requesters_side_what_agents_noted(world: World, who: str) -> None:
    take_part_everywhere(world)
    assert Participant.objects.unscoped("test").count() == len(world.tickets)
    words = inner_words(world)
    leaks, answers = [], 0
    for row in ROWS:
        for thing in row.things or THINGS:
            ask = row.ask(world, thing)
            with taken_back():
                content = sent(send(world, who, row, ask))
            for asked in (ask.path, quote(ask.path, safe="")):  # what the asker said himself, said back
                content = content.replace(asked.encode(), b"")
            answers += 1
            leaks += [f"{row} on {thing}: {w!r}" for w in words if w in content]
    assert leaks == []
    assert answers > 100


@pytest.mark.parametrize("who", CUSTOMER_SIDE[1:])
def test_no_search_finds_a_ticket_by_what_agents_noted(world: World, who: str) -> None:
    take_part_everywhere(world)
    for q in SEARCHES:
        response = world.caller(who).get("/api/v1/tickets", {"q": q})
        assert CANARY.encode() not in response.content.replace(json.dumps(q).encode(), b"")
        if response.status_code == 200 and q in {CANARY, f'"{CANARY}"', CANARY[:6], "Inner", FILE_CANARY}:
            assert response.json()["items"] == [], q
    found = world.caller("agent_l1").get("/api/v1/tickets", {"q": CANARY}).json()["items"]
    assert len(found) == len(world.tickets)  # the search works; it is the requesters' side that finds nothing


@pytest.mark.parametrize("who", CUSTOMER_SIDE[1:])
def test_no_query_gives_the_requesters_side_what_agents_noted(world: World, who: str) -> None:
    take_part_everywhere(world)
    actor = world.cast.actor(who)
    for ticket in queries.visible_tickets(actor):
        for entry in queries.timeline(actor, ticket):
            assert entry.type != "note"
            assert CANARY not in str(vars(entry.row))
            assert all(file.note_id is None for file in entry.attachments)
    for event in Event.objects.all():
        for _topic, feed in FEEDS:
            told = feed.deliver(event, actor)
            assert told is None or event.name != "NoteAdded"


def test_no_mail_to_a_requester_carries_what_agents_noted(world: World) -> None:
    take_part_everywhere(world)
    with taken_back():
        commands.add_note(world.cast.actor("agent_l1"), ref=world.ref("acme"), text=f"again {CANARY}")
        commands.post_message(world.cast.actor("agent_l1"), ref=world.ref("acme"), text="The answer itself")
        while worker.dispatch():
            pass
        for event in Event.objects.filter(name="AgentReplied"):
            reactions.send_reply(event)
        for event in Event.objects.filter(name="TicketOpened"):
            reactions.acknowledge(event)
        mails = list(MailOut.objects.unscoped("test"))
        assert mails
        words = inner_words(world)
        bodies = [compose(facts_of(mail)) for mail in mails]
        for body in bodies:
            raw = body.as_bytes()
            decoded = b"".join(part.get_payload(decode=True) or b"" for part in body.walk() if not part.is_multipart())
            assert not [w for w in words if w in raw or w in decoded]
        assert any("The answer itself" in str(body) for body in bodies)
        staff = {people.address_of(world.cast.people()[who].pk) for who in ("agent_l1", "agent_l2", "lead", "admin")}
        assert not staff & {mail.address for mail in mails}


def test_the_word_that_is_looked_for_is_really_there(world: World) -> None:
    """Where this fails, the other tests here prove nothing."""
    page = world.browser("agent_l1").get(f"/desk/tickets/{world.ref('acme')}").content
    assert CANARY.encode() in page
    assert re.search(FILE_CANARY.encode(), page)
    timeline = world.caller("agent_l1").get(f"/api/v1/tickets/{world.ref('acme')}/timeline").content
    assert CANARY.encode() in timeline
