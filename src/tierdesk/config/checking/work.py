"""What goes on in an installation: jobs, schedules, mail, the audit, the index, the people."""

import datetime as dt
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db.models import Count, Min

from tierdesk.config.checking.finding import Finding, amount, error, fine, warning
from tierdesk.config.checking.ground import stored_files
from tierdesk.domain.channels.email import queries as email
from tierdesk.domain.people import queries as people
from tierdesk.kernel import audit, clock, ids, jobs
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.models import Event, Job, JobState, Schedule
from tierdesk.kernel.search.index import disagreement

JOB_PATIENCE = dt.timedelta(minutes=5)
EVENT_PATIENCE = dt.timedelta(seconds=60)
MAIL_PATIENCE = dt.timedelta(minutes=10)
FETCH_PATIENCE = dt.timedelta(minutes=15)
SENDS_SINCE = dt.timedelta(days=7)
LATE = 3  # times its interval
LAST_SEALS = 20
UNSEALED = 5000  # events
START_A_WORKER = "See that `tierdesk serve` or `tierdesk work` runs, and look at its log."


def given_up_jobs() -> Iterator[Finding]:
    """Jobs that were tried until nobody believed in them any more."""
    dead = Job.objects.filter(state=JobState.DEAD)
    facts = dead.aggregate(count=Count("pk"), oldest=Min("created_at"))
    if not facts["count"]:
        yield fine("jobs", "jobs-given-up", "No job was given up.")
        return
    first = dead.order_by("id").first()
    said = f" The first is {first.task}: {first.last_error[:160]}" if first else ""
    yield warning(
        "jobs",
        "jobs-given-up",
        f"{amount(facts['count'], 'job was', 'jobs were')} given up, the oldest of {facts['oldest']:%Y-%m-%d %H:%M}."
        + said,
        "Remove the cause, then `tierdesk check --retry-jobs` lets them be tried again.",
    )


