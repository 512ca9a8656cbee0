"""Every text that JavaScript shows, listed here so that one extraction finds the texts of Python, Jinja and JavaScript.

A test compares this list with the `gettext("…")` and `ngettext("…")` calls in `static/ui/js`.
"""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext

TEXTS = (
    _("just now"),
    _("Live"),
    _("Connecting…"),
    _("Offline. What you write is kept here."),
    _("You are offline"),
    _("Signed out"),
    _("Sending did not work. Your text is still here; please try again."),
    _("The server could not do that (%(status)s). Nothing was lost; please try again."),
    _("You are not signed in any more. Sign in again in another tab, then send."),
    _("Too many requests. Please wait a moment and try again."),
    _("This was not found. It may have been moved."),
    _("%(name)s is too large: at most %(limit)s in all."),
    _("Remove %(name)s"),
    _("Draft kept"),
    _("Close"),
)


def plurals(count: int, *, translate: bool = True) -> list[str]:
    """The counted texts for `count`, translated, or their English singulars, which are their keys."""
    if not translate:
        return ["%(count)s file added"]
    return [
        ngettext("%(count)s file added", "%(count)s files added", count),
    ]
