"""The one place where text from outside becomes part of a page. Whatever was kept is made safe here again, at output."""

from django.utils.safestring import SafeString, mark_safe

from tierdesk.domain.channels.email.rules.sanitising import sanitise_html, text_to_html


def shown_text(text: str) -> SafeString:
    """Plain text as HTML: escaped, its lines and links kept."""
    return mark_safe(text_to_html(text))  # noqa: S308 - escaped by text_to_html  # nosemgrep: mark-safe


def shown_html(html: str) -> SafeString:
    """A mail's HTML body, sanitised again whatever was done to it before."""
    return mark_safe(sanitise_html(html))  # noqa: S308 - cleaned by sanitise_html  # nosemgrep: mark-safe
