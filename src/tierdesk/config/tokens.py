"""`tierdesk token`: tokens of the API."""

import argparse
import sys

from tierdesk.domain.people import commands, queries
from tierdesk.kernel.actors import SYSTEM


def run(given: argparse.Namespace) -> int:
    """Create, revoke or list. The token itself is the last word that `create` prints, and is never shown again."""
    if given.action == "revoke":
        return _revoke(given.token)
    person = queries.person_by_address(given.person)
    if person is None:
        sys.stderr.write(
            f"Nobody has the address {given.person}. Look it up among the people, or create the person first.\n"
        )
        return 1
    if given.action == "list":
        for token in queries.tokens_of(person.pk):
            state = "revoked" if token.revoked_at else "active"
            sys.stdout.write(f"{token.pk}  {state}  {token.created_at:%Y-%m-%d}  {token.label}\n")
        return 0
    token, secret = commands.create_token(SYSTEM, person_id=person.pk, label=given.label)
    sys.stdout.write(
        f"Token {token.pk} acts with the rights of {person.name or given.person}. Keep it safe: {secret}\n"
    )
    return 0


def _revoke(text: str) -> int:
    token_id = int(text) if text.isdecimal() else queries.token_id_of(text)
    if token_id is None:
        sys.stderr.write("There is no such token. See `tierdesk token list --person EMAIL`.\n")
        return 1
    commands.revoke_token(SYSTEM, token_id=token_id)
    sys.stdout.write("Revoked.\n")
    return 0
