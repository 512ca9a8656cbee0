"""The small tables that every page needs (statuses, flow, categories, fields), kept for two seconds in each process.

A page shows them at most that much late; commands never read them from here.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from tierdesk.domain.tickets.models import Category, CustomField, Status, StatusFlow

T = TypeVar("T")

SECONDS = 2.0
_kept: dict[str, tuple[float, object]] = {}


def statuses() -> list[Status]:
    """All statuses, in their order."""
    return _keep("statuses", lambda: list(Status.objects.all()))


def flow() -> dict[tuple[str, int], list[int]]:
    """The statuses that each kind and status leads to."""

    def read() -> dict[tuple[str, int], list[int]]:
        steps: dict[tuple[str, int], list[int]] = {}
        for step in StatusFlow.objects.order_by("to_status__position"):
            steps.setdefault((step.kind, step.from_status_id), []).append(step.to_status_id)
        return steps

    return _keep("flow", read)


def categories() -> list[Category]:
    """Active categories, as a tree in order of their paths."""
    return _keep("categories", lambda: list(Category.objects.filter(active=True)))


def custom_fields() -> list[CustomField]:
    """Active custom fields, in their order."""
    return _keep("custom_fields", lambda: list(CustomField.objects.filter(active=True)))


def forget() -> None:
    """Read everything anew next time."""
    _kept.clear()


def _keep(name: str, read: Callable[[], T]) -> T:
    found = _kept.get(name)
    if found is not None and found[0] > time.monotonic():
        return found[1]  # type: ignore[return-value]  # each name has one type
    value = read()
    _kept[name] = (time.monotonic() + SECONDS, value)
    return value
