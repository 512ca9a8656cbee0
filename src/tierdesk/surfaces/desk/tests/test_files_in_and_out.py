"""Files that come with a form and go out with a page: nothing is left behind, and nothing grows without bound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tierdesk.domain.tickets import commands as tickets
from tierdesk.surfaces.desk import handing_out

if TYPE_CHECKING:
    from tierdesk.demo.cast import Cast
    from tierdesk.domain.tickets.models import Ticket

PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 3000


def opened(cast: Cast, html: str = "", pictures: int = 0) -> Ticket:
    given = [
        tickets.FileIn(f"{n}.png", "image/png", PICTURE, content_id=f"<p{n}>", inline=True) for n in range(pictures)
    ]
    return tickets.open_ticket(
        cast.actor("agent_l1"),
        subject="Printer",
        text="It burns.",
        html=html,
        requester_id=cast.requester_a.pk,
        client_id=cast.acme.pk,
        channel="email",
        files=given,
    )


def on_disk() -> set[Path]:
    return {path for path in Path(settings.TIERDESK.files_dir).glob("*/*") if path.is_file()}


def signed_in(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.agent_l1.login)
    return client


def test_what_was_uploaded_with_a_refused_form_takes_no_room(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = opened(cast).ref
    before = on_disk()
    monkeypatch.setattr("tierdesk.domain.tickets.commands.attaching.MAX_FILES", 1)

    def upload() -> list[SimpleUploadedFile]:
        return [SimpleUploadedFile(f"{n}.txt", b"a") for n in (1, 2)]  # each is read to its end once

    client = signed_in(cast)
    for name in ("desk:messages", "desk:notes"):
        answer = client.post(reverse(name, kwargs={"ref": ref}), {"text": "See here", "files": upload()})
        assert answer.status_code == 422 and "See here" in answer.content.decode()
        assert on_disk() == before
    kept = client.post(reverse("desk:messages", kwargs={"ref": ref}), {"text": "See here", "files": upload()[:1]})
    assert kept.status_code == 302 and len(on_disk() - before) == 1


def test_a_picture_named_very_often_does_not_make_an_endless_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handing_out, "EMBEDDED_LIMIT", 2 * len(PICTURE))
    ticket = opened(cast, '<p>Look</p><img src="cid:p0">' + '<img src="cid:p0">' * 500, pictures=1)
    message = ticket.opening_message  # type: ignore[attr-defined]  # set by open_ticket
    page = signed_in(cast).get(reverse("desk:message_body", kwargs={"message_id": message.pk})).content
    assert page.count(b"data:image/png") == 2
