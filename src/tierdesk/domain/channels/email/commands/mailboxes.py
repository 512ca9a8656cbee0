"""The desk's addresses: how their mail comes in and goes out."""

from typing import Any

from django.utils.translation import gettext as _

from tierdesk.domain.channels.email import secrets
from tierdesk.domain.channels.email.models import Mailbox
from tierdesk.domain.people import policies as people_policies
from tierdesk.domain.people import queries as people
from tierdesk.domain.people import rules as people_rules
from tierdesk.events.people import InstallationChanged
from tierdesk.kernel import clock, ids
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.commands import command, record, system_only
from tierdesk.kernel.refusals import Faults

FIELDS = frozenset(
    {
        *("address", "name", "team_id", "client_id", "language", "active", "acknowledge"),
        *("imap_host", "imap_port", "imap_security", "imap_user", "imap_folder"),
        *("smtp_host", "smtp_port", "smtp_security", "smtp_user"),
    }
)
PASSWORDS = {"imap_password": "imap_secret", "smtp_password": "smtp_secret"}
LONGEST_LOCAL_PART = 12  # a signed reply address adds 52 characters, and 64 are allowed (RFC 5321, 4.5.3.1.1)


@command
def create_mailbox(actor: Actor, /, *, address: str, name: str, team_id: int, **more: Any) -> Mailbox:
    """A new address of the desk; `more` are its other fields, with `imap_password` and `smtp_password` in clear, which
    are kept encrypted. Refused: whoever may not manage the installation; an address that is none, is taken, or is too
    long for signed reply addresses; an unknown team; wrong ports and security.
    """
    people_policies.require(actor, people_rules.INSTALLATION)
    mailbox = Mailbox(id=ids.new_id())
    _apply(mailbox, {"address": address, "name": name, "team_id": team_id, **more})
    mailbox.save(force_insert=True)
    record(
        actor,
        InstallationChanged(thing_id=mailbox.pk, client_id=None, what="mailbox", changed=("address", *sorted(more))),
    )
    return mailbox


@command
def change_mailbox(actor: Actor, /, *, mailbox_id: int, **changes: Any) -> Mailbox:
    """Change a mailbox; fields not named stay. Refused as in `create_mailbox`."""
    people_policies.require(actor, people_rules.INSTALLATION)
    mailbox = Mailbox.objects.select_for_update().filter(pk=mailbox_id).first()
    faults = Faults()
    if mailbox is None:
        faults.add(None, _("There is no such mailbox."))
        faults.refuse("not_found")
        raise AssertionError("unreachable")
    changed = _apply(mailbox, changes)
    if changed:
        mailbox.save()
        record(
            actor,
            InstallationChanged(thing_id=mailbox.pk, client_id=None, what="mailbox", changed=tuple(sorted(changed))),
        )
    return mailbox


@command
def note_fetch(actor: Actor, *, mailbox_id: int, error: str = "") -> None:
    """When a mailbox was last read, or why it could not be."""
    system_only(actor)
    row = Mailbox.objects.filter(pk=mailbox_id)
    if error:
        row.update(last_error=error[:500])
    else:
        row.update(last_fetch_at=clock.now(), last_error="")


def _apply(mailbox: Mailbox, changes: dict[str, Any]) -> set[str]:
    faults = Faults()
    given = dict(changes)
    _check(faults, mailbox, given)
    faults.refuse()
    changed = set()
    for field, kept in PASSWORDS.items():
        password = given.pop(field, None)
        if password is not None:
            setattr(mailbox, kept, secrets.seal(password))
            changed.add(field)
    for field, value in given.items():
        if getattr(mailbox, field) != value:
            setattr(mailbox, field, value)
            changed.add(field)
    return changed


def _check(faults: Faults, mailbox: Mailbox, given: dict[str, Any]) -> None:
    for field in sorted(set(given) - FIELDS - set(PASSWORDS)):
        faults.add(field, _("There is no such field."))
    if "address" in given:
        _check_address(faults, mailbox, given)
    if "name" in given:
        given["name"] = people_rules.clean_name(str(given["name"]), 120)
        if not given["name"]:
            faults.add("name", _("Give it a name; it stands before the address in every mail."))
    if "team_id" in given and not any(team.pk == given["team_id"] for team in people.teams()):
        faults.add("team", _("There is no such team."), _("Choose one from the list."))
    for field in {"imap_security", "smtp_security"} & set(given):
        if given[field] not in Mailbox.Security.values:
            faults.add(field, _("This security is not known."), ", ".join(Mailbox.Security.values))
    for field in {"imap_port", "smtp_port"} & set(given):
        if not isinstance(given[field], int) or not 0 < given[field] < 65536:
            faults.add(field, _("A port is a number from 1 to 65535."))
    for field in {"imap_host", "smtp_host", "imap_user", "smtp_user", "imap_folder"} & set(given):
        given[field] = str(given[field]).strip()
        if any(not c.isprintable() for c in given[field]):
            faults.add(field, _("This holds characters that cannot be typed."))


def _check_address(faults: Faults, mailbox: Mailbox, given: dict[str, Any]) -> None:
    address = people_rules.fold_address(str(given["address"]))
    given["address"] = address
    local = address.rpartition("@")[0]
    if not address or not address.isascii():
        faults.add("address", _("This is not a mail address."), _("It looks like support@example.org."))
    elif "+" in local:
        faults.add("address", _("The desk's own addresses have no plus sign; it marks answers."))
    elif len(local) > LONGEST_LOCAL_PART:
        faults.add(
            "address",
            _("What stands before the @ may have %(n)s characters.") % {"n": LONGEST_LOCAL_PART},
            _("Answers go to an address with a signature in it, and mail servers allow 64 characters in all."),
        )
    elif Mailbox.objects.filter(address=address).exclude(pk=mailbox.pk).exists():
        faults.add("address", _("Another mailbox has this address."))
