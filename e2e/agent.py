"""An agent at her browser: the few things that every journey does, and what must never be seen while she does them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

TIMEOUT_MS = 15_000
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SEEN_AT = """subject => {
  window.notReloaded = true;
  window.seenAt = new Promise(resolve => {
    const look = () => {
      const row = [...document.querySelectorAll('#queue-list a[data-row]')].find(a => a.textContent.includes(subject));
      if (row && row.checkVisibility()) resolve(Date.now());
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
    look();
  });
}"""


class Agent:
    """One person in one browser of her own, signed in by the form."""

    def __init__(self, context: BrowserContext, url: str, *, scripts: bool = True) -> None:
        self.context = context
        self.scripts = scripts
        self.url = url
        self.complaints: list[str] = []
        context.set_default_timeout(TIMEOUT_MS)
        self.page: Page = context.new_page()
        self.page.on("console", lambda said: self._complain(said.text) if said.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda error: self._complain(str(error)))

    def sign_in(self, address: str, password: str) -> None:
        """Through the page that a stranger is sent to."""
        self.page.goto(self.url)
        self.page.locator("input[name=login]").fill(address)
        self.page.locator("input[name=password]").fill(password)
        self.page.locator("input[name=password]").press("Enter")
        expect(self.page.locator("#queue-list")).to_be_visible()
        if self.scripts:  # only then do rows open beside the list, and keys work
            self.wait_until_live()

    def choose_language(self, language: str) -> None:
        """By the menu's form, where the page speaks another one."""
        if self.page.locator("html").get_attribute("lang") != language:
            self.page.locator(f'button[name="language"][value="{language}"]').evaluate("button => button.click()")
            self.page.wait_for_function("lang => document.documentElement.lang === lang", arg=language)

    def wait_until_live(self) -> None:
        """The page's scripts run and its stream is open."""
        expect(self.page.locator("#live-state")).to_have_attribute("data-state", "live")

    def expect_live(self) -> None:
        """The page says that it is connected."""
        self.wait_until_live()
        expect(self.page.locator("#live-state")).to_have_text("Live")

    def watch_for(self, subject: str) -> None:
        """From now on, note when a row of this subject can be seen for the first time, and whether the page stayed."""
        self.page.evaluate(SEEN_AT, subject)

    def seen_at(self) -> float:
        """When it was seen, in seconds since 1970. Ask only when it is there."""
        return float(self.page.evaluate("() => window.seenAt")) / 1000

    def stayed(self) -> bool:
        """Whether the page is still the one of `watch_for`: nothing reloaded it."""
        return bool(self.page.evaluate("() => window.notReloaded === true"))

    def row(self, subject: str) -> Locator:
        """The line of the list with this subject."""
        return self.page.locator("#queue-list li.row").filter(has_text=subject)

    def open(self, subject: str) -> None:
        """Open a ticket from the list."""
        self.row(subject).locator("a[data-row]").click()
        expect(self.page.locator("#ticket-subject")).to_contain_text(subject)

    def answer_by_keyboard(self, text: str) -> None:
        """r, the words, Ctrl+Enter."""
        self.page.keyboard.press("r")
        expect(self.page.locator("#f-reply")).to_be_focused()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Control+Enter")

    def entries(self, text: str) -> Locator:
        """What stands in the conversation with these words."""
        return self.page.locator("#timeline article.entry").filter(has_text=text)

    def download(self, name: str) -> bytes:
        """Click an attachment; its bytes."""
        with self.page.expect_download() as waiting:
            self.page.locator("#timeline a.attachment").filter(has_text=name).click()
        assert waiting.value.suggested_filename == name
        return waiting.value.path().read_bytes()

    def _complain(self, text: str) -> None:
        self.complaints.append(f"{self.page.url}: {text}")


@contextmanager
def agent(browser: Browser, url: str, **options: Any) -> Iterator[Agent]:
    """Somebody new at a browser; `options` are Playwright's for a context. Her pages stay open when a test fails, so
    that their picture can be taken.
    """
    given: dict[str, Any] = {
        "viewport": WIDE,
        "locale": "en-GB",
        "timezone_id": "UTC",
        "accept_downloads": True,
        **options,
    }
    context = browser.new_context(**given)
    yield Agent(context, url, scripts=given.get("java_script_enabled") is not False)
    context.close()
