"""The database itself refuses a row that points to another client's, whoever writes it and however."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.db.migrations.loader import MigrationLoader

from tierdesk.demo.cast import Cast
from tierdesk.domain.people.models import Client
from tierdesk.domain.tickets.commands import FileIn, add_note, create_custom_field, mark_read, open_ticket
from tierdesk.domain.tickets.models import Ticket
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.fences import TenantFence

pytestmark = pytest.mark.django_db


def _fences() -> list[TenantFence]:
    loaded = MigrationLoader(None, ignore_no_migrations=True).disk_migrations.values()
    return [one for migration in loaded for one in migration.operations if isinstance(one, TenantFence)]


FENCES = {(fence.child, fence.column): fence for fence in _fences()}
TICKETS = sorted(key for key in FENCES if key[0].startswith("tickets_"))


def _model(table: str) -> type[models.Model]:
    return next(model for model in apps.get_models() if model._meta.db_table == table)


@pytest.fixture
def rows(cast: Cast) -> dict[str, Ticket]:
    """A ticket of Acme and one of Bolt, each with everything that hangs on a ticket."""
    create_custom_field(cast.actor("admin"), key="room", type="text", label={"en": "Room"})
    made = {}
    for name, person, client in (("acme", cast.requester_a, cast.acme), ("bolt", cast.requester_b, cast.bolt)):
        file = FileIn("a.txt", "text/plain", b"a")
        made[name] = open_ticket(
            SYSTEM,
            subject="S",
            text="T",
            requester_id=person.pk,
            client_id=client.pk,
            channel="web",
            files=[file],
            participant_ids=[cast.requester_a2.pk],
            custom_fields={"room": "1"},
        )
        add_note(cast.actor("agent_l1"), ref=made[name].ref, text="N", files=[file])
        mark_read(cast.actor("agent_l1"), ref=made[name].ref)
    return made


def _settle() -> None:
    connection.check_constraints()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _row(table: str, column: str, client_id: int) -> dict[str, Any]:
    found = _model(table)._base_manager.filter(client_id=client_id, **{f"{column}__isnull": False})
    values = found.values().first()
    assert values is not None, f"nothing in {table} has {column}"
    return values


@pytest.mark.parametrize(("table", "column"), TICKETS)
def test_a_row_cannot_be_moved_to_another_client(table: str, column: str, rows: dict[str, Ticket], cast: Cast) -> None:
    row = _row(table, column, cast.acme.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        _model(table)._base_manager.filter(pk=row["id"]).update(client_id=cast.bolt.pk)
        _settle()


@pytest.mark.parametrize(("table", "column"), TICKETS)
def test_a_row_cannot_come_to_point_to_another_clients(
    table: str, column: str, rows: dict[str, Ticket], cast: Cast
) -> None:
    row, foreign = _row(table, column, cast.acme.pk), _row(table, column, cast.bolt.pk)
    _model(table)._base_manager.filter(pk=foreign["id"]).delete()  # so that no other rule is in the way
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        _model(table)._base_manager.filter(pk=row["id"]).update(**{column: foreign[column]})
        _settle()
    assert "fence" in str(caught.value)


@pytest.mark.parametrize(("table", "column"), TICKETS)
def test_a_row_that_points_to_another_clients_cannot_be_inserted(
    table: str, column: str, rows: dict[str, Ticket], cast: Cast
) -> None:
    model = _model(table)
    row, foreign = _row(table, column, cast.acme.pk), _row(table, column, cast.bolt.pk)
    model._base_manager.filter(pk__in=[row["id"], foreign["id"]]).delete()  # so that no other rule is in the way
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        model._base_manager.bulk_create([model(**{**row, column: foreign[column]})])
        _settle()
    assert "fence" in str(caught.value)
    model._base_manager.bulk_create([model(**row)])
    _settle()


def test_a_parent_cannot_be_moved_away_from_its_rows(rows: dict[str, Ticket], cast: Cast) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's triggers watch the child; commands never move a ticket")
    with pytest.raises(DatabaseError), transaction.atomic():
        Ticket.objects.unscoped("test").filter(pk=rows["acme"].pk).update(client_id=cast.bolt.pk)
        _settle()


def test_every_reference_from_one_clients_table_to_another_is_fenced() -> None:
    """A table with a client that points to a table with a client, wherever it is."""
    with_client = {
        m for m in apps.get_models() if any(f.name == "client" and f.related_model is Client for f in m._meta.fields)
    }
    owned = {m for m in with_client if not m._meta.get_field("client").null and m._meta.app_label == "tickets"}
    missing = [
        (model._meta.db_table, field.column)
        for model in owned
        for field in model._meta.fields
        if field.related_model in owned and (model._meta.db_table, field.column) not in FENCES
    ]
    assert missing == []
