"""Who may do what: every address and operation, with what each of the cast is answered. A route that is not in here
fails the tests; so does an answer that differs.

To add a route: one `Row` with its name in the URLconf, its method, how to ask, and one of the tables of outcomes below
(or a new one, where a new kind of right came).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.authorisation.world import THINGS, World

# What somebody is to a thing.
STRANGER = "stranger"  # signed in, and has nothing to do with it
FOREIGN_STAFF = "foreign staff"  # works at the desk, not for its client
OWN_SIDE = "own side"  # requester, participant, client manager
STAFF = "staff"
ANONYMOUS = "anonymous"

DESK = ("agent_l1", "agent_l2", "agent_l3", "lead", "admin")
SIDES: Mapping[str, Mapping[str, str]] = {
    "acme": {"requester_a": OWN_SIDE, "client_manager": OWN_SIDE, "provider_agent": STAFF},
    "acme_colleague": {"requester_a2": OWN_SIDE, "client_manager": OWN_SIDE, "provider_agent": STAFF},
    "acme_eu": {"provider_agent": FOREIGN_STAFF},
    "bolt": {"requester_b": OWN_SIDE, "provider_agent": FOREIGN_STAFF},
    "missing": {"provider_agent": FOREIGN_STAFF, **dict.fromkeys(DESK, FOREIGN_STAFF)},
}


def standing(who: str, thing: str) -> str:
    """What somebody is to a thing. Nobody of the desk is staff of what is not there."""
    if who == "anonymous":
        return ANONYMOUS
    return SIDES[thing].get(who, STAFF if who in DESK else STRANGER)


# Outcomes: a status; "ok" (2xx, or a redirect elsewhere than to the sign-in); "sign in".
Outcomes = Mapping[str, str | int]
API_BOTH_SIDES: Outcomes = {ANONYMOUS: 401, STRANGER: 404, FOREIGN_STAFF: 404, OWN_SIDE: "ok", STAFF: "ok"}
API_STAFF_ONLY: Outcomes = {**API_BOTH_SIDES, OWN_SIDE: 403}
API_STAFF_FILE: Outcomes = {**API_BOTH_SIDES, OWN_SIDE: 404}
DESK_ONLY: Outcomes = {ANONYMOUS: "sign in", STRANGER: 403, FOREIGN_STAFF: 404, OWN_SIDE: 403, STAFF: "ok"}

# Outcomes of what is about no thing: by who it is.
CUSTOMERS = ("outsider", "requester_a", "requester_a2", "requester_b", "client_manager")
EVERYBODY_OK: Outcomes = {}
API_ANYBODY: Outcomes = {"anonymous": 401}
NOTHING_THERE: Outcomes = dict.fromkeys(("anonymous", *CUSTOMERS, *DESK, "provider_agent"), 404)
DESK_PEOPLE: Outcomes = {"anonymous": "sign in", **dict.fromkeys(CUSTOMERS, 403)}
MAIL_PEOPLE: Outcomes = {**DESK_PEOPLE, **dict.fromkeys(("agent_l1", "agent_l2", "agent_l3", "provider_agent"), 403)}
PROBLEM_MAIL: Outcomes = {**MAIL_PEOPLE, **dict.fromkeys(("agent_l1", "agent_l2", "agent_l3", "provider_agent"), 404)}


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: its path, and its body (JSON for the API, a form elsewhere)."""

    path: str
    body: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One route by one method: how it is asked about a thing, and what comes of it.

    Without `things`, `outcomes` goes by who asks, and whoever is not in it may. `as_missing`: what may not be seen
    answers with the bytes of what is not there.
    """

    route: str
    method: str
    ask: Callable[[World, str], Ask]
    outcomes: Outcomes
    things: tuple[str, ...] = THINGS
    as_missing: bool = True
    writes: bool = field(default=False)

    def expected(self, who: str, thing: str) -> str | int:
        """The outcome for somebody and a thing."""
        if not self.things:
            return self.outcomes.get(who, "ok")
        return self.outcomes[standing(who, thing)]

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


def _api(route: str, method: str, path: str, outcomes: Outcomes, body: dict[str, Any] | None = None) -> Row:
    ask = lambda world, thing: Ask("/api/v1/" + path.format(ref=world.ref(thing)), body)  # noqa: E731
    return Row(f"api:{route}", method, ask, outcomes)


def _desk(route: str, method: str, path: str, body: dict[str, Any] | None = None) -> Row:
    ask = lambda world, thing: Ask("/desk/tickets/" + world.ref(thing) + path, body)  # noqa: E731
    return Row(f"desk:{route}", method, ask, DESK_ONLY)


def _alone(
    route: str, method: str, path: str, outcomes: Outcomes = EVERYBODY_OK, body: dict[str, Any] | None = None
) -> Row:
    return Row(route, method, lambda world, thing: Ask(path, body), outcomes, things=())


def _file(prefix: str) -> Callable[[World, str], Ask]:
    return lambda world, thing: Ask(f"{prefix}{world.file_id(thing)}")


def _note_file(prefix: str) -> Callable[[World, str], Ask]:
    return lambda world, thing: Ask(f"{prefix}{world.file_id(thing, of_note=True)}")


def _mail(suffix: str, body: dict[str, Any] | None = None, *, of: str = "") -> Callable[[World, str], Ask]:
    return lambda world, thing: Ask(f"/desk/{suffix.format(id=world.mail_id(of or thing))}", body)


def _own_ticket(world: World, thing: str) -> Ask:
    return Ask("/api/v1/tickets", {"subject": "s", "text": "t", "requester": "jiwoo@acme.example"})


TEXT = {"text": "matrix"}
ROWS: tuple[Row, ...] = (
    # the API
    _alone("api:openapi-json", "GET", "/api/v1/openapi.json"),
    _alone("api:api-root", "GET", "/api/v1/", NOTHING_THERE),
    _alone("api:nothing", "GET", "/api/v1/elsewhere", NOTHING_THERE),
    _alone("api:list_tickets", "GET", "/api/v1/tickets", API_ANYBODY),
    Row(
        "api:open_ticket",
        "POST",
        _own_ticket,  # for requester_a, by everybody
        {"anonymous": 401, "outsider": 403, "requester_a2": 403, "requester_b": 403, "client_manager": 403},
        things=(),
    ),
    _api("read_ticket", "GET", "tickets/{ref}", API_BOTH_SIDES),
    _api("change_ticket", "PATCH", "tickets/{ref}", API_STAFF_ONLY, {"subject": "matrix"}),
    _api("read_timeline", "GET", "tickets/{ref}/timeline", API_BOTH_SIDES),
    _api("post_message", "POST", "tickets/{ref}/messages", API_BOTH_SIDES, TEXT),
    _api("add_note", "POST", "tickets/{ref}/notes", API_STAFF_ONLY, TEXT),
    Row("api:take_file", "GET", _file("/api/v1/attachments/"), API_BOTH_SIDES),
    Row("api:take_file", "GET", _note_file("/api/v1/attachments/"), API_STAFF_FILE),
    # signing in, and one's own settings
    _alone("account_login", "GET", "/accounts/sign-in"),
    _alone("account_login", "POST", "/accounts/sign-in", body={"login": "x@y.example", "password": "wrong"}),
    _alone("account_logout", "POST", "/accounts/sign-out", body={}),
    _alone("account_change_password", "GET", "/accounts/password", {"anonymous": "sign in"}),
    _alone(
        "account_change_password",
        "POST",
        "/accounts/password",
        {"anonymous": "sign in", **dict.fromkeys((*CUSTOMERS, *DESK, "provider_agent"), 422)},
        body={"current": "wrong", "password": "a-new-one-of-length", "again": "a-new-one-of-length"},
    ),
    _alone("account_reset_password", "GET", "/accounts/password/forgotten"),
    _alone("account_reset_password", "POST", "/accounts/password/forgotten", body={"email": "x@y.example"}),
    _alone("account_reset_password_done", "GET", "/accounts/password/sent"),
    _alone("account_reset_password_from_key", "GET", "/accounts/password/set/1-abc"),
    _alone("account_reset_password_from_key", "POST", "/accounts/password/set/1-abc", body={"password1": "x"}),
    _alone("account_reset_password_from_key_done", "GET", "/accounts/password/done"),
    _alone("set_language", "POST", "/accounts/settings/language", body={"language": "ko"}),
    _alone("set_theme", "POST", "/accounts/settings/theme", body={"theme": "dark"}),
    _alone("preferences", "POST", "/accounts/preferences", body={"theme": "dark"}),
    # the installation
    _alone("home", "GET", "/"),
    _alone("readyz", "GET", "/readyz"),
    _alone("static", "GET", "/static/ui/css/base.css"),
    # the desk
    _alone("desk:queue", "GET", "/desk/", DESK_PEOPLE),
    _alone("desk:new_ticket", "GET", "/desk/tickets/new", DESK_PEOPLE),
    _alone(
        "desk:new_ticket",
        "POST",
        "/desk/tickets/new",
        DESK_PEOPLE,
        {"address": "tom@acme.example", "subject": "s", "text": "t", "client": "1"},
    ),
    _desk("ticket", "GET", ""),
    _desk("messages", "POST", "/messages", TEXT),
    _desk("notes", "POST", "/notes", TEXT),
    _desk("assignment", "POST", "/assignment", {"assignee": ""}),
    _desk("status", "POST", "/status", {"status": "open"}),
    _desk("details", "POST", "/details", {"subject": "matrix"}),
    _desk("read", "POST", "/read", {}),
    Row("desk:file", "GET", _file("/desk/files/"), DESK_ONLY),
    Row("desk:file", "GET", _note_file("/desk/files/"), DESK_ONLY),
    Row(
        "desk:message_body",
        "GET",
        lambda world, thing: Ask(f"/desk/messages/{world.replies.get(thing, 4242)}/body"),
        DESK_ONLY,
    ),
    Row("desk:raw_mail", "GET", _mail("mails/{id}/raw"), DESK_ONLY),
    Row("desk:raw_mail", "GET", _mail("mails/{id}/raw", of="problem"), PROBLEM_MAIL, things=()),
    _alone("desk:mail_problems", "GET", "/desk/mail-problems", MAIL_PEOPLE),
    Row("desk:mail_attempts", "POST", _mail("mail-problems/{id}/attempts", {}, of="problem"), PROBLEM_MAIL, things=()),
    Row(
        "desk:mail_dismissal", "POST", _mail("mail-problems/{id}/dismissal", {}, of="problem"), PROBLEM_MAIL, things=()
    ),
)
