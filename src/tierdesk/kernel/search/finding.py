"""Asking the lexical index."""

from dataclasses import dataclass

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from tierdesk.kernel.audience import Audience
from tierdesk.kernel.search.access import SearchAccess, requirements
from tierdesk.kernel.search.analyser import QueryTerms, phrases_stand_in, query_terms
from tierdesk.kernel.search.index import backend
from tierdesk.kernel.search.sources import search_source
from tierdesk.kernel.search.tables import SearchRow

LIMIT = 1_001
"""One more than a page speaks of: “more than 1,000”."""


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found, newest document first. `capped`: the limit was reached, there may be more.

    `document_ids` are the documents, for excerpts; `thing_ids` what they belong to, each once.
    """

    thing_ids: tuple[int, ...] = ()
    document_ids: tuple[int, ...] = ()
    capped: bool = False


def find(
    text: str,
    *,
    audiences: frozenset[Audience] | set[Audience],
    clients: frozenset[int] | None,
    sources: frozenset[str] | None = None,
    limit: int = LIMIT,
) -> Hits:
    """The newest documents that hold all words and “quoted phrases” of what a person typed; `begin*` is a beginning.

    Only documents of these audiences and clients (none: every client; `NO_CLIENT` in it: those of no client too).
    Any text is a valid question; one without a single letter or digit finds nothing.
    """
    access = SearchAccess(audiences=frozenset(audiences), clients=clients, sources=sources)
    return find_terms(query_terms(text), access=access, limit=limit)


def find_terms(terms: QueryTerms, *, access: SearchAccess, limit: int = LIMIT) -> Hits:
    """`find`, for terms made before. Phrases are looked for in the newest `limit` documents that hold all words."""
    if terms.empty or access.nothing:
        return Hits()
    asked = backend().expression(requirements(terms, access))
    found: list[tuple[int, int, str]] = backend().newest_hits(asked, access.clients_by_column, limit)
    capped = len(found) >= limit
    if terms.phrases:
        found = _with_phrases(found, terms)
    return Hits(tuple(dict.fromkeys(thing for _, thing, _ in found)), tuple(i for i, _, _ in found), capped)


def matching_rows(terms: QueryTerms, *, access: SearchAccess) -> QuerySet[SearchRow]:
    """All rows that hold the words, phrases not considered, without a cap: for subqueries of other queries."""
    if terms.empty or access.nothing:
        return SearchRow.objects.none()
    asked = backend().expression(requirements(terms, access))
    rows = SearchRow.objects.filter(RawSQL(backend().row_condition(), [asked], output_field=BooleanField()))  # noqa: S611 -- our SQL, bound parameter
    many = access.clients_by_column
    return rows if many is None else rows.filter(client_id__in=many)


def _with_phrases(found: list[tuple[int, int, str]], terms: QueryTerms) -> list[tuple[int, int, str]]:
    ids: dict[str, list[int]] = {}
    for document, _, source in found:
        ids.setdefault(source, []).append(document)
    texts: dict[int, str] = {}
    for name, documents in ids.items():
        owner = search_source.get(name)
        texts.update(owner.texts(documents) if owner else {})
    return [hit for hit in found if hit[0] in texts and phrases_stand_in(texts[hit[0]], terms)]
