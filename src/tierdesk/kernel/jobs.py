"""Work after the commit: tasks, reactions to events, schedules. The rows are the queue; workers claim them."""

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tierdesk.kernel import clock, commands, ids
from tierdesk.kernel.models import Event, Job, JobState
from tierdesk.kernel.registries import Registry
from tierdesk.kernel.vocabulary import Happened

REACTION_PREFIX = "react:"


@dataclass(frozen=True, slots=True)
class Task:
    """A function that jobs name. In the shape of `django.tasks`: `.enqueue(**arguments)`.

    `transactional` runs it and deletes its job in one transaction, so that its effect in the database happens once;
    what talks to the world outside runs without one and must bear being run twice. `lease` is how long one run may
    take before another worker may claim the job; `max_attempts` is how often it is tried before it is given up.
    """

    name: str
    function: Callable[..., Any]
    transactional: bool = True
    lease: dt.timedelta = dt.timedelta(seconds=60)
    max_attempts: int = 8

    def enqueue(
        self, *, lane: str = "", run_at: dt.datetime | None = None, event: Event | None = None, **arguments: Any
    ) -> Job:
        """Write a job for this task, to run from `run_at` on (now, unless given), with the running transaction."""
        cause = commands.current_cause()
        job = Job(
            id=ids.new_id(),
            task=self.name,
            args=arguments,
            lane=lane,
            run_at=run_at or clock.now(),
            event_id=event.pk if event else None,
            cause_id=event.pk if event else cause.event_id,
            depth=cause.depth,
            created_at=clock.now(),
        )
        job.save(force_insert=True)
        commands.wake_workers()
        return job


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Something that runs again and again, `every` so often, counted from the end of the run before."""

    name: str
    every: dt.timedelta
    function: Callable[[], Any]


TASKS: Registry[Task] = Registry("task")
SCHEDULES: Registry[Scheduled] = Registry("schedule")
_SUBSCRIBERS: dict[str, list[str]] = {}


def task(
    name: str,
    *,
    transactional: bool = True,
    lease: dt.timedelta = dt.timedelta(seconds=60),
    max_attempts: int = 8,
) -> Callable[[Callable[..., Any]], Task]:
    """Decorator: make a function a task of that name. Its arguments are keywords of JSON types."""

    def make(function: Callable[..., Any]) -> Task:
        return TASKS.register(name, Task(name, function, transactional, lease, max_attempts))

    return make


def reaction(
    happened: type[Happened], *, name: str, max_attempts: int = 8
) -> Callable[[Callable[[Event], Any]], Callable[[Event], Any]]:
    """Decorator: call a function once for every event of a kind, in order for each thing, in a transaction."""

    def make(function: Callable[[Event], Any]) -> Callable[[Event], Any]:
        task_name = REACTION_PREFIX + name

        @functools.wraps(function)
        def react(*, event_id: int) -> None:
            function(Event.objects.get(pk=event_id))

        TASKS.register(task_name, Task(task_name, react, max_attempts=max_attempts))
        _SUBSCRIBERS.setdefault(happened.__name__, []).append(task_name)
        return function

    return make


def schedule(name: str, *, every: dt.timedelta) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Decorator: run a function every so often, by one worker of many."""

    def make(function: Callable[[], Any]) -> Callable[[], Any]:
        SCHEDULES.register(name, Scheduled(name, every, function))
        return function

    return make


def jobs_for(event: Event) -> list[Job]:
    """The jobs that an event sets off, one for each subscriber; unsaved."""
    return [
        Job(
            id=ids.new_id(),
            task=name,
            args={"event_id": event.pk},
            lane=f"{name}/{event.topic}/{event.thing_id}",
            run_at=clock.now(),
            event_id=event.pk,
            cause_id=event.pk,
            depth=event.depth + 1,
            created_at=clock.now(),
        )
        for name in _SUBSCRIBERS.get(event.name, ())
    ]


_CLAIM = """
UPDATE kernel_job SET lease_owner = %(owner)s, lease_until = %(until)s, attempts = attempts + 1
WHERE id = (
    SELECT j.id FROM kernel_job j
    WHERE j.state = 'ready' AND j.run_at <= %(now)s AND (j.lease_until IS NULL OR j.lease_until <= %(now)s)
      AND (j.lane = '' OR NOT EXISTS (
        SELECT 1 FROM kernel_job e WHERE e.lane = j.lane AND e.lane <> '' AND e.id < j.id))
    ORDER BY j.run_at, j.id LIMIT 1 {skip}
) AND state = 'ready' AND (lease_until IS NULL OR lease_until <= %(now)s)
RETURNING id
"""


def claim(owner: str, *, lease: dt.timedelta = dt.timedelta(seconds=60)) -> Job | None:
    """Take the next job that is due, for `lease`, by one conditional update. None where nothing is due."""
    now = clock.now()
    sql = _CLAIM.format(skip="FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else "")
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(sql, {"owner": owner, "until": adapt(now + lease), "now": adapt(now)})
        row = cursor.fetchone()
    return Job.objects.get(pk=row[0]) if row else None


def extend(job: Job, lease: dt.timedelta) -> bool:
    """Hold a claimed job for longer. False where it is no longer ours."""
    held = Job.objects.filter(pk=job.pk, lease_owner=job.lease_owner)
    return held.update(lease_until=clock.now() + lease) == 1


def fail(job: Job, error: str, *, give_up: bool) -> None:
    """Put a claimed job back for later, later still with every attempt; or give it up and let it show itself."""
    pause = min(dt.timedelta(seconds=2 ** min(job.attempts, 12)), dt.timedelta(hours=1))
    Job.objects.filter(pk=job.pk, lease_owner=job.lease_owner).update(
        state=JobState.DEAD if give_up else JobState.READY,
        run_at=clock.now() + pause,
        lease_owner="",
        lease_until=None,
        last_error=error[:2000],
    )


def replay(job_id: int) -> bool:
    """Let a dead job be tried again from the start. False where there is no such dead job."""
    dead = Job.objects.filter(pk=job_id, state=JobState.DEAD)
    return dead.update(state=JobState.READY, run_at=clock.now(), attempts=0) == 1
