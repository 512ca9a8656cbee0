"""What the environment says, read once. Every setting a person may give is a field here and documented in the guide."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

INSTALLATION_FILE = "installation.json"


@dataclass(frozen=True, slots=True)
class Environment:
    """One installation: its folder, its database, its secrets, its public address.

    `database` is `sqlite` (a file in the data folder) or a `postgresql://` URL. `public_url` is the only source of
    links in mails; request headers are never used for that. `mail_domain` signs Message-IDs and reply addresses.
    `smtp` is the mail server of mailboxes that have none of their own: `host:port`, `starttls://host:port` or
    `tls://host:port`.
    """

    data_dir: Path
    database: str
    secret_key: str
    public_url: str
    mail_domain: str
    smtp: str = ""
    web_threads: int = 8
    web_processes: int = 1
    web_waiting: int = 32
    trusted_proxies: tuple[str, ...] = ()
    max_mail_bytes: int = 60 * 1024 * 1024
    max_upload_bytes: int = 60 * 1024 * 1024

    @property
    def files_dir(self) -> Path:
        """Where attachments and raw mails are kept."""
        return self.data_dir / "files"

    def django_database(self) -> dict[str, Any]:
        """Django's `DATABASES["default"]`."""
        if self.database.startswith(("postgresql://", "postgres://")):
            return _postgresql(self.database)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(self.data_dir / "tierdesk.sqlite3"),
            "TEST": {"NAME": str(self.data_dir / "test.sqlite3")},  # a file, as in earnest: several connections meet
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000;"
                    "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728;"
                ),
            },
        }


def default_data_dir() -> Path:
    """`TIERDESK_DATA_DIR`, else `data` below the current folder."""
    return Path(os.environ.get("TIERDESK_DATA_DIR", "data")).resolve()


def read_environment() -> Environment:
    """Read the installation's file and the environment; a missing installation gets secrets of its own, unsaved."""
    data_dir = default_data_dir()
    stored: dict[str, Any] = {}
    path = data_dir / INSTALLATION_FILE
    if path.exists():
        stored = json.loads(path.read_text(encoding="utf-8"))
    env = os.environ
    return Environment(
        data_dir=data_dir,
        database=env.get("TIERDESK_DATABASE") or stored.get("database") or "sqlite",
        secret_key=env.get("TIERDESK_SECRET_KEY") or stored.get("secret_key") or secrets.token_urlsafe(48),
        public_url=(env.get("TIERDESK_PUBLIC_URL") or stored.get("public_url") or "http://127.0.0.1:8000").rstrip("/"),
        mail_domain=env.get("TIERDESK_MAIL_DOMAIN") or stored.get("mail_domain") or "tierdesk.localhost",
        smtp=env.get("TIERDESK_SMTP") or stored.get("smtp") or "",
        web_threads=int(env.get("TIERDESK_WEB_THREADS", "8")),
        web_waiting=int(env.get("TIERDESK_WEB_WAITING", "32")),
        trusted_proxies=tuple(filter(None, env.get("TIERDESK_TRUSTED_PROXIES", "").replace(",", " ").split())),
        web_processes=int(env.get("TIERDESK_WEB_PROCESSES", "1")),
        max_mail_bytes=int(env.get("TIERDESK_MAX_MAIL_BYTES", str(60 * 1024 * 1024))),
        max_upload_bytes=int(env.get("TIERDESK_MAX_UPLOAD_BYTES", str(60 * 1024 * 1024))),
    )


def write_installation(
    data_dir: Path, *, database: str | None, public_url: str | None, mail_domain: str | None
) -> None:
    """Create or complete the installation's file: secrets are made once and never changed, what is given is kept."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / INSTALLATION_FILE
    stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    stored.setdefault("secret_key", secrets.token_urlsafe(48))
    for key, value in (("database", database), ("public_url", public_url), ("mail_domain", mail_domain)):
        if value:
            stored[key] = value
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(stored, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def _postgresql(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    options: dict[str, Any] = {}
    for pair in filter(None, parts.query.split("&")):
        key, _, value = pair.partition("=")
        options[key] = unquote(value)
    host = options.pop("host", None) or parts.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "tierdesk",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
