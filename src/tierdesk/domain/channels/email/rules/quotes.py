"""What is new in a reply: its text without the quoted mail, the line that introduces it, and the signature.

Own rules, line by line, for the mail programs of many languages; every pattern is tried on one bounded line, so that
the time is linear in the text. The first mark of a quote ends the new text, unless more new text follows a `>` quote:
then the quote stays, because the answers stand between its lines.
"""

from __future__ import annotations

import re

from .quote_marks import (
    header_kind,
    is_introduction,
    is_rule,
    is_sent_from,
    is_separator,
    may_begin_introduction,
)

_QUOTED = re.compile(r"[ \t]{0,3}(?:[A-Za-z]{0,3}>|\|(?=\s|$))")
_INVISIBLE = dict.fromkeys(map(ord, "\u1427\u200b\u200e\u200f\u2060\ufeff"))
_MAX_LINE = 400
_MAX_LINES = 20_000
_SIGNATURE_LINES = 15


def new_text(text: str) -> str:
    """The part of `text` that its sender wrote for this mail. A forwarded mail alone gives that mail's text, a bare
    quote the quote."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:_MAX_LINES]
    lines = [line.translate(_INVISIBLE) if not line.isascii() else line for line in lines]
    lines = _without_signature(lines)
    start = _next_text(lines, 0)
    if start == len(lines):
        return ""
    span = _introduction(lines, start)
    if span:
        kept = _below_introduction(lines, start + span)
    elif _QUOTED.match(lines[start]):
        kept = lines[start:]
        if all(not line.strip() or _QUOTED.match(line) for line in kept) and _is_intro_in_quote(lines, start):
            kept = []
    elif _ends_here(lines, start):
        kept = _forwarded(lines, start)
    else:
        kept = _above_quote(lines[start:])
    return "\n".join(line.rstrip() for line in _without_signature(kept)).strip("\n")


def _above_quote(lines: list[str]) -> list[str]:
    """New text above, between or around quotes."""
    out: list[str] = []
    last_new = 0
    index = 0
    while index < len(lines):
        if _ends_here(lines, index):
            break
        span = _introduction(lines, index)
        if span:
            if not _quotes_follow(lines, index + span) or not _text_after_quotes(lines, index + span):
                break
            index += span
            continue
        out.append(lines[index])
        if lines[index].strip() and not _QUOTED.match(lines[index]):
            last_new = len(out)
        index += 1
    return out[:last_new]


def _below_introduction(lines: list[str], index: int) -> list[str]:
    """A mail that begins with an introduction: the text below its quote, or the text itself when none is marked."""
    if _quotes_follow(lines, index):
        end = _end_of_quotes(lines, index)
        return _above_quote(lines[end:])
    out: list[str] = []
    while index < len(lines):
        span = _introduction(lines, index)
        if span:
            index += span
            continue
        out.append(lines[index])
        index += 1
    return out


def _forwarded(lines: list[str], index: int) -> list[str]:
    """The body of a mail that was sent on without a word: what stands after its printed headers."""
    while index < len(lines):
        text = lines[index][:_MAX_LINE].strip()
        if not text or is_separator(text) or is_rule(text):
            index += 1
        else:
            break
    while index < len(lines) and lines[index].strip():
        if header_kind(lines[index][:_MAX_LINE].strip()) is None and not is_separator(lines[index][:_MAX_LINE].strip()):
            following = lines[index + 1 : index + 2]
            if not following or header_kind(following[0][:_MAX_LINE].strip()) is None:
                break
        index += 1
    rest = lines[index:]
    return rest if any(line.strip() for line in rest) else []


def _ends_here(lines: list[str], index: int) -> bool:
    line = lines[index][:_MAX_LINE].strip()
    if not line:
        return False
    if is_separator(line):
        return True
    if is_rule(line):
        following = _next_text(lines, index + 1)
        return following < len(lines) and following - index < 4 and _is_header_block(lines, following)
    return _is_header_block(lines, index)


def _is_header_block(lines: list[str], index: int) -> bool:
    """Whether three kinds of a mail's header lines stand together, in any language: the head of a quoted mail."""
    kinds: set[str] = set()
    misses = 0
    for line in lines[index : index + 12]:
        kind = header_kind(line[:_MAX_LINE].strip())
        if kind is not None:
            kinds.add(kind)
            misses = 0
        elif not kinds:
            return False
        elif line.strip():
            misses += 1
            if misses > 1:
                break
        if len(kinds) >= 3 and "from" in kinds:
            return True
    return False


