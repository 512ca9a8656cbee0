"""Bytes on disk: durable before the commit that names them, under random names, read only through their rows."""

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from tierdesk.kernel import clock, ids
from tierdesk.kernel.commands import is_storage_full, storage_full
from tierdesk.kernel.models import StoredFile
from tierdesk.kernel.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes that are durable on disk and that no row names yet; swept away unless one does within the day."""

    key: str
    size: int
    sha256: str


def write(content: bytes | Iterable[bytes]) -> Written:
    """Write bytes to disk, fsynced with their folder. Call it before the transaction, so that no lock waits for it.

    Refused: `storage_full` when there is no room; what was written of it is removed.
    """
    key = secrets.token_hex(20)
    path = path_of(key)
    chunks = [content] if isinstance(content, bytes) else content
    digest, size = hashlib.sha256(), 0
    try:
        new_folder = not path.parent.is_dir()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        _sync_folder(path.parent)
        if new_folder:  # whose own name must last, too
            _sync_folder(path.parent.parent)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if is_storage_full(error):
            raise storage_full() from error
        raise
    return Written(key, size, digest.hexdigest())


@contextmanager
def discarded_if_refused() -> Iterator[list[Written]]:
    """What is put on the list goes from the disk when the block ends with a refusal: its transaction was rolled back,
    no row names it, and on a disk that is nearly full every try would take more of it. Whatever else ends the block
    leaves it to `sweep`, since a commit may have gone through.
    """
    written: list[Written] = []
    try:
        yield written
    except Refusal:
        for one in written:
            path_of(one.key).unlink(missing_ok=True)
        raise


def adopt(written: Written) -> StoredFile:
    """Name written bytes in a row of the running transaction."""
    row = StoredFile(id=ids.new_id(), key=written.key, size=written.size, sha256=written.sha256)
    row.save(force_insert=True)
    return row


def store(content: bytes | Iterable[bytes]) -> StoredFile:
    """Write bytes and name them at once."""
    return adopt(write(content))


def read(stored: StoredFile) -> bytes:
    """All bytes of a stored file."""
    return path_of(stored.key).read_bytes()


def open_stream(stored: StoredFile) -> BinaryIO:
    """The file, open for reading."""
    return path_of(stored.key).open("rb")


def path_of(key: str) -> Path:
    """Where the bytes of a key lie. Refused with `ValueError`: anything but a key that we made."""
    if len(key) != 40 or not all(c in "0123456789abcdef" for c in key):
        raise ValueError("This is not the key of a stored file.")
    return Path(settings.TIERDESK.files_dir) / key[:2] / key


def sweep(older_than_seconds: float) -> int:
    """Remove files on disk that no row names and that are older than the age given. Returns how many."""
    removed = 0
    for path in orphans(older_than_seconds):
        path.unlink(missing_ok=True)
        removed += 1
    return removed


def orphans(older_than_seconds: float) -> Iterator[Path]:
    """Files on disk that no row names and that are older than the age given."""
    root = Path(settings.TIERDESK.files_dir)
    limit = clock.now().timestamp() - older_than_seconds
    for folder in sorted(root.iterdir()) if root.exists() else ():
        if not folder.is_dir():
            continue
        paths = {p.name: p for p in folder.iterdir() if p.stat().st_mtime < limit}
        known = set(StoredFile.objects.filter(key__in=list(paths)).values_list("key", flat=True))
        yield from (paths[name] for name in sorted(paths.keys() - known))


def missing() -> Iterator[StoredFile]:
    """Rows whose bytes are not on disk, or not all of them. Reads no content."""
    for row in StoredFile.objects.order_by("id").iterator():
        try:
            size = path_of(row.key).stat().st_size
        except FileNotFoundError:
            size = -1
        if size != row.size:
            yield row


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
