"""The one way to write: actor, policy, one transaction, events. See DESIGN, "How things flow"."""

import errno
import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _

from tierdesk.kernel import clock, ids
from tierdesk.kernel.actors import Actor, ActorKind
from tierdesk.kernel.models import Event
from tierdesk.kernel.refusals import Refusal
from tierdesk.kernel.vocabulary import EVENTS, Happened

F = TypeVar("F", bound=Callable[..., Any])

ATTEMPTS = 4
MAX_DEPTH = 8
JOBS_CHANNEL = "tierdesk_jobs"
_TRANSIENT = {"40001", "40P01", "55P03"}  # serialisation failure, deadlock, lock not available
_FULL = {"53100", "53200"}  # disk full, out of memory


@dataclass(slots=True)
class Execution:
    """A command while it runs: its name, and the events it has recorded."""

    command: str
    events: list[Event] = field(default_factory=list)
    woken: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that set off what runs now, and how many steps lie behind it."""

    event_id: int | None = None
    depth: int = 0


_execution: ContextVar[Execution | None] = ContextVar("tierdesk_execution", default=None)
NO_CAUSE = Cause()
_cause: ContextVar[Cause] = ContextVar("tierdesk_cause", default=NO_CAUSE)


def command(function: F) -> F:
    """Make a function a command: it runs in one transaction, with those it calls, and is tried again when the
    database asked for that. A full disk becomes a refusal. The first argument is the actor, the rest are keywords.
    """
    name = function.__name__

    @functools.wraps(function)
    def run(actor: Actor, **kwargs: Any) -> Any:
        if _execution.get() is not None:
            return function(actor, **kwargs)
        joined = connection.in_atomic_block
        for attempt in range(ATTEMPTS):
            token = _execution.set(Execution(name))
            try:
                with transaction.atomic():
                    return function(actor, **kwargs)
            except (DatabaseError, OSError) as error:
                if is_storage_full(error):
                    raise storage_full() from error
                if joined or attempt == ATTEMPTS - 1 or not _is_transient(error):
                    raise
                time.sleep(0.01 * 2**attempt)  # nosemgrep: no-sleep - a pause before the same transaction again
            finally:
                _execution.reset(token)
        raise AssertionError("unreachable")

    return cast(F, run)


def record(actor: Actor, happened: Happened) -> Event:
    """Write an event with the running command. Refused with `RuntimeError` outside of one; `Refusal("loop")` when the
    chain of causes has become too long.
    """
    execution = _execution.get()
    if execution is None:
        raise RuntimeError(f"{type(happened).__name__} was recorded outside of a command.")
    name = type(happened).__name__
    if name not in EVENTS:
        raise RuntimeError(f"{name} is not a known event.")
    cause = _cause.get()
    if cause.depth >= MAX_DEPTH:
        raise Refusal("loop", _("This was set off by a chain of automatic steps that feeds itself, and was stopped."))
    event = Event(
        id=ids.new_id(),
        name=name,
        version=happened.version,
        topic=happened.topic,
        thing_id=happened.thing_id,
        client_id=happened.client_id,
        audience=happened.audience,
        command=execution.command,
        actor_kind=actor.kind.value,
        actor_person_id=actor.person_id,
        actor_ref_id=actor.token_id or actor.rule_id,
        cause_id=cause.event_id,
        depth=cause.depth,
        at=clock.now(),
        data=happened.facts(),
    )
    event.save(force_insert=True)
    execution.events.append(event)
    wake_workers()
    return event


def wake_workers() -> None:
    """Tell waiting workers, when this transaction commits, that there is something to do."""
    execution = _execution.get()
    if connection.vendor != "postgresql" or (execution is not None and execution.woken):
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [JOBS_CHANNEL])
    if execution is not None:
        execution.woken = True


@contextmanager
def caused_by(event_id: int | None, depth: int) -> Iterator[None]:
    """Within the block, what is recorded carries this cause."""
    token = _cause.set(Cause(event_id, depth))
    try:
        yield
    finally:
        _cause.reset(token)


def current_cause() -> Cause:
    """What set off the present work."""
    return _cause.get()


def is_storage_full(error: BaseException) -> bool:
    """Whether an error says that there is no room left, on disk or in the database."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return _sqlstate(error) in _FULL or "database or disk is full" in str(error)


def storage_full() -> Refusal:
    """What a person is told when the disk is full."""
    return Refusal(
        "storage_full",
        _("The server has no room left to keep this."),
        hint=_("Nothing was changed. Tell an administrator, keep this page open and try again when there is room."),
    )


def system_only(actor: Actor) -> None:
    """Refuse everybody but the system itself."""
    if actor.kind is not ActorKind.SYSTEM:
        raise Refusal("forbidden", _("Only the system itself does this."))


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, IntegrityError):  # two processes made one id in the same millisecond
        text = str(error)
        return "_pkey" in text or (text.startswith("UNIQUE constraint failed:") and text.endswith(".id"))
    if not isinstance(error, OperationalError):
        return False
    return _sqlstate(error) in _TRANSIENT or "database is locked" in str(error)


def _sqlstate(error: BaseException) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""
