"""Which documents a search may touch, as tokens that stand in the index beside the words. Pure."""

import re
from dataclasses import dataclass

from tierdesk.kernel.audience import Audience
from tierdesk.kernel.search.analyser import ACCESS, QueryTerms

NO_CLIENT = 0
"""Stands for documents of no client (articles for everybody): add it to `clients` to find them."""

MAX_CLIENT_TOKENS = 50
_SOURCE = re.compile(r"[a-z]{1,20}")


@dataclass(frozen=True, slots=True)
class SearchAccess:
    """What may be found: documents of one of these audiences, clients and sources. None means every one.

    Without arguments it is what a requester may read, of any client: the caller narrows the clients, or intersects
    with a scoped queryset.
    """

    audiences: frozenset[Audience] = frozenset({Audience.REQUESTER})
    clients: frozenset[int] | None = None
    sources: frozenset[str] | None = None

    @property
    def nothing(self) -> bool:
        """No document can pass."""
        return not self.audiences or self.clients == frozenset() or self.sources == frozenset()

    @property
    def clients_by_column(self) -> list[int] | None:
        """The clients, where they are too many to be asked of the index and the row's own column decides."""
        if self.clients is None or len(self.clients) <= MAX_CLIENT_TOKENS:
            return None
        return sorted(self.clients)


EVERYTHING = SearchAccess(audiences=frozenset(Audience))


def document_tokens(*, client_id: int, audience: int, source: str) -> list[str]:
    """The access tokens of one document. Refused with `ValueError`: a source's name that is not 1–20 of a–z."""
    if not _SOURCE.fullmatch(source):
        raise ValueError(f"A search source is named with 1 to 20 letters a-z, not {source!r}.")
    return [f"{ACCESS}a{int(audience)}", f"{ACCESS}c{client_id}", f"{ACCESS}s{source}"]


def requirements(terms: QueryTerms, access: SearchAccess) -> list[tuple[str, ...]]:
    """What the index is asked: the words, then who asks. What everybody may see is not asked for."""
    asked = list(terms.requirements)
    if access.audiences != frozenset(Audience):
        asked.append(tuple(f"{ACCESS}a{int(audience)}" for audience in sorted(access.audiences)))
    if access.clients is not None and access.clients_by_column is None:
        asked.append(tuple(f"{ACCESS}c{client}" for client in sorted(access.clients)))
    if access.sources is not None:
        asked.append(tuple(f"{ACCESS}s{source}" for source in sorted(access.sources)))
    return asked
