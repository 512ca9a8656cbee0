"""The checks catch what they are there to catch: each rule is shown what it forbids, and what it lets through."""

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import hatch_build
from tooling import catalogues, house
from tooling.checkout import ROOT, SCAN_VENV

FORBIDDEN = """
import datetime, pickle, time, urllib.request, yaml
import datetime as dt
from django.db.models.signals import post_save
from django.utils import timezone
from django.utils.safestring import mark_safe

def bad(request, cursor, queryset, name):
    mark_safe(name)
    cursor.execute(f"SELECT {name}")
    cursor.execute("SELECT " + name)
    queryset.order_by(request.GET["sort"])
    queryset.filter(**request.POST)
    pickle.loads(name)
    yaml.load(name)
    time.sleep(1)
    dt.datetime.now(dt.UTC)
    timezone.now()
    urllib.request.urlopen(name)
    try:
        bad()
    except Exception:
        pass
"""
RULES = {
    "no-raw-markup", "no-sql-from-pieces", "no-order-from-request", "no-fields-from-request", "no-code-from-data",
    "no-sleep", "no-other-clock", "no-unguarded-egress", "no-swallowed-error", "no-signals", "no-raw-template",
}  # fmt: skip
ALLOWED = """
import yaml
from tierdesk.kernel import clock

def good(request, cursor, queryset, name):
    cursor.execute("SELECT %s", [name])
    queryset.order_by("-created_at").filter(name=request.POST["name"])
    yaml.load(name, Loader=yaml.SafeLoader)
    return clock.now()
"""


@pytest.mark.skipif(not (SCAN_VENV / "bin/semgrep").exists(), reason="bin/check has not prepared semgrep")
def test_every_semgrep_rule_finds_what_it_forbids_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(FORBIDDEN)
    (tmp_path / "bad.html").write_text("{{ body|safe }}")
    (tmp_path / "good.py").write_text(ALLOWED)
    (tmp_path / "good.html").write_text("{{ body }}")
    command = [SCAN_VENV / "bin/semgrep", "scan", "--config", ROOT / ".semgrep", "--json", "--metrics=off"]
    done = subprocess.run(
        [*command, "--disable-version-check", "--no-git-ignore", "."], capture_output=True, check=True, cwd=tmp_path
    )
    results = json.loads(done.stdout)["results"]
    assert {result["check_id"].rpartition(".")[2] for result in results} == RULES
    assert {result["path"] for result in results} == {"bad.py", "bad.html"}


def test_a_long_function_is_found(tmp_path: Path) -> None:
    text = "def long():\n" + "    pass\n" * house.FUNCTION_LINES
    assert len(list(house._functions("x.py", text))) == 1
    assert not list(house._functions("x.py", text.replace("    pass\n", "", 1)))


def test_texts_are_read_from_python_jinja_and_javascript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {
        "a/commands.py": 'from x import gettext as _\n_("From Python")\npgettext("verb", "Return")\n',
        "a/templates/a/page.html": "{% trans %}From a {{ 1 }} block{% endtrans %}{{ _('From Jinja') }}",
        "a/static/a.js": 'gettext("From JavaScript")',
        "a/tests/test_a.py": '_("From a test")',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text.replace("{{ 1 }}", "{{ kind }}"))
    monkeypatch.setattr(catalogues, "PACKAGE", tmp_path)
    monkeypatch.setattr(catalogues, "LOCALES", tmp_path / "locale")
    template = catalogues.extract()
    texts = {message.id for message in template if message.id}
    assert texts == {"From Python", "Return", "From a %(kind)s block", "From Jinja", "From JavaScript"}

    assert len(list(catalogues.check("ko", template))) == len(texts), "everything is missing at first"
    catalogues.update("ko", template)
    first = catalogues.catalogue_path("ko").read_bytes()
    catalogues.update("ko", template)
    assert catalogues.catalogue_path("ko").read_bytes() == first, "the same sources give the same file"
    assert b"Date" not in first
    findings = list(catalogues.check("ko", template))
    assert len(findings) == len(texts)
    assert all("untranslated" in line for line in findings)


def test_a_wrong_placeholder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogues, "LOCALES", tmp_path)
    template = catalogues.Catalog()
    template.add("Answered by %(name)s", flags=["python-format"])
    catalogues.update("ru", template)
    path = catalogues.catalogue_path("ru")
    path.write_text(
        path.read_text()
        .replace('msgstr ""\n', 'msgstr "Ответил %(nam)s"\n')
        .replace('msgstr "Ответил %(nam)s"\n"Project', 'msgstr ""\n"Project')
    )
    assert len(list(catalogues.check("ru", template))) == 1
    path.write_text(path.read_text().replace("%(nam)s", "%(name)s"))
    assert list(catalogues.check("ru", template)) == []


def test_the_sprite_holds_each_icon_once_and_refuses_an_unknown_one(tmp_path: Path) -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none"><path d="M1 1"/></svg>'
    (tmp_path / "phone.svg").write_text(drawing)
    symbol = ET.fromstring(hatch_build.sprite(tmp_path, ["phone"])).find("{http://www.w3.org/2000/svg}symbol")
    assert symbol is not None
    assert (symbol.get("id"), symbol.get("viewBox"), len(symbol)) == ("phone", "0 0 24 24", 1)
    with pytest.raises(RuntimeError, match="telephone"):
        hatch_build.sprite(tmp_path, ["telephone"])


def test_no_environment_is_committed() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", ".venv", ".scan", "node_modules"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert tracked.stdout == "", "checked out over a real environment, a committed link destroys it"
