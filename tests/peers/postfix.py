"""Postfix: a real mail system that takes mail by SMTP and hands it over by LMTP. Needs root, as Postfix does."""

from __future__ import annotations

import shutil
import smtplib
from email import policy
from email.message import EmailMessage
from pathlib import Path

from tests.peers.workplace import Peer, command, free_port, is_root, listening, wait_until

BINARY = Path("/usr/sbin/postfix")
DIST = Path("/usr/share/postfix/master.cf.dist")
SMTP_COLUMNS = 8
CHROOT = 4


class Postfix(Peer):
    """Takes mail for `*.example` on `smtp_port` of 127.0.0.1 and hands it to `lmtp_port`; other domains are refused.

    `routes` sends single addresses or domains elsewhere: `{"help@demo.example": 2525}` (an LMTP port of 127.0.0.1).
    """

    def __init__(self, lmtp_port: int, routes: dict[str, int] | None = None) -> None:
        super().__init__()
        self.smtp_port = free_port()
        self.lmtp_port = lmtp_port
        self.routes = routes or {}
        self.config = self.folder / "etc"

    def start(self) -> None:
        """A queue, a configuration and a master process of its own."""
        for name in ("etc", "spool", "lib"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "lib", "postfix")
        (self.config / "master.cf").write_text(self._services(), encoding="utf-8")
        (self.config / "main.cf").write_text(self._settings(), encoding="utf-8")
        lines = [f"{target} lmtp:inet:127.0.0.1:{port}\n" for target, port in self.routes.items()]
        (self.config / "transport").write_text("".join(lines), encoding="utf-8")
        command(BINARY, "-c", self.config, "start")
        wait_until("Postfix", lambda: listening(self.smtp_port))

    def stop(self) -> None:
        """Ends the master process and its services; what is queued is lost."""
        if (self.folder / "spool/pid/master.pid").exists():
            command(BINARY, "-c", self.config, "stop")

    def send(self, mail: EmailMessage, recipients: list[str] | None = None) -> None:
        """Submit a mail by SMTP, from its From to its To or to `recipients`."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, local_hostname="client.example") as connection:
            to = recipients or [str(address) for address in mail["To"].addresses]
            sender = str(mail["From"].addresses[0].addr_spec)
            connection.sendmail(sender, [_bare(address) for address in to], mail.as_bytes(policy=policy.SMTP))

    def flush(self) -> None:
        """Try what is queued again, now."""
        command("/usr/sbin/postqueue", "-c", self.config, "-f")

    def queue(self) -> str:
        """What waits in the queue, as `postqueue -p` says it."""
        return command("/usr/sbin/postqueue", "-c", self.config, "-p")

    def log(self) -> str:
        """The mail log so far."""
        path = self.folder / "lib/mail.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def _services(self) -> str:
        """Debian's `master.cf` on our port and without chroot; comments and continuation lines stay."""
        lines = []
        for line in DIST.read_text(encoding="utf-8").splitlines():
            words = line.split()
            service = line[:1] not in {"#", " ", ""} and len(words) >= SMTP_COLUMNS
            if service:
                words[CHROOT] = "n"
                if words[:2] == ["smtp", "inet"]:
                    words[0] = f"127.0.0.1:{self.smtp_port}"
            lines.append(" ".join(words) if service else line)
        return "\n".join(lines) + "\n"

    def _settings(self) -> str:
        place = self.folder
        return f"""
compatibility_level = 3.6
queue_directory = {place}/spool
data_directory = {place}/lib
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.demo.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
mynetworks = 127.0.0.0/8
relay_domains = example, .example
relay_transport = lmtp:inet:127.0.0.1:{self.lmtp_port}
default_transport = error:no mail leaves this machine
smtpd_relay_restrictions = reject_unauth_destination
transport_maps = texthash:{place}/etc/transport
disable_dns_lookups = yes
smtputf8_enable = yes
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
message_size_limit = 104857600
alias_maps =
alias_database =
maillog_file = {place}/lib/mail.log
maillog_file_prefixes = /tmp
"""


def absent() -> str | None:
    """What keeps it from starting, or None."""
    if not BINARY.exists():
        return "postfix is not installed"
    return None if is_root() else "Postfix starts as root only"


def _bare(address: str) -> str:
    return address.rpartition("<")[2].rstrip(">")
