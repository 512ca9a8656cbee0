"""The API as a whole: the areas' operations under one address, with one way to read, to refuse and to answer."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver
from django.views.decorators.http import require_GET
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation
from ninja.renderers import BaseRenderer

from tierdesk.domain.tickets.web.api import router as tickets
from tierdesk.kernel.refusals import Refusal
from tierdesk.surfaces.api import problems, reading
from tierdesk.surfaces.api.document import DESCRIPTION, complete
from tierdesk.surfaces.api.token import Token

R = TypeVar("R", bound=HttpResponseBase)
View = Callable[..., HttpResponseBase]


class MsgspecRenderer(BaseRenderer):
    """JSON by msgspec: times as RFC 3339 in UTC."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return msgspec.json.encode(data)


class Api(NinjaAPI):
    """Ninja's API, whose every answer is ours: requests are checked first, and whatever is refused is a problem."""

    def get_openapi_schema(self, **given: Any) -> Any:
        """The document, made once a process."""
        return _document(self, given.get("path_prefix"))

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        patterns = super()._get_urls()
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                written = pattern.name in {"openapi-json", "api-root"}
                pattern.callback = _answered(require_GET(pattern.callback) if written else pattern.callback)
        return patterns


def checked(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorator of every operation's run: after the caller is known and before a value is read, the request is looked
    at as a whole.
    """
    operation: Operation = run.__self__  # type: ignore[attr-defined]  # a bound method, by ninja's contract
    known = {
        name
        for model in operation.models
        if model.__ninja_param_source__ == "query"
        for name in getattr(model, "__ninja_flatten_map__", {})
    }
    take_values = operation._get_values

    def values(request: HttpRequest, *arguments: Any) -> dict[str, Any]:
        reading.check_request(request, known)
        return take_values(request, *arguments)

    operation._get_values = values  # type: ignore[method-assign,assignment]  # the one place between the caller and the values
    return run


api = Api(
    title="Tierdesk",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    urls_namespace="api",
    auth=Token(),
    renderer=MsgspecRenderer(),
    parser=reading.StrictParser(),
)
api.add_decorator(checked, mode="view")
api.add_router("", tickets)


@api.exception_handler(Refusal)
def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return problems.unauthenticated(request) if refusal.code == "unauthenticated" else problems.problem(refusal)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problems.problem(reading.wrong_input(error.errors))


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return problems.unauthenticated(request)


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, Refusal):
        return problems.problem(error.__cause__)
    raise error


@api.exception_handler(Http404)
def _nothing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problems.problem(problems.no_such_route())


def nothing_here(request: HttpRequest, path: str = "") -> HttpResponse:
    """The answer at every address below the API's that is none of an operation's."""
    return _dressed(problems.problem(problems.no_such_route()))


nothing_here.csrf_exempt = True  # type: ignore[attr-defined]  # Django's own mark; the answer is the same for everybody


@cache
def _document(service: Api, path_prefix: str | None) -> dict[str, Any]:
    prefix = service.get_root_path({}) if path_prefix is None else path_prefix
    return complete(NinjaAPI.get_openapi_schema(service, path_prefix=prefix))


def _answered(view: View) -> View:
    def answer(request: HttpRequest, **path_values: Any) -> HttpResponseBase:
        try:
            response = view(request, **path_values)
        except Http404:
            return nothing_here(request)
        if isinstance(response, HttpResponseNotAllowed):
            return _dressed(problems.method_not_allowed(response["Allow"]))
        return _dressed(response)

    answer.csrf_exempt = True  # type: ignore[attr-defined]  # no cookie is ever asked; see token.py
    return answer


def _dressed(response: R) -> R:
    """What one caller got is never kept for another."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
