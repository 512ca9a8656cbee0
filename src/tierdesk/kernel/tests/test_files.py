"""Files: durable under random names, read by key alone, gone when the disk was full."""

from __future__ import annotations

import dataclasses
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tierdesk.kernel import files
from tierdesk.kernel.models import StoredFile
from tierdesk.kernel.refusals import Refusal

TRAVERSALS = [
    "",
    "../../etc/passwd",
    "/etc/passwd",
    "a" * 39,
    "A" * 40,
    "a" * 38 + "..",
    "a" * 39 + "\n",
    "a" * 39 + "\0",
]
TRAVERSALS += ["..%2f" * 8, "\\" * 40, "é" * 40, "٠" * 40]


def _on_disk() -> set[Path]:
    root = Path(settings.TIERDESK.files_dir)
    return {path for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("key", TRAVERSALS)
def test_only_our_own_keys_lead_to_a_path(key: str) -> None:
    with pytest.raises(ValueError, match="not the key"):
        files.path_of(key)


@pytest.mark.django_db
def test_what_is_stored_is_read_back_byte_for_byte() -> None:
    content = bytes(range(256)) * 5_000
    stored = files.store(iter([content[:7], content[7:]]))
    assert files.read(StoredFile.objects.get(pk=stored.pk)) == content
    with files.open_stream(stored) as stream:
        assert stream.read() == content
    assert stored.size == len(content)
    assert Path(settings.TIERDESK.files_dir) in files.path_of(stored.key).parents
    assert files.store(content).key != stored.key  # by chance, never by content


def test_bytes_and_every_new_folder_are_synced_before_the_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A power cut after the commit must find the file: its bytes, its name, and its folder's name."""
    synced: list[Path] = []
    real = os.fsync
    monkeypatch.setattr(files, "path_of", lambda key: tmp_path / "root" / key[:2] / key)
    (tmp_path / "root").mkdir()

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    written = files.write(b"x")
    path = tmp_path / "root" / written.key[:2] / written.key
    assert synced == [path, path.parent, path.parent.parent]


def _failing(error: BaseException) -> Iterator[bytes]:
    yield b"some of it"
    raise error


def test_a_full_disk_is_a_refusal_and_leaves_nothing_behind() -> None:
    before = _on_disk()
    with pytest.raises(Refusal) as caught:
        files.write(_failing(OSError(errno.ENOSPC, "No space left on device")))
    assert caught.value.code == "storage_full"
    assert _on_disk() == before


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), ValueError("broken upload"), KeyboardInterrupt()])
def test_whatever_breaks_off_the_writing_leaves_nothing_behind(error: BaseException) -> None:
    before = _on_disk()
    with pytest.raises(type(error)):
        files.write(_failing(error))
    assert _on_disk() == before


@pytest.mark.django_db
def test_sweeping_keeps_what_a_row_names_and_what_is_young() -> None:
    named, orphan = files.store(b"named"), files.write(b"orphan")
    young = files.write(b"young")
    old = files.path_of(named.key).stat().st_mtime - 3_600
    for key in (named.key, orphan.key):
        os.utime(files.path_of(key), (old, old))
    assert files.sweep(1_800) >= 1
    assert files.path_of(named.key).exists()
    assert files.path_of(young.key).exists()
    assert not files.path_of(orphan.key).exists()


def test_an_installation_without_files_has_nothing_to_sweep(tmp_path: Path, settings: Any) -> None:
    settings.TIERDESK = dataclasses.replace(settings.TIERDESK, data_dir=tmp_path / "nowhere")
    assert files.sweep(0) == 0
