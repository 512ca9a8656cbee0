"""A command writes all or nothing, once, in one transaction with those it calls."""

from __future__ import annotations

import dataclasses
import errno
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from tierdesk.kernel import commands, files
from tierdesk.kernel.actors import SYSTEM, Actor, ActorKind
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.commands import caused_by, command, record
from tierdesk.kernel.models import Event, Job, SearchRow, Setting, StoredFile
from tierdesk.kernel.refusals import Refusal
from tierdesk.kernel.search.index import index_document


def nothing_is_kept() -> bool:
    return not any(model.objects.exists() for model in (Event, Job, Setting, SearchRow, StoredFile))


@pytest.fixture
def write_everything(probe: Any) -> Callable[[Actor], None]:
    """Writes a row, an event, a job and a document of the index."""
    task = probe.task(lambda **_: None)

    def write(actor: Actor) -> None:
        probe.touch(actor, word="x")
        task.enqueue(word="x")
        index_document(id=1, thing_id=1, client_id=1, audience=Audience.AGENTS, source="probe", text="printer")

    return write


@pytest.mark.django_db(transaction=True)
def test_nested_commands_join_one_transaction(probe: Any, write_everything: Callable[[Actor], None]) -> None:
    depths = []

    @command
    def inner(actor: Actor, *, word: str) -> None:
        depths.append(len(connection.savepoint_ids))
        probe.touch(actor, word=word)

    @command
    def outer(actor: Actor) -> None:
        write_everything(actor)
        inner(actor, word="y")
        depths.append(len(connection.savepoint_ids))
        raise Refusal("invalid", "No.")

    with pytest.raises(Refusal):
        outer(SYSTEM)
    assert depths == [0, 0]
    assert nothing_is_kept()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [Refusal("invalid", "No."), ValueError("a bug"), KeyboardInterrupt()])
def test_whatever_is_raised_takes_everything_back(
    error: BaseException, write_everything: Callable[[Actor], None]
) -> None:
    @command
    def failing(actor: Actor) -> None:
        write_everything(actor)
        raise error

    with pytest.raises(type(error)):
        failing(SYSTEM)
    assert nothing_is_kept()
    assert commands._execution.get() is None


@pytest.mark.django_db(transaction=True)
def test_what_succeeds_is_there_with_its_event_and_job(write_everything: Callable[[Actor], None]) -> None:
    @command
    def writing(actor: Actor) -> str:
        write_everything(actor)
        return "done"

    actor = Actor(ActorKind.TOKEN, person_id=7, token_id=9)
    assert writing(actor) == "done"
    event = Event.objects.get()
    assert (event.command, event.actor_kind, event.actor_person_id, event.actor_ref_id) == ("writing", "token", 7, 9)
    assert (event.position, event.depth, event.cause_id, event.data) == (None, 0, None, {"word": "x"})
    assert Job.objects.count() == SearchRow.objects.count() == Setting.objects.count() == 1


