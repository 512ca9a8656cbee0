"""`tierdesk check`: what is wrong with an installation, and what to do about it."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from django.db import DatabaseError

from tierdesk.config.checking import ground, work
from tierdesk.config.checking.finding import Finding, Severity
from tierdesk.kernel import jobs
from tierdesk.kernel.models import Job, JobState
from tierdesk.kernel.search.index import reindex

__all__ = ["Finding", "Severity", "examine", "run"]

_COLOURS = {Severity.OK: "32", Severity.WARNING: "33", Severity.ERROR: "31"}


def run(*, as_json: bool, retry_jobs: bool = False, write_index: bool = False) -> int:
    """Print what was found, grouped by topic, or as JSON `{"ok", "findings"}`. Returns 1 where something is an error.

    Before that, `retry_jobs` lets every job that was given up be tried again, and `write_index` makes the search index
    anew.
    """
    if retry_jobs:
        sys.stderr.write(f"{_retry_jobs()} jobs will be tried again.\n")
    if write_index:
        sys.stderr.write(f"{reindex()} documents are in the search index.\n")
    findings = list(examine())
    ok = not any(finding.severity is Severity.ERROR for finding in findings)
    if as_json:
        said = {"ok": ok, "findings": [asdict(finding) for finding in findings]}
        sys.stdout.write(json.dumps(said, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write(_report(findings, colour=sys.stdout.isatty()))
    return 0 if ok else 1


def examine() -> Iterator[Finding]:
    """Everything that is looked at, one finding or more each. Without a database the rest cannot be asked."""
    yield from ground.secrets()
    yield from ground.addresses()
    yield from ground.disk()
    yield from ground.files_folder()
    reachable = list(ground.database())
    yield from reachable
    if any(finding.severity is Severity.ERROR for finding in reachable):
        return
    migrated = list(ground.migrations())
    yield from migrated
    yield from ground.integrity()
    if any(finding.severity is Severity.ERROR for finding in migrated):
        return
    for look in work.LOOKS:
        try:
            yield from look()
        except DatabaseError as error:
            yield Finding(
                look.__name__,
                "unreadable",
                Severity.ERROR,
                f"This could not be looked at: {error}",
                "Mend the database first (see above), or restore the latest backup.",
            )


def _retry_jobs() -> int:
    """Let every job that was given up be tried again. Returns how many."""
    dead = Job.objects.filter(state=JobState.DEAD).order_by("id").values_list("pk", flat=True)
    return sum(jobs.replay(job_id) for job_id in list(dead))


def _report(findings: Iterable[Finding], *, colour: bool) -> str:
    lines: list[str] = []
    topic = ""
    counts = dict.fromkeys(Severity, 0)
    for finding in findings:
        counts[finding.severity] += 1
        if finding.topic != topic:
            topic = finding.topic
            lines.append(f"{topic.capitalize()}")
        mark = f"{finding.severity.value:>8}"
        shown = f"\x1b[{_COLOURS[finding.severity]}m{mark}\x1b[0m" if colour else mark
        lines.append(f"{shown}  {finding.text}")
        if finding.remedy:
            lines.append(f"{'':>8}  → {finding.remedy}")
    lines.append(f"{counts[Severity.ERROR]} errors, {counts[Severity.WARNING]} warnings.")
    return "\n".join(lines) + "\n"
