"""Icons: lucide's drawings from one sprite, hidden from screen readers unless they stand alone with a label."""

from functools import lru_cache
from pathlib import Path

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

ICON_LIST = Path(__file__).with_name("icons.txt")
SPRITE = "vendor/icons.svg"


def icon(name: str, label: str | None = None) -> SafeString:
    """The icon `name` as inline SVG that uses the sprite; refuses a name that `icons.txt` does not list.

    Without `label` it is decoration (text stands beside it); with one it is an image with that name.
    """
    if name not in listed():
        raise LookupError(f"The icon {name!r} is not listed in {ICON_LIST.name}; add it there.")
    href = f"{static(SPRITE)}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>',
            label,
            href,
        )
    return format_html('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', href)


@lru_cache(maxsize=1)
def listed() -> frozenset[str]:
    """The icon names the sprite is built from, one a line in `icons.txt`."""
    return frozenset(ICON_LIST.read_text(encoding="utf-8").split())
