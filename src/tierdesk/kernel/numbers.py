"""Numbers that people say to each other: they rise by one, and a number is never given twice."""

from django.db import connection

from tierdesk.kernel.models import Counter

FIRST = 1001


def next_number(kind: str) -> int:
    """The next number of a kind (`ticket`). From a sequence on PostgreSQL, where a lock would make creators queue;
    from a counter's row on SQLite, which has one writer anyway. A number lost to a failed transaction is not reused
    on PostgreSQL.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(%s)", [f"kernel_number_{kind}"])
            return int(cursor.fetchone()[0])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_counter (name, value) VALUES (%s, %s) "
            "ON CONFLICT (name) DO UPDATE SET value = kernel_counter.value + 1 RETURNING value",
            [kind, FIRST],
        )
        return int(cursor.fetchone()[0])


def last_number(kind: str) -> int | None:
    """The last number given, where that is known without giving one."""
    row = Counter.objects.filter(name=kind).first()
    return row.value if row else None
