"""The peers as fixtures: one of each for a worker's session, started when first asked for.

A peer that cannot be had skips its tests, except in CI, where a skip would hide that nothing was proved: there it
fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.peers import dovecot as dovecot_peer
from tests.peers import postfix as postfix_peer
from tests.peers import postgresql as postgresql_peer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.peers.dovecot import Dovecot
    from tests.peers.postfix import Postfix

PAGE_TIMEOUT_MS = 15_000


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The address of an empty PostgreSQL database: the run's own server where `bin/test` started one."""
    given = os.environ.get("TIERDESK_DATABASE", "")
    if given.startswith("postgres"):
        yield given
        return
    need(postgresql_peer.absent())
    with postgresql_peer.PostgreSQL() as server:
        yield server.url


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """IMAP and LMTP: any address, one password."""
    need(dovecot_peer.absent())
    with dovecot_peer.Dovecot() as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    """SMTP for `*.example`, delivered into `dovecot`."""
    need(postfix_peer.absent())
    with postfix_peer.Postfix(dovecot.lmtp_port) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium. Gone after each module: while it lives, no test beside it can run a loop of its own."""
    from tests.peers import chromium as chromium_peer  # noqa: PLC0415  Playwright is slow to load

    need(chromium_peer.absent())
    with chromium_peer.chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own: no cookie of another test; 1440 x 900, English."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(PAGE_TIMEOUT_MS)
    yield context.new_page()
    context.close()


def need(absent: str | None) -> None:
    """Go on where nothing is absent; skip the test otherwise, or fail it in CI."""
    if absent is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{absent}; in CI a peer must be there", pytrace=False)
    pytest.skip(absent)
