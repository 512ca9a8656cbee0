"""Look at every page of a running desk: three languages, two themes, a desktop and a phone.

    PYTHONPATH=src:. .venv/bin/python e2e/look.py FOLDER [--only queue,ticket] [--quick] [--demo]

Starts an installation of its own with a desk on a bad day (`--demo`: with what `tierdesk serve --demo` makes), takes a
picture of each page and says what scrolls sideways, what the browser complained of and, with `--axe`, what axe found.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from e2e.agent import PHONE, WIDE, Agent, agent
from e2e.faults import axe_faults, layout_faults
from e2e.installation import Installation
from tests.peers.chromium import chromium

LANGUAGES = ("en", "ko", "ru")
THEMES = ("light", "dark")
SIZES = (WIDE, PHONE)
BEFORE_SIGNING_IN = {"sign-in": "/accounts/sign-in", "forgotten": "/accounts/password/forgotten"}
PAGES = {
    "queue": "/desk/",
    "mine": "/desk/?view=mine",
    "search-refused": "/desk/?q=tier%3AL9",
    "search-empty": "/desk/?q=zeppelin",
    "ticket": "/desk/tickets/{vpn}",
    "ticket-new": "/desk/tickets/{report}",
    "ticket-long": "/desk/tickets/{long}",
    "ticket-held": "/desk/tickets/{printer}",
    "new-ticket": "/desk/tickets/new",
    "unreadable-mail": "/desk/mail-problems",
    "not-found": "/desk/tickets/TD-999999",
}


def main() -> int:
    """Start, look, report; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="names of pages, separated by commas")
    parser.add_argument("--quick", action="store_true", help="English only")
    parser.add_argument("--demo", action="store_true", help="with the demo's month instead of the bad day")
    parser.add_argument("--axe", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    only = set(filter(None, given.only.split(",")))
    pages = {name: path for name, path in (BEFORE_SIGNING_IN | PAGES).items() if not only or name in only}
    found = 0
    with _desk(demo=given.demo) as (url, cast), chromium() as browser:
        for language, theme, size in product(LANGUAGES[: 1 if given.quick else 3], THEMES, SIZES):
            for line in _look(browser, url, cast, pages, given, language, theme, size):
                found += 1
                sys.stdout.write(line + "\n")
    sys.stdout.write(f"{found} things to look at; the pictures are in {given.folder}\n")
    return 1 if found else 0


@contextmanager
def _desk(*, demo: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    installation = Installation()
    if demo:
        installation.options = ["--demo"]
        with installation:
            yield installation.url, _demo_cast(installation.log())
        return
    cast = installation.prepare("full_desk")
    with installation:
        yield installation.url, cast | {"who": cast["addresses"]["lead"]}


def _demo_cast(said: str) -> dict[str, Any]:
    """Who can sign in, as the start of `serve --demo` says it; its first tickets stand for those of the bad day."""
    address = re.search(r"[\w.]+@[\w.]+", said)
    password = re.search(r"password[: ]+(\S+)", said)
    if address is None or password is None:
        raise RuntimeError(f"The demo does not say who can sign in:\n{said}")
    refs = dict(zip(("vpn", "report", "long", "printer"), ("TD-1001", "TD-1002", "TD-1003", "TD-1004"), strict=True))
    return {"who": address[0], "password": password[1], "refs": refs}


def _look(
    browser: Browser,
    url: str,
    cast: dict[str, Any],
    pages: dict[str, str],
    given: argparse.Namespace,
    language: str,
    theme: str,
    size: dict[str, int],
) -> Iterator[str]:
    with agent(browser, url, viewport=size, color_scheme=theme, locale=language) as person:
        for name, path in pages.items():
            if name not in BEFORE_SIGNING_IN and not _signed_in(person, cast, language):
                raise RuntimeError("Signing in failed.")
            person.page.goto(url + path.format(**cast["refs"]))
            person.page.wait_for_load_state()
            picture = given.folder / f"{name}-{size['width']}-{theme}-{language}.png"
            person.page.screenshot(path=picture)
            faults = [*layout_faults(person.page), *(axe_faults(person.page) if given.axe else [])]
            yield from (f"{picture.stem}: {fault}" for fault in faults)
        yield from (line for line in person.complaints if "404" not in line)


def _signed_in(person: Agent, cast: dict[str, Any], language: str) -> bool:
    if not _has_session(person.page):
        person.sign_in(cast["who"], cast["password"])
    person.choose_language(language)
    return _has_session(person.page)


def _has_session(page: Page) -> bool:
    return any(cookie["name"] == "tierdesk_session" for cookie in page.context.cookies())


if __name__ == "__main__":
    raise SystemExit(main())
