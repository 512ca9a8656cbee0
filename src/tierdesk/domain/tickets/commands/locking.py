"""Taking one ticket for a change: found in the actor's name, locked, and not changed behind the writer's back."""

from collections.abc import Collection

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import policies, rules
from tierdesk.domain.tickets.models import Status, Ticket
from tierdesk.kernel import clock
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.models import Event
from tierdesk.kernel.refusals import Refusal

LOOK_BACK = 50


def locked(actor: Actor, verb: str, ref: str) -> Ticket:
    """The ticket, locked until the transaction ends, where the actor may do this to it. Refused otherwise."""
    number = rules.number_in(ref)
    if number is None:
        raise policies.no_such_ticket()
    # No join here: PostgreSQL, having waited for the lock, would compare the new status_id with the old status's row
    # and find nothing.
    found = Ticket.objects.unscoped("the policy is asked below, under the lock")
    ticket = found.select_for_update().filter(number=number).first()
    if ticket is None:
        raise policies.no_such_ticket()
    policies.require(actor, verb, ticket)
    return ticket


def refuse_if_changed(actor: Actor, ticket: Ticket, version: int | None, names: Collection[str]) -> None:
    """Refuse (`conflict`) a change made in view of an older version, where somebody else has since done one of `names`
    (event names, or `DetailsChanged.field`). What does not collide goes through.
    """
    if version is None or version >= ticket.version:
        return
    history = Event.objects.filter(topic="ticket", thing_id=ticket.pk).order_by("-id")[:LOOK_BACK]
    for event in history:
        if event.data.get("ticket_version", 0) <= version or event.actor_person_id == actor.person_id:
            continue
        whats = {event.name} | {f"{event.name}.{field}" for field in event.data.get("changed", ())}
        if whats & set(names):
            raise _conflict(ticket, event)


def _conflict(ticket: Ticket, event: Event) -> Refusal:
    person = people.person_by_id(event.actor_person_id) if event.actor_person_id else None
    seconds = max(0, int((clock.now() - event.at).total_seconds()))
    ago = (
        ngettext("%(n)s second ago", "%(n)s seconds ago", seconds) % {"n": seconds}
        if seconds < 120
        else ngettext("%(n)s minute ago", "%(n)s minutes ago", seconds // 60) % {"n": seconds // 60}
    )
    said = {
        "RequesterWrote": _("%(name)s wrote %(ago)s."),
        "AgentReplied": _("%(name)s answered %(ago)s."),
        "StatusChanged": _("%(name)s changed the status %(ago)s."),
        "TicketAssigned": _("%(name)s changed who works on it %(ago)s."),
    }.get(event.name, _("%(name)s changed this ticket %(ago)s."))
    return Refusal(
        "conflict",
        said % {"name": (person.name if person else "") or _("Somebody"), "ago": ago},
        hint=_("Nothing of yours is lost. Look at what is new, then send it again."),
        current={
            "version": ticket.version,
            "status": ticket.status.key,
            "assignee": ticket.assignee_id,
            "event": event.name,
            "at": event.at.isoformat(),
        },
    )


def touch(ticket: Ticket, *fields: str) -> None:
    """Save these fields with a new version and the present time."""
    ticket.version += 1
    ticket.updated_at = clock.now()
    ticket.save(update_fields=[*fields, "version", "updated_at"])


def status_of(category: str) -> Status:
    """The first status of a category: where automatic steps lead."""
    return Status.objects.filter(category=category).order_by("position", "id")[0]
