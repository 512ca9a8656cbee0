"""What live streams tell of tickets: that something happened to one that the reader may see, and nothing of what."""

from collections.abc import Mapping
from typing import Any

from tierdesk.domain.tickets import policies
from tierdesk.domain.tickets.models import Ticket
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.live import Feed, live_feed
from tierdesk.kernel.models import Event


def deliver(event: Event, actor: Actor) -> Mapping[str, Any] | None:
    """The ticket's reference and the kind of event, for those who may read the ticket and, of internal events, its
    desk's side.
    """
    staff = event.client_id is not None and policies.is_staff_for(actor, event.client_id)
    if event.audience != Audience.REQUESTER and not staff:
        return None
    tickets = Ticket.objects.scoped(policies.ticket_scope(actor)).filter(pk=event.thing_id)
    number = tickets.values_list("number", flat=True).first()
    return {"ref": f"TD-{number}", "kind": event.name} if number is not None else None


def register() -> None:
    """Tell the streams how events of tickets reach people."""
    live_feed("ticket", Feed(deliver))
