"""A worker: gives events their positions, fans them out, runs jobs and schedules, until it is told to stop."""

import datetime as dt
import hashlib
import os
import secrets
import threading

import structlog
from django.db import close_old_connections, connection, transaction

from tierdesk.kernel import clock, jobs, wakeup
from tierdesk.kernel.audit import digest_of, last_position
from tierdesk.kernel.commands import caused_by
from tierdesk.kernel.models import Event, Job, Lease, Schedule
from tierdesk.kernel.refusals import Refusal

log = structlog.get_logger()

BATCH = 100
EVENTS_CHANNEL = "tierdesk_events"
DISPATCH_LOCK = 7_316_001
RETRYABLE = {"storage_full", "unavailable", "conflict", "rate_limited"}


class LeaseLost(RuntimeError):
    """A job took longer than its lease and was claimed by another worker meanwhile."""


def dispatch(limit: int = BATCH) -> int:
    """Give the next waiting events their positions and write the jobs of their subscribers, in one transaction.

    One dispatcher works at a time, whoever holds the lock; positions therefore rise without a reader ever seeing a
    lower one appear later. Returns how many events were dispatched.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DISPATCH_LOCK])
        waiting = list(Event.objects.filter(position__isnull=True).order_by("id")[:limit])
        if not waiting:
            return 0
        last = last_position()
        for offset, event in enumerate(waiting, start=1):
            event.position = last + offset
            event.salt = secrets.token_bytes(16)
            event.digest = digest_of(event)
        Event.objects.bulk_update(waiting, ["position", "salt", "digest"])
        Job.objects.bulk_create([job for event in waiting for job in jobs.jobs_for(event)])
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify(%s, %s)", [EVENTS_CHANNEL, str(last + len(waiting))])
    return len(waiting)


def run_one(owner: str) -> bool:
    """Claim and run one job. False where nothing was due."""
    job = jobs.claim(owner)
    if job is None:
        return False
    task = jobs.TASKS.get(job.task)
    if task is None:
        jobs.fail(job, f"No task is called {job.task}.", give_up=True)
        return True
    if task.lease > dt.timedelta(seconds=60) and not jobs.extend(job, task.lease):
        return True
    if job.attempts > task.max_attempts:  # it took its workers down with it
        jobs.fail(job, job.last_error or "Its worker ended without a word, every time.", give_up=True)
        return True
    try:
        _run(job, task)
    except LeaseLost:
        log.warning("job_lease_lost", task=job.task, job=job.pk)
    except Refusal as refusal:
        final = refusal.code not in RETRYABLE or job.attempts >= task.max_attempts
        log.warning("job_refused", task=job.task, job=job.pk, code=refusal.code, final=final)
        jobs.fail(job, f"{refusal.code}: {refusal}", give_up=final)
    except Exception as error:
        final = job.attempts >= task.max_attempts
        log.exception("job_failed", task=job.task, job=job.pk, attempt=job.attempts, final=final)
        jobs.fail(job, f"{type(error).__name__}: {error}", give_up=final)
    return True


def _run(job: Job, task: jobs.Task) -> None:
    with caused_by(job.cause_id, job.depth):
        if task.transactional:
            with transaction.atomic():
                _hold(job)
                task.function(**job.args)
                if not _finish(job):  # another worker has it: the effect is that one's to make
                    raise LeaseLost
        else:
            task.function(**job.args)
            _finish(job)


def _hold(job: Job) -> None:
    """Lock the job's row for this transaction: nobody claims it meanwhile, even when its lease runs out (the claim
    skips locked rows; SQLite has one writer). Raises `LeaseLost` where it ran out before.
    """
    own = Job.objects.select_for_update().filter(pk=job.pk, lease_owner=job.lease_owner)
    if own.values_list("pk", flat=True).first() is None:
        raise LeaseLost


def _finish(job: Job) -> bool:
    return bool(Job.objects.filter(pk=job.pk, lease_owner=job.lease_owner).delete()[0])


def run_due_schedules(owner: str) -> int:
    """Run what is due. Each is claimed by moving its next time on, so that one worker of many runs it."""
    ran = 0
    for name, entry in jobs.SCHEDULES:
        now = clock.now()
        row, _made = Schedule.objects.get_or_create(name=name, defaults={"next_run_at": now})
        if row.next_run_at > now:
            continue
        due = Schedule.objects.filter(name=name, next_run_at=row.next_run_at)
        if not due.update(next_run_at=now + entry.every, last_run_at=now):
            continue
        ran += 1
        try:
            entry.function()
        except Exception as error:
            log.exception("schedule_failed", schedule=name, worker=owner)
            Schedule.objects.filter(name=name).update(last_error=f"{type(error).__name__}: {error}"[:2000])
        else:
            Schedule.objects.filter(name=name).exclude(last_error="").update(last_error="")
    return ran


def drain(owner: str = "drain", *, limit: int = 10_000) -> int:
    """Dispatch and run until nothing is due; returns how many jobs ran. For tests, demo data and the command line."""
    ran = 0
    while ran < limit:
        dispatched = dispatch()
        if run_one(owner):
            ran += 1
        elif not dispatched:
            return ran
    return ran


def take_lease(name: str, owner: str, length: dt.timedelta) -> bool:
    """Take or renew what only one may hold at a time. False while another holds it."""
    now = clock.now()
    with transaction.atomic():
        Lease.objects.get_or_create(name=name, defaults={"owner": owner, "until": now})
        free = Lease.objects.filter(name=name, owner=owner) | Lease.objects.filter(name=name, until__lte=now)
        return free.update(owner=owner, until=now + length) == 1


def release_lease(name: str, owner: str) -> None:
    """Give back what we hold, so that another need not wait for its end."""
    Lease.objects.filter(name=name, owner=owner).update(until=clock.now())


def owner_name() -> str:
    """A name for this process, unlike every other's."""
    return hashlib.blake2s(f"{os.uname().nodename}/{os.getpid()}/{secrets.token_hex(4)}".encode()).hexdigest()[:16]


