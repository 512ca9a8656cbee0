"""Both interpreters say the same of random things, on the database in use."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierdesk.kernel.audience import Audience
from tierdesk.kernel.conditions import querying
from tierdesk.kernel.conditions.expressions import And, Expression, Not, Or, Term, Text
from tierdesk.kernel.conditions.fields import Choice, ConditionField, Fields, Kind
from tierdesk.kernel.conditions.folding import fold
from tierdesk.kernel.conditions.matching import matches
from tierdesk.kernel.conditions.querying import narrow
from tierdesk.kernel.conditions.syntax import parse
from tierdesk.kernel.search import finding, index
from tierdesk.kernel.search.access import SearchAccess

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]

NOW = dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)


class Tag(models.Model):
    name = models.CharField(max_length=40, null=True)
    family = models.IntegerField(default=0)

    class Meta:
        app_label = "conditions_probe"


class Owner(models.Model):
    team_id = models.BigIntegerField(null=True)

    class Meta:
        app_label = "conditions_probe"


class Row(models.Model):
    title = models.CharField(max_length=60, null=True)
    title_folded = models.CharField(max_length=200, null=True)
    state = models.IntegerField(null=True)
    priority = models.CharField(max_length=10, null=True)
    steps = models.IntegerField(null=True)
    ratio = models.FloatField(null=True)
    made_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    vip = models.BooleanField(null=True)
    client_id = models.BigIntegerField(null=True)
    owner = models.ForeignKey(Owner, null=True, on_delete=models.CASCADE, related_name="+")
    tags = models.ManyToManyField(Tag, related_name="+")
    documents: list[tuple[Audience, str]]
    labels: list[tuple[str | None, int]]

    class Meta:
        app_label = "conditions_probe"


NAMES = {"acme": 7, "acme-eu": 8, "bolt": 9}
STATES = (Choice("open", (1, 2, 3)), Choice("solved", (4,), aliases=("решён",)), Choice("closed", (5,)))
PRIORITIES = tuple(Choice(name, (name[:3],), name.title()) for name in ("low", "normal", "high", "urgent"))


def make_fields() -> Fields:
    fields = Fields("row", documents=lambda row: row.documents, sources=frozenset({"probe"}))
    for one in (
        ConditionField("title", Kind.TEXT, "Title", lambda r: r.title, "title_folded"),
        ConditionField("status", Kind.CHOICE, "Status", lambda r: r.state, "state", choices=lambda: STATES),
        ConditionField(
            "priority",
            Kind.ORDERED,
            "Priority",
            lambda r: r.priority,
            "priority",
            ("prio",),
            choices=lambda: PRIORITIES,
        ),
        ConditionField("steps", Kind.NUMBER, "Steps", lambda r: r.steps, "steps"),
        ConditionField("ratio", Kind.NUMBER, "Ratio", lambda r: r.ratio, "ratio"),
        ConditionField("made", Kind.DATE, "Made", lambda r: r.made_at, "made_at"),
        ConditionField("due", Kind.DATE, "Due", lambda r: r.due_at, "due_at", looks_ahead=True),
        ConditionField("vip", Kind.BOOLEAN, "VIP", lambda r: r.vip, "vip"),
        ConditionField(
            "client",
            Kind.REFERENCE,
            "Client",
            lambda r: r.client_id,
            "client_id",
            lookup=lambda name: [NAMES[name]] if name in NAMES else [],
            known=lambda: NAMES,
        ),
        ConditionField(
            "team",
            Kind.REFERENCE,
            "Team",
            lambda r: r.owner.team_id if r.owner else None,
            "owner__team_id",
            lookup=lambda name: [NAMES[name]] if name in NAMES else [],
        ),
        ConditionField("tag", Kind.WORDS, "Tag", lambda r: [name for name, _ in r.labels], "tags__name", many=True),
        ConditionField(
            "family", Kind.NUMBER, "Family", lambda r: [family for _, family in r.labels], "tags__family", many=True
        ),
        ConditionField("fleeting", Kind.TEXT, "Fleeting", lambda r: r.title),
    ):
        fields.register(one)
    fields.register_provider(_custom_field)
    return fields


def _custom_field(name: str) -> ConditionField | None:
    if not name.startswith("field."):
        return None
    family = int(name.removeprefix("field."))
    return ConditionField(
        name,
        Kind.WORDS,
        name,
        lambda r: [label for label, of in r.labels if of == family],
        "tags__name",
        many=True,
        within={"tags__family": family},
    )


FIELDS = make_fields()
MODELS = (Tag, Owner, Row)


@pytest.fixture(scope="module", autouse=True)
def probe_tables(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            for model in MODELS:
                editor.create_model(model)
        yield
        with connection.schema_editor() as editor:
            for model in reversed(MODELS):
                editor.delete_model(model)


titles = st.none() | st.sampled_from(["", "VPN down", "Straße", "100%_\\", "ПРИНТЕР", "프린터", "ﬁle", "a"])
moments = st.none() | st.sampled_from(
    [NOW + dt.timedelta(minutes=m) for m in (-4_000, -1_440, -120, -60, -1, 0, 1, 60, 120, 1_440, 4_000)]
    + [dt.datetime(2026, 3, 29, 0, 0, tzinfo=dt.UTC), dt.datetime(2026, 3, 28, 23, 0, tzinfo=dt.UTC)]
)
bodies = st.sampled_from(
    ["VPN is down", "printers: blue screen", "blue printer, screen", "프린터가 멈췄다", "принтеры", ""]
)
rows = st.fixed_dictionaries(
    {
        "title": titles,
        "state": st.none() | st.integers(1, 7),
        "priority": st.none() | st.sampled_from(["low", "nor", "hig", "urg", "odd"]),
        "steps": st.none() | st.integers(-2, 4),
        "ratio": st.none() | st.sampled_from([-0.5, 0.0, 0.5, 1.5, 2.0]),
        "made_at": moments,
        "due_at": moments,
        "vip": st.none() | st.booleans(),
        "client_id": st.none() | st.sampled_from([7, 8, 9]),
        "team": st.none() | st.sampled_from([0, 7, 8]),
        "tags": st.lists(st.tuples(st.sampled_from([None, "", "vpn", "äöü", "wifi"]), st.integers(0, 2)), max_size=3),
        "bodies": st.lists(st.tuples(st.sampled_from(list(Audience)), bodies), max_size=2),
    }
)

OPS = [":", "=", "<", "<=", ">", ">="]
spans = ["0h", "1m", "2h", "1d", "3d", "1w", "1d12h"]
days = [
    "today",
    "yesterday",
    "2026-03-29",
    "2026-03-28",
    "2026-03-29T01:30",
    "2026-03-29T01:30:00",
    "2026-03-29T03:30+02:00",
]


def terms(name: str, ops: list[str], values: list[str]) -> st.SearchStrategy[Expression]:
    return st.builds(Term, st.just(name), st.sampled_from(ops), st.sampled_from(values).map(lambda value: (value,)))


leaves = st.one_of(
    terms("title", OPS[:2], ["vpn", "STRASSE", "%", "_", "\\", "принтер", "프린", "FILE", "A", "none", "a\x00b"]),
    terms("status", OPS[:2], ["open", "solved", "РЕШЁН", "closed", "none"]),
    terms("prio", OPS, ["low", "normal", "high", "URGENT"]),
    terms("priority", OPS[:2], ["none", "low"]),
    st.builds(Term, st.just("status"), st.just(":"), st.just(("open", "none"))),
    terms("steps", OPS, ["-1", "0", "2", "1.5", "2.5", "999999999999"]),
    terms("ratio", OPS, ["0", "0.5", "1.5", "-1"]),
    terms("made", OPS, days),
    terms("made", OPS[2:], spans),
    terms("due", OPS, days),
    terms("due", OPS[2:], spans),
    terms("due", OPS[:1], ["none"]),
    terms("vip", OPS[:2], ["yes", "no", "none"]),
    terms("client", OPS[:2], ["acme", "bolt", "none", "me"]),
    terms("team", OPS[:2], ["acme", "acme-eu", "none"]),
    terms("tag", OPS[:2], ["vpn", "ÄÖÜ", "none"]),
    terms("family", OPS, ["0", "1"]),
    terms("field.1", OPS[:2], ["vpn", "none"]),
    terms("has", OPS[:1], ["vip", "due", "tag", "title", "field.2", "team"]),
    st.builds(
        Text,
        st.sampled_from(["vpn", "printer screen", "screens blue", "프린터를", "принтер", "scanner", "is the", "!!"]),
        st.booleans(),
    ),
)


def branches(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    parts = st.lists(inner, max_size=4).map(tuple)
    return st.builds(And, parts) | st.builds(Or, parts) | st.builds(Not, inner)


expressions = st.recursive(leaves, branches, max_leaves=8)
accesses = st.builds(SearchAccess, st.frozensets(st.sampled_from(list(Audience))))


def store(described: dict[str, Any]) -> Row:
    values = dict(described)
    team, tags, documents = values.pop("team"), values.pop("tags"), values.pop("bodies")
    owner = None if team is None else Owner.objects.create(team_id=team or None)
    title = values["title"]
    row = Row.objects.create(**values, owner=owner, title_folded=None if title is None else fold(title))
    row.labels = tags
    through = Row.tags.through
    for name, family in tags:
        through.objects.create(row=row, tag=Tag.objects.create(name=name, family=family))
    row.documents = documents
    for at, (audience, text) in enumerate(documents):
        index.index_document(
            id=row.pk * 10 + at, thing_id=row.pk, client_id=1, audience=audience, source="probe", text=text
        )
    return row


def check_agreement(stored: list[Row], expression: Expression, access: SearchAccess) -> None:
    given = {"fields": FIELDS, "now": NOW, "me": 8, "access": access}
    expected = {row.pk for row in stored if matches(expression, row, **given)}
    assert set(narrow(Row.objects.all(), expression, **given).values_list("pk", flat=True)) == expected
    complement = narrow(Row.objects.all(), Not(expression), **given)
    assert set(complement.values_list("pk", flat=True)) == {row.pk for row in stored} - expected
    opposite = querying.to_query(expression, model=Row, **given)
    assert set(Row.objects.exclude(opposite).values_list("pk", flat=True)) == {row.pk for row in stored} - expected


@pytest.fixture(params=["listed", "index within the query"])
def hit_limit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of asking the index: a list of hits, and (beyond the limit) a part of the query."""
    if request.param != "listed":
        plain = finding.find_terms
        monkeypatch.setattr(
            querying,
            "find_terms",
            lambda terms, access: plain(terms, access=access, limit=1_001 if terms.phrases else 1),
        )


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """The documents by id, for the recheck of phrases."""
    kept: dict[int, str] = {}
    source = finding.search_source
    entry = index.SearchSource("probe", list, lambda ids: {i: kept[i] for i in ids})
    monkeypatch.setattr(source, "_entries", {"probe": entry})
    return kept


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    described=st.lists(rows, min_size=1, max_size=5),
    some=st.lists(expressions, min_size=3, max_size=8),
    access=accesses,
)
def test_python_and_sql_say_the_same(
    hit_limit: None,
    texts: dict[int, str],
    described: list[dict[str, Any]],
    some: list[Expression],
    access: SearchAccess,
) -> None:
    with transaction.atomic():
        stored = [store(one) for one in described]
        texts.clear()
        texts.update({row.pk * 10 + at: text for row in stored for at, (_, text) in enumerate(row.documents)})
        for expression in some:
            check_agreement(stored, expression, access)
        transaction.set_rollback(True)


