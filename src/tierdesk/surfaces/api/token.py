"""Who calls the API: whoever's token it is, and nobody else. No session is asked, so none can be abused."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from tierdesk.domain.people import commands as people
from tierdesk.kernel.actors import Actor

LONGEST = 200


class Token(HttpBearer):
    """`Authorization: Bearer td_…`; the operation finds the actor as `request.auth`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The token's person, with his rights as they stand now; none for what is unknown or revoked."""
        return people.act_with_token(token) if 0 < len(token) <= LONGEST else None
