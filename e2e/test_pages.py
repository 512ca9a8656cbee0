"""Every page as people with different eyes and hands meet it: WCAG 2.2 A and AA, nothing cut off, the keyboard alone,
and not one complaint of the browser (scripts, styles, the content security policy).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from e2e.agent import PHONE, WIDE, Agent, agent
from e2e.correspondence import SUBJECT
from e2e.faults import axe_faults, layout_faults
from e2e.installation import Installation

pytestmark = pytest.mark.browser

PAGES = {
    "queue": "/desk/",
    "search": "/desk/?q=tier%3AL9",
    "ticket": "/desk/tickets/{vpn}",
    "long": "/desk/tickets/{long}",
    "new ticket": "/desk/tickets/new",
    "unreadable mail": "/desk/mail-problems",
}


@pytest.fixture(scope="module")
def cast() -> dict[str, Any]:
    """The people and tickets of the desk; filled in when it is made."""
    return {}


@pytest.fixture(scope="module")
def installation(cast: dict[str, Any]) -> Iterator[Installation]:
    """A desk on a bad day."""
    desk = Installation()
    cast.update(desk.prepare("full_desk"))
    with desk:
        yield desk


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages_have_no_fault_that_a_machine_can_see(
    browser: Browser, installation: Installation, cast: dict[str, Any], size: dict[str, int], theme: str, language: str
) -> None:
    with agent(browser, installation.url, viewport=size, color_scheme=theme, locale=language) as lena:
        lena.page.goto(f"{installation.url}/accounts/sign-in")
        faults = [f"sign-in: {fault}" for fault in _faults(lena)]
        lena.sign_in(cast["addresses"]["lead"], cast["password"])
        lena.choose_language(language)
        for name, path in PAGES.items():
            lena.page.goto(installation.url + path.format(**cast["refs"]))
            faults += [f"{name}: {fault}" for fault in _faults(lena)]
        assert faults == []
        assert lena.complaints == []


def test_a_mails_own_html_is_shown_in_its_frame_without_a_complaint(
    browser: Browser, installation: Installation, cast: dict[str, Any]
) -> None:
    with agent(browser, installation.url) as mira:
        mira.sign_in(cast["addresses"]["agent_l1"], cast["password"])
        mira.page.goto(f"{installation.url}/desk/tickets/{cast['refs']['vpn']}")
        mira.page.get_by_text("Original formatting").click()
        body = mira.page.frame_locator("iframe.original").locator("body")
        expect(body).to_contain_text("월말 마감을 못 하고 있습니다")
        expect(body).to_have_css("padding-top", "12px")
        assert mira.complaints == []


def test_a_day_at_the_desk_by_keyboard_alone(
    browser: Browser, installation: Installation, cast: dict[str, Any]
) -> None:
    with agent(browser, installation.url) as mira:
        mira.sign_in(cast["addresses"]["agent_l1"], cast["password"])
        keys = mira.page.keyboard
        keys.press("j")
        _until_focused(mira, SUBJECT)
        keys.press("Enter")
        expect(mira.page.locator("#ticket-subject")).to_have_text(SUBJECT)
        keys.press("n")
        expect(mira.page.locator("#f-note")).to_be_focused()
        keys.type("j and k are letters here: jkrnas?/")
        expect(mira.page.locator("#f-note")).to_have_value("j and k are letters here: jkrnas?/")
        keys.press("Control+Enter")
        expect(mira.entries("letters here")).to_have_count(1)
        keys.press("Escape")
        keys.press("s")
        expect(mira.page.locator("#f-status")).to_be_focused()
        keys.press("Escape")
        expect(mira.page.locator("#f-status")).not_to_be_visible()
        keys.press("?")
        expect(mira.page.locator("#shortcuts")).to_be_visible()
        keys.press("Escape")
        expect(mira.page.locator("#shortcuts")).not_to_be_visible()
        keys.press("/")
        expect(mira.page.locator("#search")).to_be_focused()
        keys.type("status:open vpn")
        keys.press("Enter")
        expect(mira.row(SUBJECT)).to_be_visible()
        mira.wait_until_live()
        keys.press("c")
        expect(mira.page.locator("#f-address")).to_be_visible()
        mira.wait_until_live()  # the page's scripts listen for keys from here on
        keys.press("g")
        keys.press("q")
        expect(mira.page.locator("#queue-list")).to_be_visible()
        keys.press("Tab")
        expect(mira.page.locator(".skip-link")).to_be_focused()
        keys.press("Enter")
        expect(mira.page.locator("#main")).to_be_focused()
        assert mira.complaints == []


def _faults(person: Agent) -> list[str]:
    person.page.wait_for_load_state()
    return [*layout_faults(person.page), *axe_faults(person.page)]


def _until_focused(person: Agent, subject: str) -> None:
    """Walk down the list to a row, as one does who sees it there."""
    for _step in range(person.page.locator("a[data-row]").count()):
        if subject in person.page.evaluate("() => document.activeElement.textContent"):
            return
        person.page.keyboard.press("j")
    raise AssertionError(f"{subject} was not reached")
