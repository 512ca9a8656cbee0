"""What the installation is made of: clients, tiers, teams, roles."""

import re
import zoneinfo
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext_lazy as _

from tierdesk.domain.people import policies, rules
from tierdesk.domain.people.models import Client, ClientDomain, Role, Team, Tier
from tierdesk.events.people import InstallationChanged
from tierdesk.kernel import ids
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.commands import command, record, system_only
from tierdesk.kernel.refusals import Faults, not_found

MAX_NAME = 80
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

TIERS = (
    (0, {"en": "Self-service", "ko": "셀프서비스", "ru": "Самообслуживание"}),
    (1, {"en": "Front line", "ko": "1차 지원", "ru": "Первая линия"}),
    (2, {"en": "Technicians", "ko": "2차 기술 지원", "ru": "Техники"}),
    (3, {"en": "Experts", "ko": "3차 전문가", "ru": "Эксперты"}),
    (4, {"en": "Vendors", "ko": "외부 업체", "ru": "Подрядчики"}),
)
ROLES = (
    ("admin", {"en": "Administrator", "ko": "관리자", "ru": "Администратор"}, rules.ADMIN_PERMISSIONS),
    ("lead", {"en": "Lead", "ko": "팀장", "ru": "Руководитель"}, rules.LEAD_PERMISSIONS),
    ("agent", {"en": "Agent", "ko": "상담원", "ru": "Агент"}, rules.AGENT_PERMISSIONS),
)
HOLDING_SLUG = "holding"


@command
def create_client(
    actor: Actor,
    *,
    slug: str,
    name: str,
    domains: Iterable[str] = (),
    language: str = "en",
    time_zone: str = "UTC",
    client_id: int | None = None,
) -> Client:
    """A client with its mail domains. Refused: whoever does not manage the whole installation, a slug or domain that is
    taken. `client_id` is for the system alone: importing keeps ids.
    """
    policies.require(actor, rules.INSTALLATION)
    if client_id is not None:
        system_only(actor)
    faults = Faults()
    _check_slug(faults, slug)
    if Client.objects.filter(slug=slug).exists():
        faults.add("slug", _("Another client has this short name."))
    clean = rules.clean_name(name)
    if not clean:
        faults.add("name", _("A client needs a name."))
    check_language(faults, language)
    check_time_zone(faults, time_zone)
    folded = _check_domains(faults, domains)
    faults.refuse()
    client = Client.objects.create(
        id=client_id or ids.new_id(), slug=slug, name=clean, language=language, time_zone=time_zone
    )
    ClientDomain.objects.bulk_create(ClientDomain(client=client, domain=domain) for domain in folded)
    record(actor, InstallationChanged(thing_id=client.pk, client_id=client.pk, what="client", changed=("added",)))
    return client


@command
def create_tier(actor: Actor, *, level: int, name: Mapping[str, str]) -> Tier:
    """A rung of the ladder, `L` and its level being its key. Refused: a level that is there."""
    policies.require(actor, rules.INSTALLATION)
    faults = Faults()
    texts = _check_texts(faults, name)
    if not 0 <= level <= 9 or Tier.objects.filter(level=level).exists():
        faults.add("level", _("This tier cannot be added: its number is taken or out of range."))
    faults.refuse()
    tier = Tier.objects.create(level=level, key=f"L{level}", name=texts)
    record(actor, InstallationChanged(thing_id=level, client_id=None, what="tier", changed=("added",)))
    return tier


@command
def create_team(actor: Actor, *, slug: str, name: Mapping[str, str], tier: int) -> Team:
    """A team on a rung. `tier` is its level."""
    policies.require(actor, rules.INSTALLATION)
    faults = Faults()
    _check_slug(faults, slug)
    if Team.objects.filter(slug=slug).exists():
        faults.add("slug", _("Another team has this short name."))
    texts = _check_texts(faults, name)
    if not Tier.objects.filter(level=tier).exists():
        faults.add("tier", _("There is no such tier."))
    faults.refuse()
    team = Team.objects.create(slug=slug, name=texts, tier_id=tier)
    record(actor, InstallationChanged(thing_id=team.pk, client_id=None, what="team", changed=("added",)))
    return team


