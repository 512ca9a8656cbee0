"""The queue: the views down the side, the list, and its fragment for live updates."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from tierdesk.domain.channels.email import queries as email
from tierdesk.domain.people import rules as people_rules
from tierdesk.domain.tickets import queries
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.audit import last_position
from tierdesk.kernel.paging import COUNT_CAP, capped_counts
from tierdesk.kernel.refusals import Refusal
from tierdesk.surfaces.desk import presenting
from tierdesk.surfaces.desk.requests import actor_of, for_staff

Condition = Callable[[Actor], Q]
ACTIVE = Q(active=True)
VIEWS: dict[str, tuple[Any, str, Condition]] = {
    "open": (gettext_lazy("Open"), "inbox", lambda actor: ACTIVE),
    "mine": (gettext_lazy("Mine"), "user", lambda actor: ACTIVE & Q(assignee_id=actor.person_id)),
    "unassigned": (gettext_lazy("Unassigned"), "user-plus", lambda actor: ACTIVE & Q(assignee_id__isnull=True)),
    "team": (gettext_lazy("My teams"), "users", lambda actor: ACTIVE & Q(team_id__in=actor.team_ids)),
    "held": (gettext_lazy("On hold"), "circle-pause", lambda actor: Q(hold_until__isnull=False)),
    "done": (gettext_lazy("Solved"), "circle-check", lambda actor: Q(active=False)),
}
COUNTED = ("open", "mine", "unassigned", "team", "held")
FIRST_VIEW = "open"


@require_safe
@for_staff
def queue(request: HttpRequest) -> HttpResponse:
    """The queue, or, for htmx, its rows alone."""
    context = listing(request)
    fragment = request.headers.get("HX-Target", "").endswith("queue-list") or "fragment" in request.GET
    return render(request, "desk/queue_list.html" if fragment else "desk/queue.html", context)


def listing(request: HttpRequest) -> dict[str, Any]:
    """What a list shows: one page of the chosen view or of what was searched for, and the views with their counts."""
    actor = actor_of(request)
    q, key = request.GET.get("q", "").strip(), request.GET.get("view", FIRST_VIEW)
    view = VIEWS.get(key) or VIEWS[FIRST_VIEW]
    key = key if key in VIEWS else FIRST_VIEW
    position = last_position()  # before the rows: what happens from here on is told to the page
    error: Refusal | None = None
    rows: list[Any] = []
    newer = older = ""
    try:
        if q:
            page = queries.find_tickets(actor, q, page=request.GET.get("page", ""))
        else:
            page = queries.list_tickets(actor, view[2](actor), page=request.GET.get("page", ""))
        rows, newer, older = page.rows, page.newer, page.older
    except Refusal as refusal:
        error = refusal
    counted = capped_counts(
        {**queries.of_views(actor, [(name, VIEWS[name][2](actor)) for name in COUNTED]), **_problems(actor)}
    )
    return {
        "title": _("Search") if q else view[0],
        "q": q,
        "q_error": error,
        "rows": [presenting.row(ticket) for ticket in rows],
        "list_url": request.get_full_path(),
        "prev_url": _page_url(q, key, newer),
        "next_url": _page_url(q, key, older),
        "count_text": "" if q else _count(counted.get(key)),
        "selected_ref": None,
        "live_position": position,
        "nav": navigation(actor, active="" if q else key, counted=counted),
    }


def navigation(actor: Actor, *, active: str, counted: dict[str, int] | None = None) -> dict[str, Any]:
    """The views down the side; with their counts where these were made."""
    shown = counted or {}
    return {
        "views": [
            {
                "key": key,
                "label": label,
                "icon": icon,
                "url": f"{reverse('desk:queue')}?{urlencode({'view': key})}",
                "count": _count(shown.get(key)) or None,
                "active": key == active,
            }
            for key, (label, icon, _condition) in VIEWS.items()
        ],
        "sees_mail_problems": people_rules.MAIL_PROBLEMS in actor.grants,
        "mail_problems": shown.get("mail_problems"),
        "links": [
            {"label": _("Change your password"), "url": reverse("account_change_password"), "icon": "lock-keyhole"}
        ],
        "urls": {
            "queue": reverse("desk:queue"),
            "new_ticket": reverse("desk:new_ticket"),
            "mail_problems": reverse("desk:mail_problems"),
            "preferences": reverse("preferences"),
            "sign_out": reverse("account_logout"),
            "live": "/live",
        },
    }


def _problems(actor: Actor) -> dict[str, Any]:
    return {"mail_problems": email.problems_of(actor)} if people_rules.MAIL_PROBLEMS in actor.grants else {}


def _page_url(q: str, view: str, page: str) -> str | None:
    asked = {"q": q} if q else {"view": view}
    return f"{reverse('desk:queue')}?{urlencode(asked | {'page': page})}" if page else None


def _count(number: int | None) -> str:
    if number is None:
        return ""
    return _("more than %(n)s") % {"n": number_format(COUNT_CAP)} if number > COUNT_CAP else number_format(number)