class Worker:
    """The worker's threads: one dispatches, one runs schedules, `threads` run jobs.

    None of them ends before it is told to: whatever goes wrong outside of a job (a database that restarts, no file
    left to open) is logged, and the thread begins anew a second later.
    """

    def __init__(self, threads: int = 2) -> None:
        self.owner = owner_name()
        self._stop = threading.Event()
        self._work = threading.Condition()
        self._threads = [
            threading.Thread(target=self._dispatching, name="dispatch"),
            threading.Thread(target=self._scheduling, name="schedules"),
        ]
        self._threads += [threading.Thread(target=self._working, args=(n,), name=f"job-{n}") for n in range(threads)]

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 10) -> None:
        """Finish what runs, claim nothing more, and return."""
        self._stop.set()
        with self._work:
            self._work.notify_all()
        for thread in self._threads:
            thread.join(timeout)

    def _dispatching(self) -> None:
        waiter = wakeup.Waiter(wakeup.JOBS)
        while not self._stop.is_set():
            try:
                while dispatch() == BATCH and not self._stop.is_set():
                    pass
                with self._work:
                    self._work.notify_all()
                waiter.wait(1.0, self._stop)
            except Exception:
                log.exception("dispatcher_failed")
                waiter.close()
                self._recover()
        waiter.close()
        connection.close()

    def _scheduling(self) -> None:
        """Apart from the dispatcher: sweeping a large folder may take minutes, and nobody's mail waits for it."""
        while not self._stop.is_set():
            try:
                close_old_connections()
                run_due_schedules(self.owner)
                self._stop.wait(1.0)
            except Exception:
                log.exception("scheduler_failed")
                self._recover()
        connection.close()

    def _working(self, number: int) -> None:
        owner = f"{self.owner}-{number}"
        while not self._stop.is_set():
            try:
                close_old_connections()
                if run_one(owner):
                    continue
                with self._work:
                    if not self._stop.is_set():
                        self._work.wait(1.0)
            except Exception:
                log.exception("worker_failed")
                self._recover()
        connection.close()

    def _recover(self) -> None:
        connection.close()
        self._stop.wait(1)
