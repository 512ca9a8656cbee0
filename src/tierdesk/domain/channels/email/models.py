"""Mailboxes, every raw mail that came in, the ledger of what was fetched, and every mail that goes out."""

from typing import ClassVar

from django.db import models

from tierdesk.domain.people.rules import LANGUAGE_NAMES
from tierdesk.kernel import clock, ids
from tierdesk.kernel.models import StoredFile
from tierdesk.kernel.scope import TenantManager


class Mailbox(models.Model):
    """An address of the desk: how its mail comes in (IMAP; LMTP and the pipe need nothing) and goes out (SMTP).

    Passwords are kept encrypted (`secrets.py`). A mail to it becomes a ticket of `team`; of `client`, where one is
    named, else of the sender's client.
    """

    class Security(models.TextChoices):
        TLS = "tls"
        STARTTLS = "starttls"
        NONE = "none"

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    address = models.CharField(max_length=254, unique=True)
    name = models.CharField(max_length=120)
    team = models.ForeignKey("people.Team", models.PROTECT, related_name="+")
    client = models.ForeignKey("people.Client", models.PROTECT, null=True, blank=True, related_name="+")
    language = models.CharField(max_length=8, choices=LANGUAGE_NAMES, default="en")
    active = models.BooleanField(default=True)
    acknowledge = models.BooleanField(default=True)
    imap_host = models.CharField(max_length=253, blank=True, default="")
    imap_port = models.PositiveIntegerField(default=993)
    imap_security = models.CharField(max_length=8, choices=Security.choices, default=Security.TLS)
    imap_user = models.CharField(max_length=254, blank=True, default="")
    imap_secret = models.BinaryField(blank=True, default=b"")
    imap_folder = models.CharField(max_length=120, default="INBOX")
    smtp_host = models.CharField(max_length=253, blank=True, default="")
    smtp_port = models.PositiveIntegerField(default=587)
    smtp_security = models.CharField(max_length=8, choices=Security.choices, default=Security.STARTTLS)
    smtp_user = models.CharField(max_length=254, blank=True, default="")
    smtp_secret = models.BinaryField(blank=True, default=b"")
    last_fetch_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")


class MailCursor(models.Model):
    """How far one IMAP folder has been read, by its own numbers; the unread flag says nothing to us."""

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="cursors")
    folder = models.CharField(max_length=120)
    uid_validity = models.BigIntegerField()
    last_uid = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "folder"], name="one_cursor_a_folder")]


class MailIn(models.Model):
    """One raw mail that was acknowledged. It stays, whatever becomes of it, and can be processed again.

    `error` is a code with facts (`problems.py` says it in words); `size` is that of the whole mail in bytes.
    """

    class State(models.TextChoices):
        RECEIVED = "received"
        PROCESSED = "processed"
        FAILED = "failed"  # could not be understood; shown to agents
        DISMISSED = "dismissed"

    class Source(models.TextChoices):
        IMAP = "imap"
        LMTP = "lmtp"
        SMTP = "smtp"
        PIPE = "pipe"

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    source = models.CharField(max_length=4, choices=Source.choices)
    envelope_from = models.CharField(max_length=320, blank=True, default="")
    envelope_to = models.CharField(max_length=320, blank=True, default="")
    received_at = models.DateTimeField(default=clock.now)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RECEIVED)
    auto = models.CharField(max_length=12, blank=True, default="")
    reasons = models.JSONField(default=list)
    error = models.TextField(blank=True, default="")
    # who sent it and what it is called, as far as that could be read; for the list of problems
    sender = models.CharField(max_length=320, blank=True, default="")
    subject = models.CharField(max_length=250, blank=True, default="")
    client = models.ForeignKey("people.Client", models.PROTECT, null=True, related_name="+")
    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, null=True, related_name="+")
    message = models.OneToOneField("tickets.Message", models.PROTECT, null=True, related_name="+")
    internet_id = models.CharField(max_length=250, blank=True, default="", db_index=True)
    opened = models.BooleanField(default=False)  # its ticket began with it
    tries = models.PositiveSmallIntegerField(default=0)  # how often its reader died
    partial = models.BooleanField(default=False)  # too large: the file holds its headers, the rest is on its server

    objects: ClassVar[TenantManager["MailIn"]] = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "sha256"], name="one_mail_a_content")]
        indexes = [
            models.Index(fields=["id"], name="mail_problems", condition=models.Q(state="failed")),
            models.Index(fields=["sender", "id"], name="mail_of_sender"),
            models.Index(fields=["id"], name="mail_waiting", condition=models.Q(state="received")),
        ]


class FetchedMail(models.Model):
    """The ledger: this UID of this folder is ours already."""

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="+")
    folder = models.CharField(max_length=120)
    uid_validity = models.BigIntegerField()
    uid = models.BigIntegerField()
    mail = models.ForeignKey(MailIn, models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "folder", "uid_validity", "uid"], name="fetched_once")
        ]


class MailOut(models.Model):
    """One mail to one person.

    Its Message-ID (`internet_id`) is fixed when it is written, so that a second try is the same mail.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        FAILED = "failed"

    class Purpose(models.TextChoices):
        REPLY = "reply"
        ACKNOWLEDGEMENT = "ack"

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="+")
    client = models.ForeignKey("people.Client", models.PROTECT, related_name="+")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="+")
    message = models.ForeignKey("tickets.Message", models.CASCADE, null=True, related_name="+")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    recipient = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    address = models.CharField(max_length=254)
    copies = models.JSONField(default=list)  # addresses in Cc
    language = models.CharField(max_length=8, choices=LANGUAGE_NAMES, default="en")
    internet_id = models.CharField(max_length=250, unique=True)
    state = models.CharField(max_length=6, choices=State.choices, default=State.QUEUED)
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar[TenantManager["MailOut"]] = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "address"], condition=models.Q(message__isnull=False), name="one_mail_a_recipient"
            )
        ]
        indexes = [models.Index(fields=["address", "id"], name="mail_out_to")]
