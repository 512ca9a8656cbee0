"""The message catalogues: one for Python, Jinja and JavaScript, in every language but English.

`bin/catalogues update` brings the `.po` files in line with the sources (keeping every translation), `check` says what
is missing, fuzzy, wrong or obsolete, `compile` writes the `.mo` files. Sources are read, not run; the files hold
neither line numbers nor dates, so that they change only when a text does.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import hatch_build
from tooling.checkout import PACKAGE, ROOT, relative

LANGUAGES = ("ko", "ru")
LOCALES = PACKAGE / "ui/locale"
METHODS = [
    ("**/tests/**", "ignore"),
    ("**/migrations/**", "ignore"),
    ("**/vendor/**", "ignore"),
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2.ext:babel_extract"),
    ("**/templates/**.jinja", "jinja2.ext:babel_extract"),
    ("**/templates/**.txt", "jinja2.ext:babel_extract"),
    ("**/static/**.js", "javascript"),
]
JINJA = {
    "trimmed": "true",
    "silent": "false",
    "encoding": "utf-8",
    "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols",
}
OPTIONS = {pattern: JINJA for pattern, method in METHODS if method.startswith("jinja2")}
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
DATES = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Last-Translator', '"Language-Team')


def main() -> int:
    """`bin/catalogues update|check|compile`: exit code 1 when the check finds something."""
    parser = argparse.ArgumentParser(
        prog="bin/catalogues", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=["update", "check", "compile"])
    verb = parser.parse_args().verb
    if verb == "compile":
        hatch_build.compile_catalogues(ROOT)
        return 0
    template = extract()
    if verb == "update":
        for language in LANGUAGES:
            update(language, template)
        hatch_build.compile_catalogues(ROOT)
        return 0
    findings = [line for language in LANGUAGES for line in check(language, template)]
    for line in findings:
        print(line)
    if findings:
        print(f"{len(findings)} findings in {len(template)} texts; `bin/catalogues update`, then translate")
    return 1 if findings else 0


def extract() -> Catalog:
    """Every text that the sources mark for people."""
    template = Catalog(project="Tierdesk", charset="utf-8")
    found = extract_from_dir(
        PACKAGE, METHODS, OPTIONS, KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    )
    for _file, _line, message, comments, context in found:
        if message and message != ("", ""):
            template.add(message, auto_comments=comments, context=context)
    return template


def update(language: str, template: Catalog) -> None:
    """Write the language's catalogue: new texts empty, translations kept, what is gone left out; nothing guessed."""
    path = catalogue_path(language)
    catalogue = _read(path, language)
    catalogue.update(template, no_fuzzy_matching=True)
    for message in catalogue:
        message.locations = []
    catalogue.header_comment = f"# Tierdesk in {catalogue.locale.english_name if catalogue.locale else language}."
    catalogue.fuzzy = False
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _rendered(catalogue)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"{relative(path)}: {sum(1 for message in catalogue if message.id)} texts")


def check(language: str, template: Catalog) -> Iterator[str]:
    """One line for each text that a person of this language would see in English, wrong, or not at all."""
    path = catalogue_path(language)
    name = relative(path)
    catalogue = _read(path, language)
    for message in template:
        if not message.id:
            continue
        translated = catalogue.get(message.id, message.context)
        if translated is None:
            yield f"{name}: missing: {_shown(message)}"
        elif not _complete(translated):
            yield f"{name}: untranslated: {_shown(message)}"
        elif translated.fuzzy:
            yield f"{name}: fuzzy: {_shown(message)}"
    for message in catalogue:
        if message.id and template.get(message.id, message.context) is None:
            yield f"{name}: no longer in the sources: {_shown(message)}"
    for message, errors in catalogue.check():
        if _complete(message):
            yield from (f"{name}: {_shown(message)}: {error}" for error in errors)


def catalogue_path(language: str) -> Path:
    """Where a language's one catalogue stands."""
    return LOCALES / language / "LC_MESSAGES/django.po"


def _read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language, project="Tierdesk", charset="utf-8")
    with path.open("rb") as stream:
        return read_po(stream, locale=language, abort_invalid=True)


def _rendered(catalogue: Catalog) -> str:
    stream = io.BytesIO()
    write_po(stream, catalogue, width=110, no_location=True, sort_output=True, ignore_obsolete=True)
    lines = stream.getvalue().decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(DATES))


def _complete(message: Message) -> bool:
    texts = message.string if isinstance(message.string, list | tuple) else [message.string]
    return bool(texts) and all(texts)


def _shown(message: Message) -> str:
    text = message.id if isinstance(message.id, str) else message.id[0]
    return repr(f"{message.context}|{text}" if message.context else text)


if __name__ == "__main__":
    sys.exit(main())
