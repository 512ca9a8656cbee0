"""Everybody's own settings, signed in or not: language and appearance."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from tierdesk.domain.people import commands, policies, rules
from tierdesk.kernel.actors import Actor, ActorKind
from tierdesk.kernel.refusals import Faults, Refusal

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


@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """One's own password: the present one, the new one, the new one again. Other sessions and all tokens end."""
    actor: Actor = request.actor  # type: ignore[attr-defined]  # set by the actor middleware
    person_id = policies.require_person(actor)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            _change_password(request, actor, person_id)
        except Refusal as refusal:
            errors = {str(f.field): " ".join(str(t) for t in (f.message, f.hint) if t) for f in refusal.faults}
        else:
            messages.success(request, _("From now on the new password counts. You are signed out everywhere else."))
            return redirect("home")
    return render(request, "account/password_change.html", {"errors": errors}, status=422 if errors else 200)


def _change_password(request: HttpRequest, actor: Actor, person_id: int) -> None:
    given = request.POST
    if given.get("password") != given.get("again"):
        raise Refusal("invalid", _("The two do not match."), "again", _("Type the new password twice."))
    commands.set_password(
        actor, person_id=person_id, password=given.get("password", ""), current=given.get("current", "")
    )
    if request.user.is_authenticated:
        request.user.refresh_from_db()
        update_session_auth_hash(request, request.user)


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