NULLS = ("title", "state", "priority", "steps", "ratio", "made_at", "due_at", "vip", "client_id", "team")
EMPTY: dict[str, Any] = {**dict.fromkeys(NULLS), "tags": [], "bodies": []}


@pytest.mark.parametrize(
    ("text", "values", "holds"),
    [
        ("made<2h", {"made_at": NOW - dt.timedelta(hours=1)}, True),
        ("made<2h", {"made_at": NOW - dt.timedelta(hours=2)}, False),
        ("made<=2h", {"made_at": NOW - dt.timedelta(hours=2)}, True),
        ("made>3d", {"made_at": NOW - dt.timedelta(days=4)}, True),
        ("due<2h", {"due_at": NOW + dt.timedelta(hours=1)}, True),
        ("due<2h", {"due_at": NOW - dt.timedelta(days=1)}, True),
        ("due<2h", {"due_at": NOW + dt.timedelta(hours=2)}, False),
        ("due>1d", {"due_at": NOW + dt.timedelta(days=2)}, True),
        ("due<0m", {"due_at": NOW - dt.timedelta(minutes=1)}, True),
        ("due<2h", {}, False),
        ("-due<2h", {}, True),
        ("made:today", {"made_at": NOW.replace(hour=0, minute=0)}, True),
        ("made:today", {"made_at": NOW.replace(hour=0, minute=0) - dt.timedelta(seconds=1)}, False),
        ("made>2026-03-28", {"made_at": NOW.replace(hour=0, minute=0)}, True),
        ("made>2026-03-29", {"made_at": NOW}, False),
        ("made>=2026-03-29", {"made_at": NOW}, True),
        ("priority>=high", {"priority": "urg"}, True),
        ("priority>=high", {"priority": "nor"}, False),
        ("priority<high", {"priority": "odd"}, False),
        ("client:me", {"client_id": 8}, True),
        ("client:none", {}, True),
        ("client:acme|bolt", {"client_id": 9}, True),
        ("client!=acme", {}, True),
        ("tag:VPN tag:wifi", {"tags": [("vpn", 0), ("wifi", 1)]}, True),
        ("-tag:vpn", {"tags": [("vpn", 0), ("wifi", 1)]}, False),
        ("field.1:vpn", {"tags": [("vpn", 0), ("wifi", 1)]}, False),
        ("family>0", {"tags": [("vpn", 0), ("wifi", 1)]}, True),
        ("has:vip", {"vip": True}, True),
        ("vip:no", {}, False),
        ("title:strasse", {"title": "Straße"}, True),
        ("title=strass", {"title": "Straße"}, False),
    ],
)
def test_what_a_term_means(text: str, values: dict[str, Any], holds: bool) -> None:
    row = store({**EMPTY, **values})
    given = {"fields": FIELDS, "now": NOW, "me": 8}
    assert matches(parse(text), row, **given) is holds
    assert narrow(Row.objects.all(), parse(text), **given).exists() is holds
