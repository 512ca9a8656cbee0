"""Backup and restore through the command line: real processes, a desk that is being written to, a flipped byte."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

WRITER = """
import sys
from tierdesk.config import logs
import django
django.setup()
from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import commands as tickets
from tierdesk.kernel.actors import SYSTEM
person = people.person_by_address("amelia@harbour-dental.example")
client = people.client_for_sender("", person)
for number in range(100000):
    tickets.open_ticket(
        SYSTEM, subject=f"Written meanwhile {number}", text="x" * 2000, requester_id=person.pk, client_id=client.pk,
        channel="web", files=[tickets.FileIn("a.txt", "text/plain", f"file {number}".encode())],
    )
    sys.stdout.write("written\\n")
    sys.stdout.flush()
"""


def _environment(data: Path, database: str | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIERDESK_")}
    here = Path(__file__).resolve().parents[3]
    given = {"TIERDESK_DATA_DIR": str(data), "PYTHONPATH": str(here)}
    return kept | given | ({"TIERDESK_DATABASE": database} if database else {})


def _tierdesk(data: Path, *words: str, database: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tierdesk.config", *words],
        env=_environment(data, database),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as opened:
        return opened.execute(sql).fetchall()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation on SQLite with the demo in it."""
    data = tmp_path_factory.mktemp("desk") / "data"
    made = _tierdesk(data, "demo")
    assert made.returncode == 0, made.stderr
    return data


@pytest.fixture(scope="module")
def kept(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A backup, taken while tickets with files were being opened."""
    folder = tmp_path_factory.mktemp("backups") / "monday"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER],
        env=_environment(desk, None) | {"DJANGO_SETTINGS_MODULE": "tierdesk.config.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert writer.stdout is not None
        for _ticket in range(5):
            assert writer.stdout.readline() == "written\n"
        made = _tierdesk(desk, "backup", str(folder))
        assert writer.poll() is None, "the writer ended too early to prove anything"
    finally:
        writer.kill()
        writer.communicate()
    assert made.returncode == 0, made.stderr
    yield folder


def test_a_backup_is_of_one_moment_and_lacks_no_file(desk, kept):
    dump = kept / "tierdesk.sqlite3"
    assert _rows(dump, "PRAGMA quick_check") == [("ok",)]
    manifest = json.loads((kept / "manifest.json").read_text())
    assert manifest["database"] == "sqlite"
    tickets = _rows(dump, "SELECT count(*) FROM tickets_ticket")[0][0]
    assert manifest["counts"]["tickets_ticket"] == tickets >= 45
    for (key,) in _rows(dump, "SELECT key FROM kernel_storedfile"):
        assert f"files/{key[:2]}/{key}" in manifest["files"]
    assert stat.S_IMODE((kept / "installation.json").stat().st_mode) == 0o600
    assert not kept.with_name("monday.partial").exists()


def test_a_restore_brings_back_the_same_bytes(kept, tmp_path):
    data = tmp_path / "data"
    done = _tierdesk(data, "restore", str(kept))
    assert done.returncode == 0, done.stderr
    for sql in (
        "SELECT id, text, html, at FROM tickets_message ORDER BY id",
        "SELECT id, name, file_id FROM tickets_attachment ORDER BY id",
        "SELECT id, position, data, digest FROM kernel_event ORDER BY id",
        "SELECT id, tokens FROM kernel_searchrow ORDER BY id",
    ):
        assert _rows(data / "tierdesk.sqlite3", sql) == _rows(kept / "tierdesk.sqlite3", sql)
    for path in (kept / "files").glob("??/*"):
        assert (data / "files" / path.parent.name / path.name).read_bytes() == path.read_bytes()
    ours = json.loads((data / "installation.json").read_text())
    assert ours["secret_key"] == json.loads((kept / "installation.json").read_text())["secret_key"]
    assert stat.S_IMODE((data / "installation.json").stat().st_mode) == 0o600
    checked = json.loads(_tierdesk(data, "check", "--json").stdout)
    assert checked["ok"], checked
    assert {"files-there", "index", "integrity"} <= {f["code"] for f in checked["findings"] if f["severity"] == "ok"}


@pytest.mark.parametrize("victim", ["tierdesk.sqlite3", "installation.json", "files"])
def test_a_flipped_byte_is_named_and_nothing_is_restored(kept, tmp_path, victim):
    path = kept / victim
    if path.is_dir():
        path = sorted(path.glob("??/*"))[0]
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    try:
        done = _tierdesk(tmp_path / "data", "restore", str(kept))
    finally:
        path.write_bytes(whole)
    assert done.returncode == 1
    assert f"{path.relative_to(kept)} was altered" in done.stderr
    assert not (tmp_path / "data/files").exists()
    assert not (tmp_path / "data/tierdesk.sqlite3").exists()


def test_a_missing_and_a_strange_file_are_named(kept, tmp_path):
    path = sorted((kept / "files").glob("??/*"))[0]
    whole = path.read_bytes()
    path.unlink()
    (kept / "strange.txt").write_text("?")
    try:
        done = _tierdesk(tmp_path / "data", "restore", str(kept))
    finally:
        path.write_bytes(whole)
        (kept / "strange.txt").unlink()
    assert done.returncode == 1
    assert "is missing" in done.stderr
    assert "strange.txt does not belong to it" in done.stderr


def test_a_restore_never_overwrites(desk, kept):
    before = (desk / "installation.json").read_bytes()
    done = _tierdesk(desk, "restore", str(kept))
    assert done.returncode == 1
    assert "in use already" in done.stderr
    assert (desk / "installation.json").read_bytes() == before


def test_a_backup_needs_a_folder_of_its_own(desk, tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    done = _tierdesk(desk, "backup", str(tmp_path))
    assert done.returncode == 1
    assert "is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_an_unfinished_backup_is_none(kept, tmp_path):
    partial = tmp_path / "sunday.partial"
    partial.mkdir()
    done = _tierdesk(tmp_path / "data", "restore", str(partial))
    assert done.returncode == 1
    assert "was not finished" in done.stderr


@pytest.mark.peers
def test_postgresql_there_and_back(postgresql_url, tmp_path):
    import psycopg  # noqa: PLC0415

    head = postgresql_url.rpartition("/")[0]
    names = ("backup_from", "backup_to")
    with psycopg.connect(postgresql_url, autocommit=True) as server:
        for name in names:
            server.execute(f"DROP DATABASE IF EXISTS {name}")
            server.execute(f"CREATE DATABASE {name}")
    source, target = (f"{head}/{name}" for name in names)
    made = _tierdesk(tmp_path / "one", "demo", database=source)
    assert made.returncode == 0, made.stderr
    saved = _tierdesk(tmp_path / "one", "backup", str(tmp_path / "saved"), database=source)
    assert saved.returncode == 0, saved.stderr
    done = _tierdesk(tmp_path / "two", "restore", str(tmp_path / "saved"), database=target)
    assert done.returncode == 0, done.stderr
    sql = "SELECT id, text, at FROM tickets_message ORDER BY id"
    with psycopg.connect(source) as one, psycopg.connect(target) as two:
        assert one.execute(sql).fetchall() == two.execute(sql).fetchall()
    again = _tierdesk(tmp_path / "two", "restore", str(tmp_path / "saved"), database=target)
    assert again.returncode == 1
    assert "in use already" in again.stderr
    other = _tierdesk(tmp_path / "three", "restore", str(tmp_path / "saved"))
    assert "backup of postgresql" in other.stderr
