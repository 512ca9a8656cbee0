"""Every no of the API in one form: `application/problem+json`, RFC 9457."""

from http import HTTPStatus
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from tierdesk.kernel.refusals import Fault, Refusal

MEDIA_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="tierdesk"'
NOT_UNDERSTOOD = ("malformed", "unknown_field", "wrong_type")
_STATUS = {"method_not_allowed": 405, "unsupported_type": 415, **dict.fromkeys(NOT_UNDERSTOOD, 400)}
_FIELDS = {"conditions": "q"}  # what a command calls otherwise than the API does


def problem(refusal: Refusal) -> HttpResponse:
    """The response that says a refusal: status, stable code, what is wrong in which field, and what to do."""
    status = _STATUS.get(refusal.code, refusal.status)
    content: dict[str, Any] = {
        "type": f"urn:tierdesk:problem:{refusal.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": str(refusal),
        "code": refusal.code,
        "errors": [_error(fault) for fault in refusal.faults],
    }
    if refusal.current:
        content["current"] = refusal.current
    response = HttpResponse(msgspec.json.encode(content), content_type=MEDIA_TYPE, status=status)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = CHALLENGE
    return response


def unauthenticated(request: HttpRequest) -> HttpResponse:
    """Nobody that we know calls. RFC 6750, 3: a token that was sent and does not hold is named as the error."""
    response = problem(
        Refusal(
            "unauthenticated",
            _("This needs a valid token."),
            hint=_("Send it as “Authorization: Bearer td_…”. An administrator can make one."),
        )
    )
    if request.headers.get("Authorization"):
        response["WWW-Authenticate"] = f'{CHALLENGE}, error="invalid_token"'
    return response


def no_such_route() -> Refusal:
    """Nothing is at this address, whoever asks."""
    return Refusal("not_found", _("There is nothing at this address."), hint=_("See /api/v1/openapi.json."))


def method_not_allowed(allowed: str) -> HttpResponse:
    """The address is right, the method is not; `allowed` names those that are."""
    refusal = Refusal(
        "method_not_allowed", _("This method is not known here."), hint=_("Use one of: %(known)s.") % {"known": allowed}
    )
    response = problem(refusal)
    response["Allow"] = allowed
    return response


def _error(fault: Fault) -> dict[str, str | None]:
    return {
        "field": _FIELDS.get(fault.field, fault.field) if fault.field else None,
        "message": str(fault.message),
        "hint": str(fault.hint) if fault.hint else None,
    }
