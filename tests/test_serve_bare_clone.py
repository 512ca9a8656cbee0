"""`bin/serve` is the set-up that a stranger runs, so it is tested from what a stranger has: a bare clone."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.peers.workplace import free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent
FIRST_START_SECONDS = 180
SECOND_START_SECONDS = 5

pytestmark = pytest.mark.clone


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone") / "tierdesk"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], check=True)
    return folder


def test_a_bare_clone_serves_the_demo_and_starts_again_at_once(clone: Path, tmp_path: Path) -> None:
    data, port, lmtp_port = tmp_path / "desk data", free_port(), free_port()
    arguments = ["--demo", "--data", str(data), "--port", str(port), "--lmtp-port", str(lmtp_port)]

    with _served(clone, arguments, tmp_path / "first.log") as (process, log):
        _answers(port, process, log, FIRST_START_SECONDS)
        assert _status(port, "/healthz") == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()
    said = log.read_text()
    assert str(port) in said, "it prints where to go"
    assert "@" in said, "it prints who can sign in"

    with _served(clone, arguments, tmp_path / "second.log") as (process, log):
        began = time.monotonic()
        _answers(port, process, log, FIRST_START_SECONDS)
        took = time.monotonic() - began
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()
    assert took < SECOND_START_SECONDS, log.read_text()

    changed = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert changed.stdout == "", "serving leaves nothing in the checkout that git would see"


@contextmanager
def _served(clone: Path, arguments: list[str], log: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("TIERDESK_", "PYTHON", "DJANGO"))
    }
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [clone / "bin/serve", *arguments],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=clone.parent,
        )
        try:
            yield process, log
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def _answers(port: int, process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    def ready() -> bool:
        assert process.poll() is None, f"bin/serve ended with {process.returncode}:\n{log.read_text()}"
        return _status(port, "/readyz") == 200

    wait_until("bin/serve", ready, seconds)


def _status(port: int, path: str) -> int | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None