def waiting_jobs() -> Iterator[Finding]:
    """Jobs that are due and nobody takes; events that nobody has told on."""
    now = clock.now()
    due = Job.objects.filter(state=JobState.READY, run_at__lt=now - JOB_PATIENCE)
    facts = due.aggregate(count=Count("pk"), oldest=Min("run_at"))
    if facts["count"]:
        minutes = int((now - facts["oldest"]).total_seconds() // 60)
        yield warning(
            "jobs",
            "jobs-waiting",
            f"{amount(facts['count'], 'job waits', 'jobs wait')} to be done, the longest for {minutes} minutes.",
            START_A_WORKER,
        )
    else:
        yield fine("jobs", "jobs-waiting", "No job waits for long.")
    floor = ids.id_floor(int((now - EVENT_PATIENCE).timestamp() * 1000))
    untold = Event.objects.filter(position__isnull=True, id__lt=floor).count()
    if untold:
        yield warning(
            "jobs",
            "events-untold",
            f"{amount(untold, 'event was', 'events were')} not told on for a minute: no mails, no live updates.",
            START_A_WORKER,
        )


def schedules() -> Iterator[Finding]:
    """What should run again and again."""
    rows = {row.name: row for row in Schedule.objects.all()}
    now = clock.now()
    if not rows:
        yield warning("schedules", "never-worked", "No worker has run here yet.", START_A_WORKER)
        return
    late = [
        name
        for name, entry in jobs.SCHEDULES
        if (row := rows.get(name)) is None or now - (row.last_run_at or row.next_run_at) > LATE * entry.every
    ]
    if late:
        yield warning("schedules", "schedules-late", f"These have not run for long: {', '.join(late)}.", START_A_WORKER)
    for name, row in sorted(rows.items()):
        if row.last_error:
            yield warning(
                "schedules",
                "schedule-failed",
                f"{name} failed: {row.last_error[:160]}",
                "It is tried again at its next time. If it fails again, the log says where.",
            )
    if not late:
        yield fine("schedules", "schedules", "What has its time runs in time.")


def mailboxes() -> Iterator[Finding]:
    """Whether mail can come in and go out."""
    boxes = email.active_mailboxes()
    if not boxes:
        yield warning("mail", "no-mailbox", "There is no mailbox: no mail can come in.", "Add one; see the guide.")
    now = clock.now()
    for box in boxes:
        if box.imap_host and box.last_error:
            yield warning(
                "mail",
                "mailbox-error",
                f"{box.address} cannot be read: {box.last_error[:160]}",
                "Check its server, user and password.",
            )
        elif box.imap_host and (box.last_fetch_at is None or now - box.last_fetch_at > FETCH_PATIENCE):
            since = f"since {box.last_fetch_at:%Y-%m-%d %H:%M} UTC" if box.last_fetch_at else "ever"
            yield warning("mail", "mailbox-not-read", f"{box.address} was not read {since}.", START_A_WORKER)
        if not box.smtp_host and not settings.TIERDESK.smtp:
            yield warning(
                "mail",
                "no-outgoing-server",
                f"Answers from {box.address} cannot be sent: there is no outgoing mail server.",
                "Set TIERDESK_SMTP, for example starttls://mail.example.org:587, or the mailbox's own server.",
            )


def mails() -> Iterator[Finding]:
    """Mails that nobody has settled."""
    now = clock.now()
    waiting = email.mails_waiting_since(now - MAIL_PATIENCE)
    if waiting:
        yield error(
            "mail",
            "mails-waiting",
            f"{amount(waiting, 'mail', 'mails')} came in more than ten minutes ago and became no ticket yet.",
            START_A_WORKER,
        )
    failed = email.problem_count(SYSTEM)
    if failed:
        yield warning(
            "mail",
            "mails-unreadable",
            f"{amount(failed, 'mail', 'mails')} could not be understood.",
            "A lead or administrator decides about them under “Unreadable mail” at the desk.",
        )
    unsent = email.sends_failed_since(now - SENDS_SINCE)
    if unsent:
        yield warning(
            "mail",
            "mails-not-sent",
            f"{amount(unsent, 'answer', 'answers')} of the last week could not be sent.",
            "Each ticket says why. Mend the mail server or the address, then answer again.",
        )
    if not (waiting or failed or unsent):
        yield fine("mail", "mails", "Every mail was settled.")


def search_index() -> Iterator[Finding]:
    """Whether everything can be found that is there, and nothing that is not."""
    lacking, stray = disagreement()
    if lacking or stray:
        yield warning(
            "search",
            "index-disagrees",
            f"The search index lacks {amount(lacking, 'entry', 'entries')} and holds {stray} that nobody owns.",
            "Write it anew: `tierdesk check --reindex`.",
        )
    else:
        yield fine("search", "index", "The search index agrees with the messages.")


def audit_chain() -> Iterator[Finding]:
    """Whether the record of what happened is as it was sealed."""
    broken = audit.verify(LAST_SEALS)
    if broken:
        first = broken[0]
        yield error(
            "audit",
            "audit-broken",
            f"The record of events does not agree with its seals, first at position {first.position} ({first.what}).",
            "Somebody changed the database by other means. Keep a copy, compare with a backup, find out who.",
        )
    else:
        yield fine("audit", "audit", "The record of events agrees with its latest seals.")
    loose = audit.unsealed()
    if loose > UNSEALED:
        yield warning("audit", "audit-unsealed", f"{loose} events are under no seal yet.", START_A_WORKER)


def administrators() -> Iterator[Finding]:
    """Whether anybody can look after the installation."""
    if people.administrators().exists():
        yield fine("people", "administrator", "There is an administrator.")
    else:
        yield error(
            "people",
            "no-administrator",
            "Nobody can sign in who manages the installation.",
            "Where nobody can sign in at all, `tierdesk serve` makes an administrator and prints the password; "
            "otherwise restore a backup from before.",
        )


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    stored_files,
    given_up_jobs,
    waiting_jobs,
    schedules,
    mailboxes,
    mails,
    search_index,
    audit_chain,
    administrators,
)
