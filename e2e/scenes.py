"""What stands in an installation before a journey begins. Run as a program with the installation's settings:

    python e2e/scenes.py SCENE '{"facts": "as JSON"}'

A scene says as JSON what a journey must know of it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tierdesk.config.settings")
django.setup()

from tierdesk.demo.cast import Cast, build_cast  # noqa: E402  Django is set up above
from tierdesk.domain.channels.email import commands as email  # noqa: E402
from tierdesk.domain.tickets import commands as tickets  # noqa: E402
from tierdesk.kernel import worker  # noqa: E402
from tierdesk.kernel.actors import SYSTEM  # noqa: E402

Facts = dict[str, Any]


def mail_desk(facts: Facts) -> Facts:
    """The cast, and a mailbox that is read from one server and sends through another."""
    cast = _cast()
    email.create_mailbox(
        SYSTEM,
        address=facts["address"],
        name="Tierdesk Support",
        team_id=cast.front_line.pk,
        imap_host="127.0.0.1",
        imap_port=facts["imap_port"],
        imap_security="none",
        imap_user=facts["address"],
        imap_password=facts["imap_password"],
        smtp_host="127.0.0.1",
        smtp_port=facts["smtp_port"],
        smtp_security="none",
    )
    return _people(cast)


def _cast() -> Cast:
    tickets.ensure_defaults(SYSTEM)
    cast = build_cast()
    worker.drain()
    return cast


def _people(cast: Cast) -> Facts:
    return {"password": cast.password, "addresses": {part: cast.address(part) for part in cast.people()}}


SCENES: dict[str, Callable[[Facts], Facts]] = {"mail_desk": mail_desk}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(SCENES[sys.argv[1]](json.loads(sys.argv[2]))))
