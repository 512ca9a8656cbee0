"""`tierdesk intake`: 0 when the mail is durable, 75 when it is not, and explaining changes nothing."""

from __future__ import annotations

import io
import json

from django.db import OperationalError
from django.db.models import Max

from tierdesk.domain.channels.email import commands, deciding, intake
from tierdesk.domain.channels.email.models import MailIn
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.models import Event, StoredFile
from tierdesk.kernel.refusals import Refusal

WHY = "a test looks at everything"


def test_a_mail_from_the_pipe_is_kept_for_the_mailbox_it_is_addressed_to(desk, letter):
    sales = commands.create_mailbox(SYSTEM, address="sales@desk.example", name="Sales", team_id=desk.team.pk)
    assert intake.take_in(io.BytesIO(letter(to="sales@desk.example").as_bytes())) == 0
    assert MailIn.objects.unscoped(WHY).get().mailbox_id == sales.pk
    assert intake.take_in(io.BytesIO(letter(number=2).as_bytes()), mailbox="support@desk.example") == 0
    assert MailIn.objects.unscoped(WHY).order_by("-id")[0].mailbox_id == desk.mailbox.pk


def test_what_is_not_durable_ends_with_75_and_an_unknown_mailbox_with_67(desk, letter, monkeypatch, capsys):
    raw = letter().as_bytes()
    assert intake.take_in(io.BytesIO(raw), mailbox="nobody@desk.example") == intake.EX_NOUSER
    for error in (OperationalError("gone"), Refusal("storage_full", "full"), OSError(5, "EIO")):

        def fails(*_given: object, error: Exception = error, **_more: object) -> None:
            raise error

        monkeypatch.setattr(intake.commands, "receive_mail", fails)
        assert intake.take_in(io.BytesIO(raw)) == 75
    assert capsys.readouterr().err.count("\n") == 4
    assert not MailIn.objects.unscoped(WHY).exists()


def test_explaining_says_what_would_happen_and_changes_nothing(desk, letter, tmp_path):
    kept = desk.receive(letter())
    before = (Event.objects.aggregate(m=Max("id")), StoredFile.objects.count(), MailIn.objects.unscoped(WHY).count())
    path = tmp_path / "mail.eml"
    path.write_bytes(letter("more", number=2, References="<m1@mail.acme.example>").as_bytes())
    said = json.loads(intake.explain_file(path))
    assert said["decision"]["action"] == "join" and said["decision"]["ticket"] == kept.ticket_id and said["database"]
    after = (Event.objects.aggregate(m=Max("id")), StoredFile.objects.count(), MailIn.objects.unscoped(WHY).count())
    assert before == after


def test_explaining_works_without_a_database(letter, monkeypatch):
    def away(*_given: object) -> None:
        raise OperationalError("no such table")

    monkeypatch.setattr(deciding, "decide_about", away)
    said = json.loads(intake.explain_mail(letter().as_bytes()))
    assert said["decision"]["action"] == "new" and said["database"] is False
