"""Writing to the lexical index: inside the transaction that writes the document itself."""

from collections.abc import Collection, Iterable
from itertools import islice
from types import ModuleType

from django.db import connection, transaction

from tierdesk.kernel.audience import Audience
from tierdesk.kernel.search import postgresql, sqlite
from tierdesk.kernel.search.access import NO_CLIENT
from tierdesk.kernel.search.analyser import tokens
from tierdesk.kernel.search.sources import SearchSource, search_source
from tierdesk.kernel.search.tables import SearchRow

BATCH = 100
"""Documents a transaction while rebuilding: some 5 ms of write lock on SQLite."""


def backend() -> ModuleType:
    """The index of the database in use: `sqlite` or `postgresql`, two modules with the same functions."""
    return postgresql if connection.vendor == "postgresql" else sqlite


def index_document(
    *, id: int, thing_id: int, client_id: int | None, audience: Audience, source: str, text: str
) -> None:
    """The document can be found as of this transaction's commit; a second time replaces the first.

    `text` is everything it should be found by (put the ticket's subject before the message's body: all words of a
    question must stand in one document). Must run inside a transaction.
    """
    backend().write([(id, thing_id, client_id or NO_CLIENT, int(audience), source, tokens(text))])


def remove_documents(ids: Collection[int]) -> None:
    """The documents can no longer be found, as of this transaction's commit. Unknown ids are passed over."""
    backend().forget(list(ids))


def remove_thing(thing_id: int) -> None:
    """No document of the thing can be found any more."""
    backend().forget_thing(thing_id)


def move_client(thing_id: int, client_id: int | None) -> None:
    """All documents of the thing belong to another client now, and are no longer found by the one before."""
    backend().move_client(thing_id, client_id or NO_CLIENT)


def reindex() -> int:
    """Write all documents of all registered sources anew and drop what none of them owns; gives their number.

    Search goes on meanwhile. Runs in small transactions of its own, so it must not be called inside one.
    """
    kept = sum(_reindex_source(source) for _, source in search_source)
    unowned = SearchRow.objects.exclude(source__in=[name for name, _ in search_source])
    _remove_in_batches(unowned.values_list("id", flat=True))
    return kept


def disagreement() -> tuple[int, int]:
    """How many documents the index lacks, and how many of its rows no document owns. Reads every document."""
    lacking = stray = 0
    for name, source in search_source:
        known = set(SearchRow.objects.filter(source=name).values_list("id", flat=True))
        there = {document.id for document in source.documents()}
        lacking += len(there - known)
        stray += len(known - there)
    stray += SearchRow.objects.exclude(source__in=[name for name, _ in search_source]).count()
    return lacking, stray


def _reindex_source(source: SearchSource) -> int:
    before = set(SearchRow.objects.filter(source=source.name).values_list("id", flat=True))
    seen: set[int] = set()
    documents = iter(source.documents())
    while batch := list(islice(documents, BATCH)):
        rows = [
            (d.id, d.thing_id, d.client_id or NO_CLIENT, int(d.audience), source.name, tokens(d.text)) for d in batch
        ]
        with transaction.atomic():
            backend().write(rows)
        seen.update(d.id for d in batch)
    _remove_in_batches(before - seen)
    return len(seen)


def _remove_in_batches(ids: Iterable[int]) -> None:
    waiting = iter(list(ids))
    while batch := list(islice(waiting, BATCH)):
        with transaction.atomic():
            backend().forget(batch)
