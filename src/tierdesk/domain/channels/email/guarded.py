"""Untrusted mail read in a process that may be killed (row 85): at most 30 seconds and 512 MB for each mail.

The parent writes the raw mail, the child answers with what `parse_mail` found, both as one length-prefixed message. The
bytes of attachments travel beside the facts, not inside them, so that a mail of 50 MB is copied once. The child
loads the
rules and nothing else: no Django, no settings, no database. It starts with the first mail and ends when idle for a
minute.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import msgspec

from tierdesk.domain.channels.email.rules.limits import DEFAULT, Limits
from tierdesk.domain.channels.email.rules.parsing import ParsedMail, parse_mail

_SIZE = struct.Struct(">Q")
_CHUNK = 1 << 20
_PATH = str(Path(__file__).resolve().parents[4])


class Unparseable(Exception):
    """One mail could not be read: it took too long, too much memory, or ended the process. `reason` is a fixed word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one mail may cost: seconds of wall and processor time, bytes of memory, and how long the process waits
    idle."""

    seconds: float = 30.0
    memory: int = 512 * 1024 * 1024
    idle_seconds: float = 60.0
    raw_bytes: int = 100 * 1024 * 1024


class GuardedParser:
    """`parse_mail` behind a fence. May be shared by threads, which take turns; a mail that breaks it harms no other."""

    def __init__(self, allowance: Allowance | None = None, limits: Limits = DEFAULT) -> None:
        self._allowance = allowance or Allowance()
        self._limits = limits
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._served = 0

    def parse(self, raw: bytes) -> ParsedMail:
        """What the mail says. Raises `Unparseable` for this mail only; the next one finds a fresh process."""
        if len(raw) > self._allowance.raw_bytes:
            raise Unparseable("too-large")
        with self._lock:
            child = self._running()
            fresh = self._served == 0
            try:
                return self._exchange(child, raw)
            except (BrokenPipeError, EOFError):
                code = self._kill()
            if fresh or code == -signal.SIGXCPU:
                raise Unparseable(_fault(code))
            try:  # It may have ended for another reason than this mail: a new process tells.
                return self._exchange(self._running(), raw)
            except (BrokenPipeError, EOFError):
                raise Unparseable(_fault(self._kill())) from None

    def close(self) -> None:
        """The child is gone afterwards. The parser may be used again, with a new child."""
        with self._lock:
            self._kill()

    def __enter__(self) -> GuardedParser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            self._kill()

    @property
    def process_id(self) -> int | None:
        """The child's process id; None when there is none."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._owner != os.getpid():
            self._child = None  # inherited through a fork: the parent's, not ours to speak to
        if self._child is not None and self._child.poll() is not None:
            self._kill()
        if self._child is None:
            allowance = self._allowance
            self._child = subprocess.Popen(  # noqa: S603  (our own interpreter, fixed arguments)
                [
                    sys.executable,
                    "-m",
                    "tierdesk.domain.channels.email.guarded",
                    str(allowance.memory),
                    str(int(allowance.seconds)),
                    str(allowance.idle_seconds),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={"PYTHONPATH": _PATH, "MALLOC_ARENA_MAX": "1", "LANG": "C.UTF-8"},
                close_fds=True,
                start_new_session=True,
                cwd="/",
            )
            self._owner, self._served = os.getpid(), 0
            for stream in (self._child.stdin, self._child.stdout):
                if stream is not None:
                    os.set_blocking(stream.fileno(), False)
        return self._child

    def _exchange(self, child: subprocess.Popen[bytes], raw: bytes) -> ParsedMail:
        deadline = time.monotonic() + self._allowance.seconds + 2.0
        head = msgspec.msgpack.encode(self._limits)
        _write(child, _SIZE.pack(len(head)) + head + _SIZE.pack(len(raw)), deadline, self)
        _write(child, raw, deadline, self)
        facts = _read(child, _SIZE.unpack(_read(child, _SIZE.size, deadline, self))[0], deadline, self)
        answer = msgspec.msgpack.decode(facts, type=_Answer)
        self._served += 1
        if answer.failed:
            raise Unparseable(answer.failed)
        if answer.mail is None:
            raise Unparseable("no-answer")
        if sum(answer.sizes) > 4 * self._allowance.raw_bytes:
            self._kill()
            raise Unparseable("too-large-when-unpacked")
        contents = [bytes(_read(child, size, deadline, self)) for size in answer.sizes]
        files = [replace(one, content=data) for one, data in zip(answer.mail.attachments, contents, strict=True)]
        return replace(answer.mail, attachments=files)

    def _kill(self) -> int | None:
        child, self._child = self._child, None
        if child is None or self._owner != os.getpid():
            return None
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        if child.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(0.05)
        code = child.poll()
        if code is None:
            child.kill()
            child.wait()
        return code

    def expire(self) -> None:
        """The child is killed because its mail took too long."""
        self._kill()
        raise Unparseable("too-slow")


class _Answer(msgspec.Struct):
    failed: str
    mail: ParsedMail | None
    sizes: list[int]


def _fault(code: int | None) -> str:
    return "killed" if code in {-signal.SIGXCPU, -signal.SIGKILL} else "crashed"


def _write(child: subprocess.Popen[bytes], data: bytes, deadline: float, parser: GuardedParser) -> None:
    stream = child.stdin
    if stream is None:
        raise EOFError
    view = memoryview(data)
    while view:
        if not _ready(stream.fileno(), deadline, writing=True):
            parser.expire()
        with contextlib.suppress(BlockingIOError):
            view = view[os.write(stream.fileno(), view[:_CHUNK]) :]


def _read(child: subprocess.Popen[bytes], size: int, deadline: float, parser: GuardedParser) -> bytearray:
    stream = child.stdout
    if stream is None:
        raise EOFError
    data = bytearray()
    while len(data) < size:
        if not _ready(stream.fileno(), deadline, writing=False):
            parser.expire()
        with contextlib.suppress(BlockingIOError):
            piece = os.read(stream.fileno(), min(_CHUNK, size - len(data)))
            if not piece:
                raise EOFError
            data += piece
    return data


def _ready(descriptor: int, deadline: float, *, writing: bool) -> bool:
    left = deadline - time.monotonic()
    if left <= 0:
        return False
    waiting = select.poll()
    waiting.register(descriptor, select.POLLOUT if writing else select.POLLIN)
    return bool(waiting.poll(left * 1000))


# ── the child ────────────────────────────────────────────────────────────────────────────────────────────────────────


def serve(source: IO[bytes], sink: IO[bytes], memory: int, seconds: int, idle_seconds: float) -> None:
    """Mails read from `source` and answered to `sink` until the end, or until none came for `idle_seconds`."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    while select.select([source], [], [], idle_seconds)[0]:
        head = source.read(_SIZE.size)
        if len(head) < _SIZE.size:
            return
        limits = msgspec.msgpack.decode(source.read(_SIZE.unpack(head)[0]), type=Limits)
        _allow(seconds)
        for piece in _answer(source, limits):
            sink.write(piece)
        sink.flush()


def _allow(seconds: int) -> None:
    """The processor time that the next mail may use, counted from what was used so far. Past it the kernel ends us."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.RLIM_INFINITY))


def _answer(source: IO[bytes], limits: Limits) -> Iterator[bytes]:
    size = _SIZE.unpack(source.read(_SIZE.size))[0]
    failed, mail = "", None
    left = size
    try:
        raw = source.read(size)
        left = 0
        mail = parse_mail(raw, limits=limits)
    except MemoryError:
        failed = "too-much-memory"
    except RecursionError:
        failed = "too-deep"
    if left:
        raise SystemExit(3)
    contents = [one.content for one in mail.attachments] if mail else []
    if mail is not None:
        mail = replace(mail, attachments=[replace(one, content=b"") for one in mail.attachments])
    facts = msgspec.msgpack.encode(_Answer(failed, mail, [len(data) for data in contents]))
    yield _SIZE.pack(len(facts)) + facts
    yield from contents


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
