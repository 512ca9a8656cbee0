"""The database as one file, taken while it serves, and back again."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from tierdesk.config.backups.manifest import BackupError
from tierdesk.config.checking.ground import quick_check

DUMPS = {"sqlite": "tierdesk.sqlite3", "postgresql": "tierdesk.pgdump"}
PAGES_AT_ONCE = 2000
SAID_AT_MOST = 500


def name_of_dump() -> str:
    """What the database's file is called in a backup."""
    return DUMPS[connection.vendor]


def dump(target: Path) -> dict[str, int]:
    """Write a consistent picture of the database, of one moment, while others write. Returns its rows by table."""
    if connection.vendor == "sqlite":
        return _dump_sqlite(target)
    return _dump_postgresql(target)


def load(source: Path) -> None:
    """Put a dump in the place of the empty database."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as kept, closing(_sqlite()) as own:
            kept.backup(own)
            own.execute("PRAGMA journal_mode=WAL")
        return
    options = ("--clean", "--if-exists", "--no-owner", "--no-acl", "--exit-on-error", "--single-transaction")
    _run("pg_restore", *options, f"--dbname={settings.DATABASES['default']['NAME']}", str(source))


def counts_now() -> dict[str, int]:
    """Rows by table; nothing of a database without tables."""
    counts: dict[str, int] = {}
    try:
        present = set(connection.introspection.table_names())
        with connection.cursor() as cursor:
            for name in _tables():
                if name in present:
                    cursor.execute(_counting(name))
                    counts[name] = int(cursor.fetchone()[0])
    except DatabaseError as failure:
        raise BackupError(f"The database does not answer: {failure}") from failure
    return counts


def _dump_sqlite(target: Path) -> dict[str, int]:
    with closing(_sqlite()) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy, pages=PAGES_AT_ONCE, sleep=0.01)
        copy.execute("PRAGMA journal_mode=DELETE")
    said = quick_check(target)
    if said != ["ok"]:
        raise BackupError(f"The database is damaged ({said[0]}). See `tierdesk check`.")
    with closing(sqlite3.connect(f"file:{target}?mode=ro", uri=True)) as copy:
        return {name: int(copy.execute(_counting(name)).fetchone()[0]) for name in _tables()}


def _dump_postgresql(target: Path) -> dict[str, int]:
    import psycopg  # noqa: PLC0415 - an installation on SQLite does without it

    facts = connection.get_connection_params()
    kept = {k: v for k, v in facts.items() if k not in {"context", "cursor_factory", "prepare_threshold"}}
    with closing(psycopg.connect(**kept)) as opened:
        opened.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

        def one(sql: Any) -> Any:
            row = opened.execute(sql).fetchone()
            return row[0] if row else None

        snapshot = one("SELECT pg_export_snapshot()")
        counts = {name: int(one(_counting(name))) for name in _tables()}
        _run("pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--snapshot={snapshot}", f"--file={target}")
    return counts


def _tables() -> list[str]:
    return sorted(connection.introspection.django_table_names(include_views=False))


def _counting(table: str) -> str:
    """The statement that counts a table of ours."""
    return f"SELECT count(*) FROM {connection.ops.quote_name(table)}"  # noqa: S608 - names of Django's own models


def _sqlite() -> sqlite3.Connection:
    name = str(settings.DATABASES["default"]["NAME"])
    return sqlite3.connect(name, uri=name.startswith("file:"), timeout=20)


def _run(program: str, *arguments: str) -> None:
    facts: dict[str, Any] = settings.DATABASES["default"]
    given = {"PGHOST": facts["HOST"], "PGPORT": facts["PORT"], "PGUSER": facts["USER"], "PGPASSWORD": facts["PASSWORD"]}
    given["PGDATABASE"] = facts["NAME"]
    if sslmode := facts.get("OPTIONS", {}).get("sslmode"):
        given["PGSSLMODE"] = sslmode
    environment = {**os.environ, **{name: str(value) for name, value in given.items() if value}}
    done = subprocess.run(  # noqa: S603 - our own arguments; the password stands in the environment, not among them
        [_program(program), "--no-password", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {' '.join(done.stderr.split())[:SAID_AT_MOST]}")


def _program(name: str) -> str:
    """The newest of PostgreSQL's programs on this machine: a newer one reads older servers, not the other way."""
    installed = [path for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}") if path.parts[4].isdigit()]
    if installed:
        return str(max(installed, key=lambda path: int(path.parts[4])))
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            f"{name} is not on this machine. Install PostgreSQL's client programs (Debian: postgresql-client)."
        )
    return found
