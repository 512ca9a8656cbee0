"""What conditions can say of tickets: `status:open tier:L1 client:acme updated<2h "vpn"`."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from tierdesk.domain.people import queries as people
from tierdesk.domain.people.rules import READ, in_language
from tierdesk.domain.tickets import catalogue, rules
from tierdesk.domain.tickets.indexing import text_of
from tierdesk.domain.tickets.models import CustomField, Message, Note, Ticket
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.audience import Audience
from tierdesk.kernel.conditions.fields import Choice, ConditionField, Fields, Kind

DESK_ONLY = frozenset({"impact", "urgency", "tier", "hold", "waiting", "team", "assignee", "category"})
_LEVEL_NAMES = ((3, "low"), (2, "medium"), (1, "high"))


def ticket_fields(actor: Actor) -> Fields:
    """The fields of tickets as this actor may ask for them: names of clients and people that he cannot see mean
    nothing to him, and the requester's side cannot ask for what it is not shown, since every answer would tell.
    """
    fields = Fields("ticket", documents=documents_of)
    staff = bool(actor.clients_for(READ))
    for one in (*_plain(actor.language), *_references(actor)):
        if staff or one.name not in DESK_ONLY:
            fields.register(one)
    if staff:
        fields.register_provider(lambda name: _custom(name, actor.language))
    return fields


def documents_of(ticket: Ticket) -> Iterable[tuple[Audience, str]]:
    """The texts that a ticket is found by, each with its audience."""
    for message in Message.objects.unscoped("one ticket's, already in hand").filter(ticket=ticket):
        yield Audience.REQUESTER, text_of(ticket, message)
    for note in Note.objects.unscoped("one ticket's, already in hand").filter(ticket=ticket):
        yield Audience.AGENTS, text_of(ticket, note)


def _plain(language: str) -> list[ConditionField]:
    def date(name: str, label: Any, path: str, *aliases: str, ahead: bool = False) -> ConditionField:
        return ConditionField(
            name, Kind.DATE, label, lambda t: getattr(t, path), path, aliases=aliases, looks_ahead=ahead
        )

    def level(name: str, label: Any) -> ConditionField:
        choices = [Choice(word, (value,)) for value, word in _LEVEL_NAMES]
        return ConditionField(name, Kind.ORDERED, label, lambda t: getattr(t, name), name, choices=lambda: choices)

    priorities = [Choice(name, (value,)) for name, value in reversed(rules.PRIORITIES.items())]
    kinds = [Choice(value, (value,)) for value in ("incident", "request", "question", "scam_report")]
    channels = [Choice(str(value), (str(value),)) for value in Ticket.Channel.values]
    return [
        ConditionField("subject", Kind.TEXT, _("Subject"), lambda t: t.subject, "subject_folded"),
        ConditionField("number", Kind.NUMBER, _("Number"), lambda t: t.number, "number"),
        ConditionField(
            "status", Kind.CHOICE, _("Status"), lambda t: t.status_id, "status_id", choices=lambda: _statuses(language)
        ),
        ConditionField("kind", Kind.CHOICE, _("Kind"), lambda t: t.kind, "kind", choices=lambda: kinds),
        ConditionField("channel", Kind.CHOICE, _("Channel"), lambda t: t.channel, "channel", choices=lambda: channels),
        ConditionField(
            "priority", Kind.ORDERED, _("Priority"), lambda t: t.priority, "priority", choices=lambda: priorities
        ),
        level("impact", _("Impact")),
        level("urgency", _("Urgency")),
        ConditionField("tier", Kind.ORDERED, _("Tier"), lambda t: t.tier_id, "tier_id", choices=_tiers),
        ConditionField("active", Kind.BOOLEAN, _("Active"), lambda t: t.active, "active"),
        date("created", _("Created"), "created_at"),
        date("updated", _("Updated"), "updated_at"),
        date("waiting", _("Waiting since"), "waiting_since"),
        date("solved", _("Solved"), "solved_at"),
        date("hold", _("On hold until"), "hold_until", ahead=True),
    ]


def _references(actor: Actor) -> list[ConditionField]:
    def client_ids(name: str) -> list[int]:
        return list(people.visible_clients(actor).filter(slug=name.lower()).values_list("pk", flat=True))

    def client_slugs() -> list[str]:
        return list(people.visible_clients(actor).values_list("slug", flat=True)[:200])

    def category_paths() -> list[str]:
        return [category.path for category in catalogue.categories()]

    def team_ids(name: str) -> list[int]:
        return [team.pk for team in people.teams() if team.slug == name.lower()]

    def person_ids(name: str) -> list[int]:
        seen = people.visible_people(actor)
        named = seen.filter(addresses__address=name.lower()) if "@" in name else seen.filter(name__iexact=name)
        return list(named.values_list("pk", flat=True)[:50])

    def category_ids(name: str) -> list[int]:
        path = name.lower()
        return [c.pk for c in catalogue.categories() if c.path == path or c.path.startswith(path + "/")]

    def reference(name: str, label: Any, column: str, lookup: Any, known: Any = None, *aliases: str) -> ConditionField:
        return ConditionField(
            name, Kind.REFERENCE, label, lambda t: getattr(t, column), column, aliases, lookup=lookup, known=known
        )

    return [
        reference(
            "client",
            _("Client"),
            "client_id",
            client_ids,
            lambda: people.visible_clients(actor).values_list("slug", flat=True)[:200],
        ),
        reference("team", _("Team"), "team_id", team_ids, lambda: [team.slug for team in people.teams()]),
        reference("assignee", _("Assignee"), "assignee_id", person_ids, None, "agent"),
        reference("requester", _("Requester"), "requester_id", person_ids),
        reference(
            "category", _("Category"), "category_id", category_ids, lambda: [c.path for c in catalogue.categories()]
        ),
    ]


def _statuses(language: str) -> list[Choice]:
    rows = catalogue.statuses()
    choices = [
        Choice(row.key, (row.pk,), in_language(row.name, language), (row.key.replace("-", "_"),)) for row in rows
    ]
    taken = {name for choice in choices for name in (choice.name, *choice.aliases)}
    for category in rules.CATEGORIES:
        if category not in taken:
            choices.append(Choice(category, tuple(row.pk for row in rows if row.category == category)))
    return choices


def _tiers() -> list[Choice]:
    return [Choice(tier.key, (tier.pk,)) for tier in people.tiers()]


def _custom(name: str, language: str) -> ConditionField | None:
    key = name.removeprefix("field.")
    field = next((f for f in catalogue.custom_fields() if f.key == key), None) if key != name else None
    if field is None:
        return None
    kinds = CustomField.Type
    kind, column = {
        kinds.TEXT.value: (Kind.TEXT, "folded"),
        kinds.NUMBER.value: (Kind.NUMBER, "number"),
        kinds.DATE.value: (Kind.DATE, "date"),
        kinds.BOOLEAN.value: (Kind.BOOLEAN, "boolean"),
        kinds.CHOICE.value: (Kind.CHOICE, "text"),
    }[field.type]
    if kind is Kind.DATE:
        return None  # a day has no moment to compare with; see docs/guides/agents.md
    choices = [Choice(str(c["key"]), (str(c["key"]),)) for c in field.choices]

    def read(ticket: Ticket) -> list[Any]:
        rows = ticket.field_values.unscoped("one ticket's, already in hand").filter(field=field)
        return [getattr(row, column) for row in rows]

    return ConditionField(
        f"field.{field.key}",
        kind,
        in_language(field.label, language),
        read,
        f"field_values__{column}",
        choices=(lambda: choices) if choices else None,
        many=True,
        within={"field_values__field_id": field.pk},
    )
