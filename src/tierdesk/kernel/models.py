"""The kernel's tables: events, jobs, schedules, leases, seals, counters, files."""

from typing import Any

from django.db import models

from tierdesk.kernel import clock, ids
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.search.tables import SearchRow

__all__ = [
    "AUDIENCES",
    "CacheEntry",
    "Counter",
    "Event",
    "Job",
    "JobState",
    "Lease",
    "Schedule",
    "Seal",
    "SearchRow",
    "Setting",
    "StoredFile",
]

AUDIENCES = [(a.value, a.name.lower()) for a in Audience]


class Event(models.Model):
    """Something that happened. Written by a command, positioned by the dispatcher, read by everybody; never changed.

    `position` is its place in the stream, given after commit and without gaps in time: whoever has read up to a
    position has missed nothing before it. An event without one is its own dispatch job. `salt` and `data` may be
    emptied to forget a person; `digest` stays, and so the seals hold.
    """

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    position = models.BigIntegerField(null=True, unique=True)
    name = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField(default=1)
    topic = models.CharField(max_length=24)
    thing_id = models.BigIntegerField()
    client_id = models.BigIntegerField(null=True)
    audience = models.PositiveSmallIntegerField(choices=AUDIENCES)
    command = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=12)
    actor_person_id = models.BigIntegerField(null=True)
    actor_ref_id = models.BigIntegerField(null=True)
    cause_id = models.BigIntegerField(null=True)
    depth = models.PositiveSmallIntegerField(default=0)
    at = models.DateTimeField(default=clock.now)
    data = models.JSONField(default=dict)
    salt = models.BinaryField(max_length=16, null=True)
    digest = models.BinaryField(max_length=32, null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(audience__in=[1, 2, 3]), name="event_audience_known")]
        indexes = [
            models.Index(fields=["topic", "thing_id", "id"], name="event_of_thing"),
            models.Index(fields=["id"], name="event_waiting", condition=models.Q(position__isnull=True)),
        ]


class Seal(models.Model):
    """The chain over the events of a range of positions: altering one of them breaks it from there on."""

    last_position = models.BigIntegerField(primary_key=True)
    first_position = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    at = models.DateTimeField(default=clock.now)


class JobState(models.TextChoices):
    """A job waits (or runs, under a lease) or has been given up and shows itself."""

    READY = "ready"
    DEAD = "dead"


class Job(models.Model):
    """Work to be done after a commit. Gone when done; a dead one stays until it is replayed or discarded.

    Jobs of one `lane` run one after the other in order of id; a dead one blocks its lane and no other.
    """

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    task = models.CharField(max_length=80)
    args = models.JSONField(default=dict)
    lane = models.CharField(max_length=120, default="", blank=True)
    state = models.CharField(max_length=5, choices=JobState.choices, default=JobState.READY)
    run_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=40, default="", blank=True)
    lease_until = models.DateTimeField(null=True)
    last_error = models.TextField(default="", blank=True)
    event_id = models.BigIntegerField(null=True)
    cause_id = models.BigIntegerField(null=True)
    depth = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event_id", "task"], condition=models.Q(event_id__isnull=False), name="job_once_per_event"
            )
        ]
        indexes = [
            models.Index(fields=["run_at", "id"], name="job_ready", condition=models.Q(state="ready")),
            models.Index(fields=["lane", "id"], name="job_lane", condition=~models.Q(lane="")),
        ]


class Schedule(models.Model):
    """When something recurring runs next. Claimed by moving `next_run_at` on, so one worker of many runs it."""

    name = models.CharField(max_length=80, primary_key=True)
    next_run_at = models.DateTimeField(db_index=True)
    last_run_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="", blank=True)


class Lease(models.Model):
    """Who does what only one may do at a time (dispatching; fetching one mailbox), and until when unless renewed."""

    name = models.CharField(max_length=80, primary_key=True)
    owner = models.CharField(max_length=40)
    until = models.DateTimeField()


class Counter(models.Model):
    """The last number given of a kind. Used where the database has no sequences (SQLite)."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.BigIntegerField()


class StoredFile(models.Model):
    """Bytes on disk under a random key. They are reached through the row that names them, never by key or hash."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    key = models.CharField(max_length=64, unique=True)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    created_at = models.DateTimeField(default=clock.now)


class Setting(models.Model):
    """A choice an administrator made for the whole installation, by name."""

    name = models.CharField(max_length=80, primary_key=True)
    value: Any = models.JSONField()


class CacheEntry(models.Model):
    """A short-lived value, as JSON, shared by all processes (rate limits of sign-in)."""

    key = models.CharField(max_length=250, primary_key=True)
    value: Any = models.JSONField()
    expires_at = models.DateTimeField(db_index=True)
