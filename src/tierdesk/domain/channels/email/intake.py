"""What `tierdesk intake` does: take one mail from a pipe, or say what would become of one."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import DatabaseError

from tierdesk.domain.channels.email import commands, deciding, queries
from tierdesk.domain.channels.email.guarded import GuardedParser, Unparseable
from tierdesk.domain.channels.email.models import MailIn
from tierdesk.domain.channels.email.rules.explain import explain
from tierdesk.domain.channels.email.rules.parsing import ParsedMail
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.refusals import Refusal

OK = 0
EX_DATAERR, EX_NOUSER, EX_TEMPFAIL = 65, 67, 75  # sysexits.h; a mail server queues a mail again at 75


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a process says at its end: its exit code, and a sentence."""

    code: int
    sentence: str


def take_in(stream: BinaryIO, *, mailbox: str | None = None) -> int:
    """Read one mail to the stream's end and keep it. Returns the exit code; what went wrong is said on standard error,
    where a mail server looks for it.
    """
    limit = settings.TIERDESK.max_mail_bytes
    raw = stream.read(limit + 1)
    outcome = (
        Outcome(EX_DATAERR, "The mail is larger than allowed.")
        if len(raw) > limit
        else keep(raw, address=mailbox or "")
    )
    if outcome.code != OK:
        sys.stderr.write(outcome.sentence + "\n")
    return outcome.code


def explain_file(path: Path) -> str:
    """`explain_mail` of a file."""
    return explain_mail(path.read_bytes())


def keep(raw: bytes, *, address: str = "", envelope_from: str = "", envelope_to: str = "") -> Outcome:
    """Keep a mail for the mailbox of `address`; without one, for the mailbox it is addressed to, else the first.

    The code is 0 when the mail is durable, and 75 when it is not, so that the mail server keeps it.
    """
    try:
        mailbox_id = _mailbox_id(address or envelope_to, raw, strict=bool(address))
        if mailbox_id is None:
            return Outcome(EX_NOUSER, "There is no such mailbox.")
        mail = commands.receive_mail(
            SYSTEM,
            mailbox_id=mailbox_id,
            raw=raw,
            source=MailIn.Source.PIPE,
            envelope_from=envelope_from,
            envelope_to=envelope_to,
        )
    except Refusal as refusal:
        return Outcome(EX_TEMPFAIL, str(refusal))
    except (DatabaseError, OSError) as error:
        return Outcome(EX_TEMPFAIL, f"The mail could not be kept: {type(error).__name__}.")
    return Outcome(OK, f"Kept as mail {mail.pk}.")


def explain_mail(raw: bytes) -> str:
    """What is read from a mail and what would become of it, as JSON. Nothing is changed or kept; where there is no
    database, every ticket counts as unknown, and the answer says so.
    """
    try:
        with GuardedParser() as parser:
            parsed = parser.parse(raw)
    except Unparseable as death:
        return json.dumps({"unreadable": death.reason, "decision": {"action": "fail"}})
    try:
        automatic, decision = deciding.decide_about(parsed)
        known = True
    except DatabaseError:
        automatic, decision = deciding.decide_without_database(parsed)
        known = False
    return json.dumps({**explain(parsed, automatic, decision), "database": known}, ensure_ascii=False, indent=1)


def _mailbox_id(address: str, raw: bytes, *, strict: bool) -> int | None:
    named = queries.mailbox_by_address(address) if address else None
    if named is not None or strict:
        return named.pk if named else None
    for one in _addressed_to(raw):
        found = queries.mailbox_by_address(one)
        if found is not None:
            return found.pk
    first = next(iter(queries.active_mailboxes()), None)
    return first.pk if first else None


def _addressed_to(raw: bytes) -> list[str]:
    try:
        with GuardedParser() as parser:
            parsed: ParsedMail = parser.parse(raw)
    except Unparseable:
        return []
    return [*parsed.delivered_to, *(one.address for one in (*parsed.to, *parsed.cc))][:100]
