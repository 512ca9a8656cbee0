"""The Jinja2 environment of every page: automatic escaping, undefined names refused, the reader's language and zone."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from jinja2 import Environment, StrictUndefined

from tierdesk.ui import icons, javascript, wording


def environment(**options: Any) -> Environment:
    """The environment for Django's Jinja2 backend (`OPTIONS["environment"] = "tierdesk.ui.jinja.environment"`).

    Escaping is always on and an unknown name is an error, whatever the settings say. Translation is looked up at each
    rendering, so one environment serves every language.
    """
    options["autoescape"] = True
    options["undefined"] = StrictUndefined
    options.setdefault("trim_blocks", True)
    options.setdefault("lstrip_blocks", True)
    options["extensions"] = [*options.get("extensions", ()), "jinja2.ext.i18n", "jinja2.ext.do"]
    env = Environment(**options)  # noqa: S701  (autoescape is set above, in the options)
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_translations(translation, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    env.globals.update(
        static=static,
        url=_url,
        icon=icons.icon,
        language=translation.get_language,
        languages=wording.languages,
        import_map=javascript.import_map,
        js_catalogue=javascript.catalogue,
        ago=wording.ago,
        exact_time=wording.exact_time,
        iso_local=wording.iso_local,
        duration=wording.duration,
        initials=wording.initials,
        number=wording.number,
        file_size=wording.file_size,
    )
    env.filters.update(
        ago=wording.ago,
        exact_time=wording.exact_time,
        duration=wording.duration,
        initials=wording.initials,
        number=wording.number,
        file_size=wording.file_size,
    )
    return env


def _url(name: str, *args: Any, **kwargs: Any) -> str:
    """The path of a named view; a name that does not exist is an error, as everywhere."""
    return reverse(name, args=args, kwargs=kwargs)
