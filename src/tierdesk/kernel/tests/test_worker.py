"""Jobs under what goes wrong around them: leases that run out, databases that go away, claims that are lost."""

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
from django.db import connection

from tierdesk.kernel import jobs, wakeup, worker
from tierdesk.kernel.models import Job, Setting

pytestmark = pytest.mark.django_db(transaction=True)

LATE = dt.timedelta(minutes=2)


@pytest.fixture
def task() -> Iterator[list[object]]:
    """A transactional task `test.writes` that writes a row and then calls what stands in the list."""
    then: list[object] = []

    def write(*, name: str) -> None:
        Setting.objects.create(name=name, value=1)
        for one in then:
            one()  # type: ignore[operator]  # a callable of the test

    jobs.TASKS._entries["test.writes"] = jobs.Task("test.writes", write)
    yield then
    del jobs.TASKS._entries["test.writes"]


def test_a_transactional_job_whose_claim_was_lost_leaves_nothing(task, clock):
    job = jobs.TASKS["test.writes"].enqueue(name="a")
    task.append(lambda: Job.objects.filter(pk=job.pk).update(lease_owner="another"))
    assert worker.run_one("slow")
    assert not Setting.objects.filter(name="a").exists()
    task.clear()
    clock.advance(LATE)
    assert worker.run_one("another")
    assert Setting.objects.filter(name="a").count() == 1
    assert not Job.objects.exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer: nobody else can claim meanwhile")
def test_a_transactional_job_that_runs_is_not_claimed_again_when_its_lease_ends(task, clock):
    claimed: list[Job | None] = []

    def claim() -> None:
        try:
            claimed.append(jobs.claim("another"))
        finally:
            connection.close()

    def outrun_lease() -> None:
        clock.advance(LATE)
        thread = threading.Thread(target=claim)
        thread.start()
        thread.join()

    jobs.TASKS["test.writes"].enqueue(name="a")
    task.append(outrun_lease)
    assert worker.run_one("slow")
    assert claimed == [None]
    assert Setting.objects.filter(name="a").count() == 1
    assert not Job.objects.exists()


def test_jobs_are_done_after_waiting_for_the_database_broke(task, monkeypatch):
    broken, done = threading.Event(), threading.Event()

    def wait(self: wakeup.Waiter, seconds: float, stop: threading.Event) -> bool:
        if not broken.is_set():
            broken.set()
            raise RuntimeError("neither Django's nor expected: psycopg's own errors are such")
        return stop.wait(0.05)

    monkeypatch.setattr(wakeup.Waiter, "wait", wait)
    task.append(done.set)
    running = worker.Worker(threads=1)
    running.start()
    try:
        assert broken.wait(10)
        jobs.TASKS["test.writes"].enqueue(name="a")
        assert done.wait(10)
        assert {one.name for one in threading.enumerate()} >= {"dispatch", "schedules", "job-0"}
    finally:
        running.stop()
