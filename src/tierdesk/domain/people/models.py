"""People and where they belong: persons, addresses, clients, teams, tiers, roles, grants; and who may sign in."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac

from tierdesk.domain.people import rules
from tierdesk.kernel import clock, ids


class Client(models.Model):
    """An organisation that is helped. The holding client takes in whoever belongs to none that is known."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=160)
    holding = models.BooleanField(default=False)
    language = models.CharField(max_length=8, choices=rules.LANGUAGE_NAMES, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["holding"], condition=models.Q(holding=True), name="one_holding_client")
        ]

    def __str__(self) -> str:
        return self.name


class ClientDomain(models.Model):
    """A mail domain whose senders belong to a client. Stored folded; a domain belongs to one client."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="domains")
    domain = models.CharField(max_length=253, unique=True)


class LoginManager(BaseUserManager["Login"]):
    """Makes logins; passwords are hashed at once."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "Login":
        """A login for an address. Without a password nobody can sign in with one."""
        folded = rules.fold_address(email)
        if not folded:
            raise ValueError(f"{email!r} is no address.")
        login = self.model(email=folded, **extra)
        login.set_password(password)
        login.save(using=self._db)
        return login


class Login(AbstractBaseUser):
    """What signs in. Apart from the person, since most requesters never do.

    `epoch` counts how often all its sessions were ended: a session of an earlier epoch, or of an earlier password, is
    dead at its next request.
    """

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    is_active = models.BooleanField(default=True)
    epoch = models.PositiveIntegerField(default=0)
    is_staff = False
    is_superuser = False
    date_joined = models.DateTimeField(default=clock.now)

    objects: ClassVar[LoginManager] = LoginManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must carry to live; Django compares it at every request (and with its fallback keys)."""
        said = f"{self.epoch}:{self.password}"
        return salted_hmac("tierdesk.people.session", said, secret=secret, algorithm="sha256").hexdigest()


class Person(models.Model):
    """A human being, whichever side of the desk. Addresses are global; what a client knows of one is its membership."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    login = models.OneToOneField(Login, models.SET_NULL, null=True, blank=True, related_name="person")
    name = models.CharField(max_length=160, blank=True)
    language = models.CharField(max_length=8, choices=rules.LANGUAGE_NAMES, blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True, default="")
    theme = models.CharField(max_length=8, blank=True, default="")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name or f"person {self.pk}"


class Address(models.Model):
    """A mail address of a person. Stored folded (lower case); an address belongs to one person."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="addresses")
    address = models.CharField(max_length=254, unique=True)
    primary = models.BooleanField(default=False)
    verified = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=models.Q(primary=True), name="one_primary_address")
        ]


class Membership(models.Model):
    """A person belongs to a client. `manager` sees all of the client's tickets from the customer's side."""

    class Kind(models.TextChoices):
        REQUESTER = "requester"
        MANAGER = "manager"

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    client = models.ForeignKey(Client, models.CASCADE, related_name="memberships")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.REQUESTER)
    main = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "client"], name="one_membership"),
            models.UniqueConstraint(fields=["person"], condition=models.Q(main=True), name="one_main_client"),
        ]


class Tier(models.Model):
    """A rung of the ladder, L0 to L4. `key` is its short name, `name` says it in each language."""

    level = models.PositiveSmallIntegerField(primary_key=True)
    key = models.CharField(max_length=4, unique=True)
    name = models.JSONField(default=dict)

    class Meta:
        ordering = ["level"]

    def __str__(self) -> str:
        return self.key


class Team(models.Model):
    """People who work on tickets together, on one rung of the ladder."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.JSONField(default=dict)
    tier = models.ForeignKey(Tier, models.PROTECT, related_name="teams")
    active = models.BooleanField(default=True)


class TeamMembership(models.Model):
    """An agent works in a team."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="team_memberships")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "team"], name="once_in_a_team")]


class Role(models.Model):
    """A named set of permissions. `permissions` holds names from `rules.PERMISSIONS`; others grant nothing."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.JSONField(default=dict)
    permissions = models.JSONField(default=list)


class Grant(models.Model):
    """A person holds a role: for every client (client empty), or for one. Provider staff hold theirs for some."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="grants")
    role = models.ForeignKey(Role, models.PROTECT, related_name="grants")
    client = models.ForeignKey(Client, models.CASCADE, null=True, blank=True, related_name="grants")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "role", "client"], name="one_grant", nulls_distinct=False)
        ]


class ApiToken(models.Model):
    """A bearer token, kept as a hash. It acts with the rights of its person, while both are active."""

    id = models.BigIntegerField(primary_key=True, default=ids.new_id, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=80, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
