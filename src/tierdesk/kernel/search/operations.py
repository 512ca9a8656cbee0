"""The part of the lexical index that Django's models cannot express, as a migration's operation."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

from tierdesk.kernel.search import postgresql, sqlite

_STATEMENTS = {
    "sqlite": (sqlite.CREATE, sqlite.DROP),
    "postgresql": (postgresql.CREATE, postgresql.DROP),
}


class CreateLexicalIndex(Operation):
    """After the table `kernel_searchrow` exists: an FTS5 table on SQLite, a tsvector column with GIN on PostgreSQL."""

    reversible = True
    reduces_to_sql = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Django's state knows nothing of it."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Create it."""
        for statement in _STATEMENTS[schema_editor.connection.vendor][0]:
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Drop it; the rows stay, `reindex` fills a new one."""
        for statement in _STATEMENTS[schema_editor.connection.vendor][1]:
            schema_editor.execute(statement)

    def describe(self) -> str:
        """What a person reads when it runs."""
        return "Create the lexical index"
