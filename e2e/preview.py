"""Look at the pages without a database: every template with sample data, in three languages, two themes, two widths.

    PYTHONPATH=src .venv/bin/python e2e/preview.py FOLDER [--only queue,ticket] [--quick]

Writes one PNG a combination into FOLDER and says what axe and the content security policy found.
"""

from __future__ import annotations

import argparse
import datetime as dt
import mimetypes
import sys
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import django
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template.loader import get_template
from django.test import RequestFactory
from django.urls import path
from django.utils import translation
from playwright.sync_api import Page, Route, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent))

from preview_samples import pages

ROOT = Path(__file__).resolve().parent.parent
NONCE = "preview-nonce"
HOST = "http://desk.test"
POLICY = (
    f"default-src 'self'; script-src 'nonce-{NONCE}' 'strict-dynamic'; style-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; base-uri 'none'; object-src 'none'"
)
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def configure() -> None:
    """The smallest Django that renders the pages."""

    def nothing(request: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse()

    names = ["login", "logout", "reset_password", "reauthenticate", "change_password"]
    urls = ModuleType("preview_urls")
    urls.urlpatterns = [path(f"accounts/{name}/", nothing, name=f"account_{name}") for name in names]  # type: ignore[attr-defined]  # made here
    sys.modules["preview_urls"] = urls
    settings.configure(
        DEBUG=True,
        SECRET_KEY="preview",
        ROOT_URLCONF="preview_urls",
        USE_TZ=True,
        TIME_ZONE="Asia/Seoul",
        LANGUAGES=[("en", "English"), ("ko", "한국어"), ("ru", "Русский")],
        LOCALE_PATHS=[ROOT / "src/tierdesk/ui/locale"],
        STATIC_URL="/static/",
        STATICFILES_DIRS=[ROOT / "src/tierdesk/ui/static"],
        INSTALLED_APPS=["django.contrib.staticfiles", "django_htmx"],
        ALLOWED_HOSTS=["*"],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.jinja2.Jinja2",
                "DIRS": [ROOT / "src/tierdesk/ui/templates", ROOT / "src/tierdesk/surfaces/desk/templates"],
                "OPTIONS": {"environment": "tierdesk.ui.jinja.environment"},
            }
        ],
    )
    django.setup()


def render(name: str, language: str, theme: str, now: dt.datetime) -> str:
    template, context = pages(now)[name]
    request = RequestFactory().get("/desk/")
    request.csp_nonce = NONCE  # type: ignore[attr-defined]
    if "me" in context:
        context["me"] = {**context["me"], "theme": theme}
    with translation.override(language):
        return get_template(template).render(context, request)


def serve(route: Route, html: dict[str, str], sprite: Path | None) -> None:
    """Answer the browser: a page, a static file, or 404; with the policy that production sends."""
    path = urlsplit(route.request.url).path
    headers = {"Content-Security-Policy": POLICY}
    if path in html:
        route.fulfill(body=html[path], content_type="text/html; charset=utf-8", headers=headers)
    elif path == "/static/vendor/icons.svg" and sprite:
        route.fulfill(body=sprite.read_bytes(), content_type="image/svg+xml")
    elif path.startswith("/static/") and (found := finders.find(path.removeprefix("/static/"))):
        route.fulfill(body=Path(found).read_bytes(), content_type=mimetypes.guess_type(found)[0] or "text/plain")
    elif path == "/frame":
        route.fulfill(body="<p>Original</p>", content_type="text/html")
    else:
        route.fulfill(status=404, body="")


def look(page: Page, name: str, picture: Path, *, axe: bool) -> list[str]:
    """Open a page, take its picture, and say what is wrong with it."""
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.goto(f"{HOST}/{name}")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=picture)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        seen.append(f"scrolls sideways by {wide} px")
    if axe:
        page.evaluate("document.querySelectorAll('.row').forEach(row => row.style.contentVisibility = 'visible')")
        for found in Axe().run(page).response["violations"]:
            nodes = "; ".join(f"{node['html'][:120]} :: {node['failureSummary'][:300]}" for node in found["nodes"][:3])
            seen.append(f"axe {found['id']} ({len(found['nodes'])}): {nodes}")
    return seen


def main() -> int:
    """Render, look, report; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sprite", type=Path, default=ROOT / "src/tierdesk/ui/static/vendor/icons.svg")
    parser.add_argument("--only", default="", help="names of pages, separated by commas")
    parser.add_argument("--quick", action="store_true", help="English only")
    parser.add_argument("--no-axe", action="store_true")
    options = parser.parse_args()
    configure()
    now = dt.datetime.now(dt.UTC)
    options.folder.mkdir(parents=True, exist_ok=True)
    names = options.only.split(",") if options.only else list(pages(now))
    sizes = ((1440, 900), (390, 844))
    problems = 0
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for language, theme, (width, height) in product(
            ["en"] if options.quick else ["en", "ko", "ru"], ("light", "dark"), sizes
        ):
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
            html = {f"/{name}": render(name, language, theme, now) for name in names}
            context.route("**/*", lambda route, _request, html=html: serve(route, html, options.sprite))
            for name in names:
                page = context.new_page()
                picture = options.folder / f"{name}-{width}-{theme}-{language}.png"
                for line in look(page, name, picture, axe=not options.no_axe):
                    problems += 1
                    sys.stdout.write(f"{name} {width} {theme} {language}: {line}\n")
                page.close()
            context.close()
        browser.close()
    sys.stdout.write(f"{problems} problems\n")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
