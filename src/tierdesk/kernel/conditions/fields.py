"""What conditions can speak of. Upper areas register their fields; the language knows none by itself. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tierdesk.kernel.audience import Audience
from tierdesk.kernel.conditions import complaints
from tierdesk.kernel.conditions.folding import fold
from tierdesk.kernel.refusals import Text


class Kind(StrEnum):
    """How a field's values are read and compared.

    TEXT: `:` contains, `=` equals. WORDS: short names such as tags, compared whole. Both folded. CHOICE: one of a list.
    ORDERED: one of a list with an order (priority, tier). NUMBER. DATE: an aware moment. BOOLEAN. REFERENCE: the id of
    something that has a name.
    """

    TEXT = "text"
    WORDS = "words"
    CHOICE = "choice"
    ORDERED = "ordered"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a CHOICE or ORDERED field. `stored` is what rows hold: several, where a category covers them."""

    name: str
    stored: tuple[Any, ...]
    label: Text = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionField:
    """A field: how Python reads it and where SQL finds it. The two must agree; the language sees to the rest.

    `read(thing)` gives the value or None; with `many`, all values. `path` is the ORM path from the thing's model, empty
    for a field that only exists while an event happens. For TEXT and WORDS, `path` leads to the column stored folded
    (`fold`), while `read` may give the text as it is. With `many` a condition holds if it holds of any value. `within`
    narrows a `many` path to some related rows (`{"values__definition_id": 5}` for a custom field).

    `choices()` lists the values of CHOICE and ORDERED, lowest first. `lookup(name)` gives the ids that a name means for
    REFERENCE (empty: unknown), `known()` the names to suggest; both see to it that nobody learns of foreign names.
    `looks_ahead` turns spans around: `due<2h` is due within two hours or overdue, `updated<2h` is less than 2 h ago.
    """

    name: str
    kind: Kind
    label: Text
    read: Callable[[Any], Any]
    path: str = ""
    aliases: tuple[str, ...] = ()
    choices: Callable[[], Sequence[Choice]] | None = None
    lookup: Callable[[str], Collection[Any]] | None = None
    known: Callable[[], Iterable[str]] | None = None
    many: bool = False
    within: Mapping[str, Any] | None = None
    looks_ahead: bool = False


Provider = Callable[[str], ConditionField | None]


@dataclass(slots=True)
class Fields:
    """All fields of one kind of thing.

    `documents(thing)` gives what full text is searched in, one text for each indexed document, exactly as indexed;
    `sources` are the names of their search sources (none: every one). Without `documents` free words are refused.
    """

    subject: str
    documents: Callable[[Any], Iterable[tuple[Audience, str]]] | None = None
    sources: frozenset[str] | None = None
    _named: dict[str, ConditionField] = field(default_factory=dict)
    _listed: dict[str, ConditionField] = field(default_factory=dict)
    _providers: list[Provider] = field(default_factory=list)

    def register(self, one: ConditionField) -> ConditionField:
        """Add a field under its name and aliases. `ValueError`: a name is taken by another field."""
        names = [fold(name) for name in (one.name, *one.aliases)]
        for name in names:
            if name in ("has", "is", "text") or self._named.get(name, one) is not one:
                raise ValueError(f"The {self.subject} field {name!r} is already taken.")
        self._listed[names[0]] = one
        self._named.update(dict.fromkeys(names, one))
        return one

    def register_provider(self, provider: Provider) -> None:
        """Add a source of fields that are made by administrators; asked for names that nothing registered has."""
        self._providers.append(provider)

    def listed(self) -> list[ConditionField]:
        """The registered fields, by name: what a builder offers."""
        return [self._listed[name] for name in sorted(self._listed)]

    def resolve(self, name: str, at: int | None = None) -> ConditionField:
        """The field of that name or alias, whatever the case. Refused: an unknown one, naming the nearest."""
        folded = fold(name)
        found = self._named.get(folded)
        if found is not None:
            return found
        for provider in self._providers:
            found = provider(folded)
            if found is not None:
                return found
        raise complaints.unknown_field(name, self._named, at)
