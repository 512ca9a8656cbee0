"""Browsers in which somebody of the cast is signed in, and a ticket to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from tierdesk.demo.cast import Cast
from tierdesk.domain.tickets import commands
from tierdesk.domain.tickets.models import Ticket
from tierdesk.kernel.actors import SYSTEM


@pytest.fixture
def sign_in(cast: Cast) -> Callable[..., Browser]:
    """`sign_in("agent_l1")`; `htmx=True` asks as htmx does."""

    def enter(part: str, *, htmx: bool = False) -> Browser:
        browser = Browser(headers={"HX-Request": "true"} if htmx else {})
        login = cast.people()[part].login
        assert login is not None
        browser.force_login(login)
        return browser

    return enter


@pytest.fixture
def ticket(cast: Cast) -> Ticket:
    """A ticket of requester_a at Acme."""
    return open_one(cast)


@pytest.fixture
def open_another(cast: Cast) -> Callable[..., Ticket]:
    """Another ticket; whatever is given differs."""
    return lambda **what: open_one(cast, **what)


def open_one(cast: Cast, **what: Any) -> Ticket:
    given = {
        "subject": "VPN drops",
        "text": "Every hour the VPN drops.",
        "requester_id": cast.requester_a.pk,
        "client_id": cast.acme.pk,
        "channel": "web",
    }
    return commands.open_ticket(SYSTEM, **(given | what))
