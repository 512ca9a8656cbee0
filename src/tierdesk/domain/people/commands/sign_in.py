"""How people come in: logins, passwords, sessions, tokens."""

import datetime as dt
import secrets

from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tierdesk.domain.people import policies, queries, rules
from tierdesk.domain.people.models import Address, ApiToken, Login, Person
from tierdesk.events.people import AccessChanged, PersonChanged, SignedIn, SignedOut, TokenCreated, TokenRevoked
from tierdesk.kernel import clock
from tierdesk.kernel.actors import Actor, ActorKind
from tierdesk.kernel.commands import command, record, system_only
from tierdesk.kernel.refusals import Faults, Refusal, not_found

USE_NOTED_EVERY = dt.timedelta(minutes=1)
MAX_TOKENS = 50


@command
def create_login(
    actor: Actor, *, person_id: int, address: str = "", password: str | None = None, password_hash: str = ""
) -> Login:
    """The person can sign in with one of his addresses (the primary one, unless given) and a password; without one he
    sets it by the link that “forgot my password” mails him. `password_hash` is for the system alone: importing keeps
    what was hashed before.

    Refused: a person who has a login, an address that is not his, a weak password.
    """
    policies.require_manage_person(actor, person_id)
    if password_hash:
        system_only(actor)
    person = lock_person(person_id)
    faults = Faults()
    email = rules.fold_address(address or queries.address_of(person_id))
    if person.login is not None:
        faults.add(None, _("This person can sign in already."))
    if not Address.objects.filter(person=person, address=email).exists():
        faults.add(
            "address", _("One signs in with an address of one's own."), _("Add the address to the person first.")
        )
    login = Login(email=email, is_active=person.active)
    if password is not None:
        _check_password(faults, password, login)
    if password_hash:
        identify_hasher(password_hash)
    faults.refuse()
    login.set_password(password)
    login.password = password_hash or login.password
    login.save(force_insert=True)
    Person.objects.filter(pk=person.pk).update(login=login)
    record(actor, AccessChanged(thing_id=person.pk, client_id=None, changed=("login",)))
    return login


@command
def set_password(actor: Actor, *, person_id: int, password: str, current: str = "") -> None:
    """The person signs in with this password; every session and token of his ends.

    One's own needs the `current` one. Others' are for the system and for whoever manages the person. Refused: a weak
    password, a wrong current one, a token or mail as the actor.
    """
    own = actor.kind is ActorKind.PERSON and actor.person_id == person_id
    if not own:
        _require_no_token(actor)
        policies.require_manage_person(actor, person_id)
    person = lock_person(person_id)
    login = person.login
    if login is None:
        raise Refusal("invalid", _("This person does not sign in here."))
    faults = Faults()
    if own and not login.check_password(current):
        faults.add("current", _("This is not your present password."))
    _check_password(faults, password, login)
    faults.refuse()
    login.set_password(password)
    login.save(update_fields=["password"])
    cut_off(actor, person)
    record(actor, PersonChanged(thing_id=person.pk, client_id=None, changed=("password",)))


@command
def end_sessions(actor: Actor, *, person_id: int) -> None:
    """Every session and token of a person ends with this transaction. Oneself, or whoever manages the person."""
    if not (actor.kind is ActorKind.PERSON and actor.person_id == person_id):
        policies.require_manage_person(actor, person_id)
    person = lock_person(person_id)
    cut_off(actor, person)
    record(actor, AccessChanged(thing_id=person.pk, client_id=None, changed=("sessions",)))


@command
def record_sign_in(actor: Actor, *, method: str) -> None:
    """Note that the actor has signed in, and how."""
    record(actor, SignedIn(thing_id=policies.require_signed_in(actor), client_id=None, method=method))


@command
def record_sign_out(actor: Actor) -> None:
    """Note that the actor has signed out."""
    record(actor, SignedOut(thing_id=policies.require_signed_in(actor), client_id=None))


@command
def create_token(actor: Actor, *, person_id: int, label: str) -> tuple[ApiToken, str]:
    """A token that acts with the person's rights, and its secret, which is kept nowhere and said only here.

    Refused: a token or mail as the actor, another person than oneself for all but the system, too many tokens.
    """
    if actor.kind is not ActorKind.SYSTEM:
        _require_no_token(actor)
        if policies.require_signed_in(actor) != person_id:
            raise Refusal("forbidden", _("Everybody makes his own tokens."))
    person = lock_person(person_id)
    faults = Faults()
    clean = rules.clean_name(label, 80)
    if not clean:
        faults.add("label", _("Say what the token is for."))
    if not person.active:
        faults.add(None, _("This person is not active."))
    if ApiToken.objects.filter(person=person, revoked_at__isnull=True).count() >= MAX_TOKENS:
        faults.add(None, _("There are too many tokens."), _("Revoke those that are not used."))
    faults.refuse()
    secret = rules.TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(person=person, label=clean, digest=queries.token_digest(secret))
    record(actor, TokenCreated(thing_id=person.pk, client_id=None, token_id=token.pk))
    return token, secret


@command
def revoke_token(actor: Actor, *, token_id: int) -> None:
    """The token stops working with this transaction. One's own, or those of people whom the actor manages."""
    token = ApiToken.objects.filter(pk=token_id).first()
    mine = token is not None and actor.kind in policies.SIGNED_IN and token.person_id == actor.person_id
    if token is None or not (mine or policies.may_manage_person(actor, token.person_id)):
        raise not_found(_("There is no such token."))
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=clock.now()):
        record(actor, TokenRevoked(thing_id=token.person_id, client_id=None, token_id=token.pk))


def act_with_token(secret: str) -> Actor | None:
    """The actor of a token's secret, as `queries.actor_for_token`; notes the use, once a minute at most.

    A full disk does not keep him from reading: then the use goes unnoted.
    """
    token = queries.token_by_secret(secret)
    actor = queries.actor_of_token(token) if token else None
    if token is None or actor is None:
        return None
    if token.last_used_at is None or token.last_used_at <= clock.now() - USE_NOTED_EVERY:
        try:
            _note_use(actor)
        except Refusal as refusal:
            if refusal.code != "storage_full":
                raise
    return actor


@command
def _note_use(actor: Actor) -> None:
    now = clock.now()
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
    ApiToken.objects.filter(stale, pk=actor.token_id or 0).update(last_used_at=now)


def cut_off(actor: Actor, person: Person) -> None:
    """End all sessions and tokens of a person, within the running command."""
    if person.login_id is not None:
        Login.objects.filter(pk=person.login_id).update(epoch=F("epoch") + 1)
    for token in ApiToken.objects.filter(person=person, revoked_at__isnull=True):
        ApiToken.objects.filter(pk=token.pk).update(revoked_at=clock.now())
        record(actor, TokenRevoked(thing_id=person.pk, client_id=None, token_id=token.pk))


def _require_no_token(actor: Actor) -> None:
    if actor.kind not in {ActorKind.SYSTEM, ActorKind.PERSON}:
        raise Refusal("forbidden", _("This needs a person who has signed in."))


def lock_person(person_id: int) -> Person:
    """The person with his login, locked until the transaction ends. Refused: `not_found`."""
    person = Person.objects.select_for_update(of=("self",)).select_related("login").filter(pk=person_id).first()
    if person is None:
        raise not_found(_("There is no such person."))
    return person


def _check_password(faults: Faults, password: str, login: Login) -> None:
    try:
        validate_password(password, login)
    except ValidationError as error:
        for message in error.messages:
            faults.add("password", message)
