"""The second fence between clients, in the database itself: a row and what it points to have the same client."""

from typing import Any

from django.db.migrations.operations.base import Operation


class TenantFence(Operation):
    """Migration operation: `child.(client_id, column)` must be a `parent.(client_id, id)`.

    A composite foreign key on PostgreSQL; on SQLite, which cannot add one to a table that exists, triggers that say
    the same. `parent_column` names the parent's client column (`id` where the parent is the client's own row).
    """

    reversible = True
    reduces_to_sql = True

    def __init__(self, child: str, column: str, parent: str) -> None:
        self.child, self.column, self.parent = child, column, parent

    @property
    def name(self) -> str:
        """What its constraints and triggers are called."""
        return f"fence_{self.child}_{self.column}"[:60]

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.child, self.column, self.parent], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models do not know of it."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"CREATE UNIQUE INDEX IF NOT EXISTS {self.parent}_fence ON {self.parent} (client_id, id)"
            )
            schema_editor.execute(
                f"ALTER TABLE {self.child} ADD CONSTRAINT {self.name} FOREIGN KEY (client_id, {self.column}) "
                f"REFERENCES {self.parent} (client_id, id) DEFERRABLE INITIALLY DEFERRED"
            )
            return
        for when in ("INSERT", f"UPDATE OF client_id, {self.column}"):
            verb = when.split()[0].lower()
            schema_editor.execute(
                f"CREATE TRIGGER {self.name}_{verb} BEFORE {when} ON {self.child} "  # noqa: S608 - names from migrations
                f"WHEN NEW.{self.column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {self.parent} p "
                f"WHERE p.id = NEW.{self.column} AND p.client_id = NEW.client_id) "
                f"BEGIN SELECT RAISE(ABORT, 'fence: {self.child}.{self.column} is of another client'); END"
            )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE {self.child} DROP CONSTRAINT {self.name}")
            return
        for verb in ("insert", "update"):
            schema_editor.execute(f"DROP TRIGGER {self.name}_{verb}")

    def describe(self) -> str:
        return f"Fence {self.child}.{self.column} to its client"


class NumberSequence(Operation):
    """Migration operation: numbers of a kind come from a sequence (PostgreSQL; SQLite counts in a row)."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, kind: str, first: int) -> None:
        self.kind, self.first = kind, first

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.kind, self.first], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models do not know of it."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"CREATE SEQUENCE kernel_number_{self.kind} START {self.first}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP SEQUENCE kernel_number_{self.kind}")

    def describe(self) -> str:
        return f"Count {self.kind} numbers"
