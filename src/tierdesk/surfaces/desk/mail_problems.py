"""Mails that could not be read: what to do about each."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tierdesk.domain.channels.email import commands, problems, queries
from tierdesk.domain.people import rules as people_rules
from tierdesk.kernel.audit import last_position
from tierdesk.kernel.refusals import Refusal
from tierdesk.surfaces.desk.queue import navigation
from tierdesk.surfaces.desk.requests import actor_of, for_staff


@require_safe
@for_staff
def mail_problems(request: HttpRequest) -> HttpResponse:
    """The list, latest first."""
    actor = actor_of(request)
    if not actor.clients_for(people_rules.MAIL_PROBLEMS):
        raise Refusal("forbidden", _("Unreadable mail is for leads and administrators."))
    page = queries.mail_problems(actor, page=request.GET.get("page", ""))
    here = reverse("desk:mail_problems")
    context = {
        "mail_problems": [_shown(mail) for mail in page.rows],
        "prev_url": f"{here}?page={page.newer}" if page.newer else None,
        "next_url": f"{here}?page={page.older}" if page.older else None,
        "live_position": last_position(),
        "nav": navigation(actor, active=""),
    }
    return render(request, "desk/mail_problem_list.html", context)


@require_POST
@for_staff
def attempts(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Try to read it once more."""
    commands.retry_mail(actor_of(request), mail_id=mail_id)
    messages.success(request, _("It is being read again."))
    return redirect("desk:mail_problems")


@require_POST
@for_staff
def dismissal(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Settle it: it needs no ticket. The mail itself is kept."""
    commands.dismiss_mail(actor_of(request), mail_id=mail_id)
    messages.success(request, _("Settled. The mail itself is kept."))
    return redirect("desk:mail_problems")


def _shown(mail: Any) -> dict[str, Any]:
    return {
        "id": mail.pk,
        "received_at": mail.received_at,
        "sender": mail.sender,
        "subject": mail.subject,
        "reason": problems.words_for(mail.error),
        "size": mail.size,
        "raw_url": reverse("desk:raw_mail", args=[mail.pk]),
        "retry_url": reverse("desk:mail_attempts", args=[mail.pk]),
        "dismiss_url": reverse("desk:mail_dismissal", args=[mail.pk]),
    }
