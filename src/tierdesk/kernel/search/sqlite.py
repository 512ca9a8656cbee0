"""The lexical index on SQLite: a contentless FTS5 table over tokens made in Python.

`detail=none` keeps rowids only (0.46 KB a ticket); such a table knows neither phrases nor columns, so phrases are
rechecked on the text and access stands as tokens. SQLite before 3.43 deletes from a contentless table only when it is
told the old content, which is why the row keeps it. The `ascii` tokenizer leaves everything beyond ASCII as it is.
"""

from collections.abc import Sequence

from django.db import connection

from tierdesk.kernel.search import access

CREATE = (
    "CREATE VIRTUAL TABLE kernel_searchindex USING fts5"
    "(tokens, content='', detail='none', columnsize=0, tokenize='ascii')",
)
DROP = ("DROP TABLE kernel_searchindex",)

_INSERT = "INSERT INTO kernel_searchindex (rowid, tokens) VALUES (%s, %s)"
_FORGET = "INSERT INTO kernel_searchindex (kernel_searchindex, rowid, tokens) VALUES ('delete', %s, %s)"
_UPSERT = (
    "INSERT OR REPLACE INTO kernel_searchrow (id, thing_id, client_id, audience, source, tokens)"
    " VALUES (%s, %s, %s, %s, %s, %s)"
)
_AT_ONCE = 500

Row = tuple[int, int, int, int, str, list[str]]
"""id, thing, client, audience, source, word tokens."""


def write(rows: Sequence[Row]) -> None:
    """Add or replace documents."""
    forget([row[0] for row in rows])
    with connection.cursor() as cursor:
        cursor.executemany(_UPSERT, [(*row[:5], " ".join(row[5])) for row in rows])
        cursor.executemany(
            _INSERT,
            [(i, _content(client, audience, source, " ".join(t))) for i, _, client, audience, source, t in rows],
        )


def forget(ids: Sequence[int]) -> None:
    """Remove documents; unknown ids are passed over."""
    for start in range(0, len(ids), _AT_ONCE):
        _forget_where("id", ids[start : start + _AT_ONCE])


def forget_thing(thing_id: int) -> None:
    """Remove all documents of one thing."""
    _forget_where("thing_id", [thing_id])


def move_client(thing_id: int, client_id: int) -> None:
    """Give all documents of a thing to another client."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, thing_id, audience, source, tokens FROM kernel_searchrow WHERE thing_id = %s", [thing_id]
        )
        rows = cursor.fetchall()
    write([(i, thing, client_id, audience, source, tokens.split()) for i, thing, audience, source, tokens in rows])


def expression(requirements: Sequence[tuple[str, ...]]) -> str:
    """FTS5's query. Tokens hold letters and digits only, so nothing in it can be taken for an operator."""
    return " AND ".join(f"({' OR '.join(_quoted(token) for token in one)})" for one in requirements)


def newest_hits(asked: str, clients: list[int] | None, limit: int) -> list[tuple[int, int, str]]:
    """(id, thing, source) of the newest documents. FTS5 walks backwards by rowid: cheap for rare and common words."""
    by_client = f" AND r.client_id IN ({', '.join('%s' for _ in clients)})" if clients else ""
    sql = (
        "SELECT r.id, r.thing_id, r.source FROM kernel_searchindex AS i CROSS JOIN kernel_searchrow AS r"  # noqa: S608 -- placeholders only
        f" ON r.id = i.rowid{by_client} WHERE i.kernel_searchindex MATCH %s ORDER BY i.rowid DESC LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*(clients or []), asked, limit])
        return [(row[0], row[1], row[2]) for row in cursor.fetchall()]


def row_condition() -> str:
    """SQL that is true for a matching row of `kernel_searchrow`; its one parameter is `expression`."""
    return "id IN (SELECT rowid FROM kernel_searchindex WHERE kernel_searchindex MATCH %s)"


def _forget_where(column: str, values: Sequence[int]) -> None:
    marks = ", ".join("%s" for _ in values)
    with connection.cursor() as cursor:
        # nosemgrep: no-sql-from-pieces - placeholders and names of ours only
        cursor.execute(
            f"SELECT id, client_id, audience, source, tokens FROM kernel_searchrow WHERE {column} IN ({marks})",  # noqa: S608 -- names of ours, placeholders only
            list(values),
        )
        known = cursor.fetchall()
        cursor.executemany(
            _FORGET, [(i, _content(client, audience, source, t)) for i, client, audience, source, t in known]
        )
        cursor.executemany("DELETE FROM kernel_searchrow WHERE id = %s", [(row[0],) for row in known])


def _content(client_id: int, audience: int, source: str, tokens: str) -> str:
    return " ".join([*access.document_tokens(client_id=client_id, audience=audience, source=source), tokens])


def _quoted(token: str) -> str:
    return f'"{token[:-1]}"*' if token.endswith("*") else f'"{token}"'
