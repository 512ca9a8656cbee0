"""The text form and the JSON form."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierdesk.kernel.conditions.expressions import (
    EVERYTHING,
    MAX_DEPTH,
    And,
    Expression,
    Not,
    Or,
    Term,
    Text,
    all_of,
    any_of,
)
from tierdesk.kernel.conditions.folding import fold, storable
from tierdesk.kernel.conditions.json_form import from_json, to_json
from tierdesk.kernel.conditions.syntax import FIELD_NAME, format_expression, parse
from tierdesk.kernel.refusals import Refusal


def term(field: str, value: str, op: str = ":") -> Term:
    return Term(field, op, (value,))


READ: list[tuple[str, Expression]] = [
    ("", EVERYTHING),
    ("  \n", EVERYTHING),
    ("status:open", term("status", "open")),
    (
        'tier:L1 status:open client:acme due<2h "vpn"',
        And(
            (
                term("tier", "L1"),
                term("status", "open"),
                term("client", "acme"),
                term("due", "2h", "<"),
                Text("vpn", True),
            )
        ),
    ),
    ("status:open|new", Term("status", ":", ("open", "new"))),
    ('status:open|"on hold"', Term("status", ":", ("open", "on hold"))),
    ("-status:closed", Not(term("status", "closed"))),
    ("status!=closed", Not(term("status", "closed", "="))),
    ("NOT status:closed", Not(term("status", "closed"))),
    ("(a or b) c", And((Or((Text("a"), Text("b"))), Text("c")))),
    ("a b or c d", Or((Text("a b"), Text("c d")))),
    ("a AND b Or c", Or((And((Text("a"), Text("b"))), Text("c")))),
    ("priority>=high", term("priority", "high", ">=")),
    ("due:<2h", term("due", "2h", "<")),
    ("created>2026-01-01", term("created", "2026-01-01", ">")),
    ("created>2026-01-01T10:00", term("created", "2026-01-01T10:00", ">")),
    ("Assignee:Me", term("assignee", "Me")),
    ("статус:открыт", term("статус", "открыт")),
    ("상태:열림", term("상태", "열림")),
    ("field.serial-no:A1", term("field.serial-no", "A1")),
    ('subject:"a \\"b\\" \\\\ c:d"', term("subject", 'a "b" \\ c:d')),
    ('"C:\\Users"', Text("C:\\Users", True)),
    ("printer not working", Text("printer not working")),
    ("printer is -broken", And((Text("printer is"), Not(Text("broken"))))),
    ("see https://acme.example/a?b=c now", Text("see https://acme.example/a?b=c now")),
    ("at 12:30 --force ->", Text("at 12:30 --force ->")),
    ("order oral", Text("order oral")),
    ('text:"or (x)"', Text("or (x)")),
    ("-(a b)", Not(Text("a b"))),
    ("(a) (b)", And((Text("a"), Text("b")))),
    ("tag:a|b(c)", And((Term("tag", ":", ("a", "b")), Text("c")))),
]


@pytest.mark.parametrize(("text", "expression"), READ, ids=range(len(READ)))
def test_what_is_written_is_read(text: str, expression: Expression) -> None:
    assert parse(text) == expression
    assert parse(format_expression(expression)) == expression


MISTAKES = [
    *(('a "b', 2), ("(a", 0), ("a )", 2), ("a or", 2), ("or a", 0), ("and a", 0), ("a and", 2), ("a and or b", 2)),
    *(("()", 1), ("status:", 7), ("status: open", 7), ("a status:open|", 14), ("priority>high|low", 0), ('""', 0)),
    *(('status:""', 7), ("text:a|b", 0), ("NOT", 3), ("(a or )", 3), ('-"', 1)),
]


@pytest.mark.parametrize(("text", "position"), MISTAKES)
def test_a_mistake_is_placed(text: str, position: int) -> None:
    with pytest.raises(Refusal) as refused:
        parse(text)
    assert refused.value.code == "conditions"
    assert refused.value.current == {"position": position}
    assert str(position + 1) in str(refused.value.message)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 2_001,
        " ".join("a:b" for _ in range(51)),
        "(" * 500 + "a" + ")" * 500,
        "-(" * 22 + "a" + ")" * 22,
        "NOT " * 490 + "a",
        "a:" + "|".join("b" for _ in range(51)),
    ],
)
def test_there_are_limits(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(text)
    assert refused.value.code == "conditions"


def test_what_is_within_the_limits_is_read() -> None:
    parse(" ".join("a:b" for _ in range(50)))
    deep = "-(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH
    assert format_expression(parse(deep)) == "-(" * (MAX_DEPTH - 1) + "-a" + ")" * (MAX_DEPTH - 1)
    parse(format_expression(parse(deep)))


@given(st.text(max_size=200) | st.text(alphabet='ab:<>=!|"()- \\or NOT.', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except Refusal as refused:
        assert refused.code == "conditions"  # noqa: PT017
    else:
        assert parse(format_expression(found)) == found
        assert from_json(to_json(found)) == found


words = st.text(min_size=1, max_size=12).filter(lambda value: value.strip() and storable(value) == value)
tricky = st.sampled_from(
    ["or", "NOT", "a b", "-x", "a:b", '"', "\\", "(", "|", "<2h", "--x", "a  b", "http://x", '\\"', "-"]
)
values = words | tricky
names = st.sampled_from(["status", "field.serial", "статус", "has", "due-at"])
leaves: st.SearchStrategy[Expression] = st.one_of(
    st.builds(Term, names, st.sampled_from([":", "="]), st.lists(values, min_size=1, max_size=3).map(tuple)),
    st.builds(Term, names, st.sampled_from(["<", "<=", ">", ">="]), values.map(lambda value: (value,))),
    st.builds(Text, values, st.booleans()),
)


def branches(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    parts = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.builds(And, parts) | st.builds(Or, parts) | st.builds(Not, inner)


expressions = st.recursive(leaves, branches, max_leaves=12)


@given(expressions)
def test_every_expression_survives_both_forms(expression: Expression) -> None:
    assert parse(format_expression(expression)) == expression
    assert from_json(to_json(expression)) == expression


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], "$"),
        ({}, "$"),
        ({"all": {}}, "$.all"),
        ({"any": []}, "$.any"),
        ({"all": [{"text": "a"}, {"field": "a", "op": "~", "values": ["b"]}]}, "$.all[1].op"),
        ({"field": "a b", "op": ":", "values": ["b"]}, "$.field"),
        ({"field": "text", "op": ":", "values": ["b"]}, "$.field"),
        ({"field": "a", "op": ":", "values": []}, "$.values"),
        ({"field": "a", "op": ":", "values": [1]}, "$.values[0]"),
        ({"field": "a", "op": ":", "values": ["b"], "x": 1}, "$"),
        ({"not": {"text": "\x00"}}, "$.not.text"),
        ({"maybe": []}, "$.maybe"),
        (None, "$"),
    ],
)
def test_a_broken_structure_is_refused_by_place(data: Any, place: str) -> None:
    with pytest.raises(Refusal) as refused:
        from_json(data)
    assert str(refused.value.message).endswith(f": {place}.")


def test_a_structure_has_limits() -> None:
    deep: Any = {"text": "a"}
    for _ in range(5_000):
        deep = {"not": deep}
    for data in (
        deep,
        {"all": [{"text": "a"}] * 51},
        {"text": "a" * 2_001},
        {"field": "a", "op": ":", "values": ["b"] * 51},
        {"field": "a", "op": "<", "values": ["b", "c"]},
    ):
        with pytest.raises(Refusal):
            from_json(data)


def test_parts_are_put_together_flat() -> None:
    a, b, c = Text("a"), Text("b"), Text("c")
    assert all_of(all_of(a, b), c) == And((a, b, c))
    assert any_of(any_of(a, b), c) == Or((a, b, c))
    assert all_of(a, EVERYTHING) == a
    assert all_of() == EVERYTHING


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert FIELD_NAME.fullmatch("field.serial")
