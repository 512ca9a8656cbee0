"""What a mail can do: what its sender may do from his own side, and nothing by his role, whatever its From says."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.authorisation.world import EVERYBODY, THINGS, World, state, taken_back
from tierdesk.domain.tickets import commands
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.refusals import Refusal

pytestmark = pytest.mark.django_db
OWNERS = {"acme": "requester_a", "acme_colleague": "requester_a2", "bolt": "requester_b"}
SENDERS = [who for who in EVERYBODY if who != "anonymous"]
Action = Callable[[World, Actor, str], Any]


def open_for_oneself(world: World, actor: Actor, thing: str) -> Any:
    client = world.tickets[thing].client_id if thing in world.tickets else world.cast.holding.pk
    return commands.open_ticket(
        actor, subject="s", text="t", requester_id=actor.person_id or 0, client_id=client, channel="email"
    )


def open_for_another(world: World, actor: Actor, thing: str) -> Any:
    other = world.cast.people()["requester_b" if actor.person_id == world.cast.requester_a.pk else "requester_a"]
    return commands.open_ticket(
        actor, subject="s", text="t", requester_id=other.pk, client_id=world.cast.acme.pk, channel="email"
    )


ACTIONS: dict[str, tuple[Action, Callable[[str, str], bool]]] = {
    "open for oneself": (open_for_oneself, lambda who, thing: True),
    "open for another": (open_for_another, lambda who, thing: False),
    "join": (
        lambda world, actor, thing: commands.post_message(actor, ref=world.ref(thing), text="t", channel="email"),
        lambda who, thing: OWNERS.get(thing) == who,
    ),
    "add a cc": (
        lambda world, actor, thing: commands.add_participant(
            actor, ref=world.ref(thing), person_id=world.cast.outsider.pk
        ),
        lambda who, thing: False,
    ),
    "note": (
        lambda world, actor, thing: commands.add_note(actor, ref=world.ref(thing), text="t"),
        lambda who, thing: False,
    ),
    "assign": (
        lambda world, actor, thing: commands.assign(
            actor, ref=world.ref(thing), person_id=world.cast.agent_l1.pk, team_id=None
        ),
        lambda who, thing: False,
    ),
    "solve": (
        lambda world, actor, thing: commands.set_status(actor, ref=world.ref(thing), status="solved"),
        lambda who, thing: False,
    ),
    "change": (
        lambda world, actor, thing: commands.change_details(actor, ref=world.ref(thing), subject="x"),
        lambda who, thing: False,
    ),
    "take a note's file": (
        lambda world, actor, thing: commands.take_file(actor, attachment_id=world.file_id(thing, of_note=True)),
        lambda who, thing: False,
    ),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_mails_do_what_the_matrix_says(world: World, name: str) -> None:
    action, allowed = ACTIONS[name]
    differences = []
    for thing in THINGS:
        for who in SENDERS:
            for trust in ("proven", "none"):
                with taken_back():
                    before = state()
                    try:
                        action(world, world.mail_actor(who, trust), thing)
                        done = True
                    except Refusal:
                        done = False
                        if state() != before:
                            differences.append(f"{who} on {thing}: was refused, and yet something changed")
                    if done != allowed(who, thing):
                        differences.append(f"{who} on {thing} ({trust}): {done}")
    assert differences == []


def test_an_agents_mail_to_his_clients_ticket_is_no_answer_of_the_desk(world: World) -> None:
    """Without his grants an agent who mails is a sender like any other; he cannot write to a requester that way."""
    for who in ("agent_l1", "lead", "admin", "provider_agent"):
        with pytest.raises(Refusal) as refused:
            commands.post_message(world.mail_actor(who), ref=world.ref("acme"), text="send money", channel="email")
        assert refused.value.code == "not_found"
