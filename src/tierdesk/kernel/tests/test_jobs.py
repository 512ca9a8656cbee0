"""Jobs: one claim each, in order within a lane, once in effect, visible when given up."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tierdesk.kernel import jobs, worker
from tierdesk.kernel.clock import FrozenClock
from tierdesk.kernel.models import Job, JobState, Lease, Schedule, Setting
from tierdesk.kernel.refusals import Refusal

MINUTE = dt.timedelta(minutes=1)


def _note(name: str) -> None:
    Setting.objects.create(name=name, value=1)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_each_job_is_claimed_by_one(probe: Any, together: Callable[..., list[Any]]) -> None:
    task = probe.task(lambda **_: None)
    made = {task.enqueue(n=n).pk for n in range(40)}

    def work(number: int) -> list[int]:
        mine = []
        while job := jobs.claim(f"worker-{number}"):
            mine.append(job.pk)
        return mine

    claimed = [pk for part in together(6, work) for pk in part]
    assert sorted(claimed) == sorted(made)
    assert set(Job.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_jobs_of_one_lane_never_run_side_by_side(probe: Any, together: Callable[..., list[Any]]) -> None:
    task = probe.task(lambda **_: None)
    for n in range(4):
        task.enqueue(lane="one", n=n)
    claimed = [job for job in together(4, lambda n: jobs.claim(f"worker-{n}")) if job]
    assert [job.args["n"] for job in claimed] == [0]


@pytest.mark.django_db
def test_a_job_is_claimed_again_once_its_lease_is_over(probe: Any, clock: FrozenClock) -> None:
    made = probe.task(lambda **_: None).enqueue()
    first = jobs.claim("a", lease=MINUTE)
    assert first is not None
    assert first.pk == made.pk
    assert jobs.claim("b") is None
    clock.advance(MINUTE)
    second = jobs.claim("b", lease=MINUTE)
    assert second is not None
    assert (second.lease_owner, second.attempts) == ("b", 2)
    assert not jobs.extend(first, MINUTE)
    assert jobs.extend(second, 10 * MINUTE)
    clock.advance(5 * MINUTE)
    assert jobs.claim("c") is None
    jobs.fail(first, "too late", give_up=True)  # it is no longer the first one's to fail
    assert Job.objects.get().state == JobState.READY


@pytest.mark.django_db
def test_a_lane_is_worked_in_order_and_a_failure_holds_it_back(probe: Any, clock: FrozenClock) -> None:
    ran: list[int] = []
    failing = {0}

    def run(n: int) -> None:
        ran.append(n)
        if n in failing:
            raise ValueError("not yet")

    task = probe.task(run)
    for n in range(3):
        task.enqueue(lane="one", n=n)
    task.enqueue(lane="two", n=10)
    assert worker.drain() == 2
    assert ran == [0, 10]
    failing.clear()
    clock.advance(MINUTE)
    worker.drain()
    assert ran == [0, 10, 0, 1, 2]
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_dead_letter_blocks_its_lane_alone_and_can_be_replayed(probe: Any, clock: FrozenClock) -> None:
    ran: list[str] = []
    broken = [True]

    def run(word: str) -> None:
        if word == "poison" and broken[0]:
            raise ValueError("broken")
        ran.append(word)

    task = probe.task(run, max_attempts=3)
    poison = task.enqueue(lane="one", word="poison")
    task.enqueue(lane="one", word="behind")
    task.enqueue(lane="two", word="other")
    for _ in range(4):
        worker.drain()
        clock.advance(dt.timedelta(hours=1))
    dead = Job.objects.get(pk=poison.pk)
    assert (dead.state, dead.attempts, dead.last_error) == (JobState.DEAD, 3, "ValueError: broken")
    assert ran == ["other"]
    broken[0] = False
    assert jobs.replay(poison.pk)
    assert not jobs.replay(poison.pk)
    worker.drain()
    assert ran == ["other", "poison", "behind"]


@pytest.mark.django_db
def test_a_refusal_is_final_unless_it_may_pass(probe: Any, clock: FrozenClock) -> None:
    def run(code: str) -> None:
        raise Refusal(code, "No.")

    task = probe.task(run)
    final, passing = task.enqueue(code="invalid"), task.enqueue(code="unavailable")
    worker.drain()
    assert Job.objects.get(pk=final.pk).state == JobState.DEAD
    again = Job.objects.get(pk=passing.pk)
    assert (again.state, again.run_at > clock.moment) == (JobState.READY, True)


@pytest.mark.django_db
def test_a_job_of_an_unknown_task_is_dead_and_says_so() -> None:
    Job.objects.create(task="probe.gone")
    assert worker.run_one("a")
    assert Job.objects.get().last_error == "No task is called probe.gone."


@pytest.mark.django_db
def test_a_job_that_takes_its_workers_down_is_given_up(probe: Any, clock: FrozenClock) -> None:
    ran: list[int] = []
    probe.task(lambda: ran.append(1), max_attempts=2).enqueue()
    for owner in ("a", "b"):
        assert jobs.claim(owner) is not None  # and was never heard of again
        clock.advance(2 * MINUTE)
    worker.run_one("c")
    assert ran == []
    assert Job.objects.get().state == JobState.DEAD


@pytest.mark.django_db
def test_an_event_has_one_job_for_each_subscriber(probe: Any) -> None:
    seen: list[str] = []
    first = probe.reaction(lambda event: seen.append(f"a{event.pk}"))
    second = probe.reaction(lambda event: seen.append(f"b{event.pk}"))
    event = probe.touched()
    assert worker.dispatch() == 1
    rows = Job.objects.filter(event_id=event.pk)
    assert sorted(rows.values_list("task", flat=True)) == sorted([first, second])
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(task=first, event_id=event.pk)
    worker.drain()
    assert sorted(seen) == [f"a{event.pk}", f"b{event.pk}"]
    assert worker.dispatch() == 0


@pytest.mark.django_db
def test_a_reaction_to_a_reaction_carries_its_cause_until_the_loop_is_stopped(probe: Any) -> None:
    probe.reaction(lambda event: probe.touched(thing_id=event.thing_id + 1), max_attempts=1)
    first = probe.touched()
    worker.drain()
    assert Setting.objects.count() == 8
    dead = Job.objects.get()
    assert (dead.state, dead.depth) == (JobState.DEAD, 8)
    assert dead.last_error.startswith("loop")
    assert Job.objects.exclude(cause_id=first.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_a_death_between_effect_and_end_leaves_the_effect_once(probe: Any, clock: FrozenClock) -> None:
    deaths = [True]

    class Killed(BaseException):
        """The process ends here."""

    def run() -> None:
        _note("effect")
        if deaths[0]:
            raise Killed

    probe.task(run).enqueue()
    with pytest.raises(Killed):
        worker.run_one("a")
    assert not Setting.objects.filter(name="effect").exists()
    assert Job.objects.get().lease_owner == "a"
    deaths[0] = False
    clock.advance(2 * MINUTE)
    assert worker.drain("b") == 1
    assert Setting.objects.filter(name="effect").count() == 1
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_whoever_lost_his_lease_meanwhile_leaves_no_effect(probe: Any, clock: FrozenClock) -> None:
    """The first worker was slow; the second took the job over and finished it."""
    runs: list[str] = []

    def run() -> None:
        runs.append("run")
        _note(f"effect-{len(runs)}")
        if len(runs) == 1:  # what the second worker has done by the time that the first one commits
            Job.objects.update(lease_owner="b")

    probe.task(run).enqueue()
    assert worker.run_one("a")
    assert not Setting.objects.filter(name__startswith="effect").exists()
    assert Job.objects.get().state == JobState.READY


@pytest.mark.django_db
def test_what_talks_to_the_world_runs_outside_of_a_transaction(probe: Any) -> None:
    probe.task(lambda: _note("sent"), transactional=False).enqueue()
    worker.drain()
    assert Setting.objects.filter(name="sent").exists()
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_schedule_is_claimed_by_one_of_many_workers(
    together: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch, clock: FrozenClock
) -> None:
    ran: list[int] = []
    schedules = type(jobs.SCHEDULES)("schedule")
    schedules.register("probe.often", jobs.Scheduled("probe.often", MINUTE, lambda: ran.append(1)))
    monkeypatch.setattr(jobs, "SCHEDULES", schedules)
    assert sum(together(4, lambda n: worker.run_due_schedules(f"w{n}"))) == 1
    assert ran == [1]
    assert worker.run_due_schedules("w") == 0
    clock.advance(MINUTE)
    assert sum(together(4, lambda n: worker.run_due_schedules(f"w{n}"))) == 1
    assert ran == [1, 1]


@pytest.mark.django_db
def test_a_schedule_that_fails_says_so_and_runs_again(monkeypatch: pytest.MonkeyPatch, clock: FrozenClock) -> None:
    outcomes = [ValueError("broken"), None]

    def run() -> None:
        if outcome := outcomes.pop(0):
            raise outcome

    schedules = type(jobs.SCHEDULES)("schedule")
    schedules.register("probe.often", jobs.Scheduled("probe.often", MINUTE, run))
    monkeypatch.setattr(jobs, "SCHEDULES", schedules)
    worker.run_due_schedules("w")
    assert Schedule.objects.get().last_error == "ValueError: broken"
    clock.advance(MINUTE)
    worker.run_due_schedules("w")
    assert Schedule.objects.get().last_error == ""


@pytest.mark.django_db
def test_a_lease_is_held_by_one_until_it_ends(clock: FrozenClock) -> None:
    assert worker.take_lease("mailbox", "a", MINUTE)
    assert not worker.take_lease("mailbox", "b", MINUTE)
    assert worker.take_lease("mailbox", "a", MINUTE)  # renewed
    clock.advance(MINUTE)
    assert worker.take_lease("mailbox", "b", MINUTE)
    worker.release_lease("mailbox", "a")  # not a's to give
    assert not worker.take_lease("mailbox", "a", MINUTE)
    worker.release_lease("mailbox", "b")
    assert worker.take_lease("mailbox", "a", MINUTE)
    assert Lease.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_lease_is_taken_by_one_of_many(together: Callable[..., list[Any]]) -> None:
    assert sum(together(6, lambda n: worker.take_lease("mailbox", f"w{n}", MINUTE))) == 1


@pytest.mark.django_db
def test_work_for_later_waits_for_its_time(probe: Any, clock: FrozenClock) -> None:
    ran: list[int] = []
    probe.task(lambda: ran.append(1)).enqueue(run_at=clock.moment + MINUTE)
    assert worker.drain() == 0
    clock.advance(MINUTE)
    assert worker.drain() == 1
    assert ran == [1]


@pytest.mark.django_db(transaction=True)
def test_a_worker_runs_what_is_there_and_stops(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SCHEDULES", type(jobs.SCHEDULES)("schedule"))
    done = threading.Event()
    probe.reaction(lambda event: done.set())
    working = worker.Worker(threads=2)
    working.start()
    try:
        probe.touched()
        assert done.wait(20)
    finally:
        working.stop()
    assert not Job.objects.exists()
