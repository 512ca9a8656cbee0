"""People and their addresses and settings; coming to be known, and being let go."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tierdesk.domain.people import policies, queries, rules
from tierdesk.domain.people.commands.access import add_member, keep_an_administrator
from tierdesk.domain.people.commands.installation import check_language, check_time_zone, find_client
from tierdesk.domain.people.commands.sign_in import cut_off, lock_person
from tierdesk.domain.people.models import Address, Client, Login, Membership, Person
from tierdesk.events.people import AccessChanged, PersonAdded, PersonChanged
from tierdesk.kernel.actors import Actor, ActorKind
from tierdesk.kernel.commands import command, record
from tierdesk.kernel.refusals import Faults, Refusal, not_found


@command
def create_person(
    actor: Actor,
    *,
    name: str,
    addresses: Iterable[str] = (),
    language: str = "",
    time_zone: str = "",
    client_id: int | None = None,
    found_in: str = "console",
) -> Person:
    """A person, the first address being the primary one, as a requester of a client (or of none).

    Refused: whoever does not manage the people of that client (of the whole installation, for none), addresses that
    are none or belong to somebody, an unknown language or time zone.
    """
    policies.require(actor, rules.PEOPLE_MANAGE, client_id)
    client = find_client(client_id) if client_id is not None else None
    faults = Faults()
    clean = rules.clean_name(name)
    if not clean:
        faults.add("name", _("A person needs a name."))
    if language:
        check_language(faults, language)
    if time_zone:
        check_time_zone(faults, time_zone)
    folded = list(dict.fromkeys(_check_address(faults, address, "addresses") for address in addresses))
    faults.refuse()
    person = Person.objects.create(name=clean, language=language, time_zone=time_zone)
    for index, address in enumerate(folded):
        Address.objects.create(person=person, address=address, primary=index == 0)
    if client is not None:
        add_member(person, client.pk)
    record(actor, PersonAdded(thing_id=person.pk, client_id=client_id, found_in=found_in))
    return person


@command
def find_or_add_requester(
    actor: Actor, *, address: str, name: str, found_in: str, language: str = "", client_id: int | None = None
) -> Person:
    """The person of an address, who from now on is known: as a requester of `client_id`, else of the client whose
    domain it is, else of the holding client. Of many who ask at once, one adds him and all get the same person.

    Allowed: the system, an incoming mail, and staff who may open tickets for that client. For staff, a person of
    other clients only cannot be had this way.
    """
    folded = rules.fold_address(address)
    if not folded:
        raise _no_address("address")
    person = queries.person_by_address(folded)
    client = find_client(client_id) if client_id is not None else queries.client_for_sender(folded, person)
    if actor.kind not in {ActorKind.SYSTEM, ActorKind.MAIL}:
        policies.require_signed_in(actor)
        policies.require(actor, rules.CREATE, client.pk)
    if person is None:
        clean = rules.clean_name(name) or folded.partition("@")[0]
        person = Person(name=clean, language=language if language in rules.LANGUAGES else "")
        person = _add_requester(actor, person, folded, client, found_in)
    if actor.kind in policies.SIGNED_IN and not _known_to(actor, person):
        raise Refusal(
            "invalid",
            _("This address cannot be used for this client."),
            "address",
            _("Ask an administrator to add the person to the client."),
        )
    return person


@command
def add_address(actor: Actor, *, person_id: int, address: str) -> Address:
    """One more address of a person; his first becomes the primary one. Refused: one that is somebody's."""
    person = _person_to_manage(actor, person_id)
    faults = Faults()
    folded = _check_address(faults, address, "address")
    faults.refuse()
    first = not Address.objects.filter(person=person).exists()
    row = Address.objects.create(person=person, address=folded, primary=first)
    _record_change(actor, person, "addresses")
    return row


@command
def remove_address(actor: Actor, *, person_id: int, address: str) -> None:
    """The address is nobody's. Refused: the one that the person signs in with, and a primary one among several."""
    person = _person_to_manage(actor, person_id)
    row = _address_of(person, address)
    if person.login is not None and person.login.email == row.address:
        raise Refusal("invalid", _("The person signs in with this address."), "address")
    if row.primary and Address.objects.filter(person=person).count() > 1:
        raise Refusal("invalid", _("This is the primary address."), "address", _("Make another one primary first."))
    row.delete()
    _record_change(actor, person, "addresses")


