"""Begin a new area of the domain with its rooms, as every other area has them, and say what is left to do.

An area needs a decision record and three yeses: it owns tables, it has three commands, and it could be switched off.
"""

from __future__ import annotations

import argparse
import re
import sys

from tooling.checkout import PACKAGE, relative
from tooling.contracts import AREAS

FILES = {
    "__init__.py": '"""{title}: say in one line what this area owns."""\n',
    "README.md": "# {title}\n\nWhat it owns. Its words. Its events. Who may call it. (One page.)\n",
    "apps.py": '"""Django\'s entry for the area."""\n\nfrom django.apps import AppConfig\n\n\n'
    'class {title}Config(AppConfig):\n    """{title}."""\n\n'
    '    name = "tierdesk.domain.{name}"\n    label = "{name}"\n',
    "rules.py": '"""Pure rules of {name}: no Django, no I/O."""\n',
    "models.py": '"""Tables of {name}. Private to the area; foreign keys point to the same or a lower area."""\n',
    "policies.py": '"""Who may do what in {name}: as predicate (`may`) and as queryset (`scope`)."""\n',
    "queries.py": '"""Reads of {name}, always scoped to the actor."""\n',
    "commands.py": '"""Writes of {name}: verb_noun(actor, *, …), one transaction, events and audit inside."""\n',
    "web/__init__.py": '"""Pages of {name}, by audience."""\n',
    "web/urls.py": '"""Routes of {name}."""\n\n'
    "from django.urls import URLPattern\n\nurlpatterns: list[URLPattern] = []\n",
    "migrations/__init__.py": "",
    "tests/test_rules.py": '"""Rules of {name}, property-based."""\n',
}
LEFT = """left to do:
  docs/decisions/NNNN-{name}.md      why it is an area (tables, three commands, can be switched off)
  tooling/contracts.py               {place}
  src/tierdesk/config/settings.py    "tierdesk.domain.{name}" in INSTALLED_APPS
  src/tierdesk/config/urls.py        include("tierdesk.domain.{name}.web.urls")
  src/tierdesk/events/{name}.py      its events, frozen dataclasses in the past tense
  then bin/map and bin/check"""


def main() -> int:
    """`bin/new-area NAME`: refuses a name that is taken or no noun in lower case."""
    parser = argparse.ArgumentParser(prog="bin/new-area", description=__doc__)
    parser.add_argument("name", metavar="NAME", help="a noun of the help desk, in lower case")
    name = parser.parse_args().name
    folder = PACKAGE / "domain" / name
    if not re.fullmatch(r"[a-z][a-z_]*", name):
        parser.error("an area's name is a noun in lower case letters")
    if folder.exists():
        parser.error(f"{relative(folder)} exists")
    for path, text in FILES.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(name=name, title=name.replace("_", " ").title().replace(" ", "")), encoding="utf-8")
        print(relative(file))
    known = any(name in level for level in AREAS)
    place = "knows its level already" if known else "its level in AREAS: whom it may import, who may import it"
    print(LEFT.format(name=name, place=place))
    return 0


if __name__ == "__main__":
    sys.exit(main())
