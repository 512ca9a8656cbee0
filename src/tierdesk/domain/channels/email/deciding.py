"""The rules' decision about a mail, with the facts that the database has."""

from dataclasses import replace

from django.conf import settings

from tierdesk.domain.channels.email import queries, secrets
from tierdesk.domain.channels.email.models import MailIn
from tierdesk.domain.channels.email.rules.automatic import Automatic, classify
from tierdesk.domain.channels.email.rules.parsing import ParsedMail
from tierdesk.domain.channels.email.rules.threading import Decision, Known, decide
from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import queries as tickets
from tierdesk.domain.tickets import rules as ticket_rules

NOTHING_KNOWN = Known(message_ids={}, is_participant=lambda _ticket, _address: False)


def with_envelope(parsed: ParsedMail, mail: MailIn) -> ParsedMail:
    """What was read, with what the mail server said beside the mail: whom it is from (nobody, for a bounce), and to
    which address it went.
    """
    delivered = [*parsed.delivered_to, mail.envelope_to] if mail.envelope_to else parsed.delivered_to
    if mail.source in {MailIn.Source.LMTP, MailIn.Source.SMTP}:
        return replace(parsed, return_path=mail.envelope_from, delivered_to=delivered)
    return replace(parsed, delivered_to=delivered)


def decide_about(parsed: ParsedMail) -> tuple[Automatic, Decision]:
    """Who wrote a mail, and what is to become of it in this installation. Reads only."""
    return _decided(parsed, queries.own_addresses(), _known())


def decide_without_database(parsed: ParsedMail) -> tuple[Automatic, Decision]:
    """The same where there is no installation: every ticket is unknown."""
    return _decided(parsed, [], NOTHING_KNOWN)


def _decided(parsed: ParsedMail, own: list[str], known: Known) -> tuple[Automatic, Decision]:
    domain = settings.TIERDESK.mail_domain
    automatic = classify(parsed, own_addresses=own, own_domain=domain, loop_token=secrets.loop_token())
    return automatic, decide(parsed, automatic, key=secrets.token_key(), domain=domain, known=known)


def _known() -> Known:
    return Known(
        message_ids=queries.ticket_of_internet_id,
        is_participant=_takes_part,
        numbers=_ticket_of_number,
        survivor=queries.ticket_exists,
    )


def _takes_part(ticket_id: int, address: str) -> bool:
    person = people.person_by_address(address)
    return person is not None and person.active and person.pk in tickets.participant_ids(ticket_id)


def _ticket_of_number(ref: str) -> int | None:
    number = ticket_rules.number_in(ref)
    ticket = tickets.ticket_by_number_for_system(number) if number is not None else None
    return ticket.pk if ticket else None