@command
def create_role(actor: Actor, *, slug: str, name: Mapping[str, str], permissions: Iterable[str]) -> Role:
    """A named set of permissions. Refused: permissions that do not exist, or that the actor lacks for every client."""
    policies.require(actor, rules.INSTALLATION)
    wanted = sorted(set(permissions))
    faults = Faults()
    _check_slug(faults, slug)
    if Role.objects.filter(slug=slug).exists():
        faults.add("slug", _("Another role has this short name."))
    texts = _check_texts(faults, name)
    for unknown in sorted(set(wanted) - rules.PERMISSIONS):
        faults.add("permissions", _("There is no permission “%(name)s”.") % {"name": unknown})
    faults.refuse()
    policies.require_covers(actor, rules.grants_of([(wanted, None)], ()))
    role = Role.objects.create(slug=slug, name=texts, permissions=wanted)
    record(actor, InstallationChanged(thing_id=role.pk, client_id=None, what="role", changed=("added",)))
    return role


@command
def ensure_defaults(actor: Actor) -> None:
    """After this there are five tiers, the three roles and the holding client. What is there already stays as it is."""
    system_only(actor)
    for level, name in TIERS:
        if not Tier.objects.filter(level=level).exists():
            create_tier(actor, level=level, name=name)
    for slug, name, permissions in ROLES:
        if not Role.objects.filter(slug=slug).exists():
            create_role(actor, slug=slug, name=name, permissions=permissions)
    if not Client.objects.filter(holding=True).exists():
        client = Client.objects.create(slug=HOLDING_SLUG, name="Holding", holding=True)
        record(actor, InstallationChanged(thing_id=client.pk, client_id=client.pk, what="client", changed=("added",)))


def find_client(client_id: int) -> Client:
    """The active client of that id. Refused: `not_found`."""
    client = Client.objects.filter(pk=client_id, active=True).first()
    if client is None:
        raise not_found(_("There is no such client."))
    return client


def check_language(faults: Faults, language: str) -> None:
    """Note a language that the interface does not speak."""
    if language not in rules.LANGUAGES:
        faults.add("language", _("Choose one of the languages offered."))


def check_time_zone(faults: Faults, time_zone: str) -> None:
    """Note a name that is none of the IANA time zone database."""
    if time_zone not in zoneinfo.available_timezones():
        faults.add("time_zone", _("There is no such time zone."), _("Write it like “Europe/Berlin” or “Asia/Seoul”."))


def _check_slug(faults: Faults, slug: str) -> None:
    if len(slug) > 40 or not _SLUG.fullmatch(slug):
        faults.add(
            "slug", _("This short name cannot be used."), _("Use up to 40 small letters, digits and single hyphens.")
        )


def _check_texts(faults: Faults, texts: Mapping[str, str]) -> dict[str, str]:
    clean = {language: rules.clean_name(texts.get(language, ""), MAX_NAME) for language in rules.LANGUAGES}
    if set(texts) - set(rules.LANGUAGES):
        faults.add("name", _("A name can be given in English, Korean and Russian."))
    if not clean["en"]:
        faults.add("name", _("A name is needed, at least in English."))
    return {language: text for language, text in clean.items() if text}


def _check_domains(faults: Faults, domains: Iterable[str]) -> list[str]:
    folded: dict[str, None] = {}
    for domain in domains:
        form = rules.fold_domain(domain)
        if not form:
            faults.add("domains", _("“%(domain)s” is no mail domain.") % {"domain": rules.clean_name(domain)})
        else:
            folded[form] = None
    for taken in ClientDomain.objects.filter(domain__in=folded).values_list("domain", flat=True):
        faults.add("domains", _("The domain “%(domain)s” belongs to another client.") % {"domain": taken})
    return list(folded)
