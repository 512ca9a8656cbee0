"""Events and states as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from tierdesk.domain.tickets import catalogue, rules
from tierdesk.kernel.models import Event
from tierdesk.surfaces.desk import labels

if TYPE_CHECKING:
    from tierdesk.domain.tickets.models import Ticket

ICONS = {
    "TicketOpened": "plus",
    "StatusChanged": "circle-dot",
    "TicketAssigned": "user-check",
    "DetailsChanged": "pencil",
    "ParticipantAdded": "user-plus",
}


def of_event(event: Event, names: dict[int, str], teams: dict[int, str]) -> str:
    """What happened, with who did it. `names` are of the people that events name, `teams` of teams."""
    who = getattr(event, "actor_name", None) or {"mail": _("The sender"), "system": "Tierdesk"}.get(
        event.actor_kind, ""
    )
    who = who or _("Somebody")
    data: dict[str, Any] = event.data
    if event.name == "TicketOpened":
        return _("%(who)s opened this ticket (%(channel)s)") % {"who": who, "channel": labels.channel(data["channel"])}
    if event.name == "StatusChanged":
        return _status(who, data)
    if event.name == "TicketAssigned":
        return _assigned(who, event.actor_person_id, data, names, teams)
    if event.name == "ParticipantAdded":
        person = names.get(data["person_id"], _("Somebody"))
        return _("%(who)s added %(person)s to the conversation") % {"who": who, "person": person}
    if event.name == "DetailsChanged":
        return _("%(who)s changed: %(fields)s") % {"who": who, "fields": ", ".join(map(_field, data["changed"]))}
    return _("%(who)s changed this ticket") % {"who": who}


def people_in(event: Event) -> set[int]:
    """The people whose names the sentence needs."""
    ids = {event.data.get(key) for key in ("person_id", "from_person_id", "to_person_id")}
    return {person_id for person_id in ids if person_id}


def waits(ticket: Ticket, requester: str, assignee: str) -> str:
    """Who waits for whom, in one sentence."""
    category = ticket.status.category
    if category == rules.WAITING_REQUESTER:
        return _("We wait for an answer from %(name)s.") % {"name": requester}
    if category == rules.WAITING_VENDOR:
        return _("We wait for a vendor; %(name)s waits for us.") % {"name": requester}
    if category == rules.ON_HOLD:
        return _("On hold by agreement; it comes back by itself.")
    if category in rules.DONE:
        return _("Nobody waits: this is settled.")
    if assignee:
        return _("%(name)s waits for %(agent)s.") % {"name": requester, "agent": assignee}
    return _("%(name)s waits, and nobody has taken this yet.") % {"name": requester}


def _status(who: str, data: dict[str, Any]) -> str:
    names = {row.key: labels.translated(row.name) for row in catalogue.statuses()}
    old, new = names.get(data["from_status"], data["from_status"]), names.get(data["to_status"], data["to_status"])
    return _("%(who)s moved this from “%(old)s” to “%(new)s”") % {"who": who, "old": old, "new": new}


def _assigned(
    who: str, actor_id: int | None, data: dict[str, Any], names: dict[int, str], teams: dict[int, str]
) -> str:
    person, team = names.get(data.get("to_person_id") or 0), teams.get(data.get("to_team_id") or 0)
    if person and team and data.get("from_team_id") != data.get("to_team_id"):
        return _("%(who)s gave this to %(person)s in %(team)s") % {"who": who, "person": person, "team": team}
    if person and data.get("to_person_id") == actor_id:
        return _("%(who)s took this ticket") % {"who": who}
    if person:
        return _("%(who)s gave this to %(person)s") % {"who": who, "person": person}
    if team and data.get("from_team_id") != data.get("to_team_id"):
        return _("%(who)s gave this to the team %(team)s") % {"who": who, "team": team}
    return _("%(who)s took everybody off this ticket") % {"who": who}


def _field(key: str) -> str:
    known = {
        "subject": _("Subject"),
        "kind": _("Kind"),
        "impact": _("Impact"),
        "urgency": _("Urgency"),
        "category_id": _("Category"),
    }
    custom = {field.key: labels.translated(field.label) for field in catalogue.custom_fields()}
    return known.get(key) or custom.get(key) or key
