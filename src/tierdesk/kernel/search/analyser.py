"""Text becomes tokens, the same for documents and questions and on both databases. Pure Python.

A token is a folded word: stemmed (English, Russian), a pair of syllables (Korean) or of characters (Chinese, Japanese),
or a code kept as written. It holds letters and digits only, at most 60 bytes, so it needs no escaping anywhere. Codes,
mail addresses and host names (`TD-1042`, `anna@acme.example`) are kept whole *and* in parts; the joint is dropped
(`td1042`), except between two digits, where `JOINT` keeps 10.0.0.1 apart from 100.0.1.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

from tierdesk.kernel.search import hangul, stopwords

MAX_TOKEN_BYTES = 60
MAX_DOCUMENT_TOKENS = 4_000
MAX_DOCUMENT_CHARACTERS = 400_000
MAX_QUERY_CHARACTERS = 2_000
MAX_QUERY_REQUIREMENTS = 48
JOINT = "\u01c0"
ACCESS = "\u01c1"
"""Begins the index's own tokens (client, audience, source). No text can produce it: see `_normalised`."""

_INDIC = "\u0900-\u0963\u0966-\u109f\u1780-\u17ff"
_LETTER = rf"(?:[^\W_]|[{_INDIC}])"
_CHUNK = re.compile(rf"{_LETTER}+(?:[-._@+]{_LETTER}+)*")
_PIECE = re.compile(rf"{_LETTER}+")
_HANGUL = "\uac00-\ud7a3\u1100-\u11ff"
_IDEOGRAPHS = "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"(?P<hangul>[{_HANGUL}]+)|(?P<ideographs>[{_IDEOGRAPHS}]+)|(?P<other>[^{_HANGUL}{_IDEOGRAPHS}]+)")
_EAST_ASIAN = re.compile(rf"[{_HANGUL}{_IDEOGRAPHS}]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]+")
_CODE_PART = re.compile(r"\d{2,}|[^\W\d_]{2,}")
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
_CONTRACTION = re.compile(r"(?<=\w)['’](?=\w{1,2}\b)")
_QUOTED = re.compile(r"[\"“”„«»]")
_INVISIBLE = dict.fromkeys([0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x2060, 0x2065), *range(0x300, 0x370)])
_CHANGED = {**_INVISIBLE, ord("ё"): "е", ord("ı"): "i", ord(JOINT): " ", ord(ACCESS): " "}


@dataclass(frozen=True, slots=True)
class QueryTerms:
    """What a document must hold: of every requirement one alternative; and every phrase, word by word.

    An alternative ending in `*` is the beginning of a token. The words of the phrases are among the requirements, so
    the index can find candidates and `phrase_stands_in` can decide on their text.
    """

    requirements: tuple[tuple[str, ...], ...] = ()
    phrases: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing can be searched for: such a question finds nothing."""
        return not self.requirements


def tokens(text: str) -> list[str]:
    """The document's tokens, each once, in order of appearance; at most 4,000, from the first 400,000 characters."""
    found: dict[str, None] = {}
    for chunk in _CHUNK.finditer(_normalised(text[:MAX_DOCUMENT_CHARACTERS])):
        for token in _document_tokens(chunk.group()):
            found[_cut(token)] = None
        if len(found) >= MAX_DOCUMENT_TOKENS:
            break
    return list(found)[:MAX_DOCUMENT_TOKENS]


def query_terms(text: str) -> QueryTerms:
    """What a person typed: words (all required), “quoted phrases”, and `begin*`. Everything else is a blank."""
    words: list[str] = []
    quoted: list[str] = []
    for at, part in enumerate(_QUOTED.split(text[:MAX_QUERY_CHARACTERS])):
        (quoted if at % 2 else words).append(part)
    terms = [word_terms(" ".join(words)), *(phrase_terms(phrase) for phrase in quoted)]
    requirements = dict.fromkeys(requirement for term in terms for requirement in term.requirements)
    return QueryTerms(
        tuple(requirements)[:MAX_QUERY_REQUIREMENTS], tuple(phrase for term in terms for phrase in term.phrases)
    )


def word_terms(text: str) -> QueryTerms:
    """Every word is required, in any order; words without meaning (the, how, на) only where there are no others."""
    meant: dict[tuple[str, ...], None] = {}
    unmeant: dict[tuple[str, ...], None] = {}
    text = _normalised(text[:MAX_QUERY_CHARACTERS])
    for chunk in _CHUNK.finditer(text):
        begins = text[chunk.end() : chunk.end() + 1] == "*"
        kept = unmeant if chunk.group() in stopwords.EVERY and not begins else meant
        for requirement in _query_requirements(chunk.group(), begins=begins):
            kept[tuple(_cut(token) for token in requirement)] = None
    return QueryTerms(tuple(meant or unmeant)[:MAX_QUERY_REQUIREMENTS])


def phrase_terms(text: str) -> QueryTerms:
    """The words are required side by side as written. A phrase of a single word is that word."""
    terms = word_terms(text.replace("*", " "))
    phrase = _spoken(text[:MAX_QUERY_CHARACTERS])
    return QueryTerms(terms.requirements, (phrase,) if " " in phrase else ())


