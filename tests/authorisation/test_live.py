"""Live events reach those who may see what they tell of, and nobody else."""

import json

import pytest

from tests.authorisation.matrix import OWN_SIDE, STAFF, standing
from tests.authorisation.world import CANARY, EVERYBODY, World
from tierdesk.kernel.actors import ANONYMOUS
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.live.registry import FEEDS
from tierdesk.kernel.models import Event

pytestmark = pytest.mark.django_db
TOPICS = ["ticket"]  # every topic that reaches browsers; a new one needs its own expectations here


def test_every_live_topic_is_in_the_matrix() -> None:
    assert [topic for topic, _feed in FEEDS] == TOPICS


@pytest.mark.parametrize("who", EVERYBODY)
def test_events_of_tickets_are_told_as_the_matrix_says(world: World, who: str) -> None:
    actor = ANONYMOUS if who == "anonymous" else world.cast.actor(who)
    feed = FEEDS["ticket"]
    seen_kinds = set()
    for thing, ticket in world.tickets.items():
        events = list(Event.objects.filter(topic="ticket", thing_id=ticket.pk))
        assert {Audience(event.audience) for event in events} == {Audience.REQUESTER, Audience.AGENTS}
        for event in events:
            told = None
            if feed.narrow is None or actor in feed.narrow(event, [actor]):
                told = feed.deliver(event, actor)
            inner = event.audience != Audience.REQUESTER
            allowed = {STAFF} if inner else {STAFF, OWN_SIDE}
            assert (told is not None) == (standing(who, thing) in allowed), (thing, event.name)
            if told is not None:
                seen_kinds.add(event.name)
                assert CANARY not in json.dumps(dict(told))
    assert bool(seen_kinds) == (who not in {"anonymous", "outsider"})
