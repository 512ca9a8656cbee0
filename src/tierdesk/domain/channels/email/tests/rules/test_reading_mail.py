"""Any bytes are read without an exception, and real mails are read right."""

from __future__ import annotations

import base64
import email.header
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierdesk.domain.channels.email.rules.automatic import classify
from tierdesk.domain.channels.email.rules.decoding import clean_line, clean_name
from tierdesk.domain.channels.email.rules.limits import Limits
from tierdesk.domain.channels.email.rules.parsing import parse_mail
from tierdesk.domain.channels.email.rules.quotes import new_text

CORPUS = Path(os.environ.get("TIERDESK_CORPUS", "/nonexistent")) / "mail"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="TIERDESK_CORPUS is not set")

FRAGMENTS = st.sampled_from(
    [
        b"From: ",
        b"To: a@b.example, ",
        b"Subject: =?utf-8?B?",
        b"=?euc-kr?Q?=B0=A1?=",
        b"\r\n",
        b"\n",
        b"\r",
        b"\n\n",
        b"--x\n",
        b"--x--\n",
        b"Content-Type: multipart/mixed; boundary=x\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: text/html\n",
        b"Content-Transfer-Encoding: base64\n",
        b"\x00",
        b"\xff\xfe",
        b"\xb0\xa1",
        b"<svg>",
        b"<a href=",
        b"> ",
        b"Message-ID: <",
        b"Content-Disposition: attachment; filename*0*=utf-8''%F0%9F",
        b'filename="../../etc/passwd"',
        b"\x78\x9f\x3e\x22",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FRAGMENTS | st.binary(max_size=30), max_size=30).map(b"".join))
def test_no_bytes_raise(raw: bytes) -> None:
    mail = parse_mail(raw)
    mail.text.encode()
    mail.html.encode()
    assert "\n" not in mail.subject
    assert "\x00" not in mail.text + mail.subject + mail.from_
    assert classify(mail).kind in {"none", "auto-reply", "bounce", "list", "loop"}


@given(st.text(max_size=300))
def test_metadata_is_one_line_without_control_characters(text: str) -> None:
    cleaned = clean_line(text)
    assert not any(ord(c) < 32 or c in "\x7f\u202e\u200b" for c in cleaned)
    assert clean_line(cleaned) == cleaned
    name = clean_name(text)
    assert "/" not in name
    assert "\\" not in name
    assert len(name) <= 200


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("euc-kr", "프린터가 고장났습니다"),
        ("ks_c_5601-1987", "안녕하세요 똠방각하"),
        ("koi8-r", "Принтер не печатает"),
        ("windows-1251", "Не работает почта"),
        ("big5", "印表機壞了"),
        ("utf-8", "Drucker kaputt äöü"),
    ],
)
def test_charsets_of_body_and_subject_are_read(charset: str, text: str) -> None:
    codec = {"ks_c_5601-1987": "cp949", "euc-kr": "cp949"}.get(charset, charset)
    word = base64.b64encode(text.encode(codec)).decode()
    raw = (
        f"From: a@b.example\nSubject: =?{charset}?B?{word}?=\nContent-Type: text/plain; charset={charset}\n\n".encode()
    )
    mail = parse_mail(raw + text.encode(codec))
    assert mail.subject == text
    assert mail.text == text


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp949", "프린터가 고장났습니다"),
        ("koi8-r", "Принтер не печатает"),
        ("cp1251", "Не работает почта"),
        ("utf-8", "프린터"),
        ("cp1252", "Die Frösche können hüpfen"),
    ],
)
def test_raw_eight_bit_subjects_are_guessed(codec: str, text: str) -> None:
    assert parse_mail(b"Subject: " + text.encode(codec) + b"\n\nx").subject == text


def test_encoded_words_split_inside_a_character_are_joined() -> None:
    data = "프린터".encode()
    words = b" ".join(b"=?utf-8?B?" + base64.b64encode(piece) + b"?=" for piece in (data[:4], data[4:]))
    assert parse_mail(b"Subject: " + words + b"\n\n").subject == "프린터"


def test_addresses_are_folded_in_ascii_only() -> None:
    mail = parse_mail("From: X <MIRA@Acme.Example>\nTo: \u212aate@acme.example\n\nhi".encode())
    assert mail.from_ == "mira@acme.example"
    assert all(one.address != "kate@acme.example" for one in mail.to)


