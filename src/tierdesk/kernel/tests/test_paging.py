"""Pages by sort key: together they are the sorted list, in both directions, with ties."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierdesk.kernel.models import Job, StoredFile
from tierdesk.kernel.paging import Page, capped_counts, page_by_time
from tierdesk.kernel.refusals import Refusal

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def _rows(offsets: list[int]) -> list[int]:
    """Rows at these microseconds; gives their ids, latest first."""
    StoredFile.objects.all().delete()
    for n, offset in enumerate(offsets):
        at = START + dt.timedelta(microseconds=offset)
        StoredFile.objects.create(id=1_000 + n * 7 % 10_007, key=str(n), size=0, sha256="", created_at=at)
    rows = StoredFile.objects.all()
    return [row.pk for row in sorted(rows, key=lambda row: (row.created_at, row.pk), reverse=True)]


def _page(key: str, size: int) -> Page[StoredFile]:
    return page_by_time(StoredFile.objects.all(), field="created_at", key=key, size=size)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offsets=st.lists(st.integers(0, 6), max_size=25), size=st.integers(1, 9))
def test_pages_forth_and_back_are_the_sorted_list(offsets: list[int], size: int) -> None:
    expected = _rows(offsets)
    pages, key = [], ""
    while True:
        page = _page(key, size)
        pages.append(page)
        if not page.older:
            break
        key = page.older
    assert [row.pk for page in pages for row in page.rows] == expected
    assert all(len(page.rows) == size for page in pages[:-1])
    assert pages[0].newer == ""
    for before, after in zip(reversed(pages[:-1]), reversed(pages[1:]), strict=True):
        again = _page(after.newer, size)
        assert [row.pk for row in again.rows] == [row.pk for row in before.rows]
        assert bool(again.newer) == (before is not pages[0])
        assert again.older


def test_rows_added_meanwhile_neither_repeat_nor_hide_any() -> None:
    expected = _rows([5, 4, 3, 2, 1])
    first = _page("", 2)
    StoredFile.objects.create(id=9_999_999, key="new", size=0, sha256="", created_at=START + dt.timedelta(seconds=1))
    second = _page(first.older, 2)
    assert [row.pk for row in (*first.rows, *second.rows)] == expected[:4]
    assert [row.pk for row in _page(first.newer or "-" + first.older, 9).rows][0] == 9_999_999


def _key(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


NONSENSE = ["x", "-", "%%%", "é", "AAAA", "=", "a" * 5_000, "\x00", _key("2026-03-02T09:00:00~1"), _key("~1")]
NONSENSE += [_key("2026-03-02T09:00:00+00:00~-1"), _key("2026-03-02T09:00:00+00:00~x"), _key("nan~1")]
NONSENSE += [_key("0001-01-01T00:00:00+14:00~1"), _key("9999-12-31T23:59:59-12:00~1")]


@pytest.mark.parametrize("key", NONSENSE)
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_key_that_is_none_of_ours_is_refused(key: str, sign: str) -> None:
    with pytest.raises(Refusal) as caught:
        _page(sign + key, 5)
    assert (caught.value.code, caught.value.field) == ("invalid", "page")


@pytest.mark.parametrize("row_id", [0, 2**63 - 1, 2**63, 9_999_999_999_999_999_999])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_key_of_our_form_leads_somewhere_whatever_its_id(row_id: int, sign: str) -> None:
    _rows([1, 2, 3])
    _page(sign + _key(f"2026-03-02T09:00:00+00:00~{row_id}"), 5)


def test_counts_are_made_in_one_statement_and_stop_at_the_cap(django_assert_num_queries: object) -> None:
    _rows(list(range(9)))
    every = StoredFile.objects.all()
    asked = {
        "all": every,
        "some": every.filter(id__gt=1_030),
        "none": every.filter(pk__in=[]),
        "jobs": Job.objects.all(),
    }
    with django_assert_num_queries(1):  # type: ignore[operator]
        counts = capped_counts(asked, cap=5)
    assert counts == {"all": 6, "some": every.filter(id__gt=1_030).count(), "none": 0, "jobs": 0}
    assert capped_counts({}) == {}
