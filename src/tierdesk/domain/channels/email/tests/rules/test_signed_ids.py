"""No forged, altered or foreign token is ever accepted (rows 2 to 5)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierdesk.domain.channels.email.rules.automatic import Automatic
from tierdesk.domain.channels.email.rules.parsing import parse_mail
from tierdesk.domain.channels.email.rules.threading import Known, decide
from tierdesk.domain.channels.email.rules.tokens import (
    make_message_id,
    make_reply_address,
    read_message_id,
    read_reply_address,
)

KEY = bytes(range(32))
DOMAIN = "desk.example"
MIRA = "mira@acme.example"
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def message_id(ticket: int = 7, recipient: str = MIRA) -> str:
    return make_message_id(KEY, ticket=ticket, purpose="reply", recipient=recipient, unique=5, domain=DOMAIN)


@given(st.integers(1, (1 << 63) - 1), st.emails())
def test_a_token_says_what_was_put_in(ticket: int, recipient: str) -> None:
    claim = read_message_id(KEY, message_id(ticket, recipient), DOMAIN)
    assert claim is not None
    assert (claim.ticket, claim.purpose, claim.unique) == (ticket, "reply", 5)
    assert claim.is_for(recipient)
    assert not claim.is_for("x" + recipient)
    address = make_reply_address(
        KEY, ticket=ticket, recipient=recipient, purpose="reply", mailbox_address="support@desk.example"
    )
    assert len(address.partition("@")[0]) <= 64
    again = read_reply_address(KEY, address.upper())
    assert again is not None
    assert again.ticket == ticket
    assert again.is_for(recipient)


def test_ten_thousand_forgeries_are_refused() -> None:
    rng = random.Random(7)
    good = message_id().partition("@")[0]
    for _ in range(10_000):
        forged = list(good)
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(forged))
            forged[place] = rng.choice([c for c in ALPHABET if c != forged[place]])
        if "".join(forged) != good:
            assert read_message_id(KEY, "".join(forged) + "@" + DOMAIN, DOMAIN) is None


@given(st.text(max_size=80))
def test_other_forms_are_refused(text: str) -> None:
    assert read_message_id(KEY, text, DOMAIN) is None
    assert read_message_id(KEY, f"{text}@{DOMAIN}", DOMAIN) is None
    assert read_reply_address(KEY, f"support+{text}@{DOMAIN}") is None


def test_tokens_of_one_kind_are_none_of_the_other() -> None:
    address = make_reply_address(KEY, ticket=7, recipient=MIRA, purpose="reply", mailbox_address="s@desk.example")
    assert read_message_id(KEY, address.partition("+")[2], DOMAIN) is None
    assert read_message_id(bytes(32), message_id(), DOMAIN) is None
    assert read_message_id(KEY, message_id(), "other.example") is None


@pytest.mark.parametrize(
    ("sender", "participants", "authentication", "action"),
    [
        (MIRA, set(), "none", "join"),
        ("evil@x.example", set(), "none", "new"),
        ("ann@acme.example", {"ann@acme.example"}, "none", "join"),
        (MIRA, {MIRA}, "fail", "new"),
    ],
)
def test_only_participants_and_holders_of_a_signature_join(
    sender: str, participants: set[str], authentication: str, action: str
) -> None:
    mail = parse_mail(f"From: {sender}\nIn-Reply-To: <{message_id()}>\nSubject: Re: [TD-7]\n\nhi".encode())
    known = Known({}, lambda _ticket, address: address in participants, {"TD-7": 7})
    decision = decide(mail, Automatic(), key=KEY, domain=DOMAIN, known=known, authentication=authentication)  # type: ignore[arg-type]
    assert decision.action == action
    assert (decision.ticket == 7) == (action == "join")
    assert decision.reasons
