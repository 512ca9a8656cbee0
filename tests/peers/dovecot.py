"""Dovecot: IMAP and LMTP for every address, with one password; a mailbox begins when it is first touched."""

from __future__ import annotations

import getpass
import imaplib
import shutil
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from tests.peers.workplace import Peer, command, free_port, is_root, listening, wait_until

PASSWORD = "mailbox"
BINARY = Path("/usr/sbin/dovecot")


class Dovecot(Peer):
    """`imap_port` and `lmtp_port` of 127.0.0.1, plain text; any user with `password`."""

    password = PASSWORD

    def __init__(self) -> None:
        super().__init__()
        self.imap_port = free_port()
        self.lmtp_port = free_port()
        self.user = "nobody" if is_root() else getpass.getuser()
        self.group = "nogroup" if is_root() else self._own_group()
        self.config = self.folder / "dovecot.conf"

    def start(self) -> None:
        """One file of configuration, one process tree."""
        for name in ("run", "state", "mail", "home"):
            (self.folder / name).mkdir()
            if is_root() and name in {"mail", "home"}:
                shutil.chown(self.folder / name, self.user, self.group)
        self.config.write_text(self._configuration(), encoding="utf-8")
        command(BINARY, "-c", self.config)
        wait_until("Dovecot", lambda: listening(self.imap_port) and listening(self.lmtp_port))

    def stop(self) -> None:
        """Ends the master process and its services."""
        if (self.folder / "run/master.pid").exists():
            command("/usr/bin/doveadm", "-c", self.config, "stop")
            wait_until("Dovecot's end", lambda: not (self.folder / "run/master.pid").exists())

    def deliver(self, user: str, mail: EmailMessage | bytes, sender: str = "sender@remote.example") -> None:
        """Hand a mail over by LMTP, as the last hop of a mail system does."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=policy.SMTP)
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as connection:
            connection.sendmail(sender, [user], raw)

    def append(self, user: str, mail: EmailMessage | bytes, folder: str = "INBOX") -> None:
        """Put a mail into a folder by IMAP."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=policy.SMTP)
        with self.mailbox(user) as connection:
            connection.append(folder, "", "", raw)  # type: ignore[arg-type]  # typeshed wants a date; "" is "none"

    def mails(self, user: str, folder: str = "INBOX") -> list[EmailMessage]:
        """Every mail of a folder, oldest first; reading marks nothing as seen."""
        with self.mailbox(user) as connection:
            status, _ = connection.select(folder, readonly=True)
            if status != "OK":
                return []
            _, found = connection.search(None, "ALL")
            numbers = found[0].split()
            return [self._fetch(connection, number.decode()) for number in numbers]

    @contextmanager
    def mailbox(self, user: str) -> Iterator[imaplib.IMAP4]:
        """An IMAP connection signed in as `user`."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port) as connection:
            connection.login(user, self.password)
            yield connection

    @staticmethod
    def _fetch(connection: imaplib.IMAP4, number: str) -> EmailMessage:
        _, parts = connection.fetch(number, "(BODY.PEEK[])")
        raw = next(part[1] for part in parts if isinstance(part, tuple))
        return message_from_bytes(raw, policy=policy.default)

    @staticmethod
    def _own_group() -> str:
        import grp  # noqa: PLC0415
        import os  # noqa: PLC0415

        return grp.getgrgid(os.getegid()).gr_name

    def _configuration(self) -> str:
        place = self.folder
        return f"""
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/log
protocols = imap lmtp
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{place}/mail/%u
default_login_user = {self.user}
default_internal_user = {self.user}
default_internal_group = {self.group}
mail_uid = {self.user}
mail_gid = {self.group}
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 200
passdb {{
  driver = static
  args = password={self.password}
}}
userdb {{
  driver = static
  args = uid={self.user} gid={self.group} home={place}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {self.imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {self.lmtp_port}
  }}
}}
service anvil {{
  chroot =
}}
"""


def absent() -> str | None:
    """What keeps it from starting, or None."""
    there = BINARY.exists() and Path("/usr/lib/dovecot/imap").exists() and Path("/usr/lib/dovecot/lmtp").exists()
    return None if there else "dovecot-imapd and dovecot-lmtpd are not installed"
