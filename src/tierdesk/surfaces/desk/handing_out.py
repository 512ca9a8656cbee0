"""Files, mail bodies and raw mails: bytes from outside, handed out so that a browser never runs them as ours."""

import base64
import re
from typing import TypeVar

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tierdesk.domain.channels.email import queries as email
from tierdesk.domain.tickets import commands, queries
from tierdesk.kernel import files
from tierdesk.surfaces.desk.requests import actor_of, for_staff
from tierdesk.surfaces.prose import shown_html

R = TypeVar("R", bound=HttpResponseBase)

FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
BODY_POLICY = "sandbox allow-popups; default-src 'none'; img-src data:; style-src 'self'; frame-ancestors 'self'"
INLINE_LIMIT = 2 * 1024 * 1024
EMBEDDED_LIMIT = 12 * 1024 * 1024  # of a page in all: a mail may name one picture ten thousand times
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
_CID = re.compile(r'src="cid:([^"]{1,250})"')


@require_safe
@for_staff
def file(request: HttpRequest, attachment_id: int) -> HttpResponseBase:
    """An attachment, always as a download."""
    taken = commands.take_file(actor_of(request), attachment_id=attachment_id)
    response = FileResponse(
        files.open_stream(taken.file), as_attachment=True, filename=taken.name, content_type="application/octet-stream"
    )
    return _harmless(response, FILE_POLICY)


@require_safe
@for_staff
def message_body(request: HttpRequest, message_id: int) -> HttpResponse:
    """A mail's HTML body for its sandboxed frame. Pictures of the mail itself are in it, nothing is fetched."""
    message = queries.message_for(actor_of(request), message_id)
    pictures = {
        a.content_id.strip("<>"): a
        for a in queries.attachments_of(message.pk)
        if a.content_id and a.type in PICTURES and a.file.size <= INLINE_LIMIT
    }

    room = EMBEDDED_LIMIT

    def embedded(match: re.Match[str]) -> str:
        nonlocal room
        picture = pictures.get(match.group(1))
        if picture is None or picture.file.size > room:
            return ""
        room -= picture.file.size
        return f'src="data:{picture.type};base64,{base64.b64encode(files.read(picture.file)).decode()}"'

    body = shown_html(message.html, pictures=lambda html: _CID.sub(embedded, html))
    return _harmless(render(request, "desk/message_body.html", {"body": body}), BODY_POLICY)


@require_safe
@for_staff
def raw_mail(request: HttpRequest, mail_id: int) -> HttpResponse:
    """A mail as it came, as a download."""
    raw = email.raw_mail(actor_of(request), mail_id)
    response = HttpResponse(raw, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="mail-{mail_id}.eml"'
    return _harmless(response, FILE_POLICY)


def _harmless(response: R, policy: str) -> R:
    response["Content-Security-Policy"] = policy
    response["X-Content-Type-Options"] = "nosniff"
    return response
