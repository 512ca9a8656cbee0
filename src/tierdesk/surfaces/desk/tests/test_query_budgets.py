"""How many statements the hot pages may take, whatever the number of tickets and messages: `query_baseline.json`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tierdesk.demo.cast import Cast
from tierdesk.domain.tickets import commands
from tierdesk.domain.tickets.commands import FileIn
from tierdesk.kernel import kept, worker

pytestmark = pytest.mark.django_db
BASELINE = json.loads((Path(__file__).parents[5] / "tests/query_baseline.json").read_text(encoding="utf-8"))


def _statements(browser: Any, path: str, *, warm: bool) -> list[str]:
    kept.forget()
    if warm:
        browser.get(path)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert browser.get(path).status_code == 200
    return [query["sql"] for query in caught.captured_queries]


@pytest.mark.parametrize("many", [5, 60])
@pytest.mark.parametrize("part", ["agent_l1", "lead", "provider_agent"])
def test_pages_keep_to_their_statements(
    many: int, part: str, sign_in: Callable[..., Any], open_another: Callable[..., Any], cast: Cast
) -> None:
    first = open_another(channel="email", participant_ids=[cast.outsider.pk], files=[FileIn("a", "text/plain", b"a")])
    for n in range(many - 1):
        open_another(subject=f"Another {n}")
    for n in range(many):
        commands.add_note(cast.actor("agent_l2"), ref=first.ref, text=f"N{n}", files=[FileIn("n", "text/plain", b"n")])
        commands.post_message(cast.actor("agent_l2"), ref=first.ref, text=f"M{n}")
        commands.assign(
            cast.actor("lead"), ref=first.ref, person_id=[cast.agent_l1, cast.agent_l2][n % 2].pk, team_id=None
        )
    worker.dispatch()
    browser = sign_in(part)
    pages = {"queue": "/desk/", "search": "/desk/?q=another", "ticket": f"/desk/tickets/{first.ref}"}
    taken = {name: _statements(browser, path, warm=True) for name, path in pages.items()}
    over = {name: found for name, found in taken.items() if len(found) > BASELINE[name]}
    assert over == {}, "\n".join(f"{name}: {len(found)}\n" + "\n".join(found) for name, found in over.items())
