"""What tickets reason with: references, priority, status flows, text previews. Pure Python."""

import re
from collections.abc import Mapping

REF = re.compile(r"TD-(\d{1,18})", re.IGNORECASE)
SUBJECT_LIMIT = 250
PREVIEW_LIMIT = 160
TEXT_LIMIT = 500_000  # characters of one message or note

LEVELS = (1, 2, 3)  # of impact and urgency: 1 high, 2 medium, 3 low
# ITIL's matrix of impact and urgency: 1 critical, 2 high, 3 medium, 4 low.
_MATRIX: Mapping[tuple[int, int], int] = {
    (1, 1): 1, (1, 2): 2, (1, 3): 3,
    (2, 1): 2, (2, 2): 3, (2, 3): 4,
    (3, 1): 3, (3, 2): 4, (3, 3): 4,
}  # fmt: skip
PRIORITIES = {"critical": 1, "high": 2, "medium": 3, "low": 4}
_FOR_PRIORITY = {1: (1, 1), 2: (2, 1), 3: (2, 2), 4: (3, 3)}

NEW, OPEN, WAITING_REQUESTER, WAITING_VENDOR = "new", "open", "waiting_requester", "waiting_vendor"
ON_HOLD, SOLVED, CLOSED = "on_hold", "solved", "closed"
CATEGORIES = (NEW, OPEN, WAITING_REQUESTER, WAITING_VENDOR, ON_HOLD, SOLVED, CLOSED)
DONE = frozenset({SOLVED, CLOSED})
REOPEN_DAYS = 30  # a reply to a closed ticket later than this becomes a new ticket that names the old one

# The steps that every kind has at first; administrators change them per kind.
DEFAULT_FLOW: Mapping[str, tuple[str, ...]] = {
    NEW: (OPEN, WAITING_REQUESTER, WAITING_VENDOR, ON_HOLD, SOLVED),
    OPEN: (WAITING_REQUESTER, WAITING_VENDOR, ON_HOLD, SOLVED),
    WAITING_REQUESTER: (OPEN, WAITING_VENDOR, ON_HOLD, SOLVED),
    WAITING_VENDOR: (OPEN, WAITING_REQUESTER, ON_HOLD, SOLVED),
    ON_HOLD: (OPEN, WAITING_REQUESTER, WAITING_VENDOR, SOLVED),
    SOLVED: (OPEN, CLOSED),
    CLOSED: (OPEN,),
}


def priority_of(impact: int, urgency: int) -> int:
    """Priority from impact and urgency, each 1 (high) to 3 (low). `KeyError` outside of that."""
    return _MATRIX[impact, urgency]


def impact_and_urgency_for(priority: int) -> tuple[int, int]:
    """The pair that stands for a priority that somebody gave outright; `priority_of` leads back to it."""
    return _FOR_PRIORITY[priority]


def number_in(text: str) -> int | None:
    """The number of a reference such as `TD-1042`, alone in the text; none where it is no reference."""
    match = REF.fullmatch(text.strip())
    return int(match.group(1)) if match else None


def category_after_message(category: str, *, from_requester: bool) -> str:
    """Where a message leaves a ticket: one from the requester's side (re)opens it, a new one stays new; the desk's
    answer leaves it waiting for the requester, unless it is done.
    """
    if from_requester:
        return category if category == NEW else OPEN
    return category if category in DONE else WAITING_REQUESTER


def preview_of(text: str) -> str:
    """The first words of a text on one line."""
    words = " ".join(text[: PREVIEW_LIMIT * 4].split())
    return words if len(words) <= PREVIEW_LIMIT else words[: PREVIEW_LIMIT - 1].rstrip() + "…"
