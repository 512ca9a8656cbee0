"""The ticket and all that hangs on it. Every table here belongs to a client and is closed without a scope."""

from typing import ClassVar

from django.db import models

from tierdesk.kernel import clock, ids
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.models import AUDIENCES, StoredFile
from tierdesk.kernel.scope import TenantManager


class Kind(models.TextChoices):
    """What a ticket is about, in the field's terms."""

    INCIDENT = "incident"
    REQUEST = "request"
    QUESTION = "question"
    SCAM_REPORT = "scam_report"


class Status(models.Model):
    """Where a ticket stands. Its name may change, its fixed category is what the product reasons with."""

    class Category(models.TextChoices):
        NEW = "new"
        OPEN = "open"
        WAITING_REQUESTER = "waiting_requester"
        WAITING_VENDOR = "waiting_vendor"
        ON_HOLD = "on_hold"
        SOLVED = "solved"
        CLOSED = "closed"

    id = models.SmallAutoField(primary_key=True)
    key = models.SlugField(max_length=40, unique=True)
    category = models.CharField(max_length=20, choices=Category.choices)
    name = models.JSONField(default=dict)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]


class StatusFlow(models.Model):
    """A step that tickets of a kind may take by hand, from one status to another."""

    kind = models.CharField(max_length=12, choices=Kind.choices)
    from_status = models.ForeignKey(Status, models.CASCADE, related_name="+")
    to_status = models.ForeignKey(Status, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "from_status", "to_status"], name="one_flow_step")]


class Category(models.Model):
    """A node of the category tree. `path` joins the slugs from the root with `/`."""

    id = models.AutoField(primary_key=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    slug = models.SlugField(max_length=40)
    path = models.CharField(max_length=200, unique=True)
    name = models.JSONField(default=dict)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["path"]


class CustomField(models.Model):
    """A field that an administrator added. Its type is fixed once it has values; its key is what the API calls it."""

    class Type(models.TextChoices):
        TEXT = "text"
        NUMBER = "number"
        DATE = "date"
        BOOLEAN = "boolean"
        CHOICE = "choice"

    id = models.AutoField(primary_key=True)
    key = models.SlugField(max_length=40, unique=True)
    type = models.CharField(max_length=8, choices=Type.choices)
    label = models.JSONField(default=dict)
    kinds = models.JSONField(default=list)  # empty: every kind
    choices = models.JSONField(default=list)  # [{"key": …, "label": {language: text}}]
    required = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "key"]


class Ticket(models.Model):
    """One request for help, from whichever channel, with one timeline.

    `version` rises with every change that a colleague could collide with. `attention_at` is when somebody next has to
    look; the queue sorts by it. `last_message_at` and `waiting_since` are kept for lists.
    """

    class Channel(models.TextChoices):
        EMAIL = "email"
        WEB = "web"
        CHAT = "chat"
        PHONE = "phone"
        ALERT = "alert"
        FORUM = "forum"
        API = "api"

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    number = models.BigIntegerField(unique=True)
    client = models.ForeignKey("people.Client", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.INCIDENT)
    subject = models.CharField(max_length=250)
    subject_folded = models.CharField(max_length=500, blank=True, default="")
    preview = models.CharField(max_length=160, blank=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    requester = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    language = models.CharField(max_length=8, blank=True, default="")
    status = models.ForeignKey(Status, models.PROTECT, related_name="+")
    impact = models.PositiveSmallIntegerField(default=2)
    urgency = models.PositiveSmallIntegerField(default=2)
    priority = models.PositiveSmallIntegerField(default=3)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="+")
    team = models.ForeignKey("people.Team", models.PROTECT, null=True, blank=True, related_name="+")
    tier = models.ForeignKey("people.Tier", models.PROTECT, related_name="+")
    assignee = models.ForeignKey("people.Person", models.PROTECT, null=True, blank=True, related_name="+")
    active = models.BooleanField(default=True)  # neither solved nor closed; kept for the queue's index
    hold_until = models.DateTimeField(null=True, blank=True)
    attention_at = models.DateTimeField(default=clock.now)
    waiting_since = models.DateTimeField(null=True)
    last_message_at = models.DateTimeField(default=clock.now)
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now)
    solved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar[TenantManager["Ticket"]] = TenantManager()

    class Meta:
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="ticket_recent"),
            models.Index(fields=["-updated_at", "-id"], name="ticket_queue", condition=models.Q(active=True)),
            models.Index(fields=["assignee", "-updated_at"], name="ticket_mine", condition=models.Q(active=True)),
            models.Index(fields=["team", "-updated_at"], name="ticket_team", condition=models.Q(active=True)),
            models.Index(fields=["client", "-updated_at", "-id"], name="ticket_client"),
            models.Index(fields=["requester", "-id"], name="ticket_requester"),
            models.Index(fields=["hold_until"], name="ticket_held", condition=models.Q(hold_until__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["client", "id"], name="ticket_client_id"),
            models.CheckConstraint(condition=models.Q(impact__range=(1, 3)), name="impact_range"),
            models.CheckConstraint(condition=models.Q(urgency__range=(1, 3)), name="urgency_range"),
            models.CheckConstraint(condition=models.Q(priority__range=(1, 4)), name="priority_range"),
        ]

    @property
    def ref(self) -> str:
        """What people call it: `TD-1042`."""
        return f"TD-{self.number}"


