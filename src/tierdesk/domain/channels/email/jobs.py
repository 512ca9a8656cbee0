"""Mail's work after the commit: reading what came in, sending what goes out, finding what was left behind."""

import datetime as dt
from dataclasses import replace

import structlog
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from tierdesk.domain.channels.email import commands, deciding, outgoing, problems, queries, smtp
from tierdesk.domain.channels.email.commands.sending import is_expired
from tierdesk.domain.channels.email.commands.settling import Reading, files_of
from tierdesk.domain.channels.email.composing import Unwritable, compose
from tierdesk.domain.channels.email.guarded import Allowance, GuardedParser, Unparseable
from tierdesk.domain.channels.email.models import MailIn, MailOut
from tierdesk.kernel import clock, files
from tierdesk.kernel.actors import SYSTEM
from tierdesk.kernel.jobs import schedule, task
from tierdesk.kernel.models import Job, JobState
from tierdesk.kernel.refusals import Refusal

log = structlog.get_logger()

WHY = "jobs act for the system"
PATIENCE = dt.timedelta(minutes=2)  # how long an answer waits for the mail that it answers
NOT_THE_MAIL = (OperationalError, InterfaceError, OSError)  # the installation's trouble; the job is tried for a day
NOT_MAIL = {"storage_full", "unavailable", "conflict", "rate_limited", "not_found"}

parser = GuardedParser(Allowance(seconds=30, memory=512 * 1024 * 1024))


@task("email.process", transactional=False, max_attempts=30)
def process(*, mail_id: int, by_hand: bool = False) -> None:
    """A raw mail is read and settled. What kills its reader three times, or breaks what settles it, has failed; agents
    see it, and no other mail waits for it. A settled one is left alone.
    """
    mail = MailIn.objects.unscoped(WHY).select_related("file", "mailbox").filter(pk=mail_id).first()
    if mail is None or mail.state != MailIn.State.RECEIVED:
        return
    try:
        _settle(mail, by_hand=by_hand)
    except Unparseable as death:
        _note_death(mail, death.reason, death)
    except Refusal as refusal:
        if refusal.code in NOT_MAIL:
            raise
        commands.fail_mail(SYSTEM, mail_id=mail_id, error=f"{problems.REFUSED}:{refusal.code}")
    except NOT_THE_MAIL:
        raise
    except Exception as bug:  # ours; the mail must not lie unseen for the day that its job is tried
        log.exception("mail_not_settled", mail=mail_id)
        _note_death(mail, type(bug).__name__, bug)


def _settle(mail: MailIn, *, by_hand: bool) -> None:
    parsed = deciding.with_envelope(parser.parse(files.read(mail.file)), mail)
    named = (*parsed.in_reply_to, *parsed.references)
    if clock.now() - mail.received_at < PATIENCE and queries.waits_for_another(mail, named):
        raise Refusal("unavailable", _("A mail waits for the one that it answers."))
    automatic, decision = deciding.decide_about(parsed)
    with files.discarded_if_refused() as written:
        given, reasons = files_of(parsed, written)
        decision = replace(decision, reasons=[*decision.reasons, *reasons])
        commands.settle_mail(SYSTEM, mail_id=mail.pk, reading=Reading(parsed, automatic, decision, given, by_hand))


def _note_death(mail: MailIn, reason: str, cause: Exception) -> None:
    after = commands.note_death(SYSTEM, mail_id=mail.pk, reason=reason)
    if after.state == MailIn.State.RECEIVED:
        raise Refusal("unavailable", _("A mail could not be read; it will be tried again.")) from cause


@task("email.send", transactional=False, lease=dt.timedelta(minutes=5), max_attempts=40)
def send(*, mail_out_id: int) -> None:
    """A mail is handed to a mail server, with the same Message-ID however often that is tried: for a day, when the
    server cannot be reached or puts it off.
    """
    mail = MailOut.objects.unscoped(WHY).select_related("mailbox", "recipient").filter(pk=mail_out_id).first()
    if mail is None or mail.state != MailOut.State.QUEUED:
        return
    server = smtp.server_for(mail.mailbox)
    if server is None:
        commands.mark_failed(SYSTEM, mail_out_id=mail.pk, error=problems.NO_SERVER)
        return
    try:
        message = compose(outgoing.facts_of(mail))
        sender = "" if mail.purpose == MailOut.Purpose.ACKNOWLEDGEMENT else mail.mailbox.address
        smtp.send(server, message, sender, [mail.address, *mail.copies])
    except Unwritable:
        commands.mark_failed(SYSTEM, mail_out_id=mail.pk, error=problems.NO_ADDRESS)
    except smtp.PermanentlyRefused as refused:
        commands.mark_failed(SYSTEM, mail_out_id=mail.pk, error=refused.error)
    except smtp.TemporarilyRefused as refused:
        if not is_expired(mail):
            raise Refusal("unavailable", str(refused)) from refused
        commands.mark_failed(SYSTEM, mail_out_id=mail.pk, error=problems.EXPIRED)
    else:
        commands.mark_sent(SYSTEM, mail_out_id=mail.pk)


@schedule("email.left-behind", every=dt.timedelta(hours=1))
def find_left_behind() -> None:
    """Mails that wait and have no job get one; those whose job was given up have failed. Nothing lies unseen."""
    jobs = {job.args.get("mail_id"): job for job in Job.objects.filter(task="email.process")}
    before = clock.now() - dt.timedelta(minutes=1)
    waiting = MailIn.objects.unscoped(WHY).filter(state=MailIn.State.RECEIVED, received_at__lt=before)
    for mail_id in list(waiting.order_by("id").values_list("id", flat=True)):
        job = jobs.get(mail_id)
        if job is None:
            process.enqueue(mail_id=mail_id)
        elif job.state == JobState.DEAD:
            commands.fail_mail(SYSTEM, mail_id=mail_id, error=problems.STUCK)
            job.delete()
    sending = {job.args.get("mail_out_id"): job for job in Job.objects.filter(task="email.send")}
    queued = MailOut.objects.unscoped(WHY).filter(state=MailOut.State.QUEUED, created_at__lt=before)
    for mail_out_id in list(queued.order_by("id").values_list("id", flat=True)):
        job = sending.get(mail_out_id)
        if job is None:
            send.enqueue(mail_out_id=mail_out_id)
        elif job.state == JobState.DEAD:
            commands.mark_failed(SYSTEM, mail_out_id=mail_out_id, error=problems.EXPIRED)
            job.delete()
