"""The ladder line: where a ticket has been, how long on each rung, where it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tierdesk.domain.people import queries as people
from tierdesk.kernel import clock
from tierdesk.kernel.models import Event
from tierdesk.surfaces.desk import labels

if TYPE_CHECKING:
    from tierdesk.domain.tickets.models import Ticket


def rungs(ticket: Ticket, events: Sequence[Event]) -> list[labels.View]:
    """The five rungs with their state (`past`, `current`, `ahead`) and the minutes spent on each."""
    end = ticket.solved_at or clock.now()
    spent: dict[int, float] = {}
    since: dict[int, dt.datetime] = {}
    level, entered = _first(ticket, events)
    for event in events:
        to = event.data.get("to_tier")
        if event.name == "TicketAssigned" and to is not None and to != level:
            spent[level] = spent.get(level, 0) + (event.at - entered).total_seconds() / 60
            level, entered = to, event.at
        since.setdefault(level, entered)
    spent[level] = spent.get(level, 0) + max(0.0, (end - entered).total_seconds() / 60)
    since.setdefault(level, entered)
    return [
        {
            "tier": tier.key,
            "label": labels.translated(tier.name),
            "state": "current" if tier.pk == ticket.tier_id else ("past" if tier.pk in spent else "ahead"),
            "since": since.get(tier.pk),
            "minutes": int(spent[tier.pk]) if tier.pk in spent else None,
        }
        for tier in people.tiers_kept()
    ]


def _first(ticket: Ticket, events: Sequence[Event]) -> tuple[int, dt.datetime]:
    opened = next((event for event in events if event.name == "TicketOpened"), None)
    return (opened.data["tier"] if opened else ticket.tier_id), ticket.created_at
