"""An installation of its own: a fresh data folder and the real `tierdesk serve`, started and stopped like a peer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.peers.workplace import Peer, free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent
SCENES = ROOT / "e2e/scenes.py"
SCREENSHOTS = ROOT / "screenshots"
STOP_SECONDS = 25
LOG_LINES = 60
LINE_LENGTH = 3000


class Installation(Peer):
    """`tierdesk serve` on `url`, its database SQLite or `database` (a `postgresql://` address of an empty one).

    What the process group prints is in `log()`. Settings of the tests' own process do not reach it.
    """

    def __init__(self, database: str = "", **settings: str) -> None:
        super().__init__()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TIERDESK_", "DJANGO_"))}
        self.environment = kept | {
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TIERDESK_DATA_DIR": str(self.folder / "data"),
            "TIERDESK_PUBLIC_URL": self.url,
            "TIERDESK_MAIL_DOMAIN": "demo.example",
            **({"TIERDESK_DATABASE": database} if database else {}),
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.options: list[str] = []

    def command_line(self, *words: str) -> str:
        """Run `tierdesk …` to its end; returns what it printed, raises with both outputs when it failed."""
        return self._to_its_end([sys.executable, "-m", "tierdesk.config.cli", *words])

    def prepare(self, scene: str, **facts: Any) -> dict[str, Any]:
        """Migrate, then set a scene of `e2e/scenes.py` in a process with this installation's settings."""
        self.command_line("migrate")
        return self.scene(scene, **facts)

    def scene(self, scene: str, **facts: Any) -> dict[str, Any]:
        """Set a scene; what it says of itself comes back."""
        said = self._to_its_end([sys.executable, str(SCENES), scene, json.dumps(facts)])
        answer: dict[str, Any] = json.loads(said)
        return answer

    def start(self) -> None:
        """Begin to serve; returns when the installation says that it is ready."""
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tierdesk.config.cli", "serve", "--port", str(self.port), *self.options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.folder,
            )
        try:
            wait_until("Tierdesk", self._ready, 60)
        except Exception as error:
            raise RuntimeError(f"Tierdesk did not start:\n{self.log()}") from error

    def stop(self) -> None:
        """End the process group as a service manager does; one that does not end in time is killed."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process = None

    def log(self, lines: int = LOG_LINES) -> str:
        """The last lines of what the process group said."""
        path = self.folder / "serve.log"
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return "\n".join(line[:LINE_LENGTH] for line in text.splitlines()[-lines:])

    def errors(self) -> list[str]:
        """The lines of the log that are of level error or above, or no JSON but a traceback."""
        return [line for line in self.log(10_000).splitlines() if '"level": "error"' in line or "Traceback" in line]

    def _ready(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise RuntimeError(f"Tierdesk ended at once ({self.process.returncode}):\n{self.log()}")
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return int(answer.status) == 200
        except (urllib.error.URLError, OSError):
            return False

    def _to_its_end(self, words: list[str]) -> str:
        (self.folder / "data").mkdir(exist_ok=True)
        done = subprocess.run(
            words, capture_output=True, env=self.environment, cwd=self.folder, check=False, timeout=120, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(words[1:4])} (exit {done.returncode}):\n{done.stdout}\n{done.stderr}")
        return done.stdout
