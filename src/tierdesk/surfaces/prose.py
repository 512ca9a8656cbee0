"""The one place where text from outside becomes part of a page: whatever was kept is made safe here, at output."""

from collections.abc import Callable

from django.utils.safestring import SafeString, mark_safe

from tierdesk.domain.channels.email.rules.sanitising import sanitise_html, text_to_html


def shown_text(text: str) -> SafeString:
    """Plain text as HTML: escaped, its lines and links kept."""
    return mark_safe(text_to_html(text))  # noqa: S308 - escaped by text_to_html


def shown_html(html: str, *, pictures: Callable[[str], str] = str) -> SafeString:
    """A mail's HTML body, sanitised again whatever was done to it before; `pictures` puts the mail's own in."""
    return mark_safe(pictures(sanitise_html(html)))  # noqa: S308 - cleaned by sanitise_html
