"""What commands make true, and that a refusal leaves nothing behind."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from tierdesk.demo.cast import Cast
from tierdesk.domain.people import commands, policies, queries, rules
from tierdesk.domain.people.commands import sign_in
from tierdesk.domain.people.models import Address, ApiToken, Client, Grant, Login, Membership, Person, Role
from tierdesk.kernel import clock
from tierdesk.kernel.actors import ANONYMOUS, SYSTEM, Actor, ActorKind
from tierdesk.kernel.commands import storage_full
from tierdesk.kernel.models import Event
from tierdesk.kernel.refusals import Refusal

Written = Callable[[], dict[str, list[dict[str, object]]]]
PARTS = ["lead", "agent_l1", "agent_l2", "agent_l3", "provider_agent", "client_manager", "requester_a", "outsider"]


def of_kind(cast: Cast, part: str) -> Actor:
    return ANONYMOUS if part == "anonymous" else cast.actor(part)


def mail_of(cast: Cast, part: str) -> Actor:
    person = cast.people()[part]
    return Actor(ActorKind.MAIL, person_id=person.pk, name=person.name)


DENIED: dict[str, Callable[[Actor, Cast], Any]] = {
    "create_client": lambda a, c: commands.create_client(a, slug="new", name="New"),
    "create_person": lambda a, c: commands.create_person(a, name="New", addresses=["new@acme.example"], client_id=1),
    "create_team": lambda a, c: commands.create_team(a, slug="new", name={"en": "New"}, tier=1),
    "create_tier": lambda a, c: commands.create_tier(a, level=5, name={"en": "New"}),
    "create_role": lambda a, c: commands.create_role(a, slug="new", name={"en": "New"}, permissions=[]),
    "ensure_defaults": lambda a, c: commands.ensure_defaults(a),
    "grant_role": lambda a, c: commands.grant_role(a, person_id=c.requester_a.pk, role="agent", client_id=1),
    "grant_role_to_oneself": lambda a, c: commands.grant_role(a, person_id=a.person_id or 0, role="admin"),
    "revoke_role": lambda a, c: commands.revoke_role(a, person_id=c.admin.pk, role="admin"),
    "join_team": lambda a, c: commands.join_team(a, person_id=c.agent_l1.pk, team="experts"),
    "leave_team": lambda a, c: commands.leave_team(a, person_id=c.agent_l3.pk, team="experts"),
    "set_membership": lambda a, c: commands.set_membership(a, person_id=c.requester_b.pk, client_id=1, kind="manager"),
    "remove_membership": lambda a, c: commands.remove_membership(a, person_id=c.requester_b.pk, client_id=112),
    "add_address": lambda a, c: commands.add_address(a, person_id=c.admin.pk, address="evil@acme.example"),
    "remove_address": lambda a, c: commands.remove_address(a, person_id=c.admin.pk, address="ada@desk.example"),
    "make_primary": lambda a, c: commands.make_primary(a, person_id=c.admin.pk, address="ada@desk.example"),
    "create_login": lambda a, c: commands.create_login(a, person_id=c.admin.pk, password="ladder-of-five-rungs-0413"),
    "set_password": lambda a, c: commands.set_password(a, person_id=c.admin.pk, password="ladder-of-five-rungs-0413"),
    "end_sessions": lambda a, c: commands.end_sessions(a, person_id=c.admin.pk),
    "create_token": lambda a, c: commands.create_token(a, person_id=c.admin.pk, label="mine"),
    "deactivate_person": lambda a, c: commands.deactivate_person(a, person_id=c.admin.pk),
    "reactivate_person": lambda a, c: commands.reactivate_person(a, person_id=c.admin.pk),
}


@pytest.mark.parametrize("part", [*PARTS, "anonymous"])
def test_whoever_may_not_manage_people_changes_nothing(cast: Cast, written: Written, part: str) -> None:
    actor = of_kind(cast, part)
    before = written()
    for name, call in DENIED.items():
        with pytest.raises(Refusal) as refused:
            call(actor, cast)
        assert refused.value.code in {"forbidden", "not_found", "unauthenticated"}, name
        assert written() == before, name


def test_a_mail_from_an_administrator_manages_nothing(cast: Cast, written: Written) -> None:
    before = written()
    settings = [
        lambda a, c: commands.set_language(a, language="ko"),
        lambda a, c: commands.create_token(a, person_id=c.admin.pk, label="mine"),
        lambda a, c: commands.set_password(a, person_id=c.admin.pk, password="ladder-of-five-rungs-0413"),
    ]
    for call in [*DENIED.values(), *settings]:
        with pytest.raises(Refusal):
            call(mail_of(cast, "admin"), cast)
    assert written() == before


def test_nobody_can_grant_or_take_a_right_that_he_lacks(cast: Cast, written: Written) -> None:
    """Row 56: somebody who manages people, of all clients or of one, gives and takes within his own rights only."""
    commands.create_role(SYSTEM, slug="hr", name={"en": "People"}, permissions=[rules.PEOPLE_READ, rules.PEOPLE_MANAGE])
    commands.grant_role(SYSTEM, person_id=cast.agent_l1.pk, role="hr")
    commands.grant_role(SYSTEM, person_id=cast.provider_agent.pk, role="hr", client_id=1)
    before = written()
    for part, role, client_id in [
        ("agent_l1", "admin", None),
        ("agent_l1", "lead", None),
        ("provider_agent", "agent", None),
        ("provider_agent", "agent", 12),
        ("provider_agent", "agent", 112),
        ("provider_agent", "admin", 1),
    ]:
        for person in (cast.requester_a, cast.people()[part]):
            with pytest.raises(Refusal, match="."):
                commands.grant_role(cast.actor(part), person_id=person.pk, role=role, client_id=client_id)
    for call in (
        lambda a: commands.revoke_role(a, person_id=cast.admin.pk, role="admin"),
        lambda a: commands.set_password(a, person_id=cast.admin.pk, password="ladder-of-five-rungs-0413"),
        lambda a: commands.add_address(a, person_id=cast.admin.pk, address="evil@acme.example"),
        lambda a: commands.deactivate_person(a, person_id=cast.lead.pk),
        lambda a: commands.set_password(a, person_id=cast.requester_b.pk, password="ladder-of-five-rungs-0413"),
    ):
        with pytest.raises(Refusal):
            call(cast.actor("provider_agent"))
    assert written() == before
    commands.grant_role(cast.actor("provider_agent"), person_id=cast.requester_a.pk, role="agent", client_id=1)
    assert queries.actor_for(cast.requester_a).holds(rules.REPLY, 1)
    assert not queries.actor_for(cast.requester_a).holds(rules.REPLY, 12)


def test_an_actor_who_may_manage_a_client_may_not_change_people_of_others_too(cast: Cast) -> None:
    commands.grant_role(SYSTEM, person_id=cast.lead.pk, role="admin", client_id=1)
    commands.revoke_role(SYSTEM, person_id=cast.lead.pk, role="lead")
    commands.set_membership(SYSTEM, person_id=cast.requester_a2.pk, client_id=112)
    assert policies.may_manage_person(cast.actor("lead"), cast.requester_a.pk)
    assert not policies.may_manage_person(cast.actor("lead"), cast.requester_a2.pk)
    assert not policies.may_manage_person(cast.actor("lead"), cast.outsider.pk)


def test_the_last_administrator_stays(cast: Cast, written: Written) -> None:
    before = written()
    with pytest.raises(Refusal, match="manage the installation"):
        commands.revoke_role(SYSTEM, person_id=cast.admin.pk, role="admin")
    with pytest.raises(Refusal, match="manage the installation"):
        commands.deactivate_person(SYSTEM, person_id=cast.admin.pk)
    with pytest.raises(Refusal, match="yourself"):
        commands.deactivate_person(cast.actor("admin"), person_id=cast.admin.pk)
    assert written() == before


def test_defaults_are_made_once(db: None) -> None:
    commands.ensure_defaults(SYSTEM)
    events = Event.objects.count()
    commands.ensure_defaults(SYSTEM)
    assert Event.objects.count() == events
    assert [t.key for t in queries.tiers()] == ["L0", "L1", "L2", "L3", "L4"]
    assert set(Role.objects.values_list("slug", flat=True)) == {"admin", "lead", "agent"}
    assert Client.objects.filter(holding=True).count() == 1


def test_every_fault_of_a_client_is_told_at_once(cast: Cast) -> None:
    with pytest.raises(Refusal) as refused:
        commands.create_client(
            cast.actor("admin"),
            slug="Bad Slug",
            name=" ",
            domains=["acme.example", "x y"],
            language="xx",
            time_zone="Mars",
        )
    assert [f.field for f in refused.value.faults] == ["slug", "name", "language", "time_zone", "domains", "domains"]
    assert refused.value.code == "invalid"


def test_a_requester_is_found_whichever_way_the_address_is_written(cast: Cast) -> None:
    for spelling in ("jiwoo@acme.example", "JIWOO@ACME.example", " ｊiwoo@acme.example "):
        found = commands.find_or_add_requester(SYSTEM, address=spelling, name="Other", found_in="mail")
        assert found.pk == cast.requester_a.pk


@pytest.mark.parametrize(
    ("address", "slug"),
    [
        ("new@acme.example", "acme"),
        ("new@acme-eu.example", "acme-eu"),
        ("new@sub.acme.example", "holding"),
        ("a@b.c", "holding"),
    ],
)
def test_a_new_requester_joins_the_client_of_exactly_his_domain(cast: Cast, address: str, slug: str) -> None:
    person = commands.find_or_add_requester(SYSTEM, address=address, name="", found_in="mail", language="ko")
    membership = Membership.objects.get(person=person)
    assert (membership.client.slug, membership.kind, membership.main) == (slug, "requester", True)
    assert (person.name, person.language) == (address.partition("@")[0], "ko")
    assert Event.objects.filter(name="PersonAdded", thing_id=person.pk, client_id=membership.client_id).count() == 1
    again = commands.find_or_add_requester(SYSTEM, address=address, name="x", found_in="mail")
    assert again.pk == person.pk


def test_a_provider_cannot_fetch_people_of_other_clients(cast: Cast, written: Written) -> None:
    actor = cast.actor("provider_agent")
    before = written()
    for address, client_id in [
        ("oleg@bolt.example", None),
        ("oleg@bolt.example", 1),
        ("oleg@bolt.example", 112),
        ("new@bolt.example", None),
        ("new@elsewhere.example", None),
        ("not an address", 1),
    ]:
        with pytest.raises(Refusal):
            commands.find_or_add_requester(actor, address=address, name="x", found_in="web", client_id=client_id)
    for other in (ANONYMOUS, cast.actor("requester_a"), cast.actor("outsider")):
        with pytest.raises(Refusal):
            commands.find_or_add_requester(other, address="new@acme.example", name="x", found_in="web")
    assert written() == before
    made = commands.find_or_add_requester(actor, address="new@elsewhere.example", name="x", found_in="web", client_id=1)
    assert list(made.memberships.values_list("client_id", flat=True)) == [1]


def test_addresses_of_a_person(cast: Cast) -> None:
    admin, person = cast.actor("admin"), cast.requester_a
    commands.add_address(admin, person_id=person.pk, address="Jiwoo@Home.example")
    with pytest.raises(Refusal, match="belongs to somebody"):
        commands.add_address(admin, person_id=person.pk, address="tom@acme.example")
    with pytest.raises(Refusal, match="signs in"):
        commands.remove_address(admin, person_id=person.pk, address="jiwoo@acme.example")
    commands.make_primary(admin, person_id=person.pk, address="jiwoo@home.example")
    assert queries.address_of(person.pk) == "jiwoo@home.example"
    assert Address.objects.filter(person=person, primary=True).count() == 1
    assert Login.objects.get(person=person).email == "jiwoo@acme.example"
    with pytest.raises(Refusal, match="primary"):
        commands.remove_address(admin, person_id=person.pk, address="jiwoo@home.example")
    changed = Event.objects.filter(name="PersonChanged", thing_id=person.pk)
    assert [e.data["changed"] for e in changed] == [["addresses"], ["addresses"]]


def test_own_settings_are_kept_and_recorded_once(cast: Cast) -> None:
    actor = cast.actor("requester_b")
    for _again in range(2):
        commands.set_language(actor, language="ko")
        commands.set_theme(actor, theme="dark")
        commands.set_time_zone(actor, time_zone="Asia/Seoul")
    person = queries.person_by_id(cast.requester_b.pk)
    assert (person.language, person.theme, person.time_zone) == ("ko", "dark", "Asia/Seoul")
    assert Event.objects.filter(name="PersonChanged", thing_id=person.pk).count() == 3
    for call in (
        lambda: commands.set_language(actor, language="xx"),
        lambda: commands.set_theme(actor, theme="pink"),
        lambda: commands.set_time_zone(actor, time_zone="../etc/passwd"),
        lambda: commands.set_language(ANONYMOUS, language="ko"),
    ):
        with pytest.raises(Refusal):
            call()


def test_leaving_a_client_leaves_nothing_reachable(cast: Cast) -> None:
    """Row 53."""
    assert queries.actor_for(cast.client_manager).holds(rules.CLIENT_VIEW, 1)
    commands.remove_membership(cast.actor("admin"), person_id=cast.client_manager.pk, client_id=1)
    assert not queries.actor_for(cast.client_manager).grants
    assert not queries.visible_clients(queries.actor_for(cast.client_manager)).exists()


def test_a_deactivated_person_is_out_at_once_and_comes_back_without_old_tokens(cast: Cast) -> None:
    actor = cast.actor("agent_l1")
    token, secret = commands.create_token(actor, person_id=cast.agent_l1.pk, label="script")
    epoch = Login.objects.get(person=cast.agent_l1).epoch
    commands.deactivate_person(cast.actor("admin"), person_id=cast.agent_l1.pk)
    assert queries.actor_for_token(secret) is None
    assert queries.actor_for(Person.objects.get(pk=cast.agent_l1.pk)) is None
    login = Login.objects.get(person=cast.agent_l1)
    assert (login.is_active, login.epoch) == (False, epoch + 1)
    commands.reactivate_person(cast.actor("admin"), person_id=cast.agent_l1.pk)
    assert queries.actor_for_token(secret) is None
    assert ApiToken.objects.get(pk=token.pk).revoked_at is not None
    names = list(Event.objects.filter(thing_id=cast.agent_l1.pk).order_by("id").values_list("name", flat=True))
    assert names[-4:] == ["TokenCreated", "TokenRevoked", "AccessChanged", "AccessChanged"]


@pytest.mark.parametrize("change", ["password", "grant", "revoke", "sessions"])
def test_sessions_and_tokens_end_with_password_and_role(cast: Cast, change: str) -> None:
    """Row 74."""
    person = cast.agent_l2
    _token, secret = commands.create_token(cast.actor("agent_l2"), person_id=person.pk, label="script")
    before = Login.objects.get(person=person).get_session_auth_hash()
    admin = cast.actor("admin")
    match change:
        case "password":
            commands.set_password(
                cast.actor("agent_l2"), person_id=person.pk, password="ladder-of-five-rungs-0413", current=cast.password
            )
        case "grant":
            commands.grant_role(admin, person_id=person.pk, role="lead")
        case "revoke":
            commands.revoke_role(admin, person_id=person.pk, role="agent")
        case "sessions":
            commands.end_sessions(admin, person_id=person.pk)
    assert Login.objects.get(person=person).get_session_auth_hash() != before
    assert queries.actor_for_token(secret) is None


def test_passwords_are_checked(cast: Cast, written: Written) -> None:
    before = written()
    actor, person_id = cast.actor("agent_l1"), cast.agent_l1.pk
    with pytest.raises(Refusal) as refused:
        commands.set_password(actor, person_id=person_id, password="password", current="wrong")
    assert {f.field for f in refused.value.faults} == {"current", "password"}
    assert len(refused.value.faults) == 3  # wrong present one; too short; too common
    assert written() == before


def test_a_token_is_kept_as_a_hash_and_says_who_acts(cast: Cast) -> None:
    token, secret = commands.create_token(cast.actor("provider_agent"), person_id=cast.provider_agent.pk, label="x")
    assert secret.startswith("td_")
    stored = ApiToken.objects.filter(pk=token.pk).values().get()
    assert secret not in str(stored) and secret[3:] not in str(stored)
    assert not Event.objects.filter(data__icontains=secret[3:]).exists()
    actor = queries.actor_for_token(secret)
    assert actor is not None
    assert (actor.kind, actor.person_id, actor.token_id) == (ActorKind.TOKEN, cast.provider_agent.pk, token.pk)
    assert actor.holds(rules.READ, 1) and not actor.holds(rules.READ, 12)
    with pytest.raises(Refusal):
        commands.create_token(actor, person_id=cast.provider_agent.pk, label="child")


@pytest.mark.parametrize(
    "secret", ["", " ", "td_", "\0", "td_" + "a" * 43, "td_" + "a" * 44, "td_" + "é" * 43, None, [], 1]
)
def test_what_is_no_token_is_nobody(cast: Cast, secret: Any) -> None:
    """Row 73."""
    commands.create_token(SYSTEM, person_id=cast.admin.pk, label="x")
    assert queries.actor_for_token(secret) is None
    assert commands.act_with_token(secret) is None


def test_only_the_whole_secret_works(cast: Cast) -> None:
    _token, secret = commands.create_token(SYSTEM, person_id=cast.admin.pk, label="x")
    for wrong in (secret[:-1], secret + "A", secret.swapcase(), secret + " ", secret.removeprefix("td_")):
        assert queries.actor_for_token(wrong) is None


def test_use_is_noted_once_a_minute(cast: Cast) -> None:
    token, secret = commands.create_token(SYSTEM, person_id=cast.admin.pk, label="x")
    with clock.frozen(dt.datetime(2026, 3, 1, tzinfo=dt.UTC)) as frozen:
        seen = []
        for _minute in range(5):
            assert commands.act_with_token(secret)
            seen.append(ApiToken.objects.get(pk=token.pk).last_used_at)
            frozen.advance(dt.timedelta(seconds=30))
    assert len(set(seen)) == 3


def test_a_full_disk_keeps_no_token_from_reading(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_actor: Actor) -> None:
        raise storage_full()

    _token, secret = commands.create_token(SYSTEM, person_id=cast.admin.pk, label="x")
    monkeypatch.setattr(sign_in, "_note_use", full)
    actor = commands.act_with_token(secret)
    assert actor is not None and actor.person_id == cast.admin.pk


def test_tokens_are_revoked_by_their_person_and_by_whoever_manages_him(cast: Cast, written: Written) -> None:
    token, secret = commands.create_token(SYSTEM, person_id=cast.agent_l1.pk, label="x")
    before = written()
    for part in ("agent_l2", "lead", "client_manager"):
        with pytest.raises(Refusal) as refused:
            commands.revoke_token(cast.actor(part), token_id=token.pk)
        assert refused.value.code == "not_found"
    assert written() == before
    commands.revoke_token(cast.actor("admin"), token_id=token.pk)
    assert queries.actor_for_token(secret) is None


def test_the_cast_is_who_the_design_says(cast: Cast) -> None:
    assert (cast.acme.pk, cast.acme_eu.pk, cast.bolt.pk) == (1, 12, 112)
    assert len(cast.people()) == 11
    assert queries.person_by_address(cast.scammer) is None
    assert queries.actor_for(cast.outsider).grants == {}
    assert Grant.objects.get(person=cast.provider_agent).client_id == 1
    assert cast.actor("agent_l1").team_ids == {cast.front_line.pk}
    assert all(Login.objects.get(person=p).check_password(cast.password) for p in cast.people().values())
