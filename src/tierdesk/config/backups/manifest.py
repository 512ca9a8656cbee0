"""What a backup's folder holds, with a checksum for each file, so that a restore begins only with all of it."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from tierdesk.kernel import clock

FORMAT = 1
NAME = "manifest.json"
SHOWN = 3


class BackupError(Exception):
    """A backup or restore was not done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its size in bytes and SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`database` is `sqlite` or `postgresql`; `created` a moment in UTC; `counts` are rows by table."""

    format: int
    version: str
    database: str
    created: str
    counts: dict[str, int]
    files: dict[str, Entry]


def write(folder: Path, *, counts: dict[str, int]) -> Manifest:
    """List everything in the folder, with checksums, in its manifest."""
    entries = {
        str(path.relative_to(folder)): Entry(path.stat().st_size, _sha256(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    made = Manifest(FORMAT, _version(), connection.vendor, f"{clock.now():%Y-%m-%dT%H:%M:%SZ}", counts, entries)
    (folder / NAME).write_text(json.dumps(asdict(made), indent=1, ensure_ascii=False), encoding="utf-8")
    return made


def read(folder: Path) -> Manifest:
    """The manifest of a folder. Refused: a folder that is no finished backup."""
    path = folder / NAME
    if not path.exists():
        unfinished = " It was not finished." if folder.name.endswith(".partial") else ""
        raise BackupError(f"{folder} is no backup: there is no {NAME} in it.{unfinished}")
    try:
        given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        files = {name: Entry(int(e["size"]), str(e["sha256"])) for name, e in given.pop("files").items()}
        return Manifest(files=files, **given)
    except (ValueError, KeyError, TypeError, AttributeError) as damage:
        raise BackupError(f"{path} is damaged. Take another backup.") from damage


def verify(folder: Path, found: Manifest) -> None:
    """Refuse a folder in which a file is missing, altered, or one too many; names them."""
    wrong: list[str] = []
    for name, entry in found.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder) or not path.is_file():
            wrong.append(f"{name} is missing")
        elif path.stat().st_size != entry.size or _sha256(path) != entry.sha256:
            wrong.append(f"{name} was altered")
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    wrong += [f"{name} does not belong to it" for name in sorted(there - set(found.files) - {NAME})]
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise BackupError(
            f"This backup is damaged: {', '.join(wrong[:SHOWN])}{more}. Nothing was restored; take another backup."
        )


def take_over_secrets(kept: Path, path: Path) -> None:
    """Complete the installation's file from the backup's: its secrets and addresses; the database stays our own."""
    theirs: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    ours: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    theirs.pop("database", None)
    if "database" in ours:
        theirs["database"] = ours["database"]
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(theirs, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def sync(folder: Path) -> None:
    """Make everything below a folder durable."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
        else:
            sync_folder(path)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - a checkout may not be installed

    try:
        return version("tierdesk")
    except PackageNotFoundError:
        return "unknown"
