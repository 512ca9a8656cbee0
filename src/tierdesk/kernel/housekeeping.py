"""What the kernel does by the clock: sealing the audit, and sweeping away what nothing names any more."""

import datetime as dt

from tierdesk.kernel import audit, cache, files
from tierdesk.kernel.jobs import schedule

ORPHAN_SECONDS = 24 * 3600.0  # a file is written before the commit that names it; a day is longer than any commit


@schedule("kernel.seal-audit", every=dt.timedelta(minutes=10))
def seal_audit() -> None:
    """Put what happened since under a seal."""
    audit.seal()


@schedule("kernel.sweep-files", every=dt.timedelta(hours=6))
def sweep_files() -> None:
    """Remove files that no row has named within a day."""
    files.sweep(ORPHAN_SECONDS)


@schedule("kernel.sweep-cache", every=dt.timedelta(hours=1))
def sweep_cache() -> None:
    """Remove short-lived values that have expired."""
    cache.sweep()