@command
def make_primary(actor: Actor, *, person_id: int, address: str) -> None:
    """Mails go to this address of the person's from now on. What he signs in with stays."""
    person = _person_to_manage(actor, person_id)
    row = _address_of(person, address)
    if row.primary:
        return
    Address.objects.filter(person=person, primary=True).update(primary=False)
    Address.objects.filter(pk=row.pk).update(primary=True)
    _record_change(actor, person, "addresses")


@command
def set_language(actor: Actor, *, language: str) -> Person:
    """One's own language: of the interface, and of mails."""
    faults = Faults()
    check_language(faults, language)
    return _set_own(actor, faults, "language", language)


@command
def set_theme(actor: Actor, *, theme: str) -> Person:
    """One's own appearance: light, dark, or what the device says (`auto`)."""
    faults = Faults()
    if theme not in rules.THEMES:
        faults.add("theme", _("Choose one of the appearances offered."))
    return _set_own(actor, faults, "theme", theme)


@command
def set_time_zone(actor: Actor, *, time_zone: str) -> Person:
    """One's own time zone, in which times are shown."""
    faults = Faults()
    check_time_zone(faults, time_zone)
    return _set_own(actor, faults, "time_zone", time_zone)


@command
def deactivate_person(actor: Actor, *, person_id: int) -> None:
    """The person can do nothing any more: no sign-in, and with this transaction no session and no token.

    Refused: oneself, and the last one who manages the installation.
    """
    person = _person_to_manage(actor, person_id)
    if actor.person_id == person.pk:
        raise Refusal("invalid", _("You cannot deactivate yourself."), hint=_("Ask another administrator."))
    if not person.active:
        return
    with keep_an_administrator():
        Person.objects.filter(pk=person.pk).update(active=False)
        Login.objects.filter(person=person).update(is_active=False)
    cut_off(actor, person)
    _record_access(actor, person)


@command
def reactivate_person(actor: Actor, *, person_id: int) -> None:
    """The person may come in again, with what he may do as before. Ended sessions and tokens stay ended."""
    person = _person_to_manage(actor, person_id)
    if person.active:
        return
    Person.objects.filter(pk=person.pk).update(active=True)
    Login.objects.filter(person=person).update(is_active=True)
    _record_access(actor, person)


def _add_requester(actor: Actor, person: Person, folded: str, client: Client, found_in: str) -> Person:
    try:
        with transaction.atomic():
            person.save(force_insert=True)
            Address.objects.create(person=person, address=folded, primary=True)
    except IntegrityError:
        other = queries.person_by_address(folded)  # somebody else was quicker, and has committed
        if other is None:
            raise
        return other
    add_member(person, client.pk)
    record(actor, PersonAdded(thing_id=person.pk, client_id=client.pk, found_in=found_in))
    return person


def _known_to(actor: Actor, person: Person) -> bool:
    of = Membership.objects.filter(person=person).values_list("client_id", flat=True)
    return person.pk == actor.person_id or any(actor.holds(rules.CREATE, client_id) for client_id in of)


def _set_own(actor: Actor, faults: Faults, field: str, value: str) -> Person:
    person_id = policies.require_signed_in(actor)
    faults.refuse()
    person = Person.objects.get(pk=person_id)
    if getattr(person, field) != value:
        setattr(person, field, value)
        person.save(update_fields=[field])
        record(actor, PersonChanged(thing_id=person.pk, client_id=None, changed=(field,)))
    return person


def _person_to_manage(actor: Actor, person_id: int) -> Person:
    policies.require_manage_person(actor, person_id)
    return lock_person(person_id)


def _check_address(faults: Faults, address: str, field: str) -> str:
    folded = rules.fold_address(address)
    if not folded:
        refusal = _no_address(field)
        faults.add(field, refusal.message, refusal.hint)
    elif Address.objects.filter(address=folded).exists():
        faults.add(field, _("The address “%(address)s” belongs to somebody already.") % {"address": folded})
    return folded


def _no_address(field: str) -> Refusal:
    return Refusal("invalid", _("This is no mail address."), field, _("Write it like name@example.com."))


def _address_of(person: Person, address: str) -> Address:
    row = Address.objects.filter(person=person, address=rules.fold_address(address)).first()
    if row is None:
        raise not_found(_("The person has no such address."))
    return row


def _record_change(actor: Actor, person: Person, *changed: str) -> None:
    record(actor, PersonChanged(thing_id=person.pk, client_id=None, changed=changed))


def _record_access(actor: Actor, person: Person) -> None:
    record(actor, AccessChanged(thing_id=person.pk, client_id=None, changed=("active",)))
