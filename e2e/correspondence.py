"""The customer's side of a mail journey: real mail servers, what he writes, what he gets."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from pathlib import Path

from tests.peers.dovecot import Dovecot
from tests.peers.postfix import Postfix
from tests.peers.workplace import wait_until

DESK = "support@demo.example"
CUSTOMER = "jiwoo@acme.example"
NAME = "한지우"
SUBJECT = "재택근무 중 VPN이 10분마다 끊깁니다"
TEXT = """안녕하세요, 아크메 회계팀 한지우입니다.

어제 오후부터 집에서 VPN에 연결하면 10분쯤 뒤에 연결이 끊깁니다.
다시 연결하면 되지만 전표 프로그램이 매번 꺼져서 월말 마감을 못 하고 있습니다.

오류 화면과 로그를 첨부합니다. 빠른 확인 부탁드립니다.

한지우 드림
"""
HTML = "<html><body><p>{}</p></body></html>".format("</p><p>".join(TEXT.strip().split("\n\n")))
LOG_NAME = "vpn-client.log"
LOG = b"2026-03-02T14:03:11 tunnel up\r\n2026-03-02T14:13:12 ERROR 809 peer not responding\r\n" * 400
PICTURE_NAME = "오류 화면.png"
MAIL_SECONDS = 20
_MOMENT = re.compile(r"^(\d+)\.M(\d+)P")


@dataclass(frozen=True, slots=True)
class MailServers:
    """Postfix in front, Dovecot behind; every `.example` address has a mailbox."""

    dovecot: Dovecot
    postfix: Postfix

    def mails(self, user: str) -> list[EmailMessage]:
        """What lies in somebody's inbox, oldest first."""
        return self.dovecot.mails(user)

    def wait_for(self, user: str, count: int) -> list[EmailMessage]:
        """His mails, once there are so many."""
        wait_until(f"{count} mails for {user}", lambda: len(self.mails(user)) >= count, MAIL_SECONDS)
        return self.mails(user)

    def delivered_at(self, user: str, message_id: str) -> float:
        """When Dovecot took a mail in, in seconds since 1970: its Maildir names files by the microsecond."""
        for path in self._files(user):
            if message_id.encode() in path.read_bytes() and (moment := _MOMENT.match(path.name)):
                return int(moment[1]) + int(moment[2]) / 1e6
        raise LookupError(f"{message_id} is not in the mailbox of {user}")

    def has_reader(self, user: str) -> bool:
        """Whether somebody waits in this mailbox by IMAP: Dovecot made it when he signed in and opened it."""
        return (self.dovecot.folder / "mail" / user / "dovecot-uidlist").exists()

    def logs(self) -> list[tuple[str, str]]:
        """For a failed test."""
        return [("Log of Postfix", self.postfix.log()[-6000:]), ("Queue of Postfix", self.postfix.queue())]

    def _files(self, user: str) -> Iterator[Path]:
        for name in ("new", "cur"):
            yield from sorted((self.dovecot.folder / "mail" / user / name).glob("*"))


@contextmanager
def mail_servers() -> Iterator[MailServers]:
    """Both servers, fresh."""
    with Dovecot() as dovecot, Postfix(dovecot.lmtp_port) as postfix:
        yield MailServers(dovecot, postfix)


def picture() -> bytes:
    """A screenshot, as far as a mail is concerned: 320 x 200, one blue with a red bar."""
    rows = b"".join(b"\0" + (b"\xb3\x26\x1e" if 80 < y < 120 else b"\x0b\x68\x70") * 320 for y in range(200))
    header = struct.pack(">IIBBBBB", 320, 200, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def first_mail() -> EmailMessage:
    """What he writes first: text and HTML, a picture and a log."""
    mail = _headed(SUBJECT, DESK)
    mail.set_content(TEXT)
    mail.add_alternative(HTML, subtype="html")
    mail.add_attachment(picture(), maintype="image", subtype="png", filename=PICTURE_NAME)
    mail.add_attachment(LOG, maintype="application", subtype="octet-stream", filename=LOG_NAME)
    return mail


def reply_to(answer: EmailMessage, text: str) -> EmailMessage:
    """His answer, as a mail program makes it: to Reply-To, threaded, with the whole answer quoted below."""
    mail = _headed(f"Re: {str(answer['Subject']).removeprefix('Re: ')}", str(answer["Reply-To"].addresses[0].addr_spec))
    mail["In-Reply-To"] = answer["Message-ID"]
    mail["References"] = f"{answer['References']} {answer['Message-ID']}"
    quoted = "".join(f"> {line}\n" for line in body_of(answer).splitlines())
    mail.set_content(f"{text}\n\n2026년 3월 2일 (월) 오후 3:20, Tierdesk Support <{DESK}>님이 작성:\n{quoted}")
    return mail


def body_of(mail: EmailMessage) -> str:
    """A mail's plain text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def _headed(subject: str, to: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = f"{NAME} <{CUSTOMER}>"
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = make_msgid(domain="acme.example")
    mail["User-Agent"] = "Mozilla Thunderbird"
    mail["Content-Language"] = "ko"
    return mail
