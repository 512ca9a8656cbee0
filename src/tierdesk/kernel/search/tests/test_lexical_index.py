"""The lexical index on the database in use: found, forgotten, kept apart."""

from collections.abc import Collection, Iterator

import pytest
from django.db import DatabaseError, connection, transaction

from tierdesk.kernel.audience import Audience
from tierdesk.kernel.search import access, index
from tierdesk.kernel.search.analyser import ACCESS
from tierdesk.kernel.search.finding import Hits, find, matching_rows, query_terms
from tierdesk.kernel.search.operations import CreateLexicalIndex
from tierdesk.kernel.search.sources import Document, SearchSource, search_source
from tierdesk.kernel.search.tables import SearchRow

pytestmark = [pytest.mark.django_db, pytest.mark.db_both]

ALL = frozenset(Audience)
REQUESTER = frozenset({Audience.REQUESTER})

DOCUMENTS = {
    1: Document(1, 101, 7, Audience.REQUESTER, "Printers on floor 3 stopped printing. Blue screen E0x80"),
    2: Document(2, 101, 7, Audience.AGENTS, "Internal: the printer's password is kept in the vault"),
    3: Document(3, 102, 8, Audience.REQUESTER, "Принтеры не печатают, экран синий"),
    4: Document(4, 103, 8, Audience.REQUESTER, "프린터가 멈췄습니다. 비밀번호 변경을 부탁합니다"),
    5: Document(5, 104, None, Audience.REQUESTER, "How to reset a printer: screen is blue, not a blue printer"),
    6: Document(6, 101, 7, Audience.VENDOR, "Vendor asks for printer firmware"),
}


@pytest.fixture
def documents(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, Document]]:
    kept = dict(DOCUMENTS)

    def texts(ids: Collection[int]) -> dict[int, str]:
        return {i: kept[i].text for i in ids if i in kept}

    source = SearchSource("probe", lambda: list(kept.values()), texts)
    monkeypatch.setattr(search_source, "_entries", {"probe": source})
    for document in kept.values():
        write(document)
    yield kept


def write(document: Document) -> None:
    index.index_document(
        id=document.id,
        thing_id=document.thing_id,
        client_id=document.client_id,
        audience=document.audience,
        source="probe",
        text=document.text,
    )


def found(text: str, audiences: frozenset[Audience] = ALL, clients: frozenset[int] | None = None) -> list[int]:
    return list(find(text, audiences=audiences, clients=clients).document_ids)


def test_the_newest_document_comes_first_and_a_thing_once(documents: dict[int, Document]) -> None:
    hits = find("printer", audiences=ALL, clients=None)
    assert hits == Hits(thing_ids=(101, 104), document_ids=(6, 5, 2, 1), capped=False)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("принтером", [3]),
        ("프린터를 비밀번호", [4]),
        ("printing floors", [1]),
        ("e0X80", [1]),
        ("print*", [6, 5, 2, 1]),
        ("printer -vault", [2]),
        ("scanner", []),
        ('"blue screen"', [1]),
        ('"is blue" printer', [5]),
        ('"비밀번호 변경"', [4]),
        ('"screen blue"', []),
    ],
)
def test_words_and_phrases_find(documents: dict[int, Document], question: str, expected: list[int]) -> None:
    assert found(question) == expected


def test_an_audience_sees_its_own_documents_only(documents: dict[int, Document]) -> None:
    assert found("printer", REQUESTER) == [5, 1]
    assert found("printer", frozenset({Audience.REQUESTER, Audience.VENDOR})) == [6, 5, 1]
    assert found("printer", frozenset()) == []


def test_a_client_sees_its_own_documents_only(documents: dict[int, Document]) -> None:
    assert found("printer", REQUESTER, frozenset({7})) == [1]
    assert found("printer", REQUESTER, frozenset({8})) == []
    assert found("printer", REQUESTER, frozenset({8, access.NO_CLIENT})) == [5]
    assert found("printer", REQUESTER, frozenset()) == []


def test_many_clients_are_kept_apart_too(documents: dict[int, Document]) -> None:
    many = frozenset(range(1_000, 1_200))
    assert found("printer", ALL, many) == []
    assert found("printer", ALL, many | {7}) == [6, 2, 1]
    rows = matching_rows(query_terms("printer"), access=access.SearchAccess(ALL, many | {7}))
    assert sorted(rows.values_list("id", flat=True)) == [1, 2, 6]


def test_a_source_is_found_alone(documents: dict[int, Document]) -> None:
    index.index_document(id=9, thing_id=109, client_id=7, audience=Audience.AGENTS, source="article", text="printer")
    assert list(find("printer", audiences=ALL, clients=None, sources=frozenset({"article"})).document_ids) == [9]
    assert found('"printer"')[0] == 9
    with pytest.raises(ValueError, match="a-z"):
        index.index_document(id=10, thing_id=1, client_id=7, audience=Audience.AGENTS, source='x" OR', text="x")


