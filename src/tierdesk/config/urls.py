"""Every address of the installation. The authorisation matrix lists them all."""

from django.conf import settings
from django.contrib.staticfiles.views import serve
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import include, path, re_path
from django.views.decorators.http import require_safe

from tierdesk.config import answers, readiness


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the desk, which sends strangers on to sign in."""
    return redirect("desk:queue")


@require_safe
def static_file(request: HttpRequest, path: str) -> HttpResponseBase:
    """A style sheet, script or icon of ours. A proxy in front may serve these instead.

    Public, and asked for by the sandboxed frame of a mail's own HTML, which has no origin: hence `cross-origin`.
    """
    response = serve(request, path, insecure=True)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


urlpatterns = [
    path("", home, name="home"),
    path("readyz", readiness.readyz, name="readyz"),
    path("accounts/", include("tierdesk.domain.people.web.urls")),
    path("desk/", include("tierdesk.surfaces.desk.urls")),
    path("api/v1/", include("tierdesk.surfaces.api.urls")),
    re_path(rf"^{settings.STATIC_URL.lstrip('/')}(?P<path>.+)\Z", static_file, name="static"),
]

handler400 = answers.page_malformed
handler403 = answers.page_forbidden
handler404 = answers.page_not_found
handler429 = "tierdesk.config.answers.page_too_many"
handler500 = answers.page_broken
