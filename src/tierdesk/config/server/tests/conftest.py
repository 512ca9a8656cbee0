"""Real servers for the tests: plain WSGI callables in this process, a small Django project in another."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tierdesk.config.server.application import Application
from tierdesk.config.server.limits import Limits
from tierdesk.config.server.serving import WebServer, open_socket

HERE = Path(__file__).parent
SOURCES = HERE.parents[3]
DEADLINE = 20


def until(condition, seconds=DEADLINE):
    """Wait for a condition and return what it returned."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError(f"It did not come true within {seconds} s.")


class Served:
    """An application behind a real uvicorn in a thread of this process."""

    def __init__(self, wsgi, **limits):
        self.application = Application(wsgi, Limits(**limits), live=False)
        self.bridge = self.application.bridge
        self._listener = open_socket("127.0.0.1", 0)
        self.port = self._listener.getsockname()[1]
        self.server = WebServer(self.application)
        self._thread = threading.Thread(target=self.server.run, args=([self._listener],), daemon=True)
        self._thread.start()
        until(lambda: self.server.started)

    def connect(self):
        """A plain socket to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)

    def ask(self, method, target, body=None, headers=None):
        """One request on a connection of its own: status, headers, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def raw(self, data):
        """Send bytes; everything that comes back until the connection ends."""
        with self.connect() as connection:
            connection.sendall(data)
            return read_all(connection)

    def stop(self):
        """Shut down; how many seconds it took."""
        began = time.monotonic()
        self.server.should_exit = True
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive(), "The server hangs."
        return time.monotonic() - began


def read_all(connection):
    """What comes until the other side closes."""
    received = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            received += chunk
    return bytes(received)


@pytest.fixture
def serve():
    """Serve a WSGI callable within limits; everything is stopped afterwards."""
    servers = []

    def _serve(wsgi, **limits):
        server = Served(wsgi, **limits)
        servers.append(server)
        return server

    yield _serve
    for server in servers:
        server.stop()


class Site:
    """The small Django project in its own process (group)."""

    def __init__(self, folder, databases, **options):
        self.folder = folder
        for name in ("port", "go", "begun"):
            (folder / name).unlink(missing_ok=True)
        environment = {**os.environ, "PYTHONPATH": str(SOURCES), "TIERDESK_WEB_THREADS": "4"}
        arguments = json.dumps({"folder": str(folder), "databases": databases, **options})
        self.log = (folder / "log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "small_site.py"), arguments],
            env=environment,
            stdout=self.log,
            stderr=self.log,
        )
        try:
            until(lambda: (folder / "port").exists() or self.process.poll() is not None)
            self.port = int((folder / "port").read_text())
            until(self.alive)
        except BaseException as error:
            self.process.kill()
            error.add_note((folder / "log").read_text())
            raise

    def ask(self, target, headers=None):
        """One GET: status, headers, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("GET", target, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def alive(self):
        """Whether it answers."""
        try:
            return self.ask("/healthz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.log.close()
        return code


@pytest.fixture
def site(tmp_path):
    """Start the small site; `databases` default to one of SQLite in the test's folder."""
    sites = []

    def _site(databases=None, **options):
        found = Site(tmp_path, databases or sqlite(tmp_path), **options)
        sites.append(found)
        return found

    yield _site
    for started in sites:
        if started.process.poll() is None:
            started.process.terminate()
            try:
                started.process.wait(20)
            except subprocess.TimeoutExpired:
                started.process.kill()
        started.log.close()


def sqlite(folder):
    """Django's databases: one SQLite file in WAL mode."""
    options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL"}
    engine = "django.db.backends.sqlite3"
    return {"default": {"ENGINE": engine, "NAME": str(folder / "db.sqlite3"), "OPTIONS": options}}


@pytest.fixture(name="until")
def _until():
    return until


@pytest.fixture(name="read_all")
def _read_all():
    return read_all


@pytest.fixture(name="sqlite")
def _sqlite():
    return sqlite
