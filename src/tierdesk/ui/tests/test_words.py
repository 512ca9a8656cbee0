"""What people read: times, lengths, names and sizes; and that no text or icon of the interface is missing."""

import datetime as dt
import re
from pathlib import Path

import django
import pytest
from django.utils import timezone, translation

from tierdesk.kernel import clock
from tierdesk.ui import icons, javascript, js_messages, wording

UI = Path(__file__).resolve().parent.parent
TEMPLATES = [*UI.glob("templates/**/*.html"), *UI.parent.glob("surfaces/*/templates/**/*.html")]
django.setup()  # no test here touches the database or the settings first, so nobody else does it
NOW = dt.datetime(2026, 3, 4, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "under a minute"),
        (1, "1 m"),
        (60, "1 h"),
        (130, "2 h 10 m"),
        (1440, "1 d"),
        (1439, "23 h 59 m"),
        (4560, "3 d 4 h"),
    ],
)
def test_a_length_is_told_in_its_two_largest_units(minutes: int, words: str) -> None:
    with translation.override("en"):
        assert wording.duration(minutes) == words


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Mira Schmidt", "MS"),
        ("김서연", "김서"),
        ("Олег", "О"),
        ("", "?"),
        ("anna@acme.example", "AA"),
        ("Ana de la Cruz", "AC"),
    ],
)
def test_initials_are_at_most_two_letters(name: str, letters: str) -> None:
    assert wording.initials(name) == letters


@pytest.mark.parametrize(("language", "words"), [("en", "5 min ago"), ("ko", "5분 전"), ("ru", "5 мин. назад")])
def test_a_moment_of_today_is_relative_in_the_language_of_the_reader(language: str, words: str) -> None:
    with clock.frozen(NOW), translation.override(language):
        assert words in wording.ago(NOW - dt.timedelta(minutes=5)).replace(
            "min.", "min" if language == "en" else "min."
        )


def test_an_older_moment_is_a_date_in_the_zone_of_the_reader() -> None:
    late = dt.datetime(2026, 3, 1, 20, 0, tzinfo=dt.UTC)
    with clock.frozen(NOW), translation.override("en"), timezone.override("Asia/Seoul"):
        shown = wording.ago(late)
    assert ">Mar 2<" in shown
    assert 'datetime="2026-03-02T05:00:00+09:00"' in shown


def test_russian_has_every_plural_category_that_a_browser_may_ask_for() -> None:
    assert set(wording.plural_samples("ru")) == {"one", "few", "many", "other"}
    assert set(wording.plural_samples("en")) == {"one", "other"}
    assert set(wording.plural_samples("ko")) == {"other"}


def test_every_text_of_the_scripts_is_in_the_catalogue() -> None:
    called: set[str] = set()
    for path in UI.glob("static/ui/js/*.js"):
        called |= set(re.findall(r'\bn?gettext\(\s*"([^"]+)"', path.read_text(encoding="utf-8")))
    assert called
    assert called <= {*js_messages.TEXTS, *js_messages.plurals(1, translate=False)}
    with translation.override("en"):
        assert called <= javascript.catalogue().keys()


def test_every_catalogued_text_is_used_by_a_script() -> None:
    scripts = "".join(path.read_text(encoding="utf-8") for path in UI.glob("static/ui/js/*.js"))
    assert [text for text in js_messages.TEXTS if f'"{text}"' not in scripts] == []


def test_every_module_is_in_the_import_map() -> None:
    with translation.override("en"):
        named = javascript.import_map()["imports"]
    for path in UI.glob("static/ui/js/*.js"):
        for wanted in re.findall(r'from "(tierdesk/[^"]+)"', path.read_text(encoding="utf-8")):
            assert wanted in named, f"{path.name} imports {wanted}"


def test_an_icon_that_is_not_listed_is_refused() -> None:
    with pytest.raises(LookupError, match="unicorn"):
        icons.icon("unicorn")


def test_templates_use_only_listed_icons() -> None:
    for path in TEMPLATES:
        for name in re.findall(r"\bicon\('([a-z0-9-]+)'", path.read_text(encoding="utf-8")):
            assert name in icons.listed(), f"{path.name} draws {name}"


def test_an_icon_label_is_escaped() -> None:
    assert "<script>" not in icons.icon("x", '"><script>')


def test_no_template_carries_inline_script_or_style() -> None:
    forbidden = re.compile(r"\s(on[a-z]+|style)=[\"']|<style|javascript:|hx-on|\|\s*safe\b", re.IGNORECASE)
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert not forbidden.search(text), path.name
        for script in re.findall(r"<script\b[^>]*>", text):
            assert 'nonce="{{ nonce }}"' in script, path.name


def test_htmx_expressions_that_need_eval_are_not_used() -> None:
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r'hx-(trigger|vals|headers|confirm)="(js:|[^"]*\[)', text), path.name
