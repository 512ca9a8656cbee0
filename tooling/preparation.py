"""Prepare this checkout: `.venv`, hash-locked packages, front-end libraries, message catalogues.

Does only what is not up to date: each part leaves a stamp of what it was made from, and a second run starts neither
pip nor npm. What runs Tierdesk is always prepared; `dev` adds what checks and tests it, `scan` the scanner's own
environment.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import hatch_build
from tooling import debian
from tooling.checkout import (
    PYTHON,
    ROOT,
    SCAN_VENV,
    STAMPS,
    VENV,
    StepError,
    complain,
    relative,
    run,
    say,
    shared_venv,
)

PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", "install")


def main() -> int:
    """`bin/prepare [dev] [scan]`."""
    parser = argparse.ArgumentParser(prog="bin/prepare", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="dev|scan", help="what to prepare beside the application")
    parts = parser.parse_args().parts
    if unknown := set(parts) - {"app", "dev", "scan"}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}: choose from dev and scan")
    try:
        prepare(*parts)
    except StepError as error:
        return complain(error, "bin/prepare")
    return 0


def prepare(*parts: str) -> None:
    """Bring the checkout up to date; two at once wait for each other. Raises `StepError` saying what failed."""
    with _one_at_a_time():
        if shared_venv() and not PYTHON.exists():
            raise StepError(f"{VENV} is a link that leads to no environment; remove it and start again")
        began = time.monotonic()
        worked = False if shared_venv() else _packages(with_dev="dev" in parts)
        worked = _front_end() or worked
        if "scan" in parts:
            worked = _scanner() or worked
        if worked:
            say(f"prepared in {time.monotonic() - began:.0f} s")


def _packages(*, with_dev: bool) -> bool:
    """The application's environment; True when something had to be done."""
    stamps = {
        "app": _digest("requirements/app.txt", "requirements/build.txt"),
        "editable": _digest("pyproject.toml", "hatch_build.py"),
    }
    if with_dev:
        stamps["dev"] = _digest("requirements/dev.txt")
    stale = [name for name, digest in stamps.items() if _stamp(VENV, name) != digest]
    if not stale:
        return False
    _environment(VENV)
    if "app" in stale:
        _install("build packages", "requirements/build.txt")
        with ThreadPoolExecutor(1) as aside:  # npm fetches while pip does
            libraries = aside.submit(_front_end)
            _install("packages", "requirements/app.txt")
            libraries.result()
        _write_stamp(VENV, "app", stamps["app"])
    if "dev" in stale:
        _install("packages that check and test", "requirements/dev.txt")
        _write_stamp(VENV, "dev", stamps["dev"])
    if "editable" in stale:
        run("installing the checkout", PYTHON, *PIP, "--no-deps", "--no-build-isolation", "--editable", ROOT)
        _write_stamp(VENV, "editable", stamps["editable"])
    return True


def _front_end() -> bool:
    """Libraries, icons and compiled catalogues; True when something had to be done."""
    worked = False
    if hatch_build.libraries_stale(ROOT):
        say("front-end libraries and icons (npm)")
        run("front-end libraries", PYTHON, ROOT / "hatch_build.py")
        worked = True
    if hatch_build.stale_catalogues(ROOT) and _can_import("babel"):
        code = "import hatch_build, pathlib; hatch_build.compile_catalogues(pathlib.Path('.'))"
        run("message catalogues", PYTHON, "-c", code)
        worked = True
    return worked


def _scanner() -> bool:
    """semgrep's own environment: its requirements would fight with the application's."""
    digest = _digest("requirements/scan.txt")
    if _stamp(SCAN_VENV, "scan") == digest:
        return False
    _environment(SCAN_VENV)
    _install("the scanner", "requirements/scan.txt", SCAN_VENV)
    _write_stamp(SCAN_VENV, "scan", digest)
    return True


def _environment(folder: Path) -> None:
    """Make the virtual environment where it is missing, cannot run, or was made for a checkout that stood elsewhere."""
    python = folder / "bin/python"
    if python.exists() and _stamp(folder, "place") == str(folder) and _runs(python, "import pip"):
        return
    say(f"making {relative(folder)} with Python {sys.version.split()[0]}")
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = base if base.exists() else Path(sys.executable)
    if not _runs(interpreter, "import ensurepip, venv"):
        debian.install([f"python{sys.version_info.major}.{sys.version_info.minor}-venv"])
    shutil.rmtree(folder, ignore_errors=True)
    run("making the environment", interpreter, "-m", "venv", folder)
    (folder / STAMPS).mkdir()
    _write_stamp(folder, "place", str(folder))


def _install(what: str, requirements: str, folder: Path = VENV) -> None:
    say(f"{what} ({requirements})")
    run(what, folder / "bin/python", *PIP, "--only-binary", ":all:", "--require-hashes", "-r", ROOT / requirements)


def _can_import(name: str) -> bool:
    return _runs(PYTHON, f"import {name}")


def _runs(python: Path, code: str) -> bool:
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _digest(*names: str) -> str:
    digest = hashlib.sha256()
    for name in names:
        digest.update((ROOT / name).read_bytes() + b"\0")
    return digest.hexdigest()


def _stamp(folder: Path, name: str) -> str | None:
    try:
        return (folder / STAMPS / name).read_text(encoding="utf-8")
    except OSError:
        return None


def _write_stamp(folder: Path, name: str, digest: str) -> None:
    (folder / STAMPS / name).write_text(digest, encoding="utf-8")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """A lock on the checkout's folder itself: two starts do not install into each other's work."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


if __name__ == "__main__":
    sys.exit(main())
