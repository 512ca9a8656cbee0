"""A folder and ports for a peer, and how it is waited for and run under another user."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

START_SECONDS = 30.0
_taken: set[int] = set()


class PeerError(RuntimeError):
    """A peer that did not start, or refused what it was asked; the message holds what it printed."""


class Peer:
    """A server of this process: `start` on entering, `stop` on leaving, its folder removed. Subclasses fill both in."""

    def __init__(self) -> None:
        # Others (postfix, nobody, postgres) must be able to enter: mkdtemp alone would make it 700.
        self.folder = Path(tempfile.mkdtemp(prefix=f"td-{type(self).__name__.lower()}-", dir="/tmp"))
        self.folder.chmod(0o755)

    def start(self) -> None:
        """Begin to serve; returns when connections are taken."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop serving."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leave()

    def _leave(self) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on and this process has not given out before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _taken:
            _taken.add(port)
            return port


def wait_until(what: str, ready: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Ask `ready` every 50 ms until it says yes; raises `PeerError` after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not ready():
        if time.monotonic() > deadline:
            raise PeerError(f"{what}: not within {seconds:.0f} s")
        pause.wait(0.05)


def listening(port: int) -> bool:
    """Whether somebody takes connections on this port of 127.0.0.1."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def command(*words: str | Path, user: str | None = None) -> str:
    """Run to the end, as `user` when we are root; returns what it printed, raises `PeerError` when it failed."""
    prefix = ["runuser", "-u", user, "--"] if user and is_root() else []
    # A file, not a pipe: a daemon keeps its parent's output open, and a pipe would be waited for until it ends.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [*prefix, *(str(word) for word in words)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            cwd="/",
            timeout=START_SECONDS * 2,
        )
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    if done.returncode:
        raise PeerError(f"{' '.join(map(str, words))} (exit {done.returncode}):\n{said}")
    return said


def is_root() -> bool:
    """Whether this process may become other users."""
    return os.geteuid() == 0
