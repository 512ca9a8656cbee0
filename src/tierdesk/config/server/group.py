"""The process group of `tierdesk serve`: load once, fork the roles, bring back whoever dies."""

import ctypes
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from django.db import connections

log = structlog.get_logger()

HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
SHORTEST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 10.0
M_ARENA_MAX = -8  # glibc, malloc.h
M_TRIM_THRESHOLD = -1
PR_SET_PDEATHSIG = 1  # Linux, prctl.h
PR_SET_NAME = 15


def share_memory() -> None:
    """Make what is loaded so far cheap to fork: two malloc arenas, no garbage, nothing for the collector to touch.

    Called in the parent, before threads exist; the children inherit it.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(M_ARENA_MAX, 2)
            libc.mallopt(M_TRIM_THRESHOLD, 128 * 1024)
    gc.collect()
    gc.freeze()


@dataclass(slots=True)
class _Child:
    role: str
    run: Callable[[], None]
    pid: int = 0
    started: float = 0.0
    pause: float = SHORTEST_PAUSE
    due: float = field(default=0.0)


class Group:
    """Children by role, each of them restarted when it ends, until the group is told to stop.

    A child that dies young is started again after 0.2 seconds, then twice as long each time, up to 30; the group never
    gives up. SIGTERM, SIGINT and SIGHUP reach every child as SIGTERM; after `grace` seconds those left are killed.
    Should the parent itself be killed, its children get SIGTERM from the kernel (elsewhere than on Linux: notice it).
    """

    def __init__(self, roles: Mapping[str, Callable[[], None]], *, grace: float = 15.0) -> None:
        self._children = {role: _Child(role, run) for role, run in roles.items()}
        self._grace = grace
        self._mask: set[signal.Signals] = set()
        self._lifeline = (-1, -1)

    def run(self) -> int:
        """Run the group until it is told to stop. Returns the exit code: nought where everybody ended in time."""
        connections.close_all()
        share_memory()
        self._lifeline = os.pipe()
        self._mask = {signal.Signals(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)}
        try:
            while not self._told_to_stop():
                self._reap()
                self._start_due()
            return self._stop()
        finally:
            for end in self._lifeline:
                os.close(end)
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _told_to_stop(self) -> bool:
        now = time.monotonic()
        absent = [child.due - now for child in self._children.values() if not child.pid]
        heard = signal.sigtimedwait(HEARD, max(0.0, min([*absent, 3600.0])))
        return heard is not None and heard.si_signo != signal.SIGCHLD

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if not child.pid and child.due <= now:
                child.started = now
                child.pid = self._fork(child)

    def _fork(self, child: _Child) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            self._become(child, parent)
            child.run()
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except KeyboardInterrupt:
            code = 0
        except BaseException:
            log.exception("role_failed", role=child.role)
        finally:  # the parent's exit handlers are not the child's
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _become(self, child: _Child, parent: int) -> None:
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        for number in (signal.SIGINT, signal.SIGHUP):  # a terminal sends them to all: the parent passes one SIGTERM on
            signal.signal(number, signal.SIG_IGN)
        os.close(self._lifeline[1])
        if sys.platform == "linux":
            libc = ctypes.CDLL(None)
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            libc.prctl(PR_SET_NAME, f"tierdesk-{child.role}".encode()[:15])
        else:
            threading.Thread(target=_watch, args=(self._lifeline[0],), name="lifeline", daemon=True).start()
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        if os.getppid() != parent:
            os._exit(0)

    def _reap(self) -> None:
        for child in self._children.values():
            if not child.pid:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if not pid:
                continue
            lived = time.monotonic() - child.started
            child.pause = SHORTEST_PAUSE if lived >= STEADY_SECONDS else min(child.pause * 2, LONGEST_PAUSE)
            child.due = time.monotonic() + (0 if lived >= STEADY_SECONDS else child.pause)
            child.pid = 0
            code = os.waitstatus_to_exitcode(status)
            log.error("role_ended", role=child.role, pid=pid, code=code, lived=round(lived, 1))

    def _stop(self) -> int:
        deadline = time.monotonic() + self._grace
        self._signal(signal.SIGTERM)
        while self._left():
            wait = deadline - time.monotonic()
            if wait <= 0:
                log.error("roles_killed", roles=[child.role for child in self._left()])
                self._signal(signal.SIGKILL)
                for child in self._left():
                    os.waitpid(child.pid, 0)
                return 1
            signal.sigtimedwait({signal.SIGCHLD}, min(wait, 1.0))
            for child in self._left():
                if os.waitpid(child.pid, os.WNOHANG)[0]:
                    child.pid = 0
        return 0

    def _left(self) -> list[_Child]:
        return [child for child in self._children.values() if child.pid]

    def _signal(self, number: signal.Signals) -> None:
        for child in self._left():
            os.kill(child.pid, number)


def run_group(roles: Mapping[str, Callable[[], None]], *, grace: float = 15.0) -> int:
    """Fork a child for each role (`web-1`, `web-2`, `worker`, `mail`) and keep them running; see `Group`."""
    return Group(roles, grace=grace).run()


def _watch(lifeline: int) -> None:
    os.read(lifeline, 1)  # returns when the last writer, the parent, is gone
    os.kill(os.getpid(), signal.SIGTERM)
