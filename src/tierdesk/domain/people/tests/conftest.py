"""The cast, for this area's tests; and counts that show whether anything was written."""

from collections.abc import Callable

import pytest
from django.apps import apps

from tierdesk.demo.cast import Cast, build_cast

COUNTED = ("kernel.Event", "kernel.Job", *(f"people.{m.__name__}" for m in apps.get_app_config("people").get_models()))


@pytest.fixture
def cast(db: None) -> Cast:
    """The fixed cast in this test's database."""
    return build_cast()


@pytest.fixture
def written() -> Callable[[], dict[str, list[dict[str, object]]]]:
    """Everything in this area's tables, and the events and jobs: equal before and after where nothing was written."""
    return lambda: {name: list(apps.get_model(name).objects.order_by("pk").values()) for name in COUNTED}
