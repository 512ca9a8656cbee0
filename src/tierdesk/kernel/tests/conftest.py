"""What the kernel's tests share: an event and tasks of their own, registered while a test runs, and real threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from django.db import connection

from tierdesk.kernel import jobs
from tierdesk.kernel.actors import SYSTEM, Actor
from tierdesk.kernel.commands import command, record
from tierdesk.kernel.models import Event, Setting
from tierdesk.kernel.vocabulary import EVENTS, Happened

Work = Callable[[int], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeTouched(Happened):
    """Something was touched; only in these tests."""

    topic: ClassVar[str] = "probe"
    word: str = ""


@command
def touch(actor: Actor, *, thing_id: int = 1, word: str = "") -> Event:
    """Write a row and an event, as every command does."""
    Setting.objects.update_or_create(name=f"probe-{thing_id}", defaults={"value": word})
    return record(actor, ProbeTouched(thing_id=thing_id, client_id=None, word=word))


@dataclass
class Probe:
    """Registers what a test needs, and takes it back."""

    happened: type[ProbeTouched] = ProbeTouched
    touch: Callable[..., Event] = touch
    tasks: list[str] = field(default_factory=list)
    schedules: list[str] = field(default_factory=list)

    def task(self, function: Callable[..., Any], **how: Any) -> jobs.Task:
        """A task of this test."""
        made = jobs.task(f"probe.{len(self.tasks)}", **how)(function)
        self.tasks.append(made.name)
        return made

    def reaction(self, function: Callable[[Event], Any], **how: Any) -> str:
        """A subscriber to `ProbeTouched`; gives its task's name."""
        name = f"probe.{len(self.tasks)}"
        jobs.reaction(ProbeTouched, name=name, **how)(function)
        self.tasks.append(jobs.REACTION_PREFIX + name)
        return self.tasks[-1]

    def touched(self, **facts: Any) -> Event:
        """One event, written by a command of the system."""
        return self.touch(SYSTEM, **facts)


@pytest.fixture
def probe() -> Iterator[Probe]:
    """See `Probe`."""
    EVENTS.register("ProbeTouched", ProbeTouched)
    made = Probe()
    yield made
    EVENTS._entries.pop("ProbeTouched")
    jobs._SUBSCRIBERS.pop("ProbeTouched", None)
    for name in made.tasks:
        jobs.TASKS._entries.pop(name)


@pytest.fixture
def together() -> Callable[[int, Work], list[Any]]:
    """`together(n, work)` runs `work(0…n-1)` in as many threads that start at one moment; gives what each returned,
    raises what any raised.
    """

    def run(count: int, work: Work) -> list[Any]:
        gate = threading.Barrier(count)
        results: list[Any] = [None] * count
        errors: list[BaseException] = []

        def one(number: int) -> None:
            try:
                gate.wait(30)
                results[number] = work(number)
            except BaseException as error:
                errors.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        if errors:
            raise errors[0]
        return results

    return run
