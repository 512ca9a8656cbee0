"""What a failed journey leaves behind: a picture of every open page, and the server's last words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from e2e.installation import SCREENSHOTS, Installation

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter
    from playwright.sync_api import Browser

FIGURES = "figures"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A failed test says where its pictures are and what the server's log holds."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.when != "call" or not report.failed:
        return
    given = getattr(item, "funcargs", {})
    if "browser" in given:
        report.sections.append(("Pages", "\n".join(_pictures(item.name, given["browser"]))))
    for name, value in given.items():
        if isinstance(value, Installation):
            report.sections.append((f"Log of {name}", value.log()))
        elif callable(getattr(value, "logs", None)):
            report.sections.extend(value.logs())


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """The figures that journeys measured."""
    lines = [
        f"{report.nodeid.rpartition('::')[2]}: {value}"
        for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
        for key, value in getattr(report, "user_properties", [])
        if key == FIGURES
    ]
    for line in dict.fromkeys(lines):
        terminalreporter.write_line(line)


def _pictures(test: str, browser: Browser) -> Iterator[str]:
    SCREENSHOTS.mkdir(exist_ok=True)
    pages = [page for context in browser.contexts for page in context.pages]
    for number, page in enumerate(pages, 1):
        path = SCREENSHOTS / f"failed-{re.sub(r'[^a-z0-9_]+', '-', test.lower())}-{number}.png"
        try:
            page.screenshot(path=path, timeout=5000)
        except Exception as error:  # whatever keeps a page from being drawn must not hide why the test failed
            yield f"{page.url}: no picture ({type(error).__name__})"
        else:
            yield f"{page.url}: {path}"
