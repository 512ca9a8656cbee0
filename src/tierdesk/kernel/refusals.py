"""A refusal is the product saying no and what to do about it. Anything else that is raised is a bug."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

Text = str | Promise

STATUS = {
    "not_found": 404,
    "unauthenticated": 401,
    "forbidden": 403,
    "conflict": 409,
    "too_large": 413,
    "rate_limited": 429,
    "storage_full": 507,
    "unavailable": 503,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: what, where (a field's name, or none), and what to do."""

    message: Text
    field: str | None = None
    hint: Text | None = None


class Refusal(Exception):
    """A command or query says no.

    `code` is stable and for machines, `message` and `hint` are for people and translated, `field` names the input that
    caused it. `current` carries the present state when a colleague's change is in the way.
    """

    def __init__(
        self,
        code: str,
        message: Text,
        field: str | None = None,
        hint: Text | None = None,
        *,
        current: dict[str, Any] | None = None,
        faults: tuple[Fault, ...] = (),
    ) -> None:
        super().__init__(code, message, field, hint)
        self.code = code
        self.message = message
        self.field = field
        self.hint = hint
        self.current = current or {}
        self.faults = faults or (Fault(message, field, hint),)

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.message, self.hint) if part)

    @property
    def status(self) -> int:
        """The HTTP status that says the same."""
        return STATUS.get(self.code, 422)


class Faults:
    """Collects what is wrong with an input, so that a person hears of every error at once."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, field: str | None, message: Text, hint: Text | None = None) -> None:
        """Note one fault."""
        self.found.append(Fault(message, field, hint))

    def refuse(self, code: str = "invalid") -> None:
        """Raise one refusal with all faults; do nothing where there are none."""
        if self.found:
            first = self.found[0]
            raise Refusal(code, first.message, first.field, first.hint, faults=tuple(self.found))


def not_found(message: Text) -> Refusal:
    """What is not there and what may not be seen look the same."""
    return Refusal("not_found", message)