class FieldValue(models.Model):
    """A ticket's value of a custom field, in the column of its type."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="field_values")
    client = models.ForeignKey("people.Client", models.PROTECT, related_name="+")
    field = models.ForeignKey(CustomField, models.PROTECT, related_name="values")
    text = models.CharField(max_length=1000, null=True)
    folded = models.CharField(max_length=1000, null=True)
    number = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    date = models.DateField(null=True)
    boolean = models.BooleanField(null=True)

    objects: ClassVar[TenantManager["FieldValue"]] = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "field"], name="one_value_a_field")]


class Participant(models.Model):
    """Somebody besides the requester who takes part from the customer's side (a cc): sees messages, never notes."""

    class Role(models.TextChoices):
        CC = "cc"

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="participants")
    client = models.ForeignKey("people.Client", models.PROTECT, related_name="+")
    person = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    role = models.CharField(max_length=4, choices=Role.choices, default=Role.CC)
    since = models.DateTimeField(default=clock.now)

    objects: ClassVar[TenantManager["Participant"]] = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "person"], name="takes_part_once")]


class Message(models.Model):
    """What the requester's side and the desk say to each other. Its audience is always the requester.

    `text` is the whole text, `new_text` the part without quotes; `html` is a sanitised body where there was one.
    """

    class Direction(models.TextChoices):
        IN = "in"
        OUT = "out"

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages")
    client = models.ForeignKey("people.Client", models.PROTECT, related_name="+")
    audience = models.PositiveSmallIntegerField(choices=AUDIENCES, default=Audience.REQUESTER)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    channel = models.CharField(max_length=8, choices=Ticket.Channel.choices)
    author = models.ForeignKey("people.Person", models.PROTECT, related_name="+")
    text = models.TextField()
    new_text = models.TextField(blank=True, default="")
    html = models.TextField(blank=True, default="")
    at = models.DateTimeField(default=clock.now)

    objects: ClassVar[TenantManager["Message"]] = TenantManager()

    class Meta:
        indexes = [models.Index(fields=["ticket", "id"], name="message_of_ticket")]
        constraints = [
            models.UniqueConstraint(fields=["client", "id"], name="message_client_id"),
            models.CheckConstraint(condition=models.Q(audience=Audience.REQUESTER), name="message_audience"),
        ]


class Note(models.Model):
    """What agents tell each other. A table of its own: no query for messages can return one."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="notes")
    client = models.ForeignKey("people.Client", models.PROTECT, related_name="+")
    audience = models.PositiveSmallIntegerField(choices=AUDIENCES, default=Audience.AGENTS)
    author = models.ForeignKey("people.Person", models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    at = models.DateTimeField(default=clock.now)

    objects: ClassVar[TenantManager["Note"]] = TenantManager()

    class Meta:
        indexes = [models.Index(fields=["ticket", "id"], name="note_of_ticket")]
        constraints = [
            models.UniqueConstraint(fields=["client", "id"], name="note_client_id"),
            models.CheckConstraint(condition=~models.Q(audience=Audience.REQUESTER), name="note_audience"),
        ]


class Attachment(models.Model):
    """A file on a message or a note, with that one's audience. `name` is what the sender called it, nothing more."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="attachments")
    client = models.ForeignKey("people.Client", models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="attachments")
    note = models.ForeignKey(Note, models.CASCADE, null=True, related_name="attachments")
    audience = models.PositiveSmallIntegerField(choices=AUDIENCES)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=120)
    content_id = models.CharField(max_length=250, blank=True, default="")
    inline = models.BooleanField(default=False)

    objects: ClassVar[TenantManager["Attachment"]] = TenantManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(message__isnull=False, note__isnull=True, audience=Audience.REQUESTER)
                | (models.Q(message__isnull=True, note__isnull=False) & ~models.Q(audience=Audience.REQUESTER)),
                name="attachment_follows_its_entry",
            )
        ]


class ReadMark(models.Model):
    """How far an agent has read a ticket: everything up to this id. What lies beyond is unread."""

    person = models.ForeignKey("people.Person", models.CASCADE, related_name="+")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="read_marks")
    client = models.ForeignKey("people.Client", models.PROTECT, related_name="+")
    read_to = models.BigIntegerField()

    objects: ClassVar[TenantManager["ReadMark"]] = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "ticket"], name="one_read_mark")]
