"""Handing a mail to a mail server: a mailbox's own, else the installation's."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage

from django.conf import settings

from tierdesk.domain.channels.email import problems, secrets
from tierdesk.domain.channels.email.models import Mailbox

TIMEOUT = 60.0


class TemporarilyRefused(Exception):
    """The server could not be reached or said "later"; the same mail may go through then."""


class PermanentlyRefused(Exception):
    """The server said never. `error` is a code of `problems`."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over. `security`: `tls`, `starttls` (both with a verified certificate), or `none`."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)


def server_for(mailbox: Mailbox | None) -> Server | None:
    """A mailbox's own server, else the installation's (`TIERDESK_SMTP`); none where neither is set up."""
    if mailbox is not None and mailbox.smtp_host:
        return Server(
            mailbox.smtp_host,
            mailbox.smtp_port,
            mailbox.smtp_security,
            mailbox.smtp_user,
            secrets.unseal(mailbox.smtp_secret),
        )
    return read_server(settings.TIERDESK.smtp)


def read_server(text: str) -> Server | None:
    """The server of `host:port` (as it is), `starttls://host:port` or `tls://host:port`; none for an empty text."""
    security, separator, rest = text.strip().partition("://")
    if not separator:
        security, rest = "none", text.strip()
    host, _colon, port = rest.rpartition(":")
    if not host or not port.isdigit() or security not in Mailbox.Security.values:
        return None
    return Server(host.strip("[]"), int(port), security)


def send(server: Server, mail: EmailMessage, sender: str, recipients: list[str]) -> None:
    """The server has taken the mail over for every recipient that it knows. An empty `sender` is the envelope of what
    nobody may answer (RFC 3834, 3.3).

    Raises `TemporarilyRefused`, or `PermanentlyRefused` when the first recipient was not taken.
    """
    send_bytes(server, mail.as_bytes(), sender, recipients)


def send_bytes(server: Server, raw: bytes, sender: str, recipients: list[str]) -> None:
    """The same for a mail in its final form, with CR LF at every line's end."""
    try:
        with _connected(server) as connection:
            refused = connection.sendmail(sender, recipients, raw)
    except smtplib.SMTPRecipientsRefused as error:
        raise _judged(*error.recipients[recipients[0]]) from error
    except smtplib.SMTPAuthenticationError as error:
        raise TemporarilyRefused(f"{error.smtp_code} sign-in refused") from error
    except smtplib.SMTPResponseException as error:
        raise _judged(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise PermanentlyRefused(f"{problems.SMTP}:{error}") from error
    except UnicodeError as error:
        raise PermanentlyRefused(problems.NO_ADDRESS) from error
    except (smtplib.SMTPException, OSError) as error:
        raise TemporarilyRefused(f"{type(error).__name__}: {error}") from error
    if recipients[0] in refused:
        raise _judged(*refused[recipients[0]])


def _connected(server: Server) -> smtplib.SMTP:
    context = ssl.create_default_context()
    connection: smtplib.SMTP
    if server.security == Mailbox.Security.TLS:
        connection = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    try:
        if server.security == Mailbox.Security.STARTTLS:
            connection.starttls(context=context)
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _judged(code: int, answer: bytes | str) -> Exception:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    said = f"{code} {' '.join(text.split())}"[:300]
    return PermanentlyRefused(f"{problems.SMTP}:{said}") if 500 <= code < 600 else TemporarilyRefused(said)
