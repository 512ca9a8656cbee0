"""How a no, a missing page and a bug look over HTTP: a JSON problem (RFC 9457), a fragment, a page, or the sign-in."""

import secrets
import sys
from typing import Any
from urllib.parse import urlencode

import structlog
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from jinja2 import TemplateError

from tierdesk.domain.people import rules
from tierdesk.kernel.commands import is_storage_full, storage_full
from tierdesk.kernel.refusals import Refusal

log = structlog.get_logger()

API_PREFIX = "/api/"
PROBLEM = "application/problem+json"
MALFORMED = "malformed"
RETRY_SECONDS = {"unavailable": "10", "storage_full": "60", "rate_limited": "60"}


def to_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """The answer to what a view raised. None for what the framework answers itself."""
    if isinstance(error, ImmediateHttpResponse | ReauthenticationRequired):
        return None
    refusal = error if isinstance(error, Refusal) else _as_refusal(error)
    if refusal is None:
        return to_bug(request, error)
    return to_refusal(request, refusal)


def to_refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A refusal in the form that the caller reads. What is missing and what is another's look the same."""
    if refusal.code == "not_found":
        refusal = _not_found()
    code = 400 if refusal.code == MALFORMED else refusal.status
    if wants_json(request):
        response: HttpResponse = JsonResponse(problem(refusal, code), status=code, content_type=PROBLEM)
    elif refusal.code == "unauthenticated":
        response = _to_sign_in(request)
    elif is_fragment(request):
        response = HttpResponse(_fragment(refusal), status=code)
    else:
        response = _page(request, refusal, code)
    if refusal.code in RETRY_SECONDS:
        response["Retry-After"] = RETRY_SECONDS[refusal.code]
    return response


def to_bug(request: HttpRequest, error: Exception) -> HttpResponse:
    """A bug: logged once under a number, which is all that the caller learns."""
    incident = secrets.token_hex(6)
    log.error("bug", incident=incident, method=request.method, path=request.path, exc_info=error)
    refusal = Refusal("bug", _("Something went wrong on our side."), hint=_("It was noted. Try once more."))
    if wants_json(request):
        said = {**problem(refusal, 500), "incident": incident}
        return JsonResponse(said, status=500, content_type=PROBLEM)
    if is_fragment(request):
        return HttpResponse(_fragment(refusal, incident), status=500)
    return _page(request, refusal, 500, incident=incident)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """For `handler404`: the same bytes as for a thing that may not be seen."""
    return to_refusal(request, _not_found())


def page_forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """For `handler403`."""
    return to_refusal(request, Refusal("forbidden", _("You may not do this.")))


def page_malformed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """For `handler400`."""
    return to_refusal(request, _malformed())


def page_broken(request: HttpRequest) -> HttpResponse:
    """For `handler500`: what broke outside of a view, such as a session that a full disk has no room for."""
    error = sys.exc_info()[1]
    refusal = _as_refusal(error) if isinstance(error, Exception) else None
    if refusal is not None:
        return to_refusal(request, refusal)
    return to_bug(request, error if isinstance(error, Exception) else RuntimeError("This broke outside of a view."))


def page_too_many(request: HttpRequest) -> HttpResponse:
    """For `handler429`, which allauth asks when somebody guesses too often."""
    return to_refusal(request, Refusal("rate_limited", _("That was too often."), hint=_("Wait a while and try again.")))


def problem(refusal: Refusal, status: int) -> dict[str, Any]:
    """RFC 9457: `type`, `title`, `status`, `detail`; and the code, every fault, and what stands in the way."""
    said: dict[str, Any] = {
        "type": "about:blank",
        "title": str(refusal.message),
        "status": status,
        "detail": str(refusal),
        "code": refusal.code,
        "errors": [
            {"field": f.field, "message": str(f.message), "hint": str(f.hint) if f.hint else None}
            for f in refusal.faults
        ],
    }
    if refusal.current:
        said["current"] = refusal.current
    return said


def wants_json(request: HttpRequest) -> bool:
    """Whether the caller is a program."""
    return request.path.startswith(API_PREFIX) or request.headers.get("Accept", "").startswith("application/json")


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks, for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    here = request.get_full_path() if request.method in {"GET", "HEAD"} and not is_fragment(request) else ""
    if is_fragment(request):
        path = getattr(getattr(request, "htmx", None), "current_url_abs_path", None)
        here = path or ""
    url = reverse("account_login")
    if rules.is_local_path(here) and here != "/":
        url = f"{url}?{urlencode({'next': here})}"
    if is_fragment(request):
        return HttpResponse(status=401, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _page(request: HttpRequest, refusal: Refusal, status: int, incident: str = "") -> HttpResponse:
    context = {"refusal": refusal, "faults": refusal.faults, "status": status, "incident": incident}
    for name in (f"{status}.html", "refusal.html"):
        try:
            return HttpResponse(render_to_string(name, context, request), status=status)
        except TemplateDoesNotExist:
            continue
        except (TemplateError, LookupError, ValueError, DatabaseError) as error:
            # the page that says sorry must not break itself
            log.error("error_page_broken", template=name, exc_info=error)
            break
    return HttpResponse(
        format_html(
            "<!doctype html><meta charset=utf-8><title>{0}</title><h1>{0}</h1>{1}",
            refusal.message,
            _fragment(refusal, incident),
        ),
        status=status,
    )


def _fragment(refusal: Refusal, incident: str = "") -> str:
    faults = format_html_join("", "<p>{} {}</p>", ((fault.message, fault.hint or "") for fault in refusal.faults))
    number = format_html("<p><code>{}</code></p>", incident) if incident else ""
    return format_html(
        '<div class="notice" data-kind="refusal" data-code="{}" role="alert">{}{}</div>', refusal.code, faults, number
    )


def _as_refusal(error: Exception) -> Refusal | None:
    if isinstance(error, Http404):
        return _not_found()
    if isinstance(error, PermissionDenied):
        return Refusal("forbidden", _("You may not do this."))
    if isinstance(error, RequestDataTooBig):
        return Refusal("too_large", _("That is more than this server accepts."))
    if isinstance(error, SuspiciousOperation | BadRequest | MultiPartParserError) or _holds_nul(error):
        return _malformed()
    return _about_storage(error)


def _about_storage(error: Exception) -> Refusal | None:
    """What a disk or a database has to do with it, outside of a command (which says so itself): signing in, reading."""
    if isinstance(error, DatabaseError | OSError) and is_storage_full(error):
        return storage_full()
    if isinstance(error, OperationalError | InterfaceError):
        log.error("database_unavailable", error=str(error)[:300])
        return Refusal("unavailable", _("The server is busy at the moment. Please try again in a few seconds."))
    return None


def _holds_nul(error: Exception) -> bool:
    """A text with a character that PostgreSQL does not keep."""
    return isinstance(error, DataError) and "NUL" in str(error)


def _not_found() -> Refusal:
    return Refusal(
        "not_found",
        _("This is not here."),
        hint=_("The address may have a typing mistake, or it is not for you to see."),
    )


def _malformed() -> Refusal:
    return Refusal(MALFORMED, _("This request could not be read."))
