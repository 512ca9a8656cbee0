"""What the server says when it does not pass a request on: one sentence, in the reader's language."""

import asyncio
import http
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop, override

from tierdesk.config.server.asgi import Receive, Scope, Send

LANGUAGES = ("en", "ko", "ru")
DRAIN_SECONDS = 20
DRAIN_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Refused:
    """A status, a sentence, and after how many seconds it is worth trying again (nought: it is not)."""

    status: http.HTTPStatus
    sentence: str
    retry_after: int = 0


BUSY = Refused(
    http.HTTPStatus.SERVICE_UNAVAILABLE,
    gettext_noop("The server is busy at the moment. Please try again in a few seconds."),
    retry_after=3,
)
STOPPING = Refused(
    http.HTTPStatus.SERVICE_UNAVAILABLE,
    gettext_noop("The server is restarting. Please try again in a few seconds."),
    retry_after=5,
)
CUT_OFF = Refused(
    http.HTTPStatus.SERVICE_UNAVAILABLE,
    gettext_noop("The server restarted before it had answered. Please look whether your change was saved."),
)
TOO_LARGE = Refused(
    http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    gettext_noop("What you send is too large: at most %(megabytes)s MB are taken at once. Send less, or in parts."),
)
TOO_SLOW = Refused(
    http.HTTPStatus.REQUEST_TIMEOUT,
    gettext_noop("What you send arrived too slowly. Please check your connection and try again."),
)
BAD_ADDRESS = Refused(http.HTTPStatus.BAD_REQUEST, gettext_noop("This address cannot be read. Please check it."))
FAILED = Refused(
    http.HTTPStatus.INTERNAL_SERVER_ERROR,
    gettext_noop("Something went wrong on our side. If it happens again, tell us this number: %(incident)s"),
)


class RefusedError(Exception):
    """The request is not passed on; `more` says whether some of its body may still be on its way."""

    def __init__(self, refused: Refused, *, more: bool) -> None:
        super().__init__(refused.sentence)
        self.refused = refused
        self.more = more


class ClientGoneError(Exception):
    """Nobody is left to answer."""


async def refuse(
    scope: Scope, receive: Receive, send: Send, refused: Refused, *, more: bool = True, **facts: object
) -> None:
    """Answer with the sentence and close the connection.

    What the client is still sending (`more`) is read and thrown away for a while first, or it would see a reset and no
    sentence.
    """
    with override(_language(scope)):
        text = (gettext(refused.sentence) % facts if facts else gettext(refused.sentence)) + "\n"
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"connection", b"close"),
    ]
    if refused.retry_after:
        headers.append((b"retry-after", b"%d" % refused.retry_after))
    await send({"type": "http.response.start", "status": int(refused.status), "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    if more and _has_body(scope):
        await _drain(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drain(receive: Receive) -> None:
    drained = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while drained < DRAIN_BYTES:
                message = await receive()
                drained += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _has_body(scope: Scope) -> bool:
    """Whether something may be on its way; a client that waits for `100 Continue` sends nothing after a refusal."""
    headers = dict(scope["headers"])
    return b"expect" not in headers and (
        b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
    )


def _language(scope: Scope) -> str:
    accepted: str = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1").lower()
    for part in accepted.split(",")[:10]:
        code = part.strip()[:2]
        if code in LANGUAGES:
            return code
    return LANGUAGES[0]
