"""The lexical index's table. The words themselves stand beside it: an FTS5 table (SQLite), a column (PostgreSQL)."""

from django.db import models

from tierdesk.kernel.audience import Audience


class SearchRow(models.Model):
    """One document that can be found: a message, a note, an article's version.

    `id` is the document's own and sorts by age; `thing_id` is what a person opens (the ticket). `client_id` is 0 for a
    document of no client. `tokens` is kept on SQLite alone, whose contentless FTS5 table must be told what it forgets;
    PostgreSQL has a column `lexemes` instead, made by `CreateLexicalIndex` and unknown to Django.
    """

    id = models.BigIntegerField(primary_key=True)
    thing_id = models.BigIntegerField()
    client_id = models.BigIntegerField(default=0)
    audience = models.PositiveSmallIntegerField(choices=[(a.value, a.name.lower()) for a in Audience])
    source = models.CharField(max_length=20)
    tokens = models.TextField(default="", blank=True)

    class Meta:
        app_label = "kernel"
        constraints = [models.CheckConstraint(condition=models.Q(audience__in=[1, 2, 3]), name="search_audience_known")]
        indexes = [models.Index(fields=["thing_id"], name="search_of_thing")]
