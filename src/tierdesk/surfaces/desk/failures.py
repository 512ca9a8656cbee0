"""What Django itself refuses, in our words."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without its token: a page that was open for too long, or somebody else's page."""
    return render(request, "403_csrf.html", status=403)