def document_holds(text: str, terms: QueryTerms) -> bool:
    """Whether the index and the recheck of phrases would find a document of this text by these terms."""
    if terms.empty:
        return False
    held = set(tokens(text))
    return all(_holds_one(held, requirement) for requirement in terms.requirements) and phrases_stand_in(text, terms)


def phrases_stand_in(text: str, terms: QueryTerms) -> bool:
    """Whether all phrases stand in the text, whatever the case, punctuation and line breaks between their words."""
    if not terms.phrases:
        return True
    spoken = f" {_spoken(text[:MAX_DOCUMENT_CHARACTERS])} "
    return all(_bounded(phrase) in spoken for phrase in terms.phrases)


def _normalised(text: str) -> str:
    text = text.encode("utf-8", "ignore").decode("utf-8")  # lone surrogates can be stored nowhere
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).translate(_CHANGED)
    return _CONTRACTION.sub("", _POSSESSIVE.sub("", text))


def _spoken(text: str) -> str:
    return " ".join(_PIECE.findall(_normalised(text)))


def _bounded(phrase: str) -> str:
    """Words have edges, except in scripts that write particles or no blanks: “비밀번호 변경” begins “…변경을”."""
    before = "" if re.match(rf"[{_IDEOGRAPHS}]", phrase[0]) else " "
    after = "" if _EAST_ASIAN.match(phrase[-1]) else " "
    return f"{before}{phrase}{after}"


def _document_tokens(chunk: str) -> Iterator[str]:
    pieces = _PIECE.findall(chunk)
    for piece in pieces:
        for run in _RUN.finditer(piece):
            yield from _run_tokens(run)
    if len(pieces) > 1 and not _EAST_ASIAN.search(chunk):
        yield _whole(pieces)


def _run_tokens(run: re.Match[str]) -> Iterable[str]:
    word = run.group()
    if run.lastgroup == "hangul":
        return hangul.document_tokens(word)
    if run.lastgroup == "ideographs":
        return _pairs(word)
    if _is_code(word):
        return [word, *_CODE_PART.findall(word)]
    return [_stem(word)]


def _query_requirements(chunk: str, *, begins: bool) -> Iterator[tuple[str, ...]]:
    pieces = _PIECE.findall(chunk)
    if _EAST_ASIAN.search(chunk):
        for piece in pieces:
            yield from _east_asian_requirements(piece)
    elif len(pieces) == 1:
        word = pieces[0]
        exact = word if _is_code(word) else _stem(word)
        yield (exact, f"{word}*") if begins and len(word) > 2 else (exact,)
    elif re.search(r"[\d@.]", chunk):
        yield (_whole(pieces),)
    else:  # follow-up: “follow up” or “followup”
        for piece in pieces:
            yield _stem(piece), _whole(pieces)


def _east_asian_requirements(piece: str) -> Iterator[tuple[str, ...]]:
    for run in _RUN.finditer(piece):
        word = run.group()
        if run.lastgroup == "hangul":
            if run.start() == 0 or not hangul.is_ending(word):
                yield from ((token,) for token in hangul.query_tokens(word))
        elif run.lastgroup == "ideographs":
            yield from ((token,) for token in _pairs(word))
        else:
            yield (word if _is_code(word) else _stem(word),)


def _whole(pieces: list[str]) -> str:
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += JOINT + piece if whole[-1].isdigit() and piece[0].isdigit() else piece
    return whole if _is_code(whole) else _stem(whole)


def _holds_one(held: set[str], requirement: tuple[str, ...]) -> bool:
    return any(
        any(token.startswith(alternative[:-1]) for token in held) if alternative.endswith("*") else alternative in held
        for alternative in requirement
    )


def _is_code(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _pairs(word: str) -> list[str]:
    return [word[at : at + 2] for at in range(len(word) - 1)] if len(word) > 1 else [word]


def _cut(token: str) -> str:
    if len(token) * 4 <= MAX_TOKEN_BYTES:
        return token
    prefix = token.endswith("*")
    cut = token.removesuffix("*").encode()[:MAX_TOKEN_BYTES].decode("utf-8", "ignore")
    return f"{cut}*" if prefix else cut


class _Stemmers(threading.local):
    """Snowball's stemmers keep the word they work on, so every thread has its own."""

    def __init__(self) -> None:
        self.english = snowballstemmer.stemmer("english")
        self.russian = snowballstemmer.stemmer("russian")


_stemmers = _Stemmers()


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    plain = word if word.isascii() else _without_accents(word)
    if len(plain.encode()) > MAX_TOKEN_BYTES:
        return plain
    if plain.isascii():
        return str(_stemmers.english.stemWord(plain)) or plain
    if _CYRILLIC.fullmatch(plain):
        return str(_stemmers.russian.stemWord(plain)) or plain
    return plain


def _without_accents(word: str) -> str:
    """Latin letters only: й is a letter of its own."""
    bare = "".join(letter for letter in unicodedata.normalize("NFD", word) if not "\u0300" <= letter <= "\u036f")
    return bare if bare.isascii() else word
