"""Writing down a ticket for somebody who called or stands before you."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import commands, rules
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.audit import last_position
from tierdesk.kernel.refusals import Faults, Refusal
from tierdesk.surfaces.desk import labels, presenting
from tierdesk.surfaces.desk.queue import navigation
from tierdesk.surfaces.desk.requests import actor_of, files_of, for_staff, number_of

if TYPE_CHECKING:
    from tierdesk.domain.tickets.models import Ticket

FIELDS = ("address", "name", "subject", "text", "client", "kind", "priority", "team")


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff
def new_ticket(request: HttpRequest) -> HttpResponse:
    """The form, and what it makes."""
    actor = actor_of(request)
    values = (
        {name: request.POST.get(name, "") for name in FIELDS} if request.method == "POST" else {"priority": "medium"}
    )
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            ticket = _open(request, actor, values)
        except Refusal as caught:
            refusal = caught
        else:
            messages.success(request, _("%(ref)s is written down.") % {"ref": ticket.ref})
            return redirect(presenting.url_of(ticket))
    errors = {(f.field or "").replace("requester", "address"): _said(f) for f in refusal.faults} if refusal else {}
    context = {
        "values": values,
        "errors": errors,
        "clients": [{"id": c.pk, "name": c.name} for c in people.visible_clients(actor) if not c.holding],
        "kinds": labels.kinds(),
        "priorities": labels.priorities(),
        "teams": [{"id": t.pk, "name": labels.translated(t.name)} for t in people.teams_kept()],
        "max_bytes": settings.TIERDESK.max_upload_bytes,
        "live_position": last_position(),
        "nav": navigation(actor, active=""),
    }
    return render(request, "desk/new_ticket.html", context, status=refusal.status if refusal else 200)


def _open(request: HttpRequest, actor: Actor, values: dict[str, Any]) -> Ticket:
    faults = Faults()
    if not values["address"].strip():
        faults.add("address", _("Whom is this for?"), _("Give a mail address, so that answers reach them."))
    if not values["subject"].strip():
        faults.add("subject", _("Say in a few words what it is about."))
    if not values["text"].strip():
        faults.add("text", _("Describe what happened, or what is needed."))
    if values["priority"] and values["priority"] not in rules.PRIORITIES:
        faults.add("priority", _("This priority is not known."), _("Choose one from the list."))
    faults.refuse()
    with files_of(request) as given:
        return commands.open_for(
            actor,
            address=values["address"],
            name=values["name"],
            client_id=number_of(request, "client"),
            subject=values["subject"],
            text=values["text"],
            kind=values["kind"] or "incident",
            priority=rules.PRIORITIES.get(values["priority"]),
            team_id=number_of(request, "team"),
            channel="phone",
            files=given,
        )


def _said(fault: Any) -> str:
    return " ".join(str(part) for part in (fault.message, fault.hint) if part)