class _Said(Exception):
    """What a driver says, with PostgreSQL's code."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def _database_error(kind: type[DatabaseError], text: str, sqlstate: str = "") -> DatabaseError:
    error = kind(text)
    error.__cause__ = _Said(sqlstate) if sqlstate else sqlite3.OperationalError(text)
    return error


TRANSIENT = {
    "sqlite is locked": lambda: _database_error(OperationalError, "database is locked"),
    "serialisation": lambda: _database_error(OperationalError, "could not serialize", "40001"),
    "deadlock": lambda: _database_error(OperationalError, "deadlock detected", "40P01"),
    "lock not available": lambda: _database_error(OperationalError, "no lock", "55P03"),
    "same id on sqlite": lambda: IntegrityError("UNIQUE constraint failed: kernel_event.id"),
    "same id on postgresql": lambda: IntegrityError('duplicate key value violates "kernel_event_pkey"'),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", TRANSIENT)
def test_a_transient_error_is_tried_again_and_leaves_one_effect(
    name: str, write_everything: Callable[[Actor], None]
) -> None:
    tries = []

    @command
    def unlucky(actor: Actor) -> str:
        tries.append(len(tries))
        write_everything(actor)
        if len(tries) < 3:
            raise TRANSIENT[name]()
        return "done"

    assert unlucky(SYSTEM) == "done"
    assert len(tries) == 3
    assert Event.objects.count() == Job.objects.count() == SearchRow.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_gives_up_after_four_attempts_and_keeps_nothing(write_everything: Callable[[Actor], None]) -> None:
    tries = []

    @command
    def hopeless(actor: Actor) -> None:
        tries.append(1)
        write_everything(actor)
        raise TRANSIENT["sqlite is locked"]()

    with pytest.raises(OperationalError):
        hopeless(SYSTEM)
    assert len(tries) == commands.ATTEMPTS
    assert nothing_is_kept()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "error",
    [
        IntegrityError("UNIQUE constraint failed: people_address.address"),
        _database_error(OperationalError, "no such table: x"),
        OSError(errno.EIO, "input/output error"),
    ],
)
def test_other_errors_are_not_tried_again(error: Exception) -> None:
    tries = []

    @command
    def broken(actor: Actor) -> None:
        tries.append(1)
        raise error

    with pytest.raises(type(error)):
        broken(SYSTEM)
    assert len(tries) == 1


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_of_somebody_else_nothing_is_tried_again(probe: Any) -> None:
    tries = []

    @command
    def unlucky(actor: Actor) -> None:
        tries.append(1)
        raise TRANSIENT["deadlock"]()

    with pytest.raises(OperationalError), transaction.atomic():
        unlucky(SYSTEM)
    assert len(tries) == 1


FULL = {
    "no space on disk": lambda: OSError(errno.ENOSPC, "No space left on device"),
    "quota": lambda: OSError(errno.EDQUOT, "Disk quota exceeded"),
    "sqlite is full": lambda: _database_error(OperationalError, "database or disk is full"),
    "postgresql is full": lambda: _database_error(OperationalError, "could not extend file", "53100"),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", FULL)
def test_a_full_disk_is_a_refusal_and_nothing_is_written(name: str, write_everything: Callable[[Actor], None]) -> None:
    @command
    def full(actor: Actor) -> None:
        write_everything(actor)
        raise FULL[name]()

    with pytest.raises(Refusal) as caught:
        full(SYSTEM)
    assert (caught.value.code, caught.value.status) == ("storage_full", 507)
    assert "Nothing was changed" in str(caught.value.hint)
    assert nothing_is_kept()


@pytest.mark.django_db(transaction=True)
def test_a_really_full_sqlite_refuses_and_works_again_with_room(probe: Any) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("max_page_count is SQLite's")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count")
        before = cursor.fetchone()[0]
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
    try:
        with pytest.raises(Refusal) as caught:
            probe.touched(word="x" * 5_000_000)
        assert caught.value.code == "storage_full"
        assert nothing_is_kept()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA max_page_count = {before}")
    assert probe.touched(word="there is room").pk


@pytest.mark.django_db
def test_an_event_outside_of_a_command_is_a_bug(probe: Any) -> None:
    with pytest.raises(RuntimeError, match="outside of a command"):
        record(SYSTEM, probe.happened(thing_id=1, client_id=None))
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_an_unknown_event_is_a_bug(probe: Any) -> None:
    commands.EVENTS._entries.pop("ProbeTouched")
    try:
        with pytest.raises(RuntimeError, match="not a known event"):
            probe.touched()
    finally:
        commands.EVENTS.register("ProbeTouched", probe.happened)
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_a_chain_of_causes_ends_at_its_depth(probe: Any) -> None:
    with caused_by(5, commands.MAX_DEPTH - 1):
        event = probe.touched()
    assert (event.cause_id, event.depth) == (5, commands.MAX_DEPTH - 1)
    with caused_by(5, commands.MAX_DEPTH), pytest.raises(Refusal) as caught:
        probe.touched(thing_id=2)
    assert caught.value.code == "loop"
    assert Event.objects.count() == Setting.objects.count() == 1


def test_only_the_system_does_what_is_the_systems() -> None:
    commands.system_only(SYSTEM)
    with pytest.raises(Refusal) as caught:
        commands.system_only(Actor(ActorKind.PERSON, person_id=1))
    assert caught.value.code == "forbidden"


@pytest.mark.django_db(transaction=True)
def test_a_file_is_on_disk_before_the_row_that_names_it_and_swept_when_the_commit_fails(
    tmp_path: Path, settings: Any
) -> None:
    settings.TIERDESK = dataclasses.replace(settings.TIERDESK, data_dir=tmp_path)  # other tests' files are not swept
    kept: list[str] = []

    @command
    def storing(actor: Actor) -> None:
        stored = files.store(b"precious")
        kept.append(stored.key)
        assert files.path_of(stored.key).read_bytes() == b"precious"
        raise Refusal("invalid", "No.")

    with pytest.raises(Refusal):
        storing(SYSTEM)
    assert not StoredFile.objects.exists()
    files.sweep(3_600)
    assert files.path_of(kept[0]).exists()  # too young: its row may be about to commit
    files.sweep(-60)
    assert not files.path_of(kept[0]).exists()
