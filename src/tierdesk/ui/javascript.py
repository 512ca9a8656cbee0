"""What pages hand to their ES modules: where each module is (an import map) and its texts in the reader's language."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.templatetags.static import static
from django.utils.translation import get_language, gettext

from tierdesk.ui import js_messages, wording

MODULE_FOLDER = Path(__file__).parent / "static" / "ui" / "js"


def import_map() -> dict[str, dict[str, str]]:
    """The page's import map: `tierdesk/live` → the module's address, with its hash where files are hashed."""
    return {"imports": {f"tierdesk/{name}": static(f"ui/js/{name}.js") for name in _modules()}}


def catalogue() -> dict[str, Any]:
    """Texts for JavaScript in the active language: text → text, and singular → {plural category: text}."""
    return _catalogue(get_language() or "en")


@lru_cache(maxsize=16)
def _catalogue(language: str) -> dict[str, Any]:
    texts: dict[str, Any] = {text: gettext(text) for text in js_messages.TEXTS}
    samples = wording.plural_samples(language)
    for singular in js_messages.plurals(1, translate=False):
        texts[singular] = {}
    for category, sample in samples.items():
        originals = js_messages.plurals(1, translate=False)
        for singular, text in zip(originals, js_messages.plurals(sample), strict=True):
            texts[singular][category] = text
    return texts


@lru_cache(maxsize=1)
def _modules() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in MODULE_FOLDER.glob("*.js")))
