"""Making an installation ready: its tables, what every desk has, its first administrator or the demo."""

import secrets
from collections.abc import Iterator

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tierdesk.domain.people import commands as people_commands
from tierdesk.domain.people import queries as people
from tierdesk.domain.tickets import commands as tickets
from tierdesk.kernel.actors import SYSTEM


def set_up(*, demo: bool, port: int, lmtp_port: int | None) -> Iterator[str]:
    """Migrate, make what every desk has, then the demo or, where nobody can sign in yet, a first administrator.

    Doing it again changes nothing. Yields what to tell the person who started it.
    """
    migrate()
    yield f"Tierdesk: http://127.0.0.1:{port}/   (data: {settings.TIERDESK.data_dir})"
    if lmtp_port:
        yield f"Mail by LMTP: 127.0.0.1:{lmtp_port}"
    if demo:
        from tierdesk.demo.seeding import fill  # noqa: PLC0415 - an installation without demo never loads it

        yield from fill(seed=1)
    elif not people.somebody_can_sign_in():
        yield from _first_administrator()


def migrate() -> None:
    """Bring the tables up to date, where they are not; then what every desk has is there."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
    people_commands.ensure_defaults(SYSTEM)
    tickets.ensure_defaults(SYSTEM)


def _first_administrator() -> Iterator[str]:
    address = f"admin@{settings.TIERDESK.mail_domain}"
    password = secrets.token_urlsafe(12)
    person = people_commands.create_person(SYSTEM, name="Administrator", addresses=[address])
    people_commands.create_login(SYSTEM, person_id=person.pk, password=password)
    people_commands.grant_role(SYSTEM, person_id=person.pk, role="admin")
    yield f"Sign in as {address} with the password {password}   (shown once: change it after signing in)"
