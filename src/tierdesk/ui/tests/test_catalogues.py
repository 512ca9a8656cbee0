"""The catalogues: every text in every language, with the same placeholders and the language's own quotation marks.

Whether the catalogues hold every text of the sources is asked by `bin/catalogues check`.
"""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

LOCALES = Path(__file__).resolve().parent.parent / "locale"
LANGUAGES = {"ko": 1, "ru": 3}  # with their number of plural forms
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
STRAY = re.compile(r"%(?!\(\w+\)s)(?!%)|\{\}|\{\w+\}")


def _catalogue(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES/django.po").open("rb") as stream:
        return read_po(stream, locale=language, abort_invalid=True)


def _messages(language: str) -> list[Message]:
    return [message for message in _catalogue(language) if message.id]


def _texts(value: str | list[str] | tuple[str, ...] | None) -> list[str]:
    if isinstance(value, str):
        return [value]
    return list(value or [""])


def _name(message: Message) -> tuple[str | None, str]:
    return message.context, _texts(message.id)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_untranslated_or_guessed(language: str) -> None:
    messages = _messages(language)
    assert len(messages) > 400
    assert [_name(message) for message in messages if message.fuzzy or not all(_texts(message.string))] == []


@pytest.mark.parametrize(("language", "forms"), LANGUAGES.items())
def test_a_counted_text_has_every_form_of_the_language(language: str, forms: int) -> None:
    counted = [message for message in _messages(language) if message.pluralizable]
    assert counted
    assert [_name(message) for message in counted if len(_texts(message.string)) != forms] == []
    assert _catalogue(language).num_plurals == forms


def test_every_language_has_the_same_texts() -> None:
    korean, russian = ({_name(message) for message in _messages(language)} for language in ("ko", "ru"))
    assert korean == russian


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_placeholders_and_adds_none(language: str) -> None:
    for message in _messages(language):
        wanted = sorted(PLACEHOLDER.findall(_texts(message.id)[-1]))
        for text in _texts(message.string):
            assert sorted(PLACEHOLDER.findall(text)) == wanted, _name(message)
            if wanted:
                assert not STRAY.search(text), _name(message)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_lines_of_its_text(language: str) -> None:
    for message in _messages(language):
        for text in _texts(message.string):
            assert text.count("\n") == _texts(message.id)[0].count("\n"), _name(message)
            assert text == text.strip(), _name(message)


@pytest.mark.parametrize(("language", "foreign"), [("ko", "«»„"), ("ru", "“”„")])
def test_quotation_marks_are_those_of_the_language(language: str, foreign: str) -> None:
    wrong = [_name(message) for message in _messages(language) if set(foreign) & set("".join(_texts(message.string)))]
    assert wrong == []
