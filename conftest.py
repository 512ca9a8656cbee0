"""What every test stands on: a data folder of its own, the network closed beyond loopback, a clock that can be held.

The environment is set before Django reads its settings, in each worker of pytest-xdist apart. `TIERDESK_DATABASE`
chooses the database (`bin/test` sets it for its second run); `TIERDESK_CORPUS` names the folder of third-party test
data, taken from beside the checkout in CI.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import django
import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from tierdesk.demo.cast import Cast
    from tierdesk.kernel.clock import FrozenClock

pytest_plugins = ["tests.peers.fixtures"]

ROOT = Path(__file__).resolve().parent
MEMORY = Path("/dev/shm")  # an fsync there costs nothing
DATA = Path(tempfile.mkdtemp(prefix="tierdesk-test-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server", "client_in_database"}

os.environ["TIERDESK_DATA_DIR"] = str(DATA)
os.environ.setdefault("TIERDESK_SECRET_KEY", "a key for tests alone, long enough for every signer that measures it")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tierdesk.config.settings")
if os.environ.get("CI") == "true" and (ROOT.parent / "shared/data").is_dir():
    os.environ.setdefault("TIERDESK_CORPUS", str(ROOT.parent / "shared/data"))
django.setup()  # tests and their conftests import models at once


@pytest.fixture
def clock() -> Iterator[FrozenClock]:
    """The clock held at Monday, 2 March 2026, 09:00 UTC; `clock.advance(timedelta)` moves it."""
    from tierdesk.kernel.clock import frozen  # noqa: PLC0415  after the environment above

    with frozen(dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)) as held:
        yield held


@pytest.fixture
def cast(db: None) -> Cast:
    """The fixed cast, in the test's database, with the statuses that every desk has."""
    from tierdesk.demo.cast import build_cast  # noqa: PLC0415  after the environment above
    from tierdesk.domain.tickets.commands import ensure_defaults  # noqa: PLC0415
    from tierdesk.kernel.actors import SYSTEM  # noqa: PLC0415

    ensure_defaults(SYSTEM)
    return build_cast()


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """What pages keep for two seconds is of the test before."""
    from tierdesk.kernel import kept  # noqa: PLC0415  after the environment above

    kept.forget()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of third-party test data; a test that reads it is skipped where there is none."""
    folder = os.environ.get("TIERDESK_CORPUS")
    if not folder:
        pytest.skip("TIERDESK_CORPUS names no folder of test data")
    return Path(folder)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever touches the database is marked `db_both`, so that nobody has to remember it."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or fixtures & DATABASE_FIXTURES:
            item.add_marker(pytest.mark.db_both)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Leave the counts for `bin/test`, which sums its two runs."""
    target = os.environ.get("TIERDESK_TEST_COUNTS")
    if target:
        counts = {name: len(terminalreporter.stats.get(name, [])) for name in ("passed", "failed", "skipped", "error")}
        counts["failed"] += counts.pop("error")
        Path(target).write_text(json.dumps(counts), encoding="utf-8")


def pytest_unconfigure() -> None:
    """The data folder of this process goes."""
    shutil.rmtree(DATA, ignore_errors=True)
