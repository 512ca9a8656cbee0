"""Two agents at one desk: what each sees of the other, and that nothing anybody wrote is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from e2e.agent import Agent, agent
from e2e.installation import Installation

pytestmark = pytest.mark.browser

PRINTER = "Printer on the third floor prints blank pages"
REPORT = "Отчёт о продажах за февраль"
SCAM = "Is this call from you?"


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


@pytest.fixture
def mira(browser: Browser, installation: Installation, cast: dict[str, Any]) -> Iterator[Agent]:
    """An agent of the front line, signed in."""
    yield from _signed_in(browser, installation, cast, "agent_l1")


@pytest.fixture
def viktor(browser: Browser, installation: Installation, cast: dict[str, Any]) -> Iterator[Agent]:
    """An expert, signed in; his pages speak Russian."""
    yield from _signed_in(browser, installation, cast, "agent_l3")


def _signed_in(browser: Browser, desk: Installation, cast: dict[str, Any], part: str) -> Iterator[Agent]:
    with agent(browser, desk.url) as person:
        person.sign_in(cast["addresses"][part], cast["password"])
        yield person
        assert person.complaints == []


def test_a_ticket_opens_beside_the_list_and_the_way_back_leads_to_the_list(mira: Agent) -> None:
    mira.expect_live()
    mira.watch_for(PRINTER)
    mira.open(PRINTER)
    assert re.search(r"/desk/tickets/TD-\d+$", mira.page.url)
    expect(mira.row(PRINTER)).to_have_attribute("data-selected", "")
    expect(mira.row(REPORT)).to_be_visible()
    assert mira.stayed(), "nothing was loaded anew"
    mira.open(REPORT)
    expect(mira.row(PRINTER)).not_to_have_attribute("data-selected", "")
    mira.page.go_back()
    expect(mira.page.locator("#ticket-subject")).to_have_text(PRINTER)
    mira.page.go_back()
    expect(mira.row(REPORT)).to_be_visible()
    expect(mira.page.locator("#ticket")).to_have_count(0)
    mira.expect_live()
    mira.open(REPORT)
    mira.page.reload()
    expect(mira.page.locator("#ticket-subject")).to_contain_text(REPORT)


def test_what_is_read_is_marked_no_longer_and_stays_so(mira: Agent) -> None:
    dot = mira.row(SCAM).locator(".unread-dot")
    expect(dot).to_have_count(1)
    with mira.page.expect_response(lambda answer: answer.url.endswith("/read")) as noted:
        mira.open(SCAM)
    assert noted.value.status == 204
    expect(dot).to_have_count(0)
    mira.page.goto(f"{mira.url}/desk/")
    expect(mira.row(SCAM)).to_be_visible()
    expect(dot).to_have_count(0)


def test_two_answers_at_once_are_a_conflict_that_loses_nothing(mira: Agent, viktor: Agent) -> None:
    mira.open(REPORT)
    viktor.open(REPORT)
    viktor.page.keyboard.press("r")
    viktor.page.keyboard.type("Перезапустите службу отчётов.")
    mira.answer_by_keyboard("We restart the report service now.")
    expect(viktor.entries("We restart the report service now.")).to_be_visible()
    expect(viktor.page.locator("#f-reply")).to_have_value("Перезапустите службу отчётов.")

    viktor.page.locator("#f-reply").focus()
    viktor.page.keyboard.press("Control+Enter")
    notice = viktor.page.locator("#composer [role=alert]")
    expect(notice).to_contain_text("Mira Holt")
    expect(notice).to_contain_text(re.compile(r"\d"))
    expect(viktor.page.locator("#f-reply")).to_have_value("Перезапустите службу отчётов.")
    expect(mira.entries("Перезапустите")).to_have_count(0)

    viktor.page.locator("#f-reply").focus()
    viktor.page.keyboard.press("Control+Enter")
    expect(mira.entries("Перезапустите")).to_be_visible()
    expect(viktor.page.locator("#f-reply")).to_have_value("")
    viktor.complaints[:] = [line for line in viktor.complaints if "409" not in line]


def test_what_one_agent_does_the_other_sees_at_once(mira: Agent, viktor: Agent) -> None:
    viktor.open(PRINTER)
    mira.open(PRINTER)
    viktor.watch_for(PRINTER)
    mira.page.keyboard.press("n")
    mira.page.keyboard.type("Toner is fine, the drum is worn out.")
    mira.page.keyboard.press("Control+Enter")
    expect(viktor.entries("the drum is worn out")).to_be_visible()
    mira.page.keyboard.press("Escape")
    mira.page.keyboard.press("a")
    mira.page.get_by_role("button", name="Assign to me").click()
    expect(viktor.page.locator("#ticket-header")).to_contain_text("Mira Holt")
    expect(viktor.row(PRINTER).locator(".avatar")).to_contain_text("MH")
    assert viktor.stayed()
