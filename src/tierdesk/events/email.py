"""What happens to mails."""

from dataclasses import dataclass
from typing import ClassVar

from tierdesk.kernel.vocabulary import Happened, event

MAIL = "mail"


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class MailFailed(Happened):
    """A mail could not be understood; it is kept and shown to agents."""

    topic: ClassVar[str] = MAIL
    reason: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class MailSettled(Happened):
    """Somebody decided about a mail that could not be understood: processed again, or dismissed."""

    topic: ClassVar[str] = MAIL
    outcome: str


@event
@dataclass(frozen=True, kw_only=True, slots=True)
class MailSent(Happened):
    """A mail server took over a mail of ours, or refused it for good (`error`). `thing_id` is the ticket."""

    topic: ClassVar[str] = "ticket"
    mail_out_id: int
    state: str
    error: str | None = None
