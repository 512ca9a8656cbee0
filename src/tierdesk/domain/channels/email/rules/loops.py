"""Budgets for what Tierdesk sends by itself, so that no loop and no mail bomb goes through it (rows 13 and 84).

They hold without any header's help: two help desks that both hide being machines stop after three mails."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .addresses import fold_address, is_usable
from .automatic import Automatic, is_no_reply


@dataclass(frozen=True, slots=True)
class Budget:
    """How many of each, at most."""

    acknowledgements_per_hour: int = 1
    acknowledgements_per_day: int = 5
    automatic_per_ticket: int = 3
    tickets_per_hour: int = 10
    all_automatic_per_hour: int = 500


DEFAULT = Budget()


@dataclass(frozen=True, slots=True)
class Sent:
    """An automatic message that went out: when, to whom, about which ticket, and whether it acknowledged one."""

    at: datetime
    address: str
    ticket: int | None = None
    acknowledgement: bool = True


def may_acknowledge(
    history: Iterable[Sent],
    now: datetime,
    address: str,
    *,
    automatic: Automatic,
    own_addresses: Collection[str] = (),
    ticket: int | None = None,
    budget: Budget = DEFAULT,
) -> tuple[bool, str]:
    """Whether an acknowledgement may go to `address`, and the rule that decided. `history` holds what was sent to
    anybody
    within the last day and to this address about this ticket at any time."""
    allowed, reason = may_answer_at_all(address, automatic=automatic, own_addresses=own_addresses)
    if not allowed:
        return False, reason
    folded = fold_address(address)
    sent = list(history)
    to_address = [one for one in sent if fold_address(one.address) == folded]
    acknowledged = [one.at for one in to_address if one.acknowledgement]
    if _within(acknowledged, now, timedelta(hours=1)) >= budget.acknowledgements_per_hour:
        return False, "one-acknowledgement-an-hour"
    if _within(acknowledged, now, timedelta(days=1)) >= budget.acknowledgements_per_day:
        return False, "acknowledgements-a-day"
    if ticket is not None and sum(one.ticket == ticket for one in to_address) >= budget.automatic_per_ticket:
        return False, "automatic-messages-on-this-ticket"
    if _within([one.at for one in sent], now, timedelta(hours=1)) >= budget.all_automatic_per_hour:
        return False, "all-automatic-messages-an-hour"
    return True, "within-budget"


def may_send_automatically(
    history: Iterable[Sent], now: datetime, address: str, ticket: int, *, budget: Budget = DEFAULT
) -> tuple[bool, str]:
    """Whether one more automatic message of any kind may go to `address` about `ticket`."""
    folded = fold_address(address)
    sent = list(history)
    if sum(one.ticket == ticket and fold_address(one.address) == folded for one in sent) >= budget.automatic_per_ticket:
        return False, "automatic-messages-on-this-ticket"
    if _within([one.at for one in sent], now, timedelta(hours=1)) >= budget.all_automatic_per_hour:
        return False, "all-automatic-messages-an-hour"
    return True, "within-budget"


def may_open_ticket(opened: Iterable[datetime], now: datetime, *, budget: Budget = DEFAULT) -> tuple[bool, str]:
    """Whether an address that opened tickets at these times may open another; if not, the mail waits to be looked
    at."""
    if _within(list(opened), now, timedelta(hours=1)) >= budget.tickets_per_hour:
        return False, "tickets-an-hour"
    return True, "within-budget"


def may_answer_at_all(address: str, *, automatic: Automatic, own_addresses: Collection[str] = ()) -> tuple[bool, str]:
    """Whether anything automatic may ever go to `address` in answer to such a mail: never to machines or to
    ourselves."""
    if automatic.kind != "none":
        return False, f"sent-by-a-machine:{automatic.kind}"
    if not is_usable(address):
        return False, "no-usable-address"
    folded = fold_address(address)
    local, _, domain = folded.rpartition("@")
    own = {fold_address(one) for one in own_addresses}
    if folded in own or f"{local.partition('+')[0]}@{domain}" in own:
        return False, "own-address"
    if is_no_reply(folded):
        return False, "nobody-reads-there"
    return True, "a-person"


def _within(times: list[datetime], now: datetime, span: timedelta) -> int:
    return sum(now - span < at for at in times)
