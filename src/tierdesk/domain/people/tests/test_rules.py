"""Folded addresses, clean names, grants, safe paths: properties."""

import unicodedata
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tierdesk.domain.people import rules
from tierdesk.kernel.actors import Clients

CLIENT_SETS = st.builds(Clients, every=st.booleans(), ids=st.frozensets(st.sampled_from([1, 12, 112])))
GRANTS = st.dictionaries(st.sampled_from(sorted(rules.PERMISSIONS)), CLIENT_SETS)


@given(st.one_of(st.text(), st.emails(), st.emails().map(str.upper)))
@example("MIKE@EXAMPLE.org")
@example("ｍike@example.org")
@example("mike@exämple.org")
def test_folding_twice_is_folding_once(address: str) -> None:
    folded = rules.fold_address(address)
    assert rules.fold_address(folded) == folded


@given(st.text(), st.sampled_from("\r\n\0,<>;: \t\u2028"), st.text())
def test_a_folded_address_can_add_no_header_and_no_recipient(left: str, bad: str, right: str) -> None:
    folded = rules.fold_address(f"{left}{bad}{right}@a.example")
    assert not set(folded) & set("\r\n\0,<>;: \t\u2028")
    assert folded == "" or (folded.count("@") == 1 and len(folded) <= rules.MAX_ADDRESS)


@pytest.mark.parametrize("address", ["", "@", "a@", "@b", "a@b@c", "a@.b", "a@b.", "a@b..c", "a" * 65 + "@b.example"])
def test_what_is_no_address_is_not_repaired(address: str) -> None:
    assert rules.fold_address(address) == ""


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Example.ORG", "example.org"),
        ("@bolt.example", "bolt.example"),
        ("exämple.org", "xn--exmple-cua.org"),
        ("a b", ""),
    ],
)
def test_domains_fold_as_in_addresses(typed: str, stored: str) -> None:
    assert rules.fold_domain(typed) == stored


@given(st.text(), st.integers(1, 60))
def test_a_clean_name_is_one_short_line_without_hidden_characters(name: str, limit: int) -> None:
    clean = rules.clean_name(name, limit)
    assert len(clean) <= limit
    assert clean == clean.strip()
    assert all(unicodedata.category(c)[0] != "C" for c in clean)
    assert rules.clean_name(clean, limit) == clean


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from([*sorted(rules.PERMISSIONS), "root"])), st.none() | st.integers(1, 112))
    ),
    st.sets(st.integers(1, 112)),
)
def test_grants_hold_exactly_where_a_role_or_the_managing_gives_them(
    held: list[tuple[list[str], int | None]], managed: set[int]
) -> None:
    grants = rules.grants_of(held, managed)
    assert set(grants) <= rules.PERMISSIONS
    for permission in rules.PERMISSIONS:
        for client_id in range(1, 113):
            by_role = any(permission in names and of in {None, client_id} for names, of in held)
            by_managing = permission == rules.CLIENT_VIEW and client_id in managed
            assert (client_id in grants.get(permission, Clients())) == (by_role or by_managing)


@given(GRANTS, GRANTS)
def test_covering_means_holding_everywhere(having: dict[str, Clients], wanted: dict[str, Clients]) -> None:
    lacks = any(
        (clients.every and not having.get(name, Clients()).every)
        or any(client_id not in having.get(name, Clients()) for client_id in clients.ids)
        for name, clients in wanted.items()
    )
    assert rules.covers(having, wanted) is not lacks
    assert rules.covers(having, having)


@given(st.one_of(st.text(), st.text("/\\.:@%09ehtps \t\r\n").map(lambda t: "/" + t)))
@example("//evil.example")
@example("/\\evil.example")
@example("/\t/evil.example")
@example("https:evil.example")
@example("javascript:alert(1)")
def test_a_local_path_never_leaves_the_site(url: str) -> None:
    if not rules.is_local_path(url):
        return
    seen = "".join(c for c in url if c not in "\t\r\n").replace("\\", "/")  # as WHATWG's URL parser reads it
    joined = urlsplit(urljoin("https://desk.example/sign-in", seen))
    assert (joined.scheme, joined.netloc) == ("https", "desk.example")


@pytest.mark.parametrize("url", ["/", "/desk/tickets/TD-1?x=%2F%2Fa", "/%09/evil.example", "/한국?next=//x"])
def test_plain_paths_are_local(url: str) -> None:
    assert rules.is_local_path(url)
