"""What the commands of `tierdesk` do, once Django is there."""

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import django
from django.core.management import call_command

from tierdesk.config import environment, logs


def run(given: argparse.Namespace) -> int:
    """Set up Django for the installation that was asked for and run the command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tierdesk.config.settings")
    data_dir = environment.default_data_dir()
    known = (data_dir / environment.INSTALLATION_FILE).exists()
    prepares = given.command in {"serve", "web", "demo", "migrate", "restore"}
    if given.command == "intake" and given.explain is not None:
        pass
    elif not known and not prepares:
        sys.stderr.write(
            f"There is no installation in {data_dir}.\n"
            "Set TIERDESK_DATA_DIR to its folder, or make one with bin/serve.\n"
        )
        return 1
    if prepares:
        _prepare(given, data_dir)
    logs.configure()
    django.setup()
    from tierdesk.kernel.refusals import Refusal  # noqa: PLC0415 - needs Django

    try:
        return _COMMANDS[given.command](given)
    except Refusal as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1


def _prepare(given: argparse.Namespace, data_dir: Path) -> None:
    port = getattr(given, "port", None)
    public_url = None if (data_dir / environment.INSTALLATION_FILE).exists() else f"http://127.0.0.1:{port or 8000}"
    environment.write_installation(
        data_dir, database=getattr(given, "database", None), public_url=public_url, mail_domain=None
    )


def _serve(given: argparse.Namespace) -> int:
    from tierdesk.config.server.application import load  # noqa: PLC0415 - needs Django
    from tierdesk.config.server.group import run_group  # noqa: PLC0415
    from tierdesk.config.server.serving import open_socket, run_web  # noqa: PLC0415
    from tierdesk.config.setting_up import set_up  # noqa: PLC0415

    listener = _opened(lambda: open_socket(given.host, given.port), given.port)
    if listener is None:
        return 1
    for line in set_up(demo=given.demo, port=given.port, lmtp_port=given.lmtp_port):
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    application = load()
    from django.conf import settings  # noqa: PLC0415

    roles: dict[str, Callable[[], None]] = {
        f"web-{n + 1}": lambda: run_web(application, [listener]) for n in range(settings.TIERDESK.web_processes)
    }
    roles["work"] = lambda: _work_until_told(given.lmtp_port, given.smtp_port, mail=True)
    return run_group(roles)


def _web(given: argparse.Namespace) -> int:
    from tierdesk.config.server.application import load  # noqa: PLC0415 - needs Django
    from tierdesk.config.server.serving import open_socket, run_web  # noqa: PLC0415

    listener = _opened(lambda: open_socket(given.host, given.port), given.port)
    if listener is None:
        return 1
    run_web(load(), [listener])
    return 0


def _opened(open_it: Callable[[], socket.socket], port: int) -> socket.socket | None:
    try:
        return open_it()
    except OSError as error:
        sys.stderr.write(f"Port {port} cannot be used ({error.strerror}). Give another with --port.\n")
        return None


def _work(given: argparse.Namespace) -> int:
    _work_until_told(given.lmtp_port, given.smtp_port, mail=not given.no_mail)
    return 0


def _work_until_told(lmtp_port: int | None, smtp_port: int | None, *, mail: bool) -> None:
    from tierdesk.domain.channels.email.service import MailService  # noqa: PLC0415 - needs Django
    from tierdesk.kernel.worker import Worker  # noqa: PLC0415

    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    worker = Worker()
    worker.start()
    service = MailService(lmtp_port=lmtp_port, smtp_port=smtp_port) if mail else None
    if service is not None:
        service.start()
    told.wait()
    if service is not None:
        service.stop()
    worker.stop()


def _intake(given: argparse.Namespace) -> int:
    from tierdesk.domain.channels.email import intake  # noqa: PLC0415 - needs Django

    if given.explain is not None:
        sys.stdout.write(intake.explain_file(given.explain) + "\n")
        return 0
    return intake.take_in(sys.stdin.buffer, mailbox=given.mailbox)


def _demo(given: argparse.Namespace) -> int:
    from tierdesk.config.setting_up import migrate  # noqa: PLC0415 - needs Django
    from tierdesk.demo.seeding import fill  # noqa: PLC0415

    migrate()
    for line in fill(seed=given.seed):
        sys.stdout.write(line + "\n")
    return 0


def _token(given: argparse.Namespace) -> int:
    from tierdesk.config import tokens  # noqa: PLC0415 - needs Django

    return tokens.run(given)


def _check(given: argparse.Namespace) -> int:
    from tierdesk.config import checking  # noqa: PLC0415 - needs Django

    return checking.run(as_json=given.json, retry_jobs=given.retry_jobs, write_index=given.reindex)


def _backup(given: argparse.Namespace) -> int:
    from tierdesk.config import backups  # noqa: PLC0415 - needs Django

    return backups.backup(given.folder)


def _restore(given: argparse.Namespace) -> int:
    from tierdesk.config import backups  # noqa: PLC0415 - needs Django

    return backups.restore(given.folder)


def _migrate(_given: argparse.Namespace) -> int:
    call_command("migrate", interactive=False, verbosity=1)
    return 0


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "serve": _serve,
    "web": _web,
    "work": _work,
    "intake": _intake,
    "demo": _demo,
    "token": _token,
    "check": _check,
    "backup": _backup,
    "restore": _restore,
    "migrate": _migrate,
}
