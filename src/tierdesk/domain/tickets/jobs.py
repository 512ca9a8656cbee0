"""What tickets do by the clock."""

import datetime as dt

from tierdesk.domain.tickets import commands
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.jobs import schedule


@schedule("tickets.wake_held", every=dt.timedelta(seconds=30))
def wake_held() -> None:
    """Bring tickets back whose hold has ended, however many there are."""
    while commands.wake_held(SYSTEM):
        pass
