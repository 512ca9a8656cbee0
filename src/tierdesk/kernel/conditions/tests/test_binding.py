"""Names and values: what is understood, and how a mistake is named."""

import datetime as dt
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from tierdesk.kernel.audience import Audience
from tierdesk.kernel.conditions.fields import Choice, ConditionField, Fields, Kind
from tierdesk.kernel.conditions.matching import matches
from tierdesk.kernel.conditions.syntax import parse
from tierdesk.kernel.refusals import Refusal
from tierdesk.kernel.search.access import SearchAccess

NOW = dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)
FIELDS = Fields("thing")
for one in (
    ConditionField(
        "priority",
        Kind.ORDERED,
        "Priority",
        lambda t: t.priority,
        choices=lambda: [Choice("low", (1,)), Choice("high", (2,), aliases=("высокий", "높음"))],
    ),
    ConditionField("due", Kind.DATE, "Due", lambda t: t.due, looks_ahead=True),
    ConditionField("made", Kind.DATE, "Made", lambda t: t.made),
    ConditionField("steps", Kind.NUMBER, "Steps", lambda t: t.steps),
    ConditionField("vip", Kind.BOOLEAN, "VIP", lambda t: t.vip),
    ConditionField(
        "client",
        Kind.REFERENCE,
        "Client",
        lambda t: t.client,
        lookup=lambda name: [7] if name == "acme" else [],
        known=lambda: ["acme", "bolt"],
    ),
    ConditionField("title", Kind.TEXT, "Title", lambda t: t.title, aliases=("тема",)),
):
    FIELDS.register(one)


def holds(text: str, fields: Fields = FIELDS, now: dt.datetime = NOW, **values: object) -> bool:
    return matches(parse(text), SimpleNamespace(**values), fields=fields, now=now, me=None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prioritty:high", "No field “prioritty”. Did you mean “priority”?"),
        ("zzz:1", "No field “zzz”."),
        ("priority:hihg", "“priority” cannot be “hihg”. Did you mean “high”?"),
        ("client:acmee", "“client” cannot be “acmee”. Did you mean “acme”?"),
        ("a:b vip:maybe", "No field “a”."),
        ("vip:maybe", "“vip” cannot be “maybe”."),
        ("steps:many", "“steps” needs a number, not “many”."),
        ("steps:1e9", "“steps” needs a number"),
        ("steps:" + "9" * 30, "“steps” needs a number"),
        ("due:2h", "“2h” is a span of time"),
        ("due<soon", "“due” needs a date"),
        ("due<9999999h", "“due” needs a date"),
        ("due<999999w", "“due” needs a date"),
        ("due<0001-01-01", "“due” needs a date"),
        ("due<2026-02-30", "“due” needs a date"),
        ("title>a", "“title” cannot be compared with “>”."),
        ("has>vip", "“has” cannot be compared with “>”."),
        ("has:nothing", "No field “nothing”."),
        ("client:me", "“me” has no meaning for “client” here"),
        ("words", "Words cannot be searched for here."),
    ],
)
def test_a_mistake_names_what_is_known(text: str, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        holds(text, client=7, vip=None, title="", due=None, steps=None, priority=None)
    assert refused.value.code == "conditions"
    assert said in str(refused.value)


def test_the_position_of_an_unknown_field_is_given() -> None:
    with pytest.raises(Refusal) as refused:
        holds("vip:yes (prio:1)", vip=True)
    assert refused.value.current == {"position": 9}


def test_names_are_understood_in_other_languages_and_cases() -> None:
    assert holds("ТЕМА:впн", title="VPN ВПН")
    assert holds("PRIORITY:Высокий", priority=2)
    assert holds("priority>=높음", priority=2)


def test_days_are_those_of_the_asking_person() -> None:
    seoul = NOW.astimezone(ZoneInfo("Asia/Seoul"))
    at_nine = dt.datetime(2026, 3, 28, 15, 30, tzinfo=dt.UTC)  # 00:30 of the 29th in Seoul
    assert holds("made:today", now=seoul, made=at_nine)
    assert not holds("made:today", made=at_nine)


def test_a_day_of_23_hours_ends_at_midnight() -> None:
    berlin = NOW.astimezone(ZoneInfo("Europe/Berlin"))  # clocks go forward on 2026-03-29
    assert holds("made:2026-03-29", now=berlin, made=dt.datetime(2026, 3, 29, 21, 59, tzinfo=dt.UTC))
    assert not holds("made:2026-03-29", now=berlin, made=dt.datetime(2026, 3, 29, 22, 0, tzinfo=dt.UTC))
    assert not holds("made<2h", now=berlin, made=NOW - dt.timedelta(hours=2))
    assert holds("made<2h", now=berlin, made=NOW - dt.timedelta(minutes=119))


def test_free_words_look_only_where_the_asking_side_may_read() -> None:
    fields = Fields("thing", documents=lambda t: [(Audience.AGENTS, "the vault is open")])
    thing = SimpleNamespace()
    given = {"fields": fields, "now": NOW, "me": None}
    assert not matches(parse("vault"), thing, **given)
    assert matches(parse("vaults"), thing, **given, access=SearchAccess(frozenset({Audience.AGENTS})))


def test_a_name_is_taken_once() -> None:
    fields = Fields("thing")
    first = fields.register(ConditionField("status", Kind.TEXT, "Status", lambda t: t, aliases=("state",)))
    assert fields.register(first) is first
    for name in ("State", "has", "text"):
        with pytest.raises(ValueError, match="taken"):
            fields.register(ConditionField(name, Kind.TEXT, "State", lambda t: t))
    assert fields.listed() == [first]
