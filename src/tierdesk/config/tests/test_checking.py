"""`tierdesk check` names each thing that is broken, and what to do; each is broken here once."""

import datetime as dt
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from tierdesk.config import checking, environment
from tierdesk.config.checking import Severity, ground
from tierdesk.domain.channels.email import commands as email
from tierdesk.domain.channels.email.models import Mailbox, MailIn
from tierdesk.domain.people import commands as people
from tierdesk.domain.people.models import Login
from tierdesk.domain.tickets import commands as tickets
from tierdesk.kernel import files, jobs, worker
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.models import Event, Job, JobState, Schedule, SearchRow

pytestmark = pytest.mark.django_db
OK, WARNING, ERROR = Severity.OK, Severity.WARNING, Severity.ERROR
GIB = 1024**3


@pytest.fixture
def installation(settings, tmp_path, clock):
    """A sound installation in a folder of its own, whose worker has run."""
    data = tmp_path / "data"
    environment.write_installation(data, database=None, public_url="https://desk.example", mail_domain="desk.example")
    settings.TIERDESK = replace(
        settings.TIERDESK, data_dir=data, public_url="https://desk.example", smtp="mail.example:25"
    )
    people.ensure_defaults(SYSTEM)
    tickets.ensure_defaults(SYSTEM)
    person = people.create_person(SYSTEM, name="Ada", addresses=["ada@desk.example"])
    people.create_login(SYSTEM, person_id=person.pk, password="five-rungs-of-a-ladder")
    people.grant_role(SYSTEM, person_id=person.pk, role="admin")
    team = people.create_team(SYSTEM, slug="front-line", name={"en": "Front line"}, tier=1)
    email.create_mailbox(SYSTEM, address="support@desk.example", name="Support", team_id=team.pk)
    requester = people.find_or_add_requester(SYSTEM, address="tom@acme.example", name="Tom", found_in="console")
    client = people_client(requester)
    tickets.open_ticket(
        SYSTEM, subject="Screen", text="It is black", requester_id=requester.pk, client_id=client, channel="web"
    )
    worker.dispatch()
    Job.objects.all().delete()
    worker.run_due_schedules("w")
    return data


def people_client(person) -> int:
    """The client of a person."""
    from tierdesk.domain.people import queries  # noqa: PLC0415

    return queries.client_for_sender("", person).pk


def found() -> dict[str, checking.Finding]:
    """Findings by code; of several, the worst."""
    order = [OK, WARNING, ERROR]
    return {f.code: f for f in sorted(checking.examine(), key=lambda f: order.index(f.severity))}


def test_a_sound_installation_has_no_finding(installation, capsys):
    assert [f for f in checking.examine() if f.severity is not OK] == []
    assert checking.run(as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_every_finding_that_is_not_ok_says_what_to_do(installation, settings):
    settings.TIERDESK = replace(settings.TIERDESK, public_url="http://desk.example", smtp="")
    Login.objects.all().delete()
    wrong = [f for f in checking.examine() if f.severity is not OK]
    assert len(wrong) >= 3
    assert all(f.remedy and f.text for f in wrong)


def test_errors_give_exit_code_1_and_no_colours_without_a_terminal(installation, capsys):
    (installation / "installation.json").chmod(0o644)
    assert checking.run(as_json=False) == 1
    said = capsys.readouterr().out
    assert "chmod 600" in said
    assert "\x1b" not in said


def test_a_readable_file_of_secrets(installation):
    (installation / "installation.json").chmod(0o640)
    assert found()["installation-file-open"].severity is ERROR


def test_a_lost_file_of_secrets(installation, monkeypatch):
    monkeypatch.delenv("TIERDESK_SECRET_KEY")
    (installation / "installation.json").unlink()
    assert found()["no-installation-file"].severity is ERROR


@pytest.mark.parametrize("key", ["short", "a" * 60, "django-insecure-0123456789abcdefghijklmnopqrstuvwxyz"])
def test_a_secret_that_can_be_guessed(installation, settings, key):
    settings.SECRET_KEY = key
    assert found()["weak-secret"].severity is ERROR


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://desk.example", True),
        ("http://10.0.0.7:8000", True),
        ("https://desk.example", False),
        ("http://127.0.0.1:8000", False),
        ("http://localhost:8000", False),
        ("http://[::1]:8000", False),
    ],
)
def test_passwords_in_clear(installation, settings, url, warned):
    settings.TIERDESK = replace(settings.TIERDESK, public_url=url)
    assert ("no-https" in found()) is warned


@pytest.mark.parametrize(
    ("total", "free", "severity"),
    [
        (100 * GIB, 50 * GIB, OK),
        (100 * GIB, 4 * GIB, WARNING),
        (10 * GIB, GIB - 1, WARNING),
        (100 * GIB, 199 * 1024**2, ERROR),
    ],
)
def test_little_room(total, free, severity):
    assert ground.disk_finding(Path("/data"), total, free).severity is severity


def test_a_folder_of_files_that_cannot_be_written(installation, settings):
    elsewhere = installation.parent / "other"
    elsewhere.mkdir()
    (elsewhere / "files").write_text("in the way")
    settings.TIERDESK = replace(settings.TIERDESK, data_dir=elsewhere)
    assert list(ground.files_folder())[0].code == "files-not-writable"


