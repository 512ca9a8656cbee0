"""What the people's area reasons with: permissions, folded addresses, what a role may do. Pure Python."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from tierdesk.kernel.actors import NO_CLIENT, Clients

READ = "ticket.read"
CREATE = "ticket.create"
REPLY = "ticket.reply"
NOTE = "ticket.note"
EDIT = "ticket.edit"
CLIENT_VIEW = "client.view"  # a client manager's: the client's tickets, as its own side sees them
MAIL_PROBLEMS = "mail.problems"
PEOPLE_READ = "people.read"
PEOPLE_MANAGE = "people.manage"
INSTALLATION = "installation.manage"

PERMISSIONS = frozenset(
    {READ, CREATE, REPLY, NOTE, EDIT, CLIENT_VIEW, MAIL_PROBLEMS, PEOPLE_READ, PEOPLE_MANAGE, INSTALLATION}
)
AGENT_PERMISSIONS = (READ, CREATE, REPLY, NOTE, EDIT, PEOPLE_READ)
LEAD_PERMISSIONS = (*AGENT_PERMISSIONS, MAIL_PROBLEMS)
ADMIN_PERMISSIONS = (*LEAD_PERMISSIONS, PEOPLE_MANAGE, INSTALLATION)
MAX_ADDRESS = 254  # RFC 5321, 4.5.3.1
MAX_PATH = 2000
THEME_COOKIE = "tierdesk_theme"
LANGUAGE_NAMES = (("en", "English"), ("ko", "한국어"), ("ru", "Русский"))  # each in itself
LANGUAGES = tuple(code for code, _name in LANGUAGE_NAMES)
THEMES = ("auto", "light", "dark")
TOKEN_PREFIX = "td_"  # noqa: S105 - says what a secret is, is none

_ADDRESS = re.compile(r"[^\s@<>,;:()\[\]\\\"\x00-\x1f\x7f]{1,64}@([^\s@<>,;:()\[\]\\\"\x00-\x1f\x7f]{1,253})")


def fold_address(address: str) -> str:
    """The one form in which an address is stored and compared: NFKC, lower case, the domain in IDNA's ASCII form.

    Returns an empty string for what is no address; nothing is repaired by guessing.
    """
    text = unicodedata.normalize("NFKC", address.strip()).lower()
    if len(text) > MAX_ADDRESS or not _ADDRESS.fullmatch(text):
        return ""
    local, _, domain = text.rpartition("@")
    if domain.startswith(".") or domain.endswith(".") or ".." in domain:
        return ""
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return f"{local}@{ascii_domain}" if ascii_domain else ""


def fold_domain(domain: str) -> str:
    """The one form of a mail domain: as `fold_address` writes it. Empty for what is none."""
    return domain_of(fold_address(f"x@{domain.strip().removeprefix('@')}"))


def domain_of(address: str) -> str:
    """The domain of a folded address."""
    return address.rpartition("@")[2]


def clean_name(name: str, limit: int = 160) -> str:
    """A name on one line, without control or invisible formatting characters, at most `limit` characters."""
    normal = unicodedata.normalize("NFC", name)
    kept = "".join(" " if c in "\r\n\t" else c for c in normal if c in "\r\n\t" or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())[:limit].strip()


def grants_of(held: Iterable[tuple[Iterable[str], int | None]], managed: Iterable[int]) -> dict[str, Clients]:
    """Permissions and the clients they hold for, from roles held (`client_id` none: for every client) and from the
    clients that the person manages. Unknown permission names grant nothing.
    """
    grants: dict[str, Clients] = {}
    for permissions, client_id in held:
        added = Clients(every=True) if client_id is None else Clients(ids=frozenset({client_id}))
        for permission in permissions:
            if permission in PERMISSIONS:
                grants[permission] = grants.get(permission, NO_CLIENT) | added
    clients = frozenset(managed)
    if clients:
        grants[CLIENT_VIEW] = grants.get(CLIENT_VIEW, NO_CLIENT) | Clients(ids=clients)
    return grants


def covers(having: Mapping[str, Clients], wanted: Mapping[str, Clients]) -> bool:
    """Whether every permission in `wanted` is also in `having`, for at least the same clients.

    Who does not cover a role cannot give or take it; who does not cover a person cannot act on what lets him in.
    """
    return all(_within(clients, having.get(permission, NO_CLIENT)) for permission, clients in wanted.items())


def _within(inner: Clients, outer: Clients) -> bool:
    return outer.every or (not inner.every and inner.ids <= outer.ids)


def is_local_path(url: str) -> bool:
    """Whether a browser that is sent there stays on this site: a path from the root, nothing that could be a host.

    Browsers drop tabs and line breaks and take a backslash for a slash, so none of these may stand anywhere.
    """
    if not url.startswith("/") or url.startswith("//") or len(url) > MAX_PATH:
        return False
    return not any(c == "\\" or unicodedata.category(c)[0] in "CZ" for c in url)


def in_language(texts: Mapping[str, str], language: str) -> str:
    """A translated text in a language, else in English, else in any."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
