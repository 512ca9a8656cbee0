"""One thing that was looked at, and how it stands."""

import enum
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """`ok`; `warning`: works, but not as it should; `error`: something does not work, or can be lost."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence about one thing, and what to do; `topic` and `code` stay the same from version to version."""

    topic: str
    code: str
    severity: Severity
    text: str
    remedy: str = ""


def fine(topic: str, code: str, text: str) -> Finding:
    """All is well here."""
    return Finding(topic, code, Severity.OK, text)


def warning(topic: str, code: str, text: str, remedy: str) -> Finding:
    """It works, but not as it should."""
    return Finding(topic, code, Severity.WARNING, text, remedy)


def error(topic: str, code: str, text: str, remedy: str) -> Finding:
    """Something does not work, or can be lost."""
    return Finding(topic, code, Severity.ERROR, text, remedy)


def amount(count: int, one: str, many: str) -> str:
    """`1 job`, `3 jobs`."""
    return f"{count} {one if count == 1 else many}"