def test_tables_of_another_version(installation):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'channels_email'")
    assert found()["migrations-pending"].severity is ERROR


def test_a_damaged_database_file(tmp_path):
    import sqlite3  # noqa: PLC0415

    path = tmp_path / "some.sqlite3"
    with sqlite3.connect(path) as opened:
        opened.execute("CREATE TABLE t (a TEXT)")
        opened.executemany("INSERT INTO t VALUES (?)", [("x" * 900,)] * 200)
    assert ground.integrity_finding(ground.quick_check(path)).severity is OK
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + os.urandom(8192) + whole[16384:])
    assert ground.integrity_finding(ground.quick_check(path)).code == "database-damaged"
    path.write_bytes(b"no database at all" * 100)
    assert ground.integrity_finding(ground.quick_check(path)).severity is ERROR


def test_stored_files_that_are_gone_and_files_nobody_names(installation, clock):
    gone = files.store(b"gone")
    files.path_of(gone.key).unlink()
    orphan = files.path_of(files.write(b"left behind").key)
    old = (clock.moment - dt.timedelta(days=3)).timestamp()
    os.utime(orphan, (old, old))
    assert gone.key in found()["files-missing"].text
    assert found()["files-orphaned"].severity is WARNING


def test_jobs_that_were_given_up_and_how_they_are_tried_again(installation, capsys):
    job = jobs.TASKS["email.send"].enqueue(mail_out_id=1)
    Job.objects.filter(pk=job.pk).update(state=JobState.DEAD, last_error="the server was on fire")
    finding = found()["jobs-given-up"]
    assert finding.severity is WARNING
    assert "on fire" in finding.text
    checking.run(as_json=True, retry_jobs=True)
    assert Job.objects.get(pk=job.pk).state == JobState.READY
    assert found()["jobs-given-up"].severity is OK


def test_jobs_and_events_that_nobody_takes(installation, clock):
    jobs.TASKS["email.send"].enqueue(mail_out_id=1)
    assert found()["jobs-waiting"].severity is OK
    clock.advance(dt.timedelta(minutes=6))
    assert found()["jobs-waiting"].severity is WARNING
    people.create_person(SYSTEM, name="Somebody")
    clock.moment = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=2)
    assert found()["events-untold"].severity is WARNING


def test_schedules_that_do_not_run(installation, clock):
    clock.advance(dt.timedelta(minutes=3))
    assert "tickets.wake_held" in found()["schedules-late"].text
    Schedule.objects.filter(name="kernel.seal-audit").update(last_error="OSError: no room")
    assert "no room" in found()["schedule-failed"].text
    Schedule.objects.all().delete()
    assert found()["never-worked"].severity is WARNING


def test_mailboxes_that_are_not_read_and_answers_that_cannot_go(installation, settings, clock):
    Mailbox.objects.update(imap_host="imap.example")
    assert found()["mailbox-not-read"].severity is WARNING
    Mailbox.objects.update(last_fetch_at=clock.moment)
    assert "mailbox-not-read" not in found()
    Mailbox.objects.update(last_error="sign-in refused")
    assert "sign-in refused" in found()["mailbox-error"].text
    settings.TIERDESK = replace(settings.TIERDESK, smtp="")
    assert found()["no-outgoing-server"].severity is WARNING
    Mailbox.objects.update(active=False)
    assert found()["no-mailbox"].severity is WARNING


def test_mails_that_nobody_settled(installation, clock):
    mailbox = Mailbox.objects.get()
    row = MailIn(
        mailbox=mailbox, file=files.store(b"Subject: x\n\n"), sha256="0" * 64, size=12, source="lmtp",
        received_at=clock.moment,
    )  # fmt: skip
    row.save(force_insert=True)
    assert "mails-waiting" not in found()
    clock.advance(dt.timedelta(minutes=11))
    assert found()["mails-waiting"].severity is ERROR
    MailIn.objects.unscoped("test").update(state=MailIn.State.FAILED, error="unreadable")
    assert found()["mails-unreadable"].severity is WARNING


def test_an_index_that_disagrees(installation):
    row = SearchRow.objects.get()
    SearchRow.objects.filter(pk=row.pk).update(id=row.pk + 1)
    finding = found()["index-disagrees"]
    assert "lacks 1 entry and holds 1" in finding.text


def test_a_record_that_somebody_altered(installation):
    event = Event.objects.order_by("position").first()
    Event.objects.filter(pk=event.pk).update(command="another")
    assert found()["audit-broken"].severity is ERROR


def test_a_desk_without_an_administrator(installation):
    Login.objects.update(is_active=False)
    assert found()["no-administrator"].severity is ERROR


def test_a_database_that_does_not_answer_is_said_and_the_rest_left_out(installation, tmp_path, settings):
    from django.db import connections  # noqa: PLC0415
    from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: PLC0415

    wrapper: BaseDatabaseWrapper = connections["default"]
    with wrapper.execute_wrapper(_refuse):
        seen = {f.code: f for f in checking.examine()}
    assert seen["database-unreachable"].severity is ERROR
    assert "migrations" not in seen


def _refuse(execute, sql, params, many, context):
    from django.db import OperationalError  # noqa: PLC0415

    raise OperationalError("connection refused")
