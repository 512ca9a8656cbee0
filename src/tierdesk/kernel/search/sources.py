"""Who owns documents that can be found. Upper areas register; the kernel knows none of them by name."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from tierdesk.kernel.audience import Audience
from tierdesk.kernel.registries import Registry


@dataclass(frozen=True, slots=True)
class Document:
    """What is written to the index. `client_id` is none for a document of no client."""

    id: int
    thing_id: int
    client_id: int | None
    audience: Audience
    text: str


@dataclass(frozen=True, slots=True)
class SearchSource:
    """An area's documents: all of them, for rebuilding the index; the texts of some, for rechecking phrases.

    `texts` gives exactly what was given to `index_document` as text. An id it leaves out is not found by phrases.
    """

    name: str
    documents: Callable[[], Iterable[Document]]
    texts: Callable[[Collection[int]], Mapping[int, str]]


search_source: Registry[SearchSource] = Registry("search source")


def register_source(source: SearchSource) -> None:
    """Make an area's documents rebuildable and their phrases checkable; `source.name` is that given on indexing."""
    search_source.register(source.name, source)
