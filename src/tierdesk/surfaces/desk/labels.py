"""What codes are called on pages."""

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tierdesk.domain.people.rules import in_language
from tierdesk.domain.tickets import rules

View = dict[str, Any]


def translated(texts: dict[str, str]) -> str:
    """A text of the database in the reader's language."""
    return in_language(texts, get_language() or "en")


def kind(value: str) -> str:
    """A ticket's kind."""
    return {
        "incident": _("Incident"),
        "request": _("Service request"),
        "question": _("Question"),
        "scam_report": _("Scam report"),
    }.get(value, value)


def channel(value: str) -> str:
    """How something came in."""
    return {
        "email": _("Mail"),
        "web": _("Web"),
        "chat": _("Chat"),
        "phone": _("Phone"),
        "alert": _("Alert"),
        "forum": _("Forum"),
        "api": _("API"),
    }.get(value, value)


def priority(value: int) -> View:
    """A priority's key and name."""
    key = next(name for name, number in rules.PRIORITIES.items() if number == value)
    names = {"critical": _("Critical"), "high": _("High"), "medium": _("Medium"), "low": _("Low")}
    return {"key": key, "label": names[key]}


def levels() -> list[tuple[int, str]]:
    """The steps of impact and urgency."""
    return [(1, _("High")), (2, _("Medium")), (3, _("Low"))]


def kinds() -> list[tuple[str, str]]:
    """All kinds, with their names."""
    return [(value, kind(value)) for value in ("incident", "request", "question", "scam_report")]


def priorities() -> list[tuple[str, str]]:
    """All priorities, the lowest first, with their names."""
    return [(name, priority(rules.PRIORITIES[name])["label"]) for name in reversed(rules.PRIORITIES)]


def status(row: Any) -> View:
    """A status as pages show it."""
    return {"key": row.key, "label": translated(row.name), "category": row.category}
