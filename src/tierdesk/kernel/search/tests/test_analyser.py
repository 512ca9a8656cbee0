"""The analyser: what is found by what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierdesk.kernel.search.analyser import (
    ACCESS,
    JOINT,
    MAX_DOCUMENT_TOKENS,
    MAX_TOKEN_BYTES,
    document_holds,
    phrase_terms,
    query_terms,
    tokens,
    word_terms,
)

FOUND = [
    # English
    ("My printers stopped printing after the update", "printer print"),
    ("Passwords were being reset every morning", "password resets"),
    ("The user's mailbox is full", "users mailboxes"),
    ("It doesn't connecting anymore", "connection doesn't"),
    ("Please follow up tomorrow", "follow-up"),
    ("wifi drops in the meeting room", "Wi-Fi dropping"),
    ("The café résumé", "cafe RESUME"),
    ("configuring synchronisation", "config* synchronis*"),
    ("Monitor stays black", "why is the monitor black"),
    # Russian
    ("Принтеры не печатают после обновления", "принтер обновление"),
    ("Сброс паролей для сотрудников", "сброса пароля сотруднику"),
    ("Ещё одна ошибка подключения", "еще ошибки подключение"),
    ("Не открываются вложения", "не открывается вложение"),
    # Korean
    ("프린터가 갑자기 멈췄습니다", "프린터를"),
    ("비밀번호를 잊어버렸어요", "비밀번호"),
    ("새 비밀번호로 로그인하려고 합니다", "비밀번호 로그인이"),
    ("앱이 자꾸 종료됩니다", "앱"),
    ("VPN에 연결되지 않습니다", "VPN은 연결"),
    ("3층에서 와이파이가 느려요", "3층 와이파이"),
    ("공유폴더 삭제했어요", "삭제하려면 공유폴더에서"),
    # Chinese, Japanese, others
    ("打印机无法连接网络", "打印机 网络"),
    ("プリンターが動かない", "プリンター"),
    ("प्रिंटर काम नहीं कर रहा", "प्रिंटर"),
    # Codes, addresses, hosts
    ("see TD-1042 please", "td-1042"),
    ("see TD1042 please", "TD-1042"),
    ("see TD-1042 please", "1042"),
    ("Stop code E0x80 on KB5034441", "e0x80 5034441"),
    ("from anna.lee@acme.example today", "anna.lee@acme.example"),
    ("from anna.lee@acme.example today", "acme anna"),
    ("mail.acme.example is down", "MAIL.acme.example"),
    ("ping 10.0.0.1 fails", "10.0.0.1"),
    ("open C:\\Windows\\System32", "system32"),
    ("pass\u00adword and zero\u200bwidth", "password zerowidth"),
    ("ＦＵＬＬ ｗｉｄｔｈ", "full width"),
]
NOT_FOUND = [
    ("The printer works", "printer scanner"),
    ("ping 10.0.0.1 fails", "100.0.1"),
    ("ping 10.0.0.1 fails", "10001"),
    ("비밀 회의와 번호표", "비밀번호"),
    ("Принтер работает", "сканер"),
    ("configuring", "conf* figure*"),
    ("see TD-1042", "TD-104"),
    ("anything", "!!! \x00 ()"),
    ("anything", ""),
]


@pytest.mark.parametrize(("text", "question"), FOUND)
def test_a_question_finds_the_document(text: str, question: str) -> None:
    assert document_holds(text, query_terms(question))


@pytest.mark.parametrize(("text", "question"), NOT_FOUND)
def test_a_question_does_not_find_the_document(text: str, question: str) -> None:
    assert not document_holds(text, query_terms(question))


@pytest.mark.parametrize(
    ("text", "phrase", "stands"),
    [
        ("I saw a Blue\n screen, twice", "blue SCREEN", True),
        ("I saw a screen, blue", "blue screen", False),
        ("bluescreening", "blue screen", False),
        ("관리자가 비밀번호 변경을 요청", "비밀번호 변경", True),
        ("Синий экран смерти", "экран смерти", True),
        ("打印机无法连接网络", "无法 连接", False),
        ("the end of it", "the end", True),
    ],
)
def test_a_phrase_stands_side_by_side(text: str, phrase: str, stands: bool) -> None:
    assert document_holds(text, phrase_terms(phrase)) is stands
    assert document_holds(text, query_terms(f'"{phrase}"')) is stands


def test_a_question_of_words_without_meaning_still_asks_for_them() -> None:
    assert document_holds("to be or not", query_terms("to be"))
    assert not document_holds("printer", query_terms("to be"))


def test_a_document_gives_at_most_4000_tokens_of_60_bytes() -> None:
    found = tokens(" ".join(f"word{number}x{'й' * 100}" for number in range(9_000)))
    assert len(found) == MAX_DOCUMENT_TOKENS
    assert max(len(token.encode()) for token in found) <= MAX_TOKEN_BYTES
    assert document_holds("x" * 500, word_terms("x" * 500))


@given(st.text(max_size=300))
def test_tokens_are_safe_in_both_databases_and_never_look_like_access(text: str) -> None:
    for token in tokens(text + f" {ACCESS}a1 {ACCESS}c7"):
        assert token
        assert not token.startswith((ACCESS, JOINT))
        assert ACCESS not in token
        assert len(token.encode()) <= MAX_TOKEN_BYTES
        assert not any(character.isspace() or (character.isascii() and not character.isalnum()) for character in token)


WORDS = ["vpn", "printers", "프린터", "비밀번호를", "пароли", "TD-1042", "wi-fi", "10.0.0.1", "漢字", "don't"]


@given(st.lists(st.sampled_from(WORDS), min_size=1))
def test_every_text_is_found_by_its_own_words(words: list[str]) -> None:
    text = " ".join(words)
    assert document_holds(text, query_terms(text))
    assert document_holds(text, phrase_terms(text))


@given(st.text(max_size=60))
def test_a_text_that_gives_terms_is_found_by_them(text: str) -> None:
    terms = word_terms(text.replace("*", " "))
    assert terms.empty or document_holds(text.replace("*", " "), terms)
