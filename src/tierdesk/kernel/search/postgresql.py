"""The lexical index on PostgreSQL: a tsvector column of tokens made in Python, under GIN.

`array_to_tsvector` takes the tokens as they are: no parser, no dictionary, no positions. A GIN index cannot give rows
in order of age and the planner cannot know that a word is rare, so a search takes two steps: a capped list of hits
through GIN; only if that is full, the newest by a query that the planner may walk by id.
"""

from collections.abc import Sequence

from django.db import connection

from tierdesk.kernel.search import access
from tierdesk.kernel.search.analyser import ACCESS
from tierdesk.kernel.search.sqlite import Row

CREATE = (
    "ALTER TABLE kernel_searchrow ADD COLUMN lexemes tsvector NOT NULL DEFAULT ''::tsvector",
    "CREATE INDEX search_lexemes ON kernel_searchrow USING gin (lexemes) WITH (gin_pending_list_limit = 512)",
)
DROP = ("ALTER TABLE kernel_searchrow DROP COLUMN lexemes",)

_UPSERT = (
    "INSERT INTO kernel_searchrow (id, thing_id, client_id, audience, source, tokens, lexemes)"
    " VALUES (%s, %s, %s, %s, %s, '', array_to_tsvector(%s::text[]))"
    " ON CONFLICT (id) DO UPDATE SET thing_id = EXCLUDED.thing_id, client_id = EXCLUDED.client_id,"
    " audience = EXCLUDED.audience, source = EXCLUDED.source, lexemes = EXCLUDED.lexemes"
)


def write(rows: Sequence[Row]) -> None:
    """Add or replace documents."""
    with connection.cursor() as cursor:
        cursor.executemany(_UPSERT, [(*row[:5], _content(row)) for row in rows])


def forget(ids: Sequence[int]) -> None:
    """Remove documents; unknown ids are passed over."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM kernel_searchrow WHERE id = ANY(%s)", [list(ids)])


def forget_thing(thing_id: int) -> None:
    """Remove all documents of one thing."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM kernel_searchrow WHERE thing_id = %s", [thing_id])


def move_client(thing_id: int, client_id: int) -> None:
    """Give all documents of a thing to another client."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kernel_searchrow SET client_id = %s,"
            " lexemes = ts_delete(lexemes, %s || client_id::text) || array_to_tsvector(ARRAY[%s]) WHERE thing_id = %s",
            [client_id, f"{ACCESS}c", f"{ACCESS}c{client_id}", thing_id],
        )


def expression(requirements: Sequence[tuple[str, ...]]) -> str:
    """A tsquery. Tokens hold letters and digits only, so nothing in it can be taken for an operator."""
    return " & ".join(f"({' | '.join(_quoted(token) for token in one)})" for one in requirements)


def newest_hits(asked: str, clients: list[int] | None, limit: int) -> list[tuple[int, int, str]]:
    """(id, thing, source) of the newest documents."""
    by_client = " AND client_id = ANY(%s)" if clients else ""
    where = f"FROM kernel_searchrow WHERE lexemes @@ %s::tsquery{by_client}"
    given = [asked, clients] if clients else [asked]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH hits AS MATERIALIZED (SELECT id, thing_id, source {where} LIMIT %s)"  # noqa: S608 -- placeholders only
            " SELECT id, thing_id, source FROM hits ORDER BY id DESC",
            [*given, limit],
        )
        hits = cursor.fetchall()
        if len(hits) == limit:
            # nosemgrep: no-sql-from-pieces - placeholders and names of ours only
            cursor.execute(
                f"SELECT id, thing_id, source {where} ORDER BY id DESC LIMIT %s",
                [*given, limit],
            )
            hits = cursor.fetchall()
    return [(row[0], row[1], row[2]) for row in hits]


def row_condition() -> str:
    """SQL that is true for a matching row of `kernel_searchrow`; its one parameter is `expression`."""
    return "lexemes @@ %s::tsquery"


def _content(row: Row) -> list[str]:
    _, _, client, audience, source, tokens = row
    return [*tokens, *access.document_tokens(client_id=client, audience=audience, source=source)]


def _quoted(token: str) -> str:
    return f"'{token[:-1]}':*" if token.endswith("*") else f"'{token}'"
