"""Whose live stream it is, and when to look again."""

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from tierdesk.domain.people import queries
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.live import LiveRequest, live_authenticator, live_recheck

CHANGES = ("AccessChanged", "SignedOut", "TokenRevoked")


def authenticate(asked: LiveRequest) -> Actor | None:
    """The actor of the session in the request's cookie, as a page would find him; none for a stranger."""
    request = HttpRequest()
    request.session = SessionStore(asked.cookies.get(settings.SESSION_COOKIE_NAME, ""))
    login = get_user(request)
    person = getattr(login, "person", None) if login.is_authenticated else None
    return queries.actor_for(person) if person is not None else None


def register() -> None:
    """Tell the streams who is there; look again when what somebody may do changed, or when he left."""
    live_authenticator(authenticate)
    for name in CHANGES:
        live_recheck(name, lambda event: event.thing_id)
