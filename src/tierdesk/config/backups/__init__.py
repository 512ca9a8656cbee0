"""`tierdesk backup` and `tierdesk restore`: all of an installation in one folder, and back, checked both ways."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from tierdesk.config import checking
from tierdesk.config.backups import dumping, manifest
from tierdesk.config.backups.manifest import BackupError, Manifest
from tierdesk.config.environment import INSTALLATION_FILE

__all__ = ["BackupError", "backup", "restore"]

FILES = "files"


def backup(folder: Path) -> int:
    """Write the installation into a folder that does not exist yet, while it serves. Returns the exit code.

    The database comes first and the files after it: files never change and are durable before the commit that names
    them, so that every file the copied database names is there. It is written as `FOLDER.partial` and renamed when all
    of it is on disk. Refused: a folder with something in it.
    """
    return _said(lambda: _backup(folder.resolve()))


def restore(folder: Path) -> int:
    """Bring a backup into an empty installation, once every checksum agrees, and check the result. Returns the exit
    code. Refused, changing nothing: a backup that is damaged or of a newer version, an installation with tickets or
    people in it, another kind of database.
    """
    return _said(lambda: _restore(folder.resolve()))


def _said(work: Callable[[], str]) -> int:
    try:
        sys.stdout.write(work() + "\n")
    except BackupError as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    return 0


def _backup(folder: Path) -> str:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} is not empty. Name a folder that does not exist yet.")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    try:
        dump = partial / dumping.name_of_dump()
        counts = dumping.dump(dump)
        _copy_files(partial / FILES)
        installation = settings.TIERDESK.data_dir / INSTALLATION_FILE
        if installation.exists():
            shutil.copyfile(installation, partial / INSTALLATION_FILE)
            (partial / INSTALLATION_FILE).chmod(0o600)
        made = manifest.write(partial, counts=counts)
        manifest.sync(partial)
    except OSError as failure:
        shutil.rmtree(partial, ignore_errors=True)
        raise BackupError(f"The backup could not be written: {failure}. Nothing of it was left.") from failure
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    if folder.exists():
        folder.rmdir()
    partial.rename(folder)
    manifest.sync_folder(folder.parent)
    size = sum(entry.size for entry in made.files.values())
    said = f"{folder}: {len(made.files)} files, {size / 1024**2:.1f} MiB."
    return f"{said} It holds the installation's secrets: keep it safe."


def _copy_files(target: Path) -> None:
    """Every stored file, once. Copied, not linked: a link would share the fate of the disk's block."""
    source = settings.TIERDESK.files_dir
    target.mkdir()
    for path in sorted(source.glob("??/*")) if source.exists() else ():
        place = target / path.parent.name
        place.mkdir(exist_ok=True)
        try:
            shutil.copy2(path, place / path.name)
        except FileNotFoundError:  # an orphan that a worker swept away meanwhile; no row names it
            continue


def _restore(folder: Path) -> str:
    found = manifest.read(folder)
    _refuse_unfit(found)
    manifest.verify(folder, found)
    _refuse_used()
    data_dir = settings.TIERDESK.data_dir
    files_dir = settings.TIERDESK.files_dir
    try:
        for path in sorted((folder / FILES).glob("??/*")):
            place = files_dir / path.parent.name
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place / path.name)
        if files_dir.exists():
            manifest.sync(files_dir)
        connections.close_all()
        dumping.load(folder / dumping.name_of_dump())
    except BaseException:  # it was empty before, and is again
        shutil.rmtree(files_dir, ignore_errors=True)
        raise
    _take_over_secrets(folder / INSTALLATION_FILE, data_dir / INSTALLATION_FILE)
    call_command("migrate", interactive=False, verbosity=0)
    counts = dumping.counts_now()
    wrong = [name for name, count in found.counts.items() if counts.get(name, count) < count]
    if wrong:
        raise BackupError(f"Not every row came back ({', '.join(wrong[:5])}). Empty {data_dir} and try again.")
    errors = [one for one in checking.examine() if one.severity is checking.Severity.ERROR]
    said = "".join(f"\n{one.text} → {one.remedy}" for one in errors)
    return f"{folder} of {found.created} is in {data_dir} now. Start it with `tierdesk serve`.{said}"


def _refuse_unfit(found: Manifest) -> None:
    if found.format > manifest.FORMAT:
        raise BackupError("This backup was written by a newer version. Install that one, then restore.")
    if found.database != connection.vendor:
        raise BackupError(
            f"This is a backup of {found.database}, and this installation is to run on {connection.vendor}. "
            "Give an address of the same kind of database (--database, TIERDESK_DATABASE)."
        )


def _refuse_used() -> None:
    counts = dumping.counts_now()
    used = [name for name in ("people_login", "tickets_ticket", "kernel_event") if counts.get(name)]
    files = settings.TIERDESK.files_dir
    if used or (files.exists() and any(files.glob("??/*"))):
        raise BackupError(
            f"{settings.TIERDESK.data_dir} is in use already, and a restore never overwrites. Stop the desk, name an "
            "empty data folder (--data) and, on PostgreSQL, an empty database."
        )


def _take_over_secrets(kept: Path, path: Path) -> None:
    """The backup's secrets, so that sessions, answers by mail and passwords of mailboxes hold; our own database."""
    if not kept.exists():
        return
    manifest.take_over_secrets(kept, path)
    path.chmod(0o600)