def test_text_cannot_claim_access(documents: dict[int, Document]) -> None:
    forged = f"zebra {ACCESS}a1 {ACCESS}c8 xa1 a1 c8 {ACCESS}sprobe"
    index.index_document(id=9, thing_id=109, client_id=7, audience=Audience.AGENTS, source="probe", text=forged)
    assert found("zebra", ALL) == [9]
    assert found("zebra", REQUESTER) == []
    assert found("zebra", ALL, frozenset({8})) == []
    assert found(f"zebra {ACCESS}c8", ALL, frozenset({8})) == []


def test_a_document_written_again_replaces_itself(documents: dict[int, Document]) -> None:
    write(Document(1, 101, 7, Audience.AGENTS, "A keyboard now"))
    write(Document(1, 101, 7, Audience.AGENTS, "A keyboard now"))
    assert found("floor") == []
    assert found("keyboard") == [1]
    assert found("keyboard", REQUESTER) == []
    assert SearchRow.objects.filter(id=1).count() == 1


def test_what_is_removed_is_not_found(documents: dict[int, Document]) -> None:
    index.remove_documents([1, 2, 999])
    assert found("printer") == [6, 5]
    index.remove_thing(101)
    assert found("printer") == [5]
    write(DOCUMENTS[1])
    assert found("printer") == [5, 1]


def test_a_moved_thing_is_found_by_its_new_client_only(documents: dict[int, Document]) -> None:
    index.move_client(101, 8)
    assert found("printer", REQUESTER, frozenset({7})) == []
    assert found("printer", REQUESTER, frozenset({8})) == [1]
    assert set(SearchRow.objects.filter(thing_id=101).values_list("client_id", flat=True)) == {8}
    index.remove_documents([1])
    assert found("printer", REQUESTER, frozenset({8})) == []


def test_a_transaction_rolled_back_leaves_no_trace(documents: dict[int, Document]) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        write(Document(9, 109, 7, Audience.REQUESTER, "zebra"))
        index.remove_documents([1])
        raise RuntimeError
    assert found("zebra") == []
    assert found("floor") == [1]


def test_reindexing_adds_what_is_missing_and_drops_what_is_gone(documents: dict[int, Document]) -> None:
    index.remove_documents([1])
    del documents[3]
    index.index_document(id=9, thing_id=109, client_id=7, audience=Audience.AGENTS, source="gone", text="zebra")
    documents[2] = Document(2, 101, 7, Audience.AGENTS, "changed text")
    assert index.reindex() == 5
    assert found("floor") == [1]
    assert found("принтер") == []
    assert found("zebra") == []
    assert found("vault") == []
    assert found("changed") == [2]


def test_a_capped_search_gives_the_newest_and_says_so(documents: dict[int, Document]) -> None:
    for number in range(20, 40):
        write(Document(number, 1_000 + number // 2, 7, Audience.REQUESTER, "printer"))
    hits = find("printer", audiences=ALL, clients=None, limit=10)
    assert hits.capped
    assert hits.document_ids == tuple(range(39, 29, -1))
    assert hits.thing_ids == tuple(range(1_019, 1_014, -1))
    assert not find("printer", audiences=ALL, clients=None, limit=100).capped


HOSTILE = [
    *('"', '"""', "*", "printer* *", "NEAR(printer vault)", "NEAR(", "tokens:printer", "-", "^printer", "printer)"),
    *("((", "\x00", "prin\x00ter", "' OR 1=1 --", "' | 'x", "'':*", "\\", "%s %(x)s %", "a" * 10_000, '" ' * 5_000),
    *("😀", "\ud800", " ".join(f"w{n}" for n in range(3_000)), "AND OR NOT", "{a b}: x", "+ + +", "\u01c1a1"),
    *("printer & !vault", "<->", "()"),
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_is_a_valid_question(documents: dict[int, Document], hostile: str) -> None:
    for audiences in (ALL, REQUESTER):
        assert set(found(hostile, audiences)) <= set(found("printer", audiences))
    assert set(found(hostile, ALL, frozenset({8}))) <= {3, 4}
    index.index_document(id=50, thing_id=50, client_id=7, audience=Audience.AGENTS, source="probe", text=hostile)
    index.remove_documents([50])


@pytest.mark.django_db(transaction=True)
def test_the_operation_can_be_taken_back_and_made_again() -> None:
    operation = CreateLexicalIndex()
    with connection.schema_editor() as editor:
        operation.database_backwards("kernel", editor, None, None)
    with pytest.raises(DatabaseError):
        find("printer", audiences=ALL, clients=None)
    with connection.schema_editor() as editor:
        operation.database_forwards("kernel", editor, None, None)
    assert find("printer", audiences=ALL, clients=None) == Hits()
