"""Everybody's own settings, signed in or not: language and appearance."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from tierdesk.domain.people import commands, rules
from tierdesk.kernel.actors import Actor, ActorKind
from tierdesk.kernel.refusals import Faults

YEAR = 365 * 24 * 3600


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep the `language` or `theme` that was chosen, with the person or else in a cookie, and go to `next`.

    `next` is followed only to a path of this site. A script that says so (`X-Requested-With`) gets 204.
    """
    actor: Actor = request.actor  # type: ignore[attr-defined]  # set by the actor middleware
    response = _after(request)
    if "language" in request.POST:
        _keep_language(actor, request.POST["language"], response)
    if "theme" in request.POST:
        _keep_theme(actor, request.POST["theme"], response)
    return response


def _keep_language(actor: Actor, language: str, response: HttpResponse) -> None:
    if actor.kind is ActorKind.PERSON:
        commands.set_language(actor, language=language)
    elif language not in rules.LANGUAGES:
        _refuse("language")
    _cookie(response, settings.LANGUAGE_COOKIE_NAME, language)


def _keep_theme(actor: Actor, theme: str, response: HttpResponse) -> None:
    if actor.kind is ActorKind.PERSON:
        commands.set_theme(actor, theme=theme)
    elif theme not in rules.THEMES:
        _refuse("theme")
    _cookie(response, rules.THEME_COOKIE, theme)


def _refuse(field: str) -> None:
    faults = Faults()
    faults.add(field, _("Choose one of those offered."))
    faults.refuse()


def _after(request: HttpRequest) -> HttpResponse:
    if request.headers.get("X-Requested-With"):
        return HttpResponse(status=204)
    wanted = request.POST.get("next", "")
    return HttpResponse(status=303, headers={"Location": wanted if rules.is_local_path(wanted) else "/"})


def _cookie(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=YEAR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
