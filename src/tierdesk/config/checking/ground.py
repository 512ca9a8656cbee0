"""What an installation stands on: its secrets, addresses, disk, files and database."""

import ipaddress
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from tierdesk.config.checking.finding import Finding, amount, error, fine, warning
from tierdesk.config.environment import INSTALLATION_FILE
from tierdesk.kernel import files, housekeeping

SHORTEST_SECRET = 32  # characters
FEWEST_LETTERS = 8  # different ones
OFTEN_TAKEN = ("changeme", "change-me", "django-insecure", "secret", "password", "12345")
FREE_SHARE = 0.05
FREE_BYTES = 1024**3
FREE_AT_LEAST = 200 * 1024**2
SHOWN = 3


def secrets() -> Iterator[Finding]:
    """Whether the file of secrets is there and is nobody else's to read; whether the key is one."""
    path = settings.TIERDESK.data_dir / INSTALLATION_FILE
    if not path.exists() and not os.environ.get("TIERDESK_SECRET_KEY"):
        yield error(
            "secrets",
            "no-installation-file",
            f"There is no {path}: every start makes new secrets, and sessions and answers by mail come to nothing.",
            "Put the file back from the latest backup, or set TIERDESK_SECRET_KEY.",
        )
    elif path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield error(
            "secrets",
            "installation-file-open",
            f"{path} can be read by others on this machine; it holds the key that everything is signed with.",
            f"chmod 600 {path}",
        )
    else:
        yield fine("secrets", "installation-file", "The secrets are kept for this user alone.")
    key = settings.SECRET_KEY
    if len(key) < SHORTEST_SECRET or len(set(key)) < FEWEST_LETTERS or key.lower().startswith(OFTEN_TAKEN):
        yield error(
            "secrets",
            "weak-secret",
            "The secret key can be guessed.",
            "Leave TIERDESK_SECRET_KEY out, so that a key is made, or give 50 random characters. Everybody has to sign "
            "in again, and passwords of mailboxes have to be entered again.",
        )


def addresses() -> Iterator[Finding]:
    """Whether people's passwords cross a network in clear."""
    url = urlsplit(settings.TIERDESK.public_url)
    if url.scheme != "https" and not _is_loopback(url.hostname or ""):
        yield warning(
            "addresses",
            "no-https",
            f"The desk's address is {settings.TIERDESK.public_url}: passwords cross the network in clear.",
            "Put a proxy with a certificate in front and set TIERDESK_PUBLIC_URL to its https:// address.",
        )
    else:
        yield fine("addresses", "public-url", f"Links lead to {settings.TIERDESK.public_url}.")


def disk() -> Iterator[Finding]:
    """How much room the data folder has."""
    usage = shutil.disk_usage(settings.TIERDESK.data_dir)
    yield disk_finding(settings.TIERDESK.data_dir, usage.total, usage.free)


def disk_finding(folder: Path, total: int, free: int) -> Finding:
    """What so much room of so much (in bytes) means."""
    text = f"{folder} has {free / 1024**3:.1f} GiB free of {total / 1024**3:.1f}."
    remedy = "Make room or enlarge the disk. Nothing is lost meanwhile: what does not fit is refused."
    if free < FREE_AT_LEAST:
        return error("disk", "disk-full", text, remedy)
    if free < FREE_BYTES or free < total * FREE_SHARE:
        return warning("disk", "disk-nearly-full", text, remedy)
    return fine("disk", "disk", text)


def files_folder() -> Iterator[Finding]:
    """Whether attachments and mails can be written."""
    folder = settings.TIERDESK.files_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as failure:
        yield error(
            "files",
            "files-not-writable",
            f"Nothing can be written to {folder} ({failure.strerror}): no attachment and no mail can be taken.",
            f"Make {folder} a folder that this user owns.",
        )
    else:
        yield fine("files", "files-writable", f"{folder} can be written.")


def database() -> Iterator[Finding]:
    """Whether the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as failure:
        connection.close()
        yield error(
            "database",
            "database-unreachable",
            f"The database does not answer: {' '.join(str(failure).split())}",
            "Start the database, and see that `database` in installation.json or TIERDESK_DATABASE names it rightly.",
        )
        return
    kind = "SQLite" if connection.vendor == "sqlite" else f"PostgreSQL {_postgresql_version()}"
    yield fine("database", "database", f"{kind} answers.")


def migrations() -> Iterator[Finding]:
    """Whether the tables are those of this version."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _back in pending[:SHOWN])
        yield error(
            "database",
            "migrations-pending",
            f"{amount(len(pending), 'migration is', 'migrations are')} not applied: {names}.",
            "Make a backup, then run `tierdesk migrate`.",
        )
    else:
        yield fine("database", "migrations", "The tables are those of this version.")


def integrity() -> Iterator[Finding]:
    """Whether SQLite's file is whole. PostgreSQL keeps checksums of its own."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(5)")
        said = [str(row[0]) for row in cursor.fetchall()]
    yield integrity_finding(said)


def quick_check(path: Path) -> list[str]:
    """What SQLite says of a database file; `["ok"]` when it is whole."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as opened:
            return [str(row[0]) for row in opened.execute("PRAGMA quick_check(5)")]
    except sqlite3.DatabaseError as failure:
        return [str(failure)]


def integrity_finding(said: list[str]) -> Finding:
    """What SQLite's words mean."""
    if said == ["ok"]:
        return fine("database", "integrity", "The database file is whole.")
    return error(
        "database",
        "database-damaged",
        f"The database file is damaged: {'; '.join(' '.join(one.split()) for one in said)[:300]}",
        "Stop the desk, keep a copy of the data folder, and restore the latest backup into a new one. Check the disk.",
    )


def stored_files() -> Iterator[Finding]:
    """Whether every file that a row names is there, and how many are that no row names."""
    gone = list(files.missing())
    if gone:
        names = ", ".join(f"{row.key[:2]}/{row.key}" for row in gone[:SHOWN])
        yield error(
            "files",
            "files-missing",
            f"{amount(len(gone), 'stored file is', 'stored files are')} not on disk, or not whole: {names}"
            + ("…" if len(gone) > SHOWN else "."),
            f"Copy them from a backup's `files` folder into {settings.TIERDESK.files_dir}.",
        )
    else:
        yield fine("files", "files-there", "Every stored file is on disk.")
    orphans = sum(1 for _path in files.orphans(housekeeping.ORPHAN_SECONDS))
    if orphans:
        yield warning(
            "files",
            "files-orphaned",
            f"{amount(orphans, 'file', 'files')} on disk that nothing names, older than a day.",
            "A running worker sweeps them away within hours; if they stay, see that one runs.",
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _postgresql_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0]).split()[0]
