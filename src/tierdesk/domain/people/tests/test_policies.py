"""Each policy exists once: what the predicate says, the queryset shows."""

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierdesk.demo.cast import Cast
from tierdesk.domain.people import commands, policies, rules
from tierdesk.domain.people.models import Client, Person
from tierdesk.kernel.actors import ANONYMOUS, SYSTEM, Actor, ActorKind, Clients


def actors(cast: Cast) -> list[Actor]:
    return [ANONYMOUS, SYSTEM, *(cast.actor(part) for part in cast.people())]


def agree(actor: Actor) -> None:
    clients = set(Client.objects.filter(policies.client_scope(actor)).values_list("pk", flat=True))
    assert clients == {c.pk for c in Client.objects.all() if policies.may_see_client(actor, c.pk)}
    people = set(Person.objects.filter(policies.person_scope(actor)).values_list("pk", flat=True))
    assert people == {p.pk for p in Person.objects.all() if policies.may_see_person(actor, p.pk)}


def test_predicate_and_queryset_agree_for_the_cast(cast: Cast) -> None:
    for actor in actors(cast):
        agree(actor)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([rules.READ, rules.CLIENT_VIEW, rules.PEOPLE_READ, rules.PEOPLE_MANAGE]),
        st.builds(Clients, every=st.booleans(), ids=st.frozensets(st.sampled_from([1, 12, 112, 2]))),
    ),
    st.integers(-1, 10),
)
def test_predicate_and_queryset_agree_for_any_grants(cast: Cast, grants: dict[str, Clients], who: int) -> None:
    person = None if who < 0 else list(cast.people().values())[who].pk
    agree(Actor(ActorKind.PERSON, person_id=person, grants=grants))


def test_client_ids_are_compared_whole(cast: Cast) -> None:
    """Row 44: 1, 12 and 112 contain one another as text."""
    for mine, other in itertools.permutations([1, 12, 112], 2):
        actor = Actor(ActorKind.PERSON, grants={rules.READ: Clients(ids=frozenset({mine}))})
        assert policies.may_see_client(actor, mine)
        assert not policies.may_see_client(actor, other)


def test_nothing_granted_shows_nothing(cast: Cast) -> None:
    """Row 55."""
    for actor in (ANONYMOUS, cast.actor("outsider").without_grants()):
        assert not Client.objects.filter(policies.client_scope(actor)).exists()
        assert not Person.objects.filter(policies.person_scope(actor)).exclude(pk=actor.person_id).exists()


def test_a_provider_sees_people_of_its_client_only(cast: Cast) -> None:
    commands.set_membership(SYSTEM, person_id=cast.requester_b.pk, client_id=12)
    seen = set(Person.objects.filter(policies.person_scope(cast.actor("provider_agent"))))
    assert seen == {cast.client_manager, cast.requester_a, cast.requester_a2, cast.provider_agent}
