"""What an installation's tickets are made of: statuses and their flow, categories, custom fields."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from tierdesk.domain.people import policies as people
from tierdesk.domain.people import rules as people_rules
from tierdesk.domain.tickets import rules
from tierdesk.domain.tickets.models import Category, CustomField, Kind, Status, StatusFlow
from tierdesk.events.people import InstallationChanged
from tierdesk.kernel.actors import Actor
from tierdesk.kernel.commands import command, record, system_only
from tierdesk.kernel.refusals import Faults

_NAMES: Mapping[str, dict[str, str]] = {
    rules.NEW: {"en": "New", "ko": "신규", "ru": "Новая"},
    rules.OPEN: {"en": "Open", "ko": "처리 중", "ru": "В работе"},
    rules.WAITING_REQUESTER: {"en": "Waiting for requester", "ko": "요청자 회신 대기", "ru": "Ждём заявителя"},
    rules.WAITING_VENDOR: {"en": "Waiting for vendor", "ko": "외부 업체 대기", "ru": "Ждём подрядчика"},
    rules.ON_HOLD: {"en": "On hold", "ko": "보류", "ru": "Отложена"},
    rules.SOLVED: {"en": "Solved", "ko": "해결됨", "ru": "Решена"},
    rules.CLOSED: {"en": "Closed", "ko": "종료됨", "ru": "Закрыта"},
}


@command
def ensure_defaults(actor: Actor) -> None:
    """The seven statuses and their flow are there for every kind. What an administrator changed stays."""
    system_only(actor)
    if Status.objects.exists():
        return
    rows = {
        category: Status.objects.create(
            key=category.replace("_", "-"), category=category, name=_NAMES[category], position=position
        )
        for position, category in enumerate(rules.CATEGORIES)
    }
    StatusFlow.objects.bulk_create(
        StatusFlow(kind=kind, from_status=rows[start], to_status=rows[end])
        for kind in Kind.values
        for start, ends in rules.DEFAULT_FLOW.items()
        for end in ends
    )


@command
def create_category(actor: Actor, *, slug: str, name: Mapping[str, str], parent_id: int | None = None) -> Category:
    """A new node of the category tree. Refused: no permission; a slug that its parent has already."""
    people.require(actor, people_rules.INSTALLATION)
    parent = Category.objects.filter(pk=parent_id).first() if parent_id else None
    path = f"{parent.path}/{slug}" if parent else slug
    faults = Faults()
    if parent_id and parent is None:
        faults.add("parent", _("There is no such category."))
    if Category.objects.filter(path=path).exists():
        faults.add("slug", _("There is a category of this name already."))
    faults.refuse()
    category = Category.objects.create(parent=parent, slug=slug, path=path, name=dict(name))
    _changed(actor, category.pk, "category", "created")
    return category


@command
def create_custom_field(
    actor: Actor,
    *,
    key: str,
    type: str,
    label: Mapping[str, str],
    kinds: Sequence[str] = (),
    choices: Sequence[Mapping[str, object]] = (),
    required: bool = False,
) -> CustomField:
    """A new field of tickets. Refused: no permission; a key that is taken; an unknown type; no choices."""
    people.require(actor, people_rules.INSTALLATION)
    faults = Faults()
    if CustomField.objects.filter(key=key).exists():
        faults.add("key", _("There is a field of this name already."))
    if type not in CustomField.Type.values:
        faults.add("type", _("This type is not known."), ", ".join(CustomField.Type.values))
    if type == CustomField.Type.CHOICE and not choices:
        faults.add("choices", _("Give at least one choice."))
    faults.refuse()
    position = CustomField.objects.count()
    field = CustomField.objects.create(
        key=key,
        type=type,
        label=dict(label),
        kinds=list(kinds),
        choices=[dict(c) for c in choices],
        required=required,
        position=position,
    )
    _changed(actor, field.pk, "custom_field", "created")
    return field


def _changed(actor: Actor, row_id: int, what: str, how: str) -> None:
    record(actor, InstallationChanged(thing_id=row_id, client_id=None, what=what, changed=(how,)))
