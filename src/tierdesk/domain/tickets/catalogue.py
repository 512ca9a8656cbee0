"""The small tables that every page needs (statuses, flow, categories, fields), as they were at most two seconds ago."""

from tierdesk.domain.tickets.models import Category, CustomField, Status, StatusFlow
from tierdesk.kernel.kept import keep


def statuses() -> list[Status]:
    """All statuses, in their order."""
    return keep("statuses", lambda: list(Status.objects.all()))


def flow() -> dict[tuple[str, int], list[int]]:
    """The statuses that each kind and status leads to."""

    def read() -> dict[tuple[str, int], list[int]]:
        steps: dict[tuple[str, int], list[int]] = {}
        for step in StatusFlow.objects.order_by("to_status__position"):
            steps.setdefault((step.kind, step.from_status_id), []).append(step.to_status_id)
        return steps

    return keep("flow", read)


def categories() -> list[Category]:
    """Active categories, as a tree in order of their paths."""
    return keep("categories", lambda: list(Category.objects.filter(active=True)))


def custom_fields() -> list[CustomField]:
    """Active custom fields, in their order."""
    return keep("custom_fields", lambda: list(CustomField.objects.filter(active=True)))
