"""Writing the values of custom fields, each checked against its type."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from tierdesk.domain.people.rules import in_language
from tierdesk.domain.tickets.models import CustomField, FieldValue, Ticket
from tierdesk.kernel.conditions.folding import fold
from tierdesk.kernel.refusals import Faults

BOOLEANS = {"true": True, "on": True, "1": True, "false": False, "0": False}
COLUMNS = ("text", "folded", "number", "date", "boolean")


def write_fields(ticket: Ticket, values: Mapping[str, Any], *, opening: bool) -> list[str]:
    """Set custom fields by their keys; None or an empty text clears one. Returns the keys that changed.

    Refused, all at once: unknown keys, values that are not of the field's type, and (when the ticket is being opened
    by hand) required fields that are missing.
    """
    if not values and not opening:
        return []
    fields = {field.key: field for field in CustomField.objects.filter(active=True)}
    if not fields and not values:
        return []
    faults = Faults()
    parsed: dict[CustomField, dict[str, Any] | None] = {}
    for key, value in values.items():
        field = fields.get(key)
        if field is None or (field.kinds and ticket.kind not in field.kinds):
            faults.add(key, _("There is no such field."))
        elif value is None or value == "":
            parsed[field] = None
        else:
            _parse(faults, parsed, field, value)
    for field in fields.values():
        needed = field.required and (not field.kinds or ticket.kind in field.kinds)
        if opening and needed and parsed.get(field) is None:
            faults.add(field.key, _("This is needed."))
        elif needed and field in parsed and parsed[field] is None:
            faults.add(field.key, _("This cannot be empty."))
    faults.refuse()
    return [field.key for field, columns in parsed.items() if _write(ticket, field, columns)]


def _parse(faults: Faults, parsed: dict[CustomField, dict[str, Any] | None], field: CustomField, value: Any) -> None:
    kinds = CustomField.Type
    try:
        if field.type == kinds.NUMBER:
            number = Decimal(str(value).strip())
            if not number.is_finite() or abs(number) >= Decimal(10) ** 14:
                raise ValueError
            parsed[field] = {"number": round(number, 6)}
        elif field.type == kinds.DATE:
            parsed[field] = {"date": dt.date.fromisoformat(str(value).strip())}
        elif field.type == kinds.BOOLEAN:
            parsed[field] = {"boolean": BOOLEANS[str(value).lower()]}
        else:
            text = str(value).replace("\x00", "").strip()[:1000]
            if field.type == kinds.CHOICE and text not in {choice["key"] for choice in field.choices}:
                raise ValueError
            parsed[field] = {"text": text, "folded": fold(text)[:1000]}
    except (ValueError, KeyError, InvalidOperation):
        hint = {
            kinds.NUMBER.value: _("Give a number, such as 12.5."),
            kinds.DATE.value: _("Give a date as year-month-day, such as 2026-03-09."),
            kinds.BOOLEAN.value: _("Give true or false."),
            kinds.CHOICE.value: ", ".join(in_language(c.get("label", {}), "en") for c in field.choices),
        }.get(field.type)
        faults.add(field.key, _("This value does not fit the field."), hint)


def _write(ticket: Ticket, field: CustomField, columns: dict[str, Any] | None) -> bool:
    own = FieldValue.objects.unscoped("one ticket's, whose policy was asked").filter(ticket=ticket, field=field)
    if columns is None:
        return bool(own.delete()[0])
    full = {name: columns.get(name) for name in COLUMNS}
    if own.filter(**{k: v for k, v in full.items() if v is not None}).exists():
        return False
    FieldValue.objects.unscoped("as above").update_or_create(
        ticket=ticket, field=field, defaults={"client_id": ticket.client_id, **full}
    )
    return True
