"""Who may see a thing at all, before any question of client or ticket.

It stands on messages, files, events and search rows.
"""

from enum import IntEnum


class Audience(IntEnum):
    """The widest circle that a thing is meant for.

    `REQUESTER`: the requester's side and everybody above. `AGENTS`: staff only. `VENDOR`: staff and the one vendor
    that was asked.
    """

    REQUESTER = 1
    AGENTS = 2
    VENDOR = 3
