"""What surrounds every request: security headers, language, actor, refusals; and what every page is given."""

import secrets
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from tierdesk.config import answers
from tierdesk.domain.people import queries, rules
from tierdesk.kernel.actors import ANONYMOUS, Actor

Next = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; media-src 'self'; frame-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(self), usb=()"
    ),
}
HSTS = "max-age=31536000"


@dataclass(frozen=True, slots=True)
class Me:
    """Who reads the page, as templates know him."""

    id: int
    name: str
    email: str
    language: str
    theme: str
    staff: bool


def security_headers(get_response: Next) -> Next:
    """Every response, errors too, says what a browser may do with it; a view may have said so itself.

    Scripts run by the response's nonce alone (and what these load): an uploaded file is never one, though it comes
    from the same origin.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]  # read by templates
        response = get_response(request)
        if "Content-Security-Policy" not in response:
            response["Content-Security-Policy"] = POLICY.format(nonce=nonce)
            response.headers.setdefault("X-Frame-Options", "DENY")
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.SESSION_COOKIE_SECURE:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware


def language(get_response: Next) -> Next:
    """The person's language and time zone, else the cookie's, else what the browser asks for."""

    def middleware(request: HttpRequest) -> HttpResponse:
        person = _person(request)
        chosen = person.language if person else ""
        code = chosen or translation.get_language_from_request(request)
        zone = person.time_zone if person else ""
        with translation.override(code), timezone.override(_zone(zone)):
            request.LANGUAGE_CODE = code
            response = get_response(request)
        response.headers.setdefault("Content-Language", code)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return middleware


def actor(get_response: Next) -> Next:
    """`request.actor` is who acts: the person who is signed in, with his grants as they stand now, or nobody.

    They are read when first asked for.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: _actor(request))  # type: ignore[attr-defined]  # for views
        return get_response(request)

    return middleware


def refusals(get_response: Next) -> Next:
    """What a view raises becomes an answer: a refusal says what to do, anything else gets an incident's number."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    middleware.process_exception = answers.to_exception  # type: ignore[attr-defined]  # Django looks for it there
    return middleware


def page_context(request: HttpRequest) -> dict[str, Any]:
    """What every page is given: `me` (none for nobody), `csp_nonce`, `theme`, `messages`, `preferences_url`."""
    who: Actor = getattr(request, "actor", ANONYMOUS)
    me = _me(request, who)
    return {
        "me": me,
        "csp_nonce": getattr(request, "csp_nonce", ""),
        "theme": me.theme if me else _theme(request.COOKIES.get(rules.THEME_COOKIE, "")),
        "messages": get_messages(request),
        "preferences_url": reverse("preferences"),
    }


def _person(request: HttpRequest) -> Any:
    user = getattr(request, "user", None)
    return getattr(user, "person", None) if user is not None and user.is_authenticated else None


def _actor(request: HttpRequest) -> Actor:
    person = _person(request)
    return (queries.actor_for(person) if person else None) or ANONYMOUS


def _me(request: HttpRequest, who: Actor) -> Me | None:
    person = _person(request)
    if person is None:
        return None
    return Me(
        id=person.pk,
        name=person.name,
        email=person.login.email,
        language=person.language or "en",
        theme=_theme(person.theme),
        staff=bool(who.clients_for(rules.READ)),
    )


def _theme(theme: str) -> str:
    return theme if theme in rules.THEMES else "auto"


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (ValueError, zoneinfo.ZoneInfoNotFoundError):
        return zoneinfo.ZoneInfo("UTC")
