"""What the desk's views read of a request: the actor, who must work at the desk, versions, files, times."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from tierdesk.domain.people import policies as people
from tierdesk.domain.tickets.commands import FileIn
from tierdesk.kernel import files
from tierdesk.kernel.actors import Actor, ActorKind
from tierdesk.kernel.refusals import Refusal

F = TypeVar("F", bound=Callable[..., HttpResponseBase])


def for_staff(view: F) -> F:
    """A view for those who work at the desk. Others hear that they are in the wrong place, strangers to sign in."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> Any:
        actor = actor_of(request)
        if actor.kind is ActorKind.ANONYMOUS:
            raise Refusal("unauthenticated", _("Sign in first."))
        if not people.is_staff(actor):
            raise Refusal("forbidden", _("This part is for those who work at the desk."))
        return view(request, **kwargs)

    return cast(F, guarded)


def actor_of(request: HttpRequest) -> Actor:
    """Who acts."""
    actor: Actor = request.actor  # type: ignore[attr-defined]  # set by the middleware
    return actor


def version_of(request: HttpRequest) -> int | None:
    """The version of the ticket that the page had; none where it said none or nonsense."""
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def number_of(request: HttpRequest, name: str) -> int | None:
    """A chosen id, or none. Refused: what is no id."""
    text = request.POST.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 19:
        raise Refusal("invalid", _("This is not one of the choices."), name, _("Choose one from the list."))
    return int(text)


@contextmanager
def files_of(request: HttpRequest) -> Iterator[list[FileIn]]:
    """The uploaded files, durable on disk, and gone again where the block ends with a refusal. Refused: one that is
    larger than allowed.
    """
    uploaded: Sequence[UploadedFile[Any]] = request.FILES.getlist("files")
    limit = settings.TIERDESK.max_upload_bytes
    for file in uploaded:
        if (file.size or 0) > limit:
            raise Refusal(
                "too_large",
                _("“%(name)s” is larger than %(mb)s MB.") % {"name": file.name, "mb": limit // 2**20},
                "files",
                _("Put it where the others can reach it and send a link."),
            )
    with files.discarded_if_refused() as written:
        for file in uploaded:
            written.append(files.write(file.chunks()))
        yield [
            FileIn(file.name or "file", file.content_type or "application/octet-stream", content)
            for file, content in zip(uploaded, written, strict=True)
        ]


def moment_of(request: HttpRequest, name: str) -> dt.datetime | None:
    """A time as the browser's field gives it, in the reader's zone. Refused: what is no time."""
    text = request.POST.get(name, "").strip()
    if not text:
        return None
    try:
        local = dt.datetime.fromisoformat(text).replace(tzinfo=timezone.get_current_timezone())
        return local.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        message, hint = _("This is not a date and time."), _("Choose one with the calendar.")
        raise Refusal("invalid", message, name, hint) from error
