"""Opening, answering, noting, reopening, following up: what becomes true, and what is refused without a trace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Q

from tierdesk.demo.cast import Cast
from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import commands, queries
from tierdesk.domain.tickets.commands import FileIn
from tierdesk.domain.tickets.models import Attachment, FieldValue, Message, Note, Participant, Ticket
from tierdesk.kernel import files
from tierdesk.kernel.actors import ANONYMOUS, SYSTEM, Actor, ActorKind
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.clock import FrozenClock
from tierdesk.kernel.models import Event, SearchRow

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def names_of_events(ticket: Ticket) -> list[str]:
    return list(Event.objects.filter(topic="ticket", thing_id=ticket.pk).order_by("id").values_list("name", flat=True))


def mail_of(cast: Cast, part: str) -> Actor:
    actor = people.actor_for(cast.people()[part], kind=ActorKind.MAIL, trust="proven")
    assert actor is not None
    return actor.without_grants()


def test_an_opened_ticket_is_new_and_says_what_was_said(opened: Any, cast: Cast, clock: FrozenClock) -> None:
    file = FileIn("log.txt", "text/plain", b"dropped")
    ticket = opened(cast.actor("requester_a"), impact=1, urgency=2, files=[file], team_id=cast.technicians.pk)
    assert (ticket.status.category, ticket.active, ticket.priority, ticket.version) == ("new", True, 2, 1)
    assert (ticket.tier_id, ticket.preview) == (cast.technicians.tier_id, "Every hour the VPN drops.")
    assert ticket.created_at == ticket.waiting_since == ticket.last_message_at == clock.moment
    message = Message.objects.unscoped("test").get(ticket=ticket)
    assert (message.direction, message.author_id, message.client_id) == ("in", cast.requester_a.pk, cast.acme.pk)
    attachment = Attachment.objects.unscoped("test").get(message=message)
    assert (attachment.audience, files.read(attachment.file)) == (Audience.REQUESTER, b"dropped")
    event = Event.objects.get(name="TicketOpened", thing_id=ticket.pk)
    assert (event.client_id, event.actor_person_id) == (cast.acme.pk, cast.requester_a.pk)
    assert "VPN" not in str(event.data)
    assert SearchRow.objects.filter(thing_id=ticket.pk).count() == 1


def test_numbers_rise_and_tickets_without_a_team_start_at_the_front_line(opened: Any) -> None:
    first, second = opened(), opened()
    assert second.number > first.number
    assert (first.tier_id, first.team_id, first.priority) == (1, None, 3)


def test_all_that_is_wrong_with_an_opening_is_said_at_once(opened: Any, cast: Cast, denied: Any) -> None:
    with denied("invalid", "subject", "text", "kind", "category", "team", "impact"):
        opened(
            cast.actor("agent_l1"),
            subject=" \u200b",
            text=" ",
            kind="x",
            category_id=99,
            team_id=99,
            impact=7,
            urgency=1,
        )


@pytest.mark.parametrize("client_id", [0, 424_242, 2**63 - 1, 10**19])
def test_a_client_that_is_none_is_refused_even_to_those_who_serve_every_client(
    opened: Any, cast: Cast, denied: Any, client_id: int
) -> None:
    with denied("invalid", "client"):
        opened(cast.actor("agent_l1"), client_id=client_id)


@pytest.mark.parametrize(
    ("part", "requester", "client", "allowed"),
    [
        ("requester_a", "requester_a", "acme", True),
        ("requester_a", "requester_a", "bolt", False),
        ("requester_a", "requester_a2", "acme", False),
        ("requester_b", "requester_a", "acme", False),
        ("outsider", "outsider", "acme", False),
        ("client_manager", "requester_a", "acme", False),
        ("client_manager", "client_manager", "acme", True),
        ("provider_agent", "requester_a", "acme", True),
        ("provider_agent", "requester_b", "bolt", False),
        ("agent_l1", "requester_b", "bolt", True),
    ],
)
def test_who_may_open_a_ticket_for_whom(
    part: str, requester: str, client: str, allowed: bool, opened: Any, cast: Cast, denied: Any
) -> None:
    what = {"requester_id": cast.people()[requester].pk, "client_id": getattr(cast, client).pk}
    if allowed:
        assert opened(cast.actor(part), **what).requester_id == what["requester_id"]
        return
    with denied("forbidden"):
        opened(cast.actor(part), **what)


def test_nobody_opens_nothing(opened: Any, denied: Any) -> None:
    with denied("forbidden"):
        opened(ANONYMOUS)


def test_an_answer_waits_for_the_requester_and_takes_the_ticket(opened: Any, fresh: Any, cast: Cast) -> None:
    ticket = opened()
    message = commands.post_message(cast.actor("agent_l1"), ref=ticket.ref, text="Restart it.\r\nPlease\x00.")
    now = fresh(ticket)
    assert (message.direction, message.text) == ("out", "Restart it.\nPlease.")
    assert (now.status.category, now.assignee_id, now.waiting_since) == ("waiting_requester", cast.agent_l1.pk, None)
    assert now.preview == "Restart it. Please."
    assert names_of_events(ticket) == ["TicketOpened", "AgentReplied", "TicketAssigned", "StatusChanged"]
    commands.post_message(cast.actor("agent_l2"), ref=ticket.ref, text="And again.")
    assert fresh(ticket).assignee_id == cast.agent_l1.pk


def test_the_requesters_words_open_it_again_and_he_waits_from_then(
    opened: Any, fresh: Any, cast: Cast, clock: FrozenClock
) -> None:
    ticket = opened()
    commands.post_message(cast.actor("agent_l1"), ref=ticket.ref, text="Restart it.")
    clock.advance(DAY)
    message = commands.post_message(cast.actor("requester_a"), ref=ticket.ref, text="No better.")
    now = fresh(ticket)
    assert (message.direction, now.status.category, now.waiting_since) == ("in", "open", clock.moment)
    clock.advance(DAY)
    commands.post_message(cast.actor("requester_a"), ref=ticket.ref, text="Hello?")
    assert fresh(ticket).waiting_since == clock.moment - DAY  # he waits since the first


@pytest.mark.parametrize("status", ["solved", "closed"])
def test_a_reply_to_what_was_settled_lately_reopens_it(
    status: str, opened: Any, fresh: Any, cast: Cast, clock: FrozenClock
) -> None:
    ticket = opened()
    commands.set_status(cast.actor("agent_l1"), ref=ticket.ref, status="solved")
    if status == "closed":
        commands.set_status(cast.actor("agent_l1"), ref=ticket.ref, status="closed")
    clock.advance(30 * DAY)
    message = commands.post_message(mail_of(cast, "requester_a"), ref=ticket.ref, text="Again.")
    now = fresh(ticket)
    assert (message.ticket_id, now.status.category, now.active) == (ticket.pk, "open", True)
    assert (now.solved_at, now.closed_at) == (None, None)


@pytest.mark.parametrize("by_mail", [True, False])
def test_a_reply_to_what_was_closed_long_ago_is_a_new_ticket_that_names_it(
    by_mail: bool, opened: Any, fresh: Any, cast: Cast, clock: FrozenClock
) -> None:
    commands.create_custom_field(cast.actor("admin"), key="room", type="text", label={"en": "Room"}, required=True)
    ticket = opened(custom_fields={"room": "7"}, team_id=cast.technicians.pk)
    for status in ("solved", "closed"):
        commands.set_status(cast.actor("agent_l1"), ref=ticket.ref, status=status)
    clock.advance(30 * DAY + dt.timedelta(seconds=1))
    actor = mail_of(cast, "requester_a") if by_mail else cast.actor("requester_a")
    message = commands.post_message(actor, ref=ticket.ref, text="Again.", files=[FileIn("a", "text/plain", b"a")])
    assert message.ticket_id != ticket.pk
    assert fresh(ticket).status.category == "closed"
    new = Ticket.objects.unscoped("test").get(pk=message.ticket_id)
    assert (new.subject, new.client_id, new.team_id) == (ticket.subject, ticket.client_id, ticket.team_id)
    event = Event.objects.get(name="TicketOpened", thing_id=new.pk)
    assert event.data["follows_ticket_id"] == ticket.pk
    assert Attachment.objects.unscoped("test").filter(ticket=new).count() == 1


def test_the_desks_answer_to_what_was_closed_long_ago_stays_there(
    opened: Any, fresh: Any, cast: Cast, clock: FrozenClock
) -> None:
    ticket = opened()
    for status in ("solved", "closed"):
        commands.set_status(cast.actor("agent_l1"), ref=ticket.ref, status=status)
    clock.advance(90 * DAY)
    message = commands.post_message(cast.actor("agent_l1"), ref=ticket.ref, text="How is it?")
    assert (message.ticket_id, fresh(ticket).status.category) == (ticket.pk, "closed")


@pytest.mark.parametrize("part", ["requester_a2", "requester_b", "outsider"])
def test_strangers_cannot_answer_and_hear_that_there_is_no_such_ticket(
    part: str, opened: Any, cast: Cast, denied: Any
) -> None:
    ticket = opened()
    with denied("not_found"):
        commands.post_message(cast.actor(part), ref=ticket.ref, text="x")
    with denied("not_found"):
        commands.post_message(mail_of(cast, part), ref=ticket.ref, text="x")


def test_the_providers_agent_reaches_his_client_alone(opened: Any, cast: Cast, denied: Any) -> None:
    foreign = opened(requester_id=cast.requester_b.pk, client_id=cast.bolt.pk)
    actor = cast.actor("provider_agent")
    calls: list[Callable[[], Any]] = [
        lambda: commands.post_message(actor, ref=foreign.ref, text="x"),
        lambda: commands.add_note(actor, ref=foreign.ref, text="x"),
        lambda: commands.assign(actor, ref=foreign.ref, person_id=None, team_id=None),
        lambda: commands.set_status(actor, ref=foreign.ref, status="solved"),
        lambda: commands.change_details(actor, ref=foreign.ref, subject="x"),
        lambda: commands.add_participant(actor, ref=foreign.ref, person_id=cast.outsider.pk),
        lambda: commands.mark_read(actor, ref=foreign.ref),
        lambda: commands.post_message(actor, ref="TD-999999", text="x"),
        lambda: commands.post_message(actor, ref="nonsense", text="x"),
    ]
    for call in calls:
        with denied("not_found"):
            call()


def test_the_requester_cannot_do_what_is_the_desks(opened: Any, cast: Cast, denied: Any) -> None:
    ticket, actor = opened(), cast.actor("requester_a")
    calls: list[Callable[[], Any]] = [
        lambda: commands.add_note(actor, ref=ticket.ref, text="x"),
        lambda: commands.assign(actor, ref=ticket.ref, person_id=None, team_id=None),
        lambda: commands.set_status(actor, ref=ticket.ref, status="solved"),
        lambda: commands.change_details(actor, ref=ticket.ref, subject="x"),
        lambda: commands.add_participant(actor, ref=ticket.ref, person_id=cast.outsider.pk),
    ]
    for call in calls:
        with denied("forbidden"):
            call()


def test_empty_and_endless_messages_are_refused(opened: Any, cast: Cast, denied: Any) -> None:
    ticket, actor = opened(), cast.actor("agent_l1")
    with denied("invalid", "text"):
        commands.post_message(actor, ref=ticket.ref, text=" \n")
    with denied("invalid", "text"):
        commands.add_note(actor, ref=ticket.ref, text="")
    with denied("too_large", "text"):
        commands.post_message(actor, ref=ticket.ref, text="x" * 500_001)
    with denied("invalid", "text", "files"):
        commands.open_ticket(
            actor,
            subject="S",
            text="",
            requester_id=cast.requester_a.pk,
            client_id=cast.acme.pk,
            channel="web",
            files=[FileIn("a", "b", b"")] * 51,
        )
    with denied("forbidden"):
        commands.post_message(SYSTEM, ref=ticket.ref, text="x")


def test_a_mail_that_is_too_long_is_cut_and_an_empty_one_is_taken(opened: Any, cast: Cast) -> None:
    ticket = opened()
    sender = mail_of(cast, "requester_a")
    message = commands.post_message(sender, ref=ticket.ref, text="x" * 500_001)
    assert message.text.endswith("[The rest is in the original mail.]")
    assert commands.post_message(sender, ref=ticket.ref, text="").text == ""


def test_a_note_is_for_agents_and_changes_no_status(opened: Any, fresh: Any, cast: Cast) -> None:
    ticket = opened()
    note = commands.add_note(
        cast.actor("agent_l2"), ref=ticket.ref, text="Known bug", files=[FileIn("../../x\u202e.exe", "x/y", b"n")]
    )
    assert Note.objects.unscoped("test").get(pk=note.pk).audience == Audience.AGENTS
    attachment = Attachment.objects.unscoped("test").get(note=note)
    assert (attachment.audience, attachment.name) == (Audience.AGENTS, ".._.._x.exe")
    assert (fresh(ticket).status.category, fresh(ticket).version) == ("new", 2)
    assert Event.objects.get(name="NoteAdded").audience == Audience.AGENTS


def test_files_of_notes_and_of_others_are_not_there_for_the_requester(opened: Any, cast: Cast, denied: Any) -> None:
    file = [FileIn("a", "text/plain", b"a")]
    ticket = opened(files=file)
    commands.add_note(cast.actor("agent_l1"), ref=ticket.ref, text="N", files=file)
    own = Attachment.objects.unscoped("test").get(message__isnull=False)
    inner = Attachment.objects.unscoped("test").get(note__isnull=False)
    assert commands.take_file(cast.actor("requester_a"), attachment_id=own.pk) == own
    assert Event.objects.filter(name="FileDownloaded", actor_person_id=cast.requester_a.pk).count() == 1
    assert commands.take_file(cast.actor("agent_l3"), attachment_id=inner.pk) == inner
    for part, attachment in (
        ("requester_a", inner),
        ("client_manager", inner),
        ("requester_b", own),
        ("outsider", own),
    ):
        with denied("not_found"):
            commands.take_file(cast.actor(part), attachment_id=attachment.pk)


def test_participants_read_and_write_from_the_requesters_side(opened: Any, fresh: Any, cast: Cast, denied: Any) -> None:
    ticket = opened(participant_ids=[cast.outsider.pk, cast.outsider.pk, cast.requester_a.pk])
    assert queries.participant_ids(ticket.pk) == {cast.requester_a.pk, cast.outsider.pk}
    assert commands.post_message(cast.actor("outsider"), ref=ticket.ref, text="Me too").direction == "in"
    agent = cast.actor("agent_l1")
    commands.add_participant(agent, ref=ticket.ref, person_id=cast.requester_a2.pk)
    commands.add_participant(agent, ref=ticket.ref, person_id=cast.requester_a2.pk)
    commands.add_participant(agent, ref=ticket.ref, person_id=cast.requester_a.pk)
    assert names_of_events(ticket).count("ParticipantAdded") == 2
    assert Participant.objects.unscoped("test").filter(ticket=ticket).count() == 2
    with denied("invalid", "participant"):
        commands.add_participant(agent, ref=ticket.ref, person_id=424_242)


def test_reading_is_kept_for_agents_alone_and_never_goes_back(opened: Any, cast: Cast, clock: FrozenClock) -> None:
    ticket = opened()
    agent = cast.actor("agent_l1")
    assert queries.ticket_for(agent, ticket.ref).read_to is None  # type: ignore[attr-defined]
    commands.mark_read(agent, ref=ticket.ref)
    first = queries.ticket_for(agent, ticket.ref).read_to  # type: ignore[attr-defined]
    commands.mark_read(agent, ref=ticket.ref)
    assert queries.ticket_for(agent, ticket.ref).read_to > first  # type: ignore[attr-defined]
    commands.mark_read(cast.actor("requester_a"), ref=ticket.ref)
    assert queries.ticket_for(cast.actor("requester_a"), ticket.ref).read_to is None  # type: ignore[attr-defined]
    assert queries.ticket_for(cast.actor("agent_l2"), ticket.ref).read_to is None  # type: ignore[attr-defined]


def test_a_timeline_shows_each_side_what_is_for_it(opened: Any, cast: Cast) -> None:
    ticket = opened()
    agent = cast.actor("agent_l1")
    commands.add_note(agent, ref=ticket.ref, text="Secret", files=[FileIn("n", "text/plain", b"n")])
    commands.assign(agent, ref=ticket.ref, person_id=cast.agent_l1.pk, team_id=cast.technicians.pk)
    commands.change_details(agent, ref=ticket.ref, impact=1)
    commands.post_message(agent, ref=ticket.ref, text="Done?", files=[FileIn("m", "text/plain", b"m")])
    for part in ("requester_a", "client_manager"):
        seen = queries.timeline(cast.actor(part), ticket)
        assert {entry.type for entry in seen} == {"message", "event"}
        assert {e.event.name for e in seen if e.event} <= {"TicketOpened", "StatusChanged", "ParticipantAdded"}
        assert [file.name for entry in seen for file in entry.attachments] == ["m"]
    seen = queries.timeline(agent, ticket)
    assert [entry.id for entry in seen] == sorted(entry.id for entry in seen)
    assert sum(entry.type == "note" for entry in seen) == 1
    assert {"TicketAssigned", "DetailsChanged"} <= {e.event.name for e in seen if e.event}
    assert {file.name for entry in seen for file in entry.attachments} == {"m", "n"}


WORDS = {"en": ("The printers were burning", "printer"), "ru": ("Принтеры сгорели вчера", "принтер")}
WORDS["ko"] = ("프린터가 고장났습니다", "프린터")


@pytest.mark.parametrize("language", WORDS)
def test_words_are_found_in_messages_and_notes_by_those_who_may_read_them(
    language: str, opened: Any, cast: Cast
) -> None:
    text, word = WORDS[language]
    said, noted = opened(text=text), opened()
    commands.add_note(cast.actor("agent_l1"), ref=noted.ref, text=text)
    foreign = opened(text=text, requester_id=cast.requester_b.pk, client_id=cast.bolt.pk)

    def found(part: str) -> set[str]:
        return {ticket.ref for ticket in queries.find_tickets(cast.actor(part), word).rows}

    assert found("agent_l1") == {said.ref, noted.ref, foreign.ref}
    assert found("provider_agent") == {said.ref, noted.ref}
    assert found("requester_a") == found("client_manager") == {said.ref}
    assert found("requester_b") == {foreign.ref}
    assert found("requester_a2") == found("outsider") == set()


def test_a_provider_finds_no_note_of_a_ticket_that_he_takes_part_in_elsewhere(opened: Any, cast: Cast) -> None:
    ticket = opened(requester_id=cast.requester_b.pk, client_id=cast.bolt.pk, participant_ids=[cast.provider_agent.pk])
    commands.add_note(cast.actor("agent_l1"), ref=ticket.ref, text="zqxcanary")
    actor = cast.actor("provider_agent")
    assert queries.ticket_for(actor, ticket.ref) == ticket
    assert queries.find_tickets(actor, "zqxcanary").rows == []
    assert all(entry.type != "note" for entry in queries.timeline(actor, ticket))


def test_fields_and_rows_carry_the_tickets_client(opened: Any, cast: Cast) -> None:
    commands.create_custom_field(cast.actor("admin"), key="room", type="text", label={"en": "Room"})
    ticket = opened(custom_fields={"room": "7"})
    commands.add_note(cast.actor("agent_l1"), ref=ticket.ref, text="N")
    for model in (Message, Note, FieldValue):
        assert set(model.objects.scoped(Q(ticket_id=ticket.pk)).values_list("client_id", flat=True)) == {cast.acme.pk}
