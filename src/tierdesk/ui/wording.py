"""Times, lengths, sizes and names in words, in the reader's language and time zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal
from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from tierdesk.kernel import clock

DAY = timedelta(days=1)
PLURAL_SAMPLES = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 5, "other": 100}


def ago(moment: datetime) -> SafeString:
    """`<time>` saying how long since (or until) `moment`: relative within a day, a date beyond, exact on hover."""
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>',
        local.isoformat(timespec="seconds"),
        _exact(local),
        _relative(local),
    )


def exact_time(moment: datetime) -> SafeString:
    """`<time>` with the full date and time in the reader's zone and language."""
    local = timezone.localtime(moment)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), _exact(local))


def iso_local(moment: datetime) -> str:
    """`moment` for an `<input type="datetime-local">`, in the reader's zone, to the minute."""
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def duration(minutes: float) -> str:
    """A length of time in words, its two largest units: "2 h 10 m", "3 d 4 h", "under a minute"."""
    total = int(minutes)
    if total < 1:
        return gettext("under a minute")
    days, rest = divmod(total, 1440)
    hours, mins = divmod(rest, 60)
    if days:
        text = gettext("%(days)s d %(hours)s h") if hours else gettext("%(days)s d")
    elif hours:
        text = gettext("%(hours)s h %(minutes)s m") if mins else gettext("%(hours)s h")
    else:
        text = gettext("%(minutes)s m")
    return text % {"days": number(days), "hours": hours, "minutes": mins}


def initials(name: str) -> str:
    """Up to two letters for an avatar: first and last word, or the first two of a Korean name."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    if len(words) == 1:
        first = words[0]
        return first[:2] if "가" <= first[0] <= "힣" else first[0].upper()
    return (words[0][0] + words[-1][0]).upper()


def number(value: float) -> str:
    """A number grouped as the reader's language groups it."""
    return str(format_decimal(value, locale=locale()))


def file_size(size: int) -> str:
    """Bytes as a person reads them: "812 B", "14 KB", "2.3 MB" (1024-based)."""
    if size < 1024:
        return gettext("%(size)s B") % {"size": number(size)}
    if size < 1024 * 1024:
        return gettext("%(size)s KB") % {"size": number(round(size / 1024))}
    return gettext("%(size)s MB") % {"size": number(round(size / (1024 * 1024), 1))}


def languages() -> list[tuple[str, str]]:
    """The interface's languages, each named in itself: `("ko", "한국어")`."""
    names = [(code, _parsed(code).get_display_name(code) or code) for code, _ in settings.LANGUAGES]
    return [(code, name[0].upper() + name[1:]) for code, name in names]


def locale() -> Locale:
    """Babel's locale of the active language."""
    return _parsed(get_language() or "en")


def plural_samples(language: str) -> dict[str, int]:
    """For each plural category of `language`, a number that falls into it."""
    rule = _parsed(language).plural_form
    found = {rule(number): number for number in (1, 2, 3, 5, 11, 21, 100)}
    return found | {"other": found.get("other", PLURAL_SAMPLES["other"])}


@lru_cache(maxsize=32)
def _parsed(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def _exact(local: datetime) -> str:
    return str(format_datetime(local, format="full", tzinfo=local.tzinfo, locale=locale()))


def _relative(local: datetime) -> str:
    now = timezone.localtime(clock.now())
    delta = local - now
    if abs(delta) < timedelta(minutes=1):
        return gettext("just now")
    if abs(delta) < DAY:
        return str(  # in steps and with a threshold as clock.js has them
            format_timedelta(
                delta, granularity="minute", threshold=1.5, add_direction=True, format="short", locale=locale()
            )
        )
    skeleton = "MMMd" if local.year == now.year else "yMMMd"
    return str(format_skeleton(skeleton, local, tzinfo=local.tzinfo, locale=locale()))


def clock_time(moment: datetime) -> str:
    """The hour and minute in the reader's zone and language."""
    local = timezone.localtime(moment)
    return str(format_time(local, format="short", tzinfo=local.tzinfo, locale=locale()))
