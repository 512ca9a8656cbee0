"""The cast, for this area's tests; and counts that show whether anything was written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.apps import apps

if TYPE_CHECKING:
    from tierdesk.demo.cast import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    """The fixed cast in this test's database."""
    from tierdesk.demo.cast import build_cast  # noqa: PLC0415 - after Django's set-up, which comes after this file

    return build_cast()


@pytest.fixture
def written() -> Callable[[], dict[str, list[dict[str, object]]]]:
    """Everything in this area's tables, and the events and jobs: equal before and after where nothing was written."""
    counted = [*apps.get_app_config("people").get_models(), *(apps.get_model("kernel", n) for n in ("Event", "Job"))]
    return lambda: {m._meta.label: list(m._default_manager.order_by("pk").values()) for m in counted}
