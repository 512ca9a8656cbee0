"""What tickets reason with, for every input."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierdesk.domain.tickets import rules


@given(st.text(max_size=2_000))
def test_a_preview_is_one_short_line_of_the_text(text: str) -> None:
    preview = rules.preview_of(text)
    assert len(preview) <= rules.PREVIEW_LIMIT
    assert preview == " ".join(preview.split())
    assert preview.removesuffix("…") in " ".join(text.split()) or text.startswith(preview)


@given(st.integers(0, 10**18 - 1), st.sampled_from(["TD-%d", "td-%d", " Td-%d\n"]))
def test_a_reference_gives_its_number_back(number: int, form: str) -> None:
    assert rules.number_in(form % number) == number


@pytest.mark.parametrize(
    "text", ["", "TD-", "1042", "TD-1042 ", "TD-1x", "TD-1 TD-2", "TD--1", "ATD-1", "TD-" + "9" * 19]
)
def test_what_is_no_reference_gives_none(text: str) -> None:
    assert (rules.number_in(text) is None) == (text.strip() != "TD-1042")


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_reference(text: str) -> None:
    number = rules.number_in(text)
    assert number is None or 0 <= number < 10**18


def test_priority_rises_with_impact_and_with_urgency() -> None:
    for impact, urgency in itertools.product(rules.LEVELS, rules.LEVELS):
        own = rules.priority_of(impact, urgency)
        assert own in rules.PRIORITIES.values()
        assert rules.priority_of(urgency, impact) == own
        if impact < 3:
            assert rules.priority_of(impact + 1, urgency) >= own


@pytest.mark.parametrize("priority", rules.PRIORITIES.values())
def test_a_pair_that_stands_for_a_priority_leads_back_to_it(priority: int) -> None:
    assert rules.priority_of(*rules.impact_and_urgency_for(priority)) == priority


@pytest.mark.parametrize("category", rules.CATEGORIES)
def test_a_message_leaves_a_ticket_where_it_belongs(category: str) -> None:
    assert rules.category_after_message(category, from_requester=True) in {rules.NEW, rules.OPEN}
    after = rules.category_after_message(category, from_requester=False)
    assert after == category if category in rules.DONE else after == rules.WAITING_REQUESTER


def test_every_status_leads_somewhere_and_done_can_be_reopened() -> None:
    assert set(rules.DEFAULT_FLOW) == set(rules.CATEGORIES)
    for start, ends in rules.DEFAULT_FLOW.items():
        assert start not in ends
        assert set(ends) <= set(rules.CATEGORIES)
    assert all(rules.OPEN in rules.DEFAULT_FLOW[done] for done in rules.DONE)
