"""One ticket: its page and everything that is done to it there. Each form works with and without JavaScript."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tierdesk.domain.tickets import catalogue, commands, queries
from tierdesk.kernel.refusals import Refusal
from tierdesk.surfaces.desk import presenting
from tierdesk.surfaces.desk.queue import navigation
from tierdesk.surfaces.desk.requests import actor_of, files_of, for_staff, moment_of, number_of, version_of

CUSTOM = "custom-"
DETAIL_NUMBERS = ("impact", "urgency")


@require_safe
@for_staff
def ticket(request: HttpRequest, ref: str) -> HttpResponse:
    """A ticket's page; for htmx, the ticket alone."""
    return _show(request, ref)


@require_POST
@for_staff
def messages_of(request: HttpRequest, ref: str) -> HttpResponse:
    """Answer the requester."""
    text = request.POST.get("text", "")

    def reply() -> None:
        with files_of(request) as given:
            commands.post_message(actor_of(request), ref=ref, text=text, files=given, version=version_of(request))

    return _do(request, ref, reply, _("Your answer is on its way."), draft={"reply": text}, writes=True)


@require_POST
@for_staff
def notes(request: HttpRequest, ref: str) -> HttpResponse:
    """Tell the other agents something."""
    text = request.POST.get("text", "")

    def note() -> None:
        with files_of(request) as given:
            commands.add_note(actor_of(request), ref=ref, text=text, files=given, version=version_of(request))

    return _do(request, ref, note, _("The note is kept."), draft={"note": text}, writes=True)


@require_POST
@for_staff
def assignment(request: HttpRequest, ref: str) -> HttpResponse:
    """Say who works on it. A team that the form does not name stays."""

    def assign() -> None:
        actor = actor_of(request)
        team = queries.ticket_for(actor, ref).team_id
        team_id = number_of(request, "team") if "team" in request.POST else team
        person_id = number_of(request, "assignee")
        commands.assign(actor, ref=ref, person_id=person_id, team_id=team_id, version=version_of(request))

    return _do(request, ref, assign, _("Assigned."))


@require_POST
@for_staff
def status(request: HttpRequest, ref: str) -> HttpResponse:
    """Put it into another status."""

    def move() -> None:
        commands.set_status(
            actor_of(request),
            ref=ref,
            status=request.POST.get("status", ""),
            hold_until=moment_of(request, "hold_until"),
            version=version_of(request),
        )

    return _do(request, ref, move, _("The status is changed."))


@require_POST
@for_staff
def details(request: HttpRequest, ref: str) -> HttpResponse:
    """Change what it says of itself, and its team."""

    def change() -> None:
        commands.change_details(actor_of(request), ref=ref, version=version_of(request), **_details(request))

    return _do(request, ref, change, _("Saved."), more={"open_details": True})


@require_POST
@for_staff
def read(request: HttpRequest, ref: str) -> HttpResponse:
    """Everything on it counts as read."""
    commands.mark_read(actor_of(request), ref=ref)
    return HttpResponse(status=204)


def _do(
    request: HttpRequest,
    ref: str,
    change: Callable[[], None],
    done: str,
    *,
    draft: dict[str, str] | None = None,
    writes: bool = False,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """Run a change and show the ticket again. A refusal is shown beside what caused it, and what was typed stays."""
    try:
        change()
    except Refusal as refusal:
        if refusal.code in {"not_found", "unauthenticated"}:
            raise
        return _show(request, ref, refusal=refusal, draft=draft, more=more)
    messages.success(request, done)
    if _by_htmx(request):
        return _show(request, ref)
    return redirect(presenting.url_of(queries.ticket_for(actor_of(request), ref)))


def _show(
    request: HttpRequest,
    ref: str,
    *,
    refusal: Refusal | None = None,
    draft: dict[str, str] | None = None,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    actor = actor_of(request)
    found = queries.ticket_for(actor, ref)
    context = presenting.page(actor, found) | {"nav": navigation(actor, active="")}
    if refusal is not None:
        conflict = refusal.code == "conflict"
        context |= {"draft": draft or {}, "conflict": str(refusal.message) if conflict else None} | (more or {})
        context["errors"] = {} if conflict and draft else _errors(refusal)
    status = refusal.status if refusal is not None else 200
    context["live_position"] = getattr(found, "stream_position", None) or 0
    if _by_htmx(request):
        return render(request, "desk/ticket_pane.html", context, status=status)
    return render(request, "desk/ticket.html", context, status=status)


def _errors(refusal: Refusal) -> dict[str, str]:
    errors: dict[str, str] = {}
    for fault in refusal.faults:
        text = " ".join(str(part) for part in (fault.message, fault.hint) if part)
        field = fault.field or ""
        custom = {one.key for one in catalogue.custom_fields()}
        errors[CUSTOM + field if field in custom else field.removesuffix("_id")] = text
    return errors


def _details(request: HttpRequest) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if "subject" in request.POST:
        changes["subject"] = request.POST["subject"]
    if "kind" in request.POST:
        changes["kind"] = request.POST["kind"]
    for name in DETAIL_NUMBERS:
        if name in request.POST:
            changes[name] = number_of(request, name)
    if "team" in request.POST:
        changes["team_id"] = number_of(request, "team")
    if "category" in request.POST:
        changes["category_id"] = number_of(request, "category")
    fields = {key.removeprefix(CUSTOM): value for key, value in request.POST.items() if key.startswith(CUSTOM)}
    return changes | ({"custom_fields": fields} if fields else {})


def _by_htmx(request: HttpRequest) -> bool:
    asked = request.headers
    return asked.get("HX-Request") == "true" and "HX-History-Restore-Request" not in asked
