"""Debian packages: what is missing is installed where this may be done (as root, or with sudo that asks nothing)."""

from __future__ import annotations

import os
import shutil
import subprocess

from tooling.checkout import StepError, run, say

PRESEED = {"postfix": "postfix postfix/main_mailer_type select No configuration\n"}


def missing(packages: list[str]) -> list[str]:
    """The packages that dpkg does not hold as installed; all of them where there is no dpkg."""
    if not shutil.which("dpkg-query"):
        return packages
    done = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *packages],
        capture_output=True,
        text=True,
        check=False,
    )
    installed = {line.split()[0] for line in done.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in packages if name not in installed]


def install(packages: list[str]) -> None:
    """Install what is missing of `packages`; raises `StepError` where it cannot. Nothing present: nothing done."""
    wanted = missing(packages)
    if not wanted:
        return
    prefix = _as_root()
    if prefix is None:
        raise StepError(f"no right to install {' '.join(wanted)}; do it by hand: apt-get install {' '.join(wanted)}")
    say(f"installing Debian packages: {' '.join(wanted)}")
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get update", *prefix, "apt-get", "update", "-qq", env=env)
    for name in wanted:
        if name in PRESEED:
            subprocess.run([*prefix, "debconf-set-selections"], input=PRESEED[name], text=True, check=True)
    arguments = ["install", "-y", "-qq", "--no-install-recommends", *wanted]
    run("apt-get install", *prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *arguments, env=env)


def _as_root() -> list[str] | None:
    """The words before a command that make it run as root, or None where that is not to be had."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None
