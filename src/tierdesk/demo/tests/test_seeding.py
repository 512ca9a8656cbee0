"""The demo: an empty installation becomes a desk with a past, once, and nobody gets a mail."""

import datetime as dt

import pytest

from tierdesk.demo.people import REQUESTERS, STAFF
from tierdesk.demo.seeding import MAILBOX, PASSWORD, fill
from tierdesk.demo.stories import STORIES
from tierdesk.domain.channels.email.models import MailOut
from tierdesk.domain.people import commands as people_commands
from tierdesk.domain.people import queries as people
from tierdesk.domain.people.models import Client, Person
from tierdesk.domain.tickets.models import Message, Note, Ticket
from tierdesk.kernel import clock, worker
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.models import Event, Job

pytestmark = pytest.mark.django_db


def _counts() -> dict[str, int]:
    why = "counting in a test"
    return {
        "tickets": Ticket.objects.unscoped(why).count(),
        "messages": Message.objects.unscoped(why).count(),
        "notes": Note.objects.unscoped(why).count(),
        "mails": MailOut.objects.unscoped(why).count(),
        "people": Person.objects.count(),
        "clients": Client.objects.count(),
        "events": Event.objects.count(),
        "jobs": Job.objects.count(),
    }


def test_a_second_time_changes_nothing_and_says_again_who_can_sign_in():
    first = list(fill(seed=1))
    before = _counts()
    assert before["tickets"] == len(STORIES) == 40
    assert before["people"] == len(STAFF) + len(REQUESTERS)
    assert before["clients"] == 4
    assert list(fill(seed=1)) == first
    assert _counts() == before
    assert PASSWORD in first[0]
    assert all(colleague.address in first[0] for colleague in STAFF)
    assert MAILBOX in first[1]


def test_nobody_gets_a_mail_and_nothing_is_left_to_do():
    list(fill(seed=1))
    worker.drain()
    assert _counts()["mails"] == 0
    assert Job.objects.count() == 0
    assert not Event.objects.filter(position__isnull=True).exists()


def test_everybody_named_signs_in_with_the_password_said():
    list(fill(seed=1))
    for colleague in STAFF:
        login = people.login_by_address(colleague.address)
        assert login is not None
        assert login.check_password(PASSWORD)


def test_the_past_is_a_month_long_in_order_and_not_ahead():
    list(fill(seed=3))
    now = clock.now()
    opened = list(Ticket.objects.unscoped("test").order_by("number").values_list("created_at", flat=True))
    assert opened == sorted(opened)
    assert now - dt.timedelta(days=32) < opened[0] < now - dt.timedelta(days=25)
    assert opened[-1] < now
    for ticket in Ticket.objects.unscoped("test"):
        moments = list(
            Message.objects.unscoped("test").filter(ticket=ticket).order_by("id").values_list("at", flat=True)
        )
        assert moments == sorted(moments)
        assert ticket.updated_at <= now
        assert ticket.hold_until is None or ticket.hold_until > now


def test_every_tier_and_every_status_occurs():
    list(fill(seed=1))
    tickets = Ticket.objects.unscoped("test")
    assert set(tickets.values_list("tier_id", flat=True)) == {1, 2, 3}
    assert set(tickets.values_list("status__category", flat=True)) == {
        "new", "open", "waiting_requester", "waiting_vendor", "on_hold", "solved", "closed",
    }  # fmt: skip
    assert {"en", "ko", "ru"} == set(tickets.values_list("language", flat=True))


def test_the_seed_alone_decides_the_moments(clock):
    def moments(seed: int) -> list[dt.datetime]:
        from django.db import transaction  # noqa: PLC0415

        with transaction.atomic():
            list(fill(seed=seed))
            found = list(Ticket.objects.unscoped("test").order_by("number").values_list("created_at", flat=True))
            transaction.set_rollback(True)
        return found

    assert moments(7) == moments(7)
    assert moments(7) != moments(8)


def test_a_desk_that_is_in_use_is_left_alone():
    people_commands.ensure_defaults(SYSTEM)
    person = people_commands.create_person(SYSTEM, name="Somebody", addresses=["somebody@else.example"])
    people_commands.create_login(SYSTEM, person_id=person.pk, password="five-rungs-of-a-ladder")
    before = _counts()
    assert "empty installation" in "".join(fill(seed=1))
    assert _counts() == before


def test_no_story_reaches_beyond_the_present():
    for story in STORIES:
        assert all(step.after < story.ago for step in story.steps), story.subject
        assert [step.after for step in story.steps] == sorted(step.after for step in story.steps), story.subject
