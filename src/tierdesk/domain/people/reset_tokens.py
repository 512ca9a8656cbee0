"""The tokens in links that set a password. For settings: `ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR`."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator


class ResetTokens(PasswordResetTokenGenerator):
    """A token is good for one login, one address and one use, until `PASSWORD_RESET_TIMEOUT` has passed.

    It dies with the password, with the next sign-in, with the ending of sessions and with deactivation.
    """

    key_salt = "tierdesk.people.reset"

    def check_token(self, user: Any, token: str | None) -> bool:
        """As Django's, and never for a login that is not active."""
        return user is not None and user.is_active and super().check_token(user, token)

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}|{user.epoch}|{user.is_active}"
