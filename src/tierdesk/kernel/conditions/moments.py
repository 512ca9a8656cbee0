"""Dates, moments and spans as people write them. Pure."""

import datetime as dt
import re
from dataclasses import dataclass

_SPAN = re.compile(r"(?:\d{1,6}[mhdw])+")
_SPAN_PART = re.compile(r"(\d+)([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = dt.timedelta(days=36_500)
_DAY_WORDS = {0: ("today", "오늘", "сегодня"), -1: ("yesterday", "어제", "вчера"), 1: ("tomorrow", "내일", "завтра")}
_DAYS = {word: away for away, words in _DAY_WORDS.items() for word in words}
_YEARS = range(1900, 2201)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A day, a minute or a second, in UTC: from `start` up to but not including `end`."""

    start: dt.datetime
    end: dt.datetime


def span(value: str) -> dt.timedelta | None:
    """`30m`, `2h`, `3d`, `1w` or a sequence such as `1d12h`; none if it is not one or longer than a hundred years."""
    folded = value.strip().casefold()
    if not _SPAN.fullmatch(folded):
        return None
    total = dt.timedelta()
    for amount, unit in _SPAN_PART.findall(folded):
        total += dt.timedelta(**{_UNITS[unit]: int(amount)})
    return total if total <= _LONGEST else None


def stretch(value: str, *, now: dt.datetime) -> Stretch | None:
    """A day (`2026-01-31`, `today`) in the time zone of `now`, or a moment with its minute or second; none if neither.

    ISO 8601; a moment may carry its own offset.
    """
    folded = value.strip().casefold()
    if folded in _DAYS:
        return _day(now.date() + dt.timedelta(days=_DAYS[folded]), now.tzinfo)
    try:
        if len(folded) == 10:
            return _day(dt.date.fromisoformat(folded), now.tzinfo)
        moment = dt.datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if moment.year not in _YEARS or len(folded) < 16:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
    start = moment.astimezone(dt.UTC).replace(microsecond=0)
    return Stretch(start, start + (dt.timedelta(seconds=1) if folded.count(":") > 1 else dt.timedelta(minutes=1)))


def _day(day: dt.date, zone: dt.tzinfo | None) -> Stretch | None:
    if day.year not in _YEARS:
        return None
    start, end = (
        dt.datetime.combine(one, dt.time.min, tzinfo=zone).astimezone(dt.UTC)
        for one in (day, day + dt.timedelta(days=1))
    )
    return Stretch(start, end)
