"""Where a ticket stands, who works on it, and what it says of itself."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from tierdesk.domain.people import queries as people
from tierdesk.domain.people import rules as people_rules
from tierdesk.domain.tickets import indexing, policies, rules
from tierdesk.domain.tickets.commands.fields import write_fields
from tierdesk.domain.tickets.commands.locking import locked, refuse_if_changed, status_of, touch
from tierdesk.domain.tickets.models import Category, Kind, Status, StatusFlow, Ticket
from tierdesk.events.tickets import DetailsChanged, StatusChanged, TicketAssigned
from tierdesk.kernel import clock
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.commands import command, record, system_only
from tierdesk.kernel.conditions.folding import fold
from tierdesk.kernel.refusals import Faults, Refusal

DETAILS = frozenset({"subject", "kind", "impact", "urgency", "priority", "category_id", "team_id", "custom_fields"})

MAY_BE_NONE = frozenset({"category_id", "team_id"})


@command
def assign(actor: Actor, *, ref: str, person_id: int | None, team_id: int | None, version: int | None = None) -> Ticket:
    """Say who works on a ticket: a person, a team, both or nobody. A team's tier becomes the ticket's.

    Refused: a person who does not work for this client; an unknown team; `conflict`, when somebody else assigned it
    since `version`.
    """
    ticket = locked(actor, policies.EDIT, ref)
    team = next((t for t in people.teams() if t.pk == team_id), None)
    faults = Faults()
    if team_id is not None and team is None:
        faults.add("team", _("There is no such team."), _("Choose one from the list."))
    if person_id is not None and not people.agents(ticket.client_id).filter(pk=person_id).exists():
        faults.add(
            "assignee", _("This person does not work on tickets of this client."), _("Choose one from the list.")
        )
    faults.refuse()
    if (ticket.assignee_id, ticket.team_id) == (person_id, team_id):
        return ticket
    refuse_if_changed(actor, ticket, version, ("TicketAssigned",))
    before = (ticket.assignee_id, ticket.team_id)
    ticket.assignee_id, ticket.team = person_id, team
    if team is not None:
        ticket.tier_id = team.tier_id
    touch(ticket, "assignee", "team", "tier")
    record(
        actor,
        TicketAssigned(
            thing_id=ticket.pk,
            client_id=ticket.client_id,
            ticket_version=ticket.version,
            from_person_id=before[0],
            to_person_id=person_id,
            from_team_id=before[1],
            to_team_id=team_id,
            to_tier=ticket.tier_id,
        ),
    )
    if person_id is not None and ticket.status.category == rules.NEW:
        move_to(actor, ticket, rules.OPEN)
    return ticket


@command
def set_status(
    actor: Actor, *, ref: str, status: str, hold_until: dt.datetime | None = None, version: int | None = None
) -> Ticket:
    """Put a ticket into another status, by its key, along the flow of its kind. On hold needs `hold_until`, ahead.

    Refused: an unknown status; a step that the flow does not have (the hint names those it has); a hold without an
    end; `conflict`, when somebody else changed the status since `version`.
    """
    ticket = locked(actor, policies.EDIT, ref)
    target = Status.objects.filter(key=status).first()
    if target is None:
        raise Refusal("invalid", _("There is no such status."), "status", _("Choose one from the list."))
    if target.category != rules.ON_HOLD:
        hold_until = None
    if target.pk == ticket.status_id and hold_until == ticket.hold_until:
        return ticket
    refuse_if_changed(actor, ticket, version, ("StatusChanged",))
    if target.pk != ticket.status_id:
        steps = StatusFlow.objects.filter(kind=ticket.kind, from_status_id=ticket.status_id).select_related("to_status")
        allowed = {step.to_status.key: step.to_status for step in steps}
        if target.key not in allowed:
            names = ", ".join(people_rules.in_language(s.name, actor.language) for s in allowed.values())
            raise Refusal(
                "invalid",
                _("A ticket cannot go from “%(old)s” to “%(new)s”.")
                % {
                    "old": people_rules.in_language(ticket.status.name, actor.language),
                    "new": people_rules.in_language(target.name, actor.language),
                },
                "status",
                _("From here it can go to: %(names)s.") % {"names": names},
            )
    if target.category == rules.ON_HOLD and (hold_until is None or hold_until <= clock.now()):
        raise Refusal(
            "invalid",
            _("Say until when it is on hold."),
            "hold_until",
            _("Choose a time ahead; the ticket comes back by itself then."),
        )
    _enter(actor, ticket, target, hold_until)
    return ticket


@command
def change_details(actor: Actor, *, ref: str, version: int | None = None, **changes: Any) -> Ticket:
    """Change what a ticket says of itself: `subject`, `kind`, `impact`, `urgency` (or `priority`), `category_id`,
    `custom_fields`, and `team_id` (see `assign`). Fields not named stay, and so does what cannot be none. Priority
    follows impact and urgency.

    Refused: unknown fields and values, all at once; `conflict`, when somebody else changed the same field since
    `version`; changes to other fields go through.
    """
    ticket = locked(actor, policies.EDIT, ref)
    changes = {name: value for name, value in changes.items() if value is not None or name in MAY_BE_NONE}
    unknown = set(changes) - DETAILS
    faults = Faults()
    for name in sorted(unknown):
        faults.add(name, _("There is no such field."))
    _check_details(faults, changes)
    faults.refuse()
    if "team_id" in changes:
        assign(actor, ref=ref, person_id=ticket.assignee_id, team_id=changes.pop("team_id"), version=version)
        ticket.refresh_from_db()
    if changes.get("priority") is not None:
        changes["impact"], changes["urgency"] = rules.impact_and_urgency_for(changes.pop("priority"))
    priority = ticket.priority
    fields = changes.pop("custom_fields", None) or {}
    changed = [name for name, value in changes.items() if getattr(ticket, name) != value]
    refuse_if_changed(actor, ticket, version, {f"DetailsChanged.{name}" for name in [*changed, *fields]})
    for name in changed:
        setattr(ticket, name, changes[name])
    ticket.priority = rules.priority_of(ticket.impact, ticket.urgency)
    ticket.subject_folded = fold(ticket.subject)
    changed += write_fields(ticket, fields, opening=False)
    if not changed:
        return ticket
    if "subject" in changed:
        indexing.reindex_ticket(ticket)
    touch(ticket, "subject", "subject_folded", "kind", "impact", "urgency", "priority", "category")
    record(
        actor,
        DetailsChanged(
            thing_id=ticket.pk,
            client_id=ticket.client_id,
            ticket_version=ticket.version,
            changed=tuple(changed),
            priority_from=priority if priority != ticket.priority else None,
            priority_to=ticket.priority if priority != ticket.priority else None,
        ),
    )
    return ticket


@command
def wake_held(actor: Actor, *, limit: int = 100) -> int:
    """Bring tickets back whose hold has ended; they are open and want attention. For the system. Returns how many."""
    system_only(actor)
    held = Ticket.objects.unscoped("every ticket whose time has come").filter(hold_until__lte=clock.now())
    woken = list(held.order_by("hold_until").select_for_update()[:limit])
    for ticket in woken:
        move_to(actor, ticket, rules.OPEN)
    return len(woken)


def move_to(actor: Actor, ticket: Ticket, category: str) -> None:
    """Let a ticket that is locked stand in the first status of a category, if it does not already stand in it."""
    if ticket.status.category != category:
        _enter(actor, ticket, status_of(category), None)


def _enter(actor: Actor, ticket: Ticket, target: Status, hold_until: dt.datetime | None) -> None:
    now, before = clock.now(), ticket.status
    ticket.status, ticket.hold_until = target, hold_until
    ticket.active = target.category not in rules.DONE
    ticket.solved_at = (ticket.solved_at or now) if target.category in rules.DONE else None
    ticket.closed_at = now if target.category == rules.CLOSED else None
    if target.category in rules.DONE:
        ticket.waiting_since = None
    ticket.attention_at = hold_until or now
    touch(ticket, "status", "hold_until", "active", "solved_at", "closed_at", "waiting_since", "attention_at")
    record(
        actor,
        StatusChanged(
            thing_id=ticket.pk,
            client_id=ticket.client_id,
            ticket_version=ticket.version,
            from_status=before.key,
            to_status=target.key,
            category=target.category,
            hold_until=hold_until.isoformat() if hold_until else None,
        ),
    )


def _check_details(faults: Faults, changes: Mapping[str, Any]) -> None:
    if "subject" in changes:
        cleaned = people_rules.clean_name(str(changes["subject"]), rules.SUBJECT_LIMIT)
        changes["subject"] = cleaned  # type: ignore[index]  # our own keyword dictionary
        if not cleaned:
            faults.add("subject", _("Say in a few words what it is about."))
    if "kind" in changes and changes["kind"] not in Kind.values:
        faults.add("kind", _("This kind is not known."), ", ".join(Kind.values))
    for name in ("impact", "urgency"):
        if changes.get(name) is not None and changes[name] not in rules.LEVELS:
            faults.add(name, _("This is 1 (high), 2 (medium) or 3 (low)."))
    if changes.get("priority") is not None and changes["priority"] not in rules.PRIORITIES.values():
        faults.add("priority", _("This priority is not known."), ", ".join(rules.PRIORITIES))
    category_id = changes.get("category_id")
    if category_id is not None and not Category.objects.filter(pk=category_id, active=True).exists():
        faults.add("category", _("There is no such category."), _("Choose one from the list."))
