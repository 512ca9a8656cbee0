"""The text form: `tier:L1 status:open|new -client:acme due<2h (vpn or "blue screen")`. Parser and formatter, pure.

    expression   = and ("or" and)*                 `or`, `and` in any case; blank means and
    and          = part ("and"? part)*
    part         = "-" part | "NOT" part | "(" expression ")" | term | phrase | word
    term         = field op value ("|" value)*     op: `:` `=` `!=` `<` `<=` `>` `>=`; `:` may stand before the others
    value        = anything without blanks, parentheses, quotes and bars | quoted
    phrase       = quoted                          `"…"`, within which `\\"` and `\\\\` are a quote and a backslash

Words side by side are one search (all in one document). `text:"…"` is a search for words that would otherwise be read
as something else. Every expression is formatted so that parsing it gives the same expression.
"""

import re

from tierdesk.kernel.conditions import complaints
from tierdesk.kernel.conditions.expressions import (
    EVERYTHING,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_VALUES,
    And,
    Expression,
    Not,
    Or,
    Term,
    Text,
    within_limits,
)
from tierdesk.kernel.conditions.folding import fold, storable

FIELD_NAME = re.compile(r"[^\W\d_][\w.-]*")
TEXT_FIELD = "text"

_TERM = re.compile(rf"({FIELD_NAME.pattern})(?::(?!//)(?=[<>=!])(<=|>=|!=|<|>|=)|(<=|>=|!=|<|>|=)|(:)(?!//))")
_WORD = re.compile(r"[^\s()\"]+")
_VALUE = re.compile(r"[^\s()\"|]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_MINUS = re.compile(r"-(?=[\w\"(])")
_NOT = re.compile(r"NOT(?=[\s(\"]|$)")
_OR = re.compile(r"or(?=[\s(\"]|$)", re.IGNORECASE)
_AND = re.compile(r"and(?=[\s(\"]|$)", re.IGNORECASE)
_BLANKS = re.compile(r"\s*")
_PLAIN_VALUE = re.compile(r"\w[^\s()\"|]*")


def parse(text: str) -> Expression:
    """What the text says; of an empty text, everything. Fields and values are not looked up yet.

    Refused (`conditions`, with the position): broken quotes and parentheses, missing sides, more than 2,000
    characters, 50 terms or 20 levels.
    """
    if len(text) > MAX_CHARACTERS:
        raise complaints.too_long(MAX_CHARACTERS)
    return within_limits(_Parser(storable(text)).whole())


def format_expression(expression: Expression) -> str:
    """The text form; `parse` of it gives an equal expression."""
    match expression:
        case Or(parts):
            return " or ".join(_grouped(part, isinstance(part, Or) or part == EVERYTHING) for part in parts)
        case And(parts):
            return " ".join(
                _grouped(part, isinstance(part, And | Or) or (at > 0 and _is_bare(part) and _is_bare(parts[at - 1])))
                for at, part in enumerate(parts)
            )
        case Not(part):
            formatted = format_expression(part)
            alone = isinstance(part, And | Or | Not) or (_is_bare(part) and not re.fullmatch(r"\w\S*", formatted))
            return f"-{_grouped(part, alone)}"
        case Term(field, op, values):
            return f"{field}{op}{'|'.join(_formatted_value(value) for value in values)}"
        case Text(words, phrase):
            if phrase:
                return _quote(words)
            return words if _is_bare(expression) else f"{TEXT_FIELD}:{_quote(words)}"


class _Parser:
    """Reads from left to right, by descent; a closing parenthesis or the end ends an expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def whole(self) -> Expression:
        if not self.text.strip():
            return EVERYTHING
        found = self.alternatives(0)
        if self.at < len(self.text):
            raise complaints.stray_parenthesis(self.at)
        return found

    def alternatives(self, depth: int) -> Expression:
        parts = [self.conjunction(depth)]
        while self.accept(_OR):
            start = self.at - 2
            if self.ended():
                raise complaints.one_sided("or", start)
            parts.append(self.conjunction(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def conjunction(self, depth: int) -> Expression:
        if depth > 2 * MAX_DEPTH + 2:
            raise complaints.too_deep(MAX_DEPTH)
        parts: list[Expression] = []
        words_before = False
        while not self.ended() and not _OR.match(self.text, self.at):
            if self.accept(_AND):
                start = self.at - 3
                if not parts or self.ended() or _OR.match(self.text, self.at):
                    raise complaints.one_sided("and", start)
                words_before = False
            part, is_words = self.part(depth)
            last = parts[-1] if parts else None
            if is_words and words_before and isinstance(last, Text) and isinstance(part, Text):
                parts[-1] = Text(f"{last.words} {part.words}")
            else:
                parts.append(part)
            words_before = is_words
        if not parts:
            raise complaints.one_sided("or", self.at) if self.at < len(self.text) else complaints.nothing_here(self.at)
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def part(self, depth: int) -> tuple[Expression, bool]:
        """The next part, and whether it is a bare word."""
        start = self.at
        if self.accept(_MINUS) or self.accept(_NOT):
            if self.ended() or depth > 2 * MAX_DEPTH + 2:
                raise complaints.nothing_here(self.at)
            return Not(self.part(depth + 1)[0]), False
        if self.text[start] == "(":
            return self.group(depth), False
        if self.text[start] == '"':
            return Text(self.quoted(), phrase=True), False
        if term := _TERM.match(self.text, start):
            self.at = term.end()
            return self.term(term), False
        word = _WORD.match(self.text, start)
        assert word is not None  # neither blank, parenthesis nor quote
        self.at = word.end()
        return Text(word.group()), True

    def group(self, depth: int) -> Expression:
        start = self.at
        self.at += 1
        self.skip_blanks()
        if self.text[self.at : self.at + 1] == ")":
            raise complaints.nothing_here(self.at)
        inner = self.alternatives(depth + 1)
        if self.at >= len(self.text):
            raise complaints.open_parenthesis(start)
        self.at += 1
        return inner

    def term(self, term: re.Match[str]) -> Expression:
        name = term.group(1)
        op = term.group(2) or term.group(3) or term.group(4)
        values = [self.value(name)]
        while self.text[self.at : self.at + 1] == "|":
            self.at += 1
            values.append(self.value(name))
        if len(values) > 1 and op not in (":", "=", "!="):
            raise complaints.one_value_only(name, term.start())
        if len(values) > MAX_VALUES:
            raise complaints.too_many_values(name, MAX_VALUES, term.start())
        if fold(name) == TEXT_FIELD:
            if len(values) > 1 or op != ":":
                raise complaints.one_value_only(name, term.start())
            return Text(values[0])
        if op == "!=":
            return Not(Term(fold(name), "=", tuple(values), term.start()))
        return Term(fold(name), op, tuple(values), term.start())

    def value(self, name: str) -> str:
        if self.text[self.at : self.at + 1] == '"':
            return self.quoted()
        value = _VALUE.match(self.text, self.at)
        if value is None:
            raise complaints.no_value(name, self.at)
        self.at = value.end()
        return value.group()

    def quoted(self) -> str:
        quoted = _QUOTED.match(self.text, self.at)
        if quoted is None:
            raise complaints.open_quote(self.at)
        if not quoted.group(1).strip():
            raise complaints.empty_quote(self.at)
        self.at = quoted.end()
        return _ESCAPED.sub(r"\1", quoted.group(1))

    def accept(self, pattern: re.Pattern[str]) -> bool:
        """Whether the pattern stands here; it is then passed over, with the blanks behind it left to `ended`."""
        self.skip_blanks()
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found is not None

    def ended(self) -> bool:
        self.skip_blanks()
        return self.at >= len(self.text) or self.text[self.at] == ")"

    def skip_blanks(self) -> None:
        blanks = _BLANKS.match(self.text, self.at)
        self.at = blanks.end() if blanks else self.at


def _grouped(part: Expression, needed: bool) -> str:
    return f"({format_expression(part)})" if needed else format_expression(part)


def _is_bare(expression: Expression) -> bool:
    """Whether it is a search whose words can stand without quotes."""
    if not isinstance(expression, Text) or expression.phrase:
        return False
    words = expression.words.split()
    return bool(words) and " ".join(words) == expression.words and all(_is_bare_word(word) for word in words)


def _is_bare_word(word: str) -> bool:
    special = _TERM.match(word) or _MINUS.match(word) or word == "NOT" or word.casefold() in ("or", "and")
    return not special and bool(_WORD.fullmatch(word))


def _formatted_value(value: str) -> str:
    return value if _PLAIN_VALUE.fullmatch(value) else _quote(value)


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