def _introduction(lines: list[str], index: int) -> int:
    """How many lines an introduction takes from `index` on; 0 when there is none."""
    first = lines[index].strip().lstrip(">| ")
    if not first or len(first) > _MAX_LINE:
        return 0
    if is_introduction(first):
        return 1
    if not may_begin_introduction(first):
        return 0
    joined = first
    for span in range(2, 8):
        if index + span > len(lines):
            break
        piece = lines[index + span - 1][:_MAX_LINE].strip().lstrip("| ")
        piece = piece.lstrip("> ") if len(piece.lstrip("> ")) and joined.count("<") <= joined.count(">") else piece
        joined = f"{joined} {piece}".strip()
        if len(joined) > 500:
            break
        if piece and is_introduction(joined):
            return span
    return 0


def _is_intro_in_quote(lines: list[str], start: int) -> bool:
    return _introduction(lines, start) > 0


def _quotes_follow(lines: list[str], index: int) -> bool:
    following = _next_text(lines, index)
    return following < len(lines) and _QUOTED.match(lines[following]) is not None


def _text_after_quotes(lines: list[str], index: int) -> bool:
    """Whether new text goes on after the quote that begins at `index`, before any other mark of a quote."""
    end = _end_of_quotes(lines, index)
    if end >= len(lines):
        return False
    for position in range(end, min(len(lines), end + 400)):
        if lines[position].strip():
            return not _ends_here(lines, position) and not _introduction(lines, position)
    return False


def _end_of_quotes(lines: list[str], index: int) -> int:
    """Past the last quoted line of the block, taking along lines that were wrapped out of it."""
    end = index
    loose = 0
    for position in range(index, len(lines)):
        line = lines[position]
        if _QUOTED.match(line):
            end, loose = position + 1, 0
        elif line.strip():
            wrapped = position > 0 and _QUOTED.match(lines[position - 1]) and len(lines[position - 1]) > 60
            again = position + 1 < len(lines) and _QUOTED.match(lines[position + 1])
            if not (wrapped and again):
                loose += 1
            if loose:
                break
    return end


def _next_text(lines: list[str], index: int) -> int:
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


def _without_signature(lines: list[str]) -> list[str]:
    """The lines before what closes a mail: `-- ` and a signature, rules, and the phrases that programs add."""
    fenced = False
    for index, line in enumerate(lines):
        text = line.strip()
        if text.startswith("```"):
            fenced = not fenced
        if fenced or index == 0 or not text or len(text) > 200:
            continue
        if _is_signature_mark(text) and _is_short(lines, index + 1):
            lines = lines[:index]
            break
    end = len(lines)
    while end and (not (text := lines[end - 1][:_MAX_LINE].strip()) or is_sent_from(text) or is_rule(text)):
        end -= 1
    for index in range(end):
        if is_sent_from(lines[index][:_MAX_LINE].strip()):
            following = _next_text(lines, index + 1)
            if following < end and (_introduction(lines, following) or _ends_here(lines, following)):
                return lines[:index]
    return lines[:end]


def _is_signature_mark(text: str) -> bool:
    return text in {"--", "—", "–", "-- "} or (len(text) >= 5 and not text.strip("_"))


def _is_short(lines: list[str], index: int) -> bool:
    rest = [line for line in lines[index:] if line.strip()]
    return len(rest) <= _SIGNATURE_LINES and not any(_QUOTED.match(line) for line in rest)
