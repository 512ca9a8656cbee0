"""Live streams end to end: real server, real database, real sockets."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

DEADLINE = 20
POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class Browser:
    """An EventSource: what it has been told, frame by frame."""

    def __init__(self, site, person, since=None, query="", headers=""):
        self._connection = socket.create_connection(("127.0.0.1", site.port), timeout=DEADLINE)
        last = f"Last-Event-ID: {since}\r\n" if since is not None else ""
        request = f"GET /live{query} HTTP/1.1\r\nHost: x\r\nCookie: person={person}\r\n{last}{headers}\r\n"
        self._connection.sendall(request.encode())
        self._file = self._connection.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers = dict(line.decode().strip().lower().split(": ", 1) for line in iter(self._file.readline, b"\r\n"))

    def frame(self):
        """The next frame: event, data, id. Beats are left out; none at the end of the stream."""
        while True:
            fields = self._fields()
            if fields is None:
                return None
            if "event" in fields:
                return fields["event"], json.loads(fields["data"]), fields.get("id")

    def _fields(self):
        fields = {}
        while True:
            line = self._line()
            if line is None:
                return None
            if line == "":
                return fields
            name, _, value = line.partition(":")
            if name:
                fields[name] = value.strip()

    def _line(self):
        line = self._file.readline()
        if line.strip() and self.headers.get("transfer-encoding") == "chunked" and not getattr(self, "_left", 0):
            self._left = int(line, 16)
            if self._left == 0:
                return None
            return self._line()
        if not line:
            return None
        self._left -= len(line)
        if self._left == 0:
            self._file.readline()
        return line.decode().rstrip("\n")

    def close(self):
        self._file.close()
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def live(site):
    return json.loads(site.ask("/figures")[2])


def add(site, query, until):
    """Write events and wait for the hub to have told everybody; the last position."""
    position = int(site.ask(f"/add?{query}")[2])
    until(lambda: live(site)["live_position"] == position)
    return position


@pytest.fixture
def desk(site, until):
    """The site, once its hub follows the events."""
    started = site()
    until(lambda: started.ask("/live", {"Cookie": "person=x"})[0] == 401)
    return started


def test_only_somebody_known_gets_a_stream_and_only_by_get_from_our_pages(desk):
    with Browser(desk, 5) as known:
        assert known.status == 200
        assert known.headers["content-type"] == "text/event-stream"
        assert known.headers["cache-control"] == "no-store"
        assert known.headers["x-accel-buffering"] == "no"
    assert desk.ask("/live")[0] == 401
    assert desk.ask("/live", {"Cookie": "person=nobody"})[0] == 401
    assert desk.ask("/live", {"Cookie": "person=5", "Sec-Fetch-Site": "cross-site"})[0] == 403


def test_an_event_reaches_those_who_may_know_and_nobody_else(desk):
    with Browser(desk, 5) as five, Browser(desk, 6) as six:
        assert five.frame()[0] == six.frame()[0] == "hello"
        desk.ask("/add?client=5&name=ForFive")
        desk.ask("/add?name=ForAll")
        desk.ask("/add?topic=unheard")
        desk.ask("/add?name=Last")
        told = [five.frame() for _ in range(3)]
        assert [(kind, data["name"], data["position"]) for kind, data, _ in told] == [
            ("change", "ForFive", 1),
            ("change", "ForAll", 2),
            ("change", "Last", 4),
        ]
        assert told[0][1]["topic"] == "ticket"
        assert told[0][1]["note"] == "한\nline"
        assert [told_id for _, _, told_id in told] == ["1", "2", "4"]
        assert [six.frame()[1]["name"] for _ in range(2)] == ["ForAll", "Last"]


def test_a_browser_that_comes_back_is_told_what_it_missed_once(desk, until):
    add(desk, "n=3&client=5", until)
    add(desk, "n=2&client=6", until)
    with Browser(desk, 5, since=1) as back, Browser(desk, 5, query="?since=3") as page:
        desk.ask("/add?client=5")
        assert [back.frame()[2] for _ in range(4)] == ["1", "2", "3", "6"]
        assert [page.frame()[2] for _ in range(2)] == ["3", "6"]


def test_what_was_missed_before_the_server_started_is_read_from_the_database(site, desk, until):
    desk.ask("/add?n=4&client=5")
    assert desk.stop() == 0
    again = site()
    until(lambda: again.ask("/live", {"Cookie": "person=x"})[0] == 401)
    with Browser(again, 5, since=2) as back:
        assert [back.frame()[2] for _ in range(3)] == ["2", "3", "4"]


@pytest.mark.parametrize("since", ["0", "9999", "rubbish", "-1", "9" * 30])
def test_a_place_too_far_back_or_unknown_is_answered_with_a_reset(desk, since, until):
    add(desk, "n=601", until)
    with Browser(desk, 5, since=since) as back:
        assert back.frame() == ("reset", {"position": 601}, "601")
        desk.ask("/add")
        assert back.frame()[1]["position"] == 602


def test_a_page_made_from_a_newer_position_than_was_read_is_not_reset(desk, until):
    position = add(desk, "n=3", until)
    with Browser(desk, 5, since=position + 2) as early:
        desk.ask("/add?n=2&name=Known")
        desk.ask("/add?name=New")
        assert early.frame() == ("hello", {"position": position + 2}, str(position + 2))
        told = early.frame()
        while told[1]["name"] == "Known":  # what the page knew already may come again
            told = early.frame()
        assert told[1]["name"] == "New"


def test_one_viewer_has_ten_streams_and_a_place_given_back_is_free(desk, until):
    browsers = [Browser(desk, 5) for _ in range(10)]
    assert {browser.status for browser in browsers} == {200}
    assert Browser(desk, 5).status == 429
    assert Browser(desk, 6).status == 200
    browsers.pop().close()
    until(lambda: Browser(desk, 5).status == 200)
    until(lambda: live(desk)["live_streams"] <= 11)


def test_a_slow_reader_is_dropped_and_others_go_on(desk, until):
    with Browser(desk, 5) as slow, Browser(desk, 6) as quick:
        quick.frame()
        slow.frame()
        for _ in range(300):
            position = int(desk.ask(f"/add?n=100&name={'x' * 1000}")[2])
            while quick.frame()[2] != str(position):
                pass
            if live(desk)["live_streams"] == 1:
                break
        else:
            until(lambda: live(desk)["live_streams"] == 1)
        desk.ask("/add?client=6&name=Still")
        assert quick.frame()[1]["name"] == "Still"
        began = time.monotonic()
        assert desk.stop() == 0  # although the slow one still holds its connection
        assert time.monotonic() - began < 8


def test_a_feed_that_fails_says_nothing_of_it_and_the_rest_is_told(desk):
    with Browser(desk, 5) as browser:
        browser.frame()
        desk.ask("/add?name=Broken")
        desk.ask("/add?name=Whole")
        assert browser.frame()[1]["name"] == "Whole"
    assert "live_feed_failed" in (desk.folder / "log").read_text()


def test_who_signs_out_everywhere_loses_the_stream_before_anything_else_is_told(desk):
    with Browser(desk, 5) as leaver, Browser(desk, 6) as other:
        leaver.frame()
        other.frame()
        (desk.folder / "gone-5").touch()
        desk.ask("/add?name=SignedOutEverywhere&thing=5&topic=sign-in")
        desk.ask("/add?name=After")
        assert leaver.frame() == ("signed-out", {}, None)
        assert leaver.frame() is None
        assert other.frame()[1]["name"] == "After"


def test_a_shutdown_ends_the_streams_at_once(desk):
    with Browser(desk, 5) as browser:
        browser.frame()
        assert desk.stop() == 0
        assert browser.frame() is None


def test_a_beat_moves_the_place_without_an_event(desk):
    with Browser(desk, 5) as browser:
        browser.frame()
        desk.ask("/add?client=6")
        while True:
            fields = browser._fields()
            if fields.get("id") == "1":
                break
        assert "data" not in fields


@pytest.fixture
def postgresql():
    """A PostgreSQL of our own on a free loopback port; its folder and Django's databases."""
    if not POSTGRES or os.geteuid() != 0 or shutil.which("runuser") is None:
        pytest.skip("needs PostgreSQL and root")
    folder = Path(tempfile.mkdtemp(prefix="tierdesk-pg-"))
    shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*command):
        with (folder / "started").open("ab") as log:
            subprocess.run(
                ["runuser", "-u", "postgres", "--", *command], check=True, cwd=folder, stdout=log, stderr=log
            )

    data = str(folder / "data")
    run(str(POSTGRES[0] / "initdb"), "-D", data, "-A", "trust", "--no-sync")
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
    control = str(POSTGRES[0] / "pg_ctl")

    class Server:
        databases = {
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "postgres",
                "USER": "postgres",
                "HOST": "127.0.0.1",
                "PORT": str(port),
                "CONN_MAX_AGE": None,
                "CONN_HEALTH_CHECKS": True,
            }
        }

        @staticmethod
        def restart():
            run(control, "-D", data, "-m", "immediate", "-w", "restart", "-o", options)

    run(control, "-D", data, "-w", "start", "-o", options)
    yield Server
    run(control, "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(folder)


def test_postgresql_tells_and_a_database_that_went_away_is_followed_again(site, postgresql, until):
    started = site(postgresql.databases)
    until(lambda: started.ask("/live", {"Cookie": "person=x"})[0] == 401)
    with Browser(started, 5) as browser:
        browser.frame()
        started.ask("/add?client=5&name=One")
        assert browser.frame()[1]["name"] == "One"
        postgresql.restart()
        until(lambda: started.ask("/add?client=5&name=Two")[0] == 200)
        assert browser.frame()[1]["name"] == "Two"
    assert started.stop() == 0
