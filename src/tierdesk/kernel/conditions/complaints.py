"""Everything the language can refuse, in words: what is wrong, where, and the nearest thing that is known."""

from collections.abc import Iterable
from difflib import get_close_matches

from django.utils.translation import gettext as _

from tierdesk.kernel.refusals import Refusal

CODE = "conditions"


def complaint(message: str, *, at: int | None = None, hint: str | None = None) -> Refusal:
    """A refusal of this language; `at` counts characters from 0 and is named from 1, also as `current["position"]`."""
    if at is None:
        return Refusal(CODE, message, "conditions", hint)
    placed = _("Character %(position)s: %(message)s") % {"position": at + 1, "message": message}
    return Refusal(CODE, placed, "conditions", hint, current={"position": at})


def too_long(limit: int) -> Refusal:
    """The text form is too long."""
    return complaint(_("Conditions may have at most %(limit)s characters.") % {"limit": limit})


def too_many_terms(limit: int) -> Refusal:
    """Too many terms."""
    return complaint(_("Conditions may have at most %(limit)s parts.") % {"limit": limit})


def too_deep(limit: int) -> Refusal:
    """Too many levels."""
    return complaint(_("Conditions may be nested at most %(limit)s deep.") % {"limit": limit})


def open_quote(at: int) -> Refusal:
    """A quote is not closed."""
    return complaint(_("This quote is never closed."), at=at, hint=_('Add a " at the end.'))


def empty_quote(at: int) -> Refusal:
    """Nothing between two quotes."""
    return complaint(_("There is nothing between these quotes."), at=at)


def open_parenthesis(at: int) -> Refusal:
    """A parenthesis is not closed."""
    return complaint(_("This parenthesis is never closed."), at=at, hint=_("Add a ) at the end."))


def stray_parenthesis(at: int) -> Refusal:
    """A parenthesis closes nothing."""
    return complaint(_("This parenthesis closes nothing."), at=at)


def one_sided(word: str, at: int) -> Refusal:
    """An operator without a condition on one of its sides."""
    return complaint(
        _("“%(word)s” needs a condition on both sides.") % {"word": word},
        at=at,
        hint=_("To search for the word itself, put it in quotes."),
    )


def nothing_here(at: int) -> Refusal:
    """Parentheses or a minus without content."""
    return complaint(_("A condition is missing here."), at=at)


def no_value(field: str, at: int | None) -> Refusal:
    """A field without a value."""
    return complaint(_("Say what “%(field)s” should be.") % {"field": field}, at=at)


def one_value_only(field: str, at: int | None) -> Refusal:
    """Several values where only one can be compared."""
    return complaint(_("“%(field)s” can be compared with one value only here.") % {"field": field}, at=at)


def too_many_values(field: str, limit: int, at: int | None) -> Refusal:
    """More alternatives than allowed."""
    message = _("“%(field)s” may list at most %(limit)s values.") % {"field": field, "limit": limit}
    return complaint(message, at=at)


def unknown_field(name: str, known: Iterable[str], at: int | None) -> Refusal:
    """No such field; names the nearest."""
    message = _("No field “%(name)s”.") % {"name": name}
    near = nearest(name, known)
    if near:
        return complaint(message, at=at, hint=did_you_mean(near))
    return complaint(message, at=at, hint=_("To search for the text itself, put it in quotes."))


def unknown_value(field: str, value: str, known: Iterable[str], at: int | None) -> Refusal:
    """No such value of a field; names the nearest, or all if they are few."""
    names = list(known)
    message = _("“%(field)s” cannot be “%(value)s”.") % {"field": field, "value": value}
    near = nearest(value, names)
    if near:
        return complaint(message, at=at, hint=did_you_mean(near))
    few = _("It can be: %(values)s.") % {"values": ", ".join(names)} if 0 < len(names) <= 12 else None
    return complaint(message, at=at, hint=few)


def not_comparable(field: str, op: str, at: int | None) -> Refusal:
    """The operator has no meaning for the field's kind."""
    message = _("“%(field)s” cannot be compared with “%(op)s”.") % {"field": field, "op": op}
    return complaint(message, at=at, hint=_("Use “%(field)s:value”.") % {"field": field})


def not_a_number(field: str, value: str, at: int | None) -> Refusal:
    """The value should be a number."""
    return complaint(_("“%(field)s” needs a number, not “%(value)s”.") % {"field": field, "value": value}, at=at)


def not_a_date(field: str, value: str, at: int | None) -> Refusal:
    """The value should be a date, a moment or a span of time."""
    return complaint(
        _("“%(field)s” needs a date or a time, not “%(value)s”.") % {"field": field, "value": value},
        at=at,
        hint=_("Write 2026-01-31, 2026-01-31T14:00, today, or a span such as 30m, 2h, 3d, 1w."),
    )


def span_needs_direction(field: str, value: str, at: int | None) -> Refusal:
    """A span of time was given for equality."""
    return complaint(
        _("“%(value)s” is a span of time: say more or less.") % {"value": value},
        at=at,
        hint=_("Write “%(field)s<%(value)s” or “%(field)s>%(value)s”.") % {"field": field, "value": value},
    )


def nobody_here(field: str, at: int | None) -> Refusal:
    """`me`, where no person asks."""
    return complaint(_("“me” has no meaning for “%(field)s” here: nobody is asking.") % {"field": field}, at=at)


def not_searchable() -> Refusal:
    """Free words, where things have no text."""
    return complaint(_("Words cannot be searched for here."), hint=_("Name a field, as in “field:value”."))


def not_listable(field: str, at: int | None = None) -> Refusal:
    """A field that exists while an event happens, but cannot be asked of stored things."""
    return complaint(_("“%(field)s” cannot be used to list things.") % {"field": field}, at=at)


def bad_structure(where: str) -> Refusal:
    """The JSON form is not one."""
    return complaint(_("This is not a condition: %(where)s.") % {"where": where or "$"})


def did_you_mean(near: str) -> str:
    """The question after a mistake."""
    return _("Did you mean “%(near)s”?") % {"near": near}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one, if any is."""
    folded = {one.casefold(): one for one in known}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None
