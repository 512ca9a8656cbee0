"""What a client of the API asked for, as commands: for whom a ticket is opened, and several changes as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from tierdesk.domain.people import commands as people_commands
from tierdesk.domain.people import queries as people
from tierdesk.domain.people import rules as people_rules
from tierdesk.domain.tickets import catalogue, commands, policies, queries, rules
from tierdesk.domain.tickets.models import Ticket
from tierdesk.domain.tickets.web.api.schemas import NewTicket, TicketChanges
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.commands import command
from tierdesk.kernel.refusals import Refusal

if TYPE_CHECKING:
    from tierdesk.domain.people.models import Client

_PLAIN = ("subject", "kind", "impact", "urgency")


@command
def open_as_told(actor: Actor, *, given: NewTicket) -> Ticket:
    """A ticket as the API asks for it. Refused: a requester who is not the caller, unless the caller may open tickets
    for others of that client; a client that the caller cannot see.
    """
    staff = bool(actor.clients_for(people_rules.CREATE))
    if not people_rules.fold_address(given.requester):
        raise Refusal(
            "invalid", _("This is no mail address."), "requester", _("Write it as name@example.com, without a name.")
        )
    own = actor.person_id is not None and people.is_address_of(actor.person_id, given.requester)
    if not staff and not own:
        raise Refusal(
            "forbidden",
            _("You may not open tickets for this requester."),
            "requester",
            _("Give your own address."),
        )
    if not staff and given.priority is not None:
        raise Refusal("forbidden", _("Only the desk says how urgent it is."), "priority", _("Leave it out."))
    client = _client(actor, given)
    if not own and not actor.holds(people_rules.CREATE, client.pk):
        raise Refusal("forbidden", _("You may not open tickets for this requester."), "requester")
    requester_id = actor.person_id if own else _requester(actor, given.requester, client)
    return commands.open_ticket(
        actor,
        subject=given.subject,
        text=given.text,
        requester_id=requester_id or 0,
        client_id=client.pk,
        channel=Ticket.Channel.API,
        kind=given.kind,
        priority=rules.PRIORITIES[given.priority] if given.priority else None,
    )


@command
def change_as_told(actor: Actor, *, ref: str, given: TicketChanges) -> Ticket:
    """All the changes at once, or, where one is refused, none."""
    named = given.model_fields_set - {"version"}
    ticket = queries.ticket_for(actor, ref)
    policies.require(actor, policies.EDIT, ticket)
    if not named:
        raise Refusal("invalid", _("There is nothing to change."), None, _("Name at least one field."))
    details = _details(given, named)
    if details:
        commands.change_details(actor, ref=ref, version=given.version, **details)
    if named & {"assignee", "team"}:
        _assign(actor, ticket, given, named)
    if "status" in named or "hold_until" in named:
        status = given.status or ticket.status.key
        commands.set_status(actor, ref=ref, status=status, hold_until=given.hold_until, version=given.version)
    return queries.ticket_for(actor, ref)


def _client(actor: Actor, given: NewTicket) -> Client:
    if given.client is None:
        return people.client_for_sender(given.requester, people.person_by_address(given.requester))
    client = people.visible_clients(actor).filter(slug=given.client).first()
    if client is None:
        raise Refusal("invalid", _("There is no such client."), "client", _("Use the slug of one of yours."))
    return client


def _requester(actor: Actor, address: str, client: Client) -> int:
    try:
        found = people_commands.find_or_add_requester(
            actor, address=address, name="", found_in="api", client_id=client.pk
        )
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.message, "requester", refusal.hint) from refusal
    return found.pk


def _details(given: TicketChanges, named: set[str]) -> dict[str, Any]:
    details: dict[str, Any] = {}
    for name in _PLAIN:
        if name in named:
            value = getattr(given, name)
            if value is None:
                raise _needed(name)
            details[name] = value
    if "priority" in named:
        if given.priority is None:
            raise _needed("priority")
        if named & {"impact", "urgency"}:
            hint = _("Give a priority, or impact and urgency.")
            raise Refusal("invalid", _("These say the same thing twice."), "priority", hint)
        details["priority"] = rules.PRIORITIES[given.priority]
    if "category" in named:
        details["category_id"] = _category_id(given.category)
    if given.custom_fields:
        details["custom_fields"] = given.custom_fields
    return details


def _needed(name: str) -> Refusal:
    return Refusal("invalid", _("This cannot be empty."), name, _("Leave it out to let it stay."))


def _category_id(path: str | None) -> int | None:
    if path is None:
        return None
    found = next((c.pk for c in catalogue.categories() if c.path == path), None)
    if found is None:
        raise Refusal(
            "invalid", _("There is no such category."), "category", _("Give its path, such as “hardware/printer”.")
        )
    return found


def _assign(actor: Actor, ticket: Ticket, given: TicketChanges, named: set[str]) -> None:
    person_id, team_id = ticket.assignee_id, ticket.team_id
    if "assignee" in named:
        person = people.person_by_address(given.assignee) if given.assignee else None
        if given.assignee is not None and (
            person is None or not people.agents(ticket.client_id).filter(pk=person.pk).exists()
        ):
            raise Refusal("invalid", _("This person does not work on tickets of this client."), "assignee")
        person_id = person.pk if person else None
    if "team" in named:
        team = people.team_by_slug(given.team) if given.team else None
        if given.team is not None and team is None:
            raise Refusal("invalid", _("There is no such team."), "team")
        team_id = team.pk if team else None
    commands.assign(actor, ref=ticket.ref, person_id=person_id, team_id=team_id, version=given.version)
