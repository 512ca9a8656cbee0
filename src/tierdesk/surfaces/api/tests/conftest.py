"""The world that the API is tried upon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_django.plugin import DjangoDbBlocker

    from tests.authorisation.world import World


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """One world for a module's tests; each of these leaves it as it was."""
    from tests.authorisation.world import build_world, taken_back  # noqa: PLC0415 - once Django is set up

    with django_db_blocker.unblock(), taken_back():
        yield build_world()
