"""What the tests of tickets share: opening one in a line, and seeing that a denial changed nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.apps import apps

from tierdesk.demo.cast import Cast
from tierdesk.domain.tickets import commands
from tierdesk.domain.tickets.models import Ticket
from tierdesk.kernel.actors import SYSTEM, Actor
from tierdesk.kernel.refusals import Refusal

WATCHED = ("tickets", "kernel", "people", "channels_email")

Opener = Callable[..., Ticket]
Denial = Callable[..., AbstractContextManager[list[Refusal]]]


@pytest.fixture
def opened(cast: Cast) -> Opener:
    """`opened(actor=…, **what)`: a ticket of requester_a at Acme, unless told otherwise; as the database has it."""

    def make(actor: Actor = SYSTEM, **what: Any) -> Ticket:
        given = {
            "subject": "VPN drops",
            "text": "Every hour the VPN drops.",
            "requester_id": cast.requester_a.pk,
            "client_id": cast.acme.pk,
            "channel": "web",
        }
        ticket = commands.open_ticket(actor, **(given | what))
        return Ticket.objects.unscoped("test").select_related("status").get(pk=ticket.pk)

    return make


@pytest.fixture
def fresh() -> Callable[[Ticket], Ticket]:
    """A ticket as it stands now."""
    return lambda ticket: Ticket.objects.unscoped("test").select_related("status").get(pk=ticket.pk)


def _everything() -> dict[str, list[Any]]:
    held: dict[str, list[Any]] = {}
    for model in apps.get_models():
        if model._meta.app_label in WATCHED and model._meta.db_table != "kernel_counter":
            rows = model._base_manager.order_by("pk").values()
            held[model._meta.label] = [
                {k: bytes(v) if isinstance(v, memoryview) else v for k, v in r.items()} for r in rows
            ]
    return held


@pytest.fixture
def denied() -> Denial:
    """`with denied("forbidden") as caught:` the block is refused so, and no row, event, job or document changed."""

    @contextmanager
    def watch(code: str, *fields: str) -> Iterator[list[Refusal]]:
        before = _everything()
        caught: list[Refusal] = []
        with pytest.raises(Refusal) as info:
            yield caught
        caught.append(info.value)
        assert info.value.code == code
        if fields:
            assert tuple(fault.field for fault in info.value.faults) == fields
        after = _everything()
        assert {k: v for k, v in after.items() if v != before[k]} == {}

    return watch
