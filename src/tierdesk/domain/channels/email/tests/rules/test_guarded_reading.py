"""A mail that breaks its reader harms no other."""

from __future__ import annotations

import base64
import os
import signal

import pytest

from tierdesk.domain.channels.email.guarded import Allowance, GuardedParser, Unparseable

SMALL = b"From: a@b.example\nSubject: hello\n\nhi\n"


def large(megabytes: int) -> bytes:
    data = base64.encodebytes(bytes(megabytes << 20))
    return (
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: application/zip; name=a.zip\n"
        b"Content-Transfer-Encoding: base64\n\n" + data + b"\n--x--\n"
    )


def test_files_come_back_whole_and_the_process_is_kept() -> None:
    with GuardedParser() as parser:
        mail = parser.parse(large(5))
        process = parser.process_id
        assert [(one.name, one.size, len(one.content)) for one in mail.attachments] == [("a.zip", 5 << 20, 5 << 20)]
        assert parser.parse(SMALL).subject == "hello"
        assert parser.process_id == process
    assert parser.process_id is None


def test_too_much_memory_fails_that_mail_only() -> None:
    with GuardedParser(Allowance(memory=100 << 20)) as parser:
        with pytest.raises(Unparseable):
            parser.parse(large(40))
        assert parser.parse(SMALL).subject == "hello"


def test_a_killed_process_is_replaced() -> None:
    with GuardedParser() as parser:
        parser.parse(SMALL)
        os.kill(parser.process_id or 0, signal.SIGKILL)
        assert parser.parse(SMALL).subject == "hello"


def test_a_stuck_process_is_killed_in_time() -> None:
    with GuardedParser() as parser:
        parser._allowance = Allowance(seconds=-1.99)
        os.kill(parser._running().pid, signal.SIGSTOP)
        with pytest.raises(Unparseable, match="too-slow"):
            parser.parse(SMALL)
        assert parser.process_id is None