def test_header_injection_through_names_adds_nobody() -> None:
    name = email.header.Header("Mira\r\nBcc: evil@x.example, <z@x.example>", "utf-8").encode()
    mail = parse_mail(f"From: {name} <mira@acme.example>\nTo: a@b.example\n\nx".encode())
    assert mail.from_ == "mira@acme.example"
    assert "\n" not in mail.from_name
    assert [one.address for one in mail.to] == ["a@b.example"]


def test_a_thousand_nested_parts_are_bounded_and_said() -> None:
    raw = b"From: a@b.example\n"
    for depth in range(1000):
        raw += f"Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n".encode()
    assert "too-deeply-nested" in parse_mail(raw + b"\ntext").problems


def test_a_hundred_thousand_recipients_are_cut_and_said() -> None:
    mail = parse_mail(b"To: " + b",\n ".join(b"u%d@x.example" % n for n in range(100_000)) + b"\n\nhi")
    assert len(mail.to) <= 500
    assert "too-many-recipients" in mail.problems


def test_limits_of_parts_are_kept() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 5000
    assert "too-many-parts" in parse_mail(raw, limits=Limits(parts=100)).problems


def test_message_ids_of_any_shape_are_normal_input() -> None:
    assert parse_mail(b"From: a@b.example\n\n").message_id == ""
    assert parse_mail(b"Message-ID: <>\n\n").message_id == ""
    assert "message-id-too-long" in parse_mail(b"Message-ID: <" + b"a" * 10_000 + b"@x>\n\n").problems
    assert parse_mail(b"Message-ID: <a@x>\nMessage-ID: <b@x>\n\n").message_id == "a@x"


def test_attached_mail_is_named_from_its_subject() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\nSubject: a/b\n\nhi\n--x--\n"
    )
    assert [one.name for one in parse_mail(raw).attachments] == ["a b.eml"]


@pytest.mark.parametrize(
    "quote",
    [
        "2020년 2월 3일 (월) 오후 3:05, 홍길동 <gd@acme.example>님이 작성:\n> 안녕",
        "-----Original Message-----\nFrom: a\nTo: b\n\nx",
        "보낸 사람: 데스크\n보낸 날짜: 2020년\n받는 사람: 나\n제목: 티켓\n\n내용",
        "--------- 원본 메일 ---------\n보낸사람 : 데스크\n\n내용",
        "пн, 3 февр. 2020 г. в 12:00, Иван <i@acme.example>:\n> да",
        "Среда, 5 февраля 2020, 12:00 +03:00 от Иван <i@acme.example>:\nтекст",
        '05.02.2020, 12:00, "Иван" <i@acme.example>:\n> да',
        "От: Иван\nОтправлено: среда\nКому: Пётр\nТема: билет\n\nтекст",
        "Am 03.02.2020 um 10:00 schrieb Desk <d@x.example>:\n> hallo",
        "Le lun. 3 févr. 2020 à 10:00, Desk <d@x.example> a écrit :\n> oui",
    ],
)
def test_quotes_of_many_programs_are_cut(quote: str) -> None:
    assert new_text(f"답장 answer ответ\n\n{quote}\n") == "답장 answer ответ"


@pytest.mark.parametrize(
    "text", ["Steps:\n1. On Monday I wrote: a macro\n2. done", "Log:\n-----\nline one\nline two", "Date: today\nhello"]
)
def test_ordinary_text_is_kept(text: str) -> None:
    assert new_text(text) == text


@needs_corpus
def test_every_mail_of_the_corpora_is_read() -> None:
    files = [path for path in CORPUS.rglob("*") if path.suffix in {".eml", ".msg", ".tnef", ".txt"}]
    assert len(files) > 500
    for path in files:
        parse_mail(path.read_bytes())


@needs_corpus
def test_new_text_of_the_reply_corpus() -> None:
    names = sorted(path.name for path in (CORPUS / "reply-trimmer" / "emails").iterdir())
    right = sum(
        "".join(new_text((CORPUS / "reply-trimmer/emails" / name).read_text(errors="replace")).split())
        == "".join((CORPUS / "reply-trimmer/trimmed" / name).read_text(errors="replace").split())
        for name in names
    )
    assert right >= 0.9 * len(names)


@needs_corpus
def test_bounces_of_the_corpus_are_recognised() -> None:
    files = [path for path in (CORPUS / "bounces").glob("*.eml") if not path.name.startswith("rfc3834")]
    missed = [path.name for path in files if classify(parse_mail(path.read_bytes())).kind != "bounce"]
    assert len(missed) <= 0.01 * len(files), missed
