"""Where upper areas add to what lower ones offer, without being imported by them."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Names and what stands for them. A name is given once; asking for an unknown one is a bug and says so."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._entries: dict[str, T] = {}

    def register(self, name: str, entry: T) -> T:
        """Add an entry. Refused with `ValueError`: a name that is taken by another."""
        known = self._entries.setdefault(name, entry)
        if known is not entry and known != entry:
            raise ValueError(f"The {self.noun} {name!r} is registered twice.")
        return entry

    def get(self, name: str) -> T | None:
        """The entry of that name, or none."""
        return self._entries.get(name)

    def __getitem__(self, name: str) -> T:
        try:
            return self._entries[name]
        except KeyError:
            known = ", ".join(sorted(self._entries)) or "none"
            raise LookupError(f"There is no {self.noun} {name!r}; known: {known}.") from None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(sorted(self._entries.items()))

    def __len__(self) -> int:
        return len(self._entries)
