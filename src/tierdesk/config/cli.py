"""The `tierdesk` command. An installation is found by TIERDESK_DATA_DIR, else it is `./data`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

COMMANDS = {
    "serve": "everything in one process group: web, worker, mail (the embedded default)",
    "web": "web pages alone; many of them beside each other on PostgreSQL",
    "work": "jobs, schedules and mail alone; many of them beside each other on PostgreSQL",
    "intake": "take one mail from standard input, or explain one without changing anything",
    "demo": "fill an empty installation with a believable small desk",
    "token": "create or revoke a token for the API",
    "check": "say what is wrong with an installation, and how to mend it",
    "backup": "write everything that is yours into one folder",
    "restore": "bring a backup back into an empty installation",
    "migrate": "bring the database up to this version",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code. Refusals are said on standard error and give 1, wrong usage gives 2."""
    parser, parsers = _parsers()
    given = parser.parse_args(arguments)
    if getattr(given, "data", None) is not None:
        os.environ["TIERDESK_DATA_DIR"] = str(given.data.resolve())
    if given.command is None:
        parser.print_help()
        return 2
    from tierdesk.config import running  # noqa: PLC0415 - Django's settings are read only now

    del parsers
    return running.run(given)


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(prog="tierdesk", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    made = {name: subparsers.add_parser(name, help=text, description=text) for name, text in COMMANDS.items()}
    for one in made.values():
        one.add_argument("--data", type=Path, metavar="DIR", help="the data folder (TIERDESK_DATA_DIR, else ./data)")
    _serving(made)
    intake = made["intake"]
    intake.add_argument(
        "--explain", type=Path, metavar="FILE", help="say how a mail is understood, as JSON; changes nothing"
    )
    intake.add_argument("--mailbox", metavar="ADDRESS", help="the mailbox it came to (else: the first one)")
    demo = made["demo"]
    demo.add_argument("--seed", type=int, default=1, help="another seed, other details (1)")
    token = made["token"].add_subparsers(dest="action", metavar="ACTION", required=True)
    create = token.add_parser(
        "create", help="make a token with a person's rights; it is printed once, as the last word"
    )
    create.add_argument("--person", required=True, metavar="EMAIL")
    create.add_argument("--label", default="", help="what it is for")
    revoke = token.add_parser("revoke", help="a token stops working at once")
    revoke.add_argument("token", metavar="TOKEN", help="the token itself, or its id")
    listing = token.add_parser("list", help="a person's tokens")
    listing.add_argument("--person", required=True, metavar="EMAIL")
    check = made["check"]
    check.add_argument("--json", action="store_true", help="as JSON")
    check.add_argument("--retry-jobs", action="store_true", help="first let jobs that were given up be tried again")
    check.add_argument("--reindex", action="store_true", help="first write the search index anew")
    made["backup"].add_argument("folder", type=Path, help="a folder that does not exist yet")
    made["restore"].add_argument("folder", type=Path, help="a folder that `tierdesk backup` wrote")
    return parser, made


def _serving(made: dict[str, argparse.ArgumentParser]) -> None:
    for name in ("serve", "web"):
        made[name].add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
        made[name].add_argument("--port", type=int, default=8000, metavar="N", help="where the web pages answer (8000)")
        made[name].add_argument(
            "--database", metavar="URL", help="postgresql://… instead of SQLite; kept in the data folder"
        )
    for name in ("serve", "work"):
        made[name].add_argument(
            "--lmtp-port", type=int, metavar="N", help="take mail by LMTP on this port of 127.0.0.1"
        )
        made[name].add_argument(
            "--smtp-port", type=int, metavar="N", help="take mail by SMTP on this port of 127.0.0.1"
        )
    made["work"].add_argument("--no-mail", action="store_true", help="leave mail to another process")
    serve = made["serve"]
    serve.add_argument("--demo", action="store_true", help="fill an empty installation with a believable small desk")
    serve.add_argument("--setup", action="store_true", help="migrate and create the first administrator before serving")


if __name__ == "__main__":
    sys.exit(main())
