"""What the preview shows: one believable desk in plain dictionaries, as the views hand them to the templates."""
# ruff: noqa: E501  (a sample reads best as one line)

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.html import format_html

from tierdesk.ui.wording import initials


def person(name: str, side: str) -> dict[str, Any]:
    return {"name": name, "initials": initials(name), "side": side}


def statuses() -> dict[str, dict[str, str]]:
    return {
        "new": {"key": "new", "label": "New", "category": "new"},
        "open": {"key": "open", "label": "Open", "category": "open"},
        "waiting": {"key": "waiting", "label": "Waiting for the requester", "category": "pending"},
        "on_hold": {"key": "on_hold", "label": "On hold", "category": "on_hold"},
        "solved": {"key": "solved", "label": "Solved", "category": "solved"},
    }


def priority(key: str) -> dict[str, str]:
    return {"key": key, "label": key.capitalize()}


SAMPLES = [
    (
        "Cannot reach the VPN since this morning",
        "Anna Petrova",
        "Acme",
        "The client says “no route to host” after",
        "open",
        "urgent",
        "L2",
        "Mira Schmidt",
        True,
        8,
        ("40 m late", True),
    ),
    (
        "프린터에서 인쇄하면 마지막 페이지가 계속 비어 나옵니다",
        "김서연",
        "Bolt Logistics",
        "어제부터 3층 프린터가 이상합니다. 드라이버를",
        "new",
        "high",
        "L1",
        None,
        True,
        14,
        ("35 m left", False),
    ),
    (
        "Не открывается бухгалтерская программа после обновления операционной системы",
        "Екатерина Преображенская",
        "Acme EU",
        "Появляется сообщение об ошибке 0x80070005",
        "open",
        "normal",
        "L3",
        "Олег Ким",
        False,
        50,
        ("2 h 10 m left", False),
    ),
    (
        "New laptop for a colleague who starts on Monday",
        "Tom Baker",
        "Acme",
        "She needs the usual software and a second screen",
        "on_hold",
        "normal",
        "L1",
        "Mira Schmidt",
        False,
        190,
        None,
    ),
    (
        "Somebody called and said they are from Microsoft",
        "Margaret Lewis",
        "Bolt Logistics",
        "He wanted me to install a program so that he could",
        "new",
        "urgent",
        "L1",
        None,
        True,
        3,
        ("12 m left", False),
    ),
    (
        "Shared mailbox shows old mails only",
        "Jonas Weber",
        "Acme EU",
        "Since the migration the newest is from Thursday",
        "waiting",
        "low",
        "L2",
        "Олег Ким",
        False,
        600,
        None,
    ),
    (
        "Datenschutzgrundverordnungskonformitätsprüfungsbericht lässt sich nicht exportieren",
        "Friederike von Hohenberg",
        "Acme EU",
        "Beim Export erscheint eine leere Seite",
        "open",
        "normal",
        "L4",
        "Lee Minho",
        False,
        1300,
        ("1 d 4 h left", False),
    ),
    (
        "Badge reader at the back door beeps twice",
        "Sam Ode",
        "Acme",
        "It still opens, but it takes a minute or so",
        "open",
        "low",
        "L1",
        "Mira Schmidt",
        False,
        3000,
        None,
    ),
]


def rows(now: dt.datetime) -> list[dict[str, Any]]:
    kinds = statuses()
    found = []
    for n in range(22):
        subject, requester, client, preview, status, level, tier, assignee, unread, minutes, due = SAMPLES[
            n % len(SAMPLES)
        ]
        found.append(
            {
                "ref": f"TD-{1042 - n}",
                "url": f"/desk/tickets/TD-{1042 - n}",
                "subject": subject,
                "requester": requester,
                "client": client,
                "preview": preview,
                "status": kinds[status],
                "priority": priority(level),
                "tier": tier,
                "assignee_initials": initials(assignee) if assignee else None,
                "assignee_name": assignee,
                "unread": unread and n < 8,
                "updated_at": now - dt.timedelta(minutes=minutes * (1 + n)),
                "waiting_since": now - dt.timedelta(minutes=minutes * (1 + n)) if n % 3 else None,
                "due": {"text": due[0], "late": due[1]} if due else None,
            }
        )
    return found


def entries(now: dt.datetime) -> list[dict[str, Any]]:
    def at(minutes: int) -> dt.datetime:
        return now - dt.timedelta(minutes=minutes)

    anna, mira, oleg = person("Anna Petrova", "requester"), person("Mira Schmidt", "agent"), person("Олег Ким", "agent")
    return [
        {"type": "event", "id": 1, "event": {"icon": "mail", "sentence": "Anna Petrova wrote a mail; the ticket was opened at L1", "at": at(250)}},
        {
            "type": "message", "id": 2, "direction": "in", "author": anna, "at": at(250), "channel": "email",
            "html": format_html("<p>{}</p><p>{}</p><ul><li>{}</li><li>{}</li></ul>", "Hello,", "since this morning I cannot reach the VPN from home. Yesterday evening it still worked. What I see:", "The client says “no route to host” after about ten seconds", "My colleague Tom has the same problem"),
            "attachments": [
                {"name": "screenshot-2026-11-22.png", "size": 231_000, "type": "image/png", "url": "#", "inline": False},
                {"name": "vpn-log.txt", "size": 4_100, "type": "text/plain", "url": "#", "inline": False},
            ],
            "body_url": "/frame", "quoted_html": None, "raw_url": "/raw", "is_new": False,
        },
        {
            "type": "message", "id": 3, "direction": "out", "author": mira, "at": at(200), "channel": "email",
            "html": format_html("<p>{}</p><p>{}</p>", "Good morning Anna,", "thank you, that helps. Could you please restart the router once and tell me which lights are on afterwards? I have already checked that your access is valid."),
            "attachments": [], "delivery": {"state": "sent", "text": "Delivered"}, "quoted_html": None, "raw_url": "/raw",
        },
        {
            "type": "note", "id": 4, "author": mira, "at": at(120),
            "html": format_html("<p>{}</p>", "Two people at Acme within an hour: looks like the gateway, not the client. Access and certificate are fine, tried from our test laptop with the same result."),
            "attachments": [],
        },
        {"type": "event", "id": 5, "event": {"icon": "arrow-up-right", "sentence": "Mira Schmidt handed it over from L1 to L2: “gateway unreachable for two people”", "at": at(118)}},
        {"type": "event", "id": 6, "event": {"icon": "user-check", "sentence": "Олег Ким took it", "at": at(110)}},
        {
            "type": "message", "id": 7, "direction": "in", "author": anna, "at": at(8), "channel": "email", "is_new": True,
            "html": format_html("<p>{}</p>", "All lights are green, and it still does not work. I have a meeting at two o’clock, so I am getting a little nervous."),
            "attachments": [], "quoted_html": format_html("<p>{}</p>", "On Sunday Mira Schmidt wrote: Good morning Anna, …"), "raw_url": "/raw", "body_url": None,
        },
        {
            "type": "message", "id": 8, "direction": "out", "author": oleg, "at": at(4), "channel": "email", "is_new": True,
            "html": format_html("<p>{}</p>", "The gateway is being restarted now; please try again in five minutes."),
            "attachments": [], "delivery": {"state": "failed", "text": "Not delivered: the mailbox is full. Call instead, or write to another address."},
        },
    ]  # fmt: skip


def ticket(now: dt.datetime) -> dict[str, Any]:
    return {
        "ref": "TD-1042", "url": "/desk/tickets/TD-1042", "subject": "Cannot reach the VPN since this morning",
        "kind_label": "Incident", "status": statuses()["open"], "priority": priority("urgent"), "impact": "medium", "urgency": "high",
        "client": {"name": "Acme", "slug": "acme"},
        "requester": {"name": "Anna Petrova", "address": "anna.petrova@acme.example", "language": "en"},
        "team_name": "Network", "tier": "L2", "assignee": {"id": 3, "name": "Олег Ким"}, "created_at": now - dt.timedelta(minutes=250),
        "version": 7, "channel": "email", "category_label": "Network › VPN",
        "custom_fields": [{"label": "Device", "value": "LT-2231"}, {"label": "Empty", "value": ""}],
        "participants": [{"name": "Tom Baker", "address": "tom@acme.example", "role": "cc"}],
        "waits": "Anna waits for our network team, who promised word by 14:00.", "hold_until": None,
    }  # fmt: skip


def rungs(now: dt.datetime, *, returned: bool = False) -> list[dict[str, Any]]:
    states = (
        ["past", "current", "past", "ahead", "ahead"] if returned else ["past", "past", "current", "ahead", "ahead"]
    )
    labels = ["Self-service", "Front line", "Technicians", "Experts", "Vendor"]
    minutes = [5, 132, 110, None, None]
    return [
        {"tier": f"L{n}", "state": states[n], "label": labels[n], "minutes": minutes[n], "since": now} for n in range(5)
    ]


def _nav() -> dict[str, Any]:
    return {
        "views": [
            {"key": "mine", "label": "Mine", "count": 4, "url": "/desk/mine", "active": False, "icon": "user"},
            {"key": "all", "label": "Waiting for us", "count": 17, "url": "/desk/", "active": True, "icon": "inbox"},
            {
                "key": "new",
                "label": "Nobody’s yet",
                "count": 3,
                "url": "/desk/new",
                "active": False,
                "icon": "circle-dashed",
            },
            {
                "key": "hold",
                "label": "On hold",
                "count": 9,
                "url": "/desk/hold",
                "active": False,
                "icon": "circle-pause",
            },
            {
                "key": "solved",
                "label": "Solved",
                "count": None,
                "url": "/desk/solved",
                "active": False,
                "icon": "circle-check",
            },
        ],
        "mail_problems": 2,
        "sees_mail_problems": True,
    }


def pages(now: dt.datetime) -> dict[str, tuple[str, dict[str, Any]]]:
    nav = _nav()
    me = {
        "id": 2,
        "name": "Mira Schmidt",
        "email": "mira@desk.example",
        "initials": "MS",
        "roles_text": "Front line",
        "language": "en",
        "theme": "auto",
    }
    desk = {"nav": nav, "me": me, "messages": []}
    queue = {
        "title": "Waiting for us", "q": "", "q_error": None, "rows": rows(now), "next_url": "?after=9", "prev_url": None,
        "count_text": "17", "selected_ref": None,
    }  # fmt: skip
    open_ticket = {
        "t": ticket(now), "rungs": rungs(now), "entries": entries(now), "statuses": list(statuses().values()),
        "agents": [{"id": 2, "name": "Mira Schmidt"}, {"id": 3, "name": "Олег Ким"}], "teams": [{"id": 1, "name": "Network"}],
        "categories": [{"id": 1, "name": "Network › VPN"}], "errors": {}, "draft": {"reply": "", "note": ""}, "conflict": None,
        "may": {"reply": True, "note": True, "assign": True, "status": True, "edit": True},
    }  # fmt: skip
    refused = {
        **open_ticket, "rungs": rungs(now, returned=True), "draft": {"reply": "", "note": "Please do not restart it before noon."},
        "conflict": "Олег Ким answered 8 s ago.", "errors": {"text": "Say what you found, in a sentence at least."}, "open_details": True,
        "messages": [{"level": "success", "text": "Assigned to you."}],
    }  # fmt: skip
    mails = [
        {"id": 1, "received_at": now, "sender": "scan@printer.example", "subject": "", "reason": "The mail ends in the middle of an attachment.", "size": 81_233, "raw_url": "/raw/1", "retry_url": "/retry/1"},
        {"id": 2, "received_at": now - dt.timedelta(days=3), "sender": None, "subject": "Счёт на оплату", "reason": "Its compressed attachment unpacks to more than is allowed.", "size": 2_381_233, "raw_url": "/raw/2", "retry_url": "/retry/2"},
    ]  # fmt: skip
    return {
        "queue": ("desk/queue.html", {**desk, **queue}),
        "queue-search": ("desk/queue.html", {**desk, **queue, "rows": [], "q": "teir:L1 vpn", "count_text": "0", "q_error": {"message": "There is no field “teir”.", "hint": "Did you mean “tier”?"}}),
        "ticket": ("desk/ticket.html", {**desk, **queue, **open_ticket, "selected_ref": "TD-1042"}),
        "ticket-refused": ("desk/ticket.html", {**desk, **refused}),
        "new-ticket": ("desk/new_ticket.html", {**desk, "values": {"address": "anna@", "subject": "VPN"}, "errors": {"address": "This is not a mail address."}, "teams": [{"id": 1, "name": "Network"}], "clients": [{"id": 1, "name": "Acme"}]}),
        "mail-problems": ("desk/mail_problem_list.html", {**desk, "mail_problems": mails}),
        "login": ("account/login.html", {"form": login_form()}),
        "reset": ("account/password_reset.html", {"form": login_form()}),
        "404": ("404.html", {}),
        "500": ("500.html", {"incident": "7Q2K-41"}),
    }  # fmt: skip


def login_form() -> Any:
    class Login(forms.Form):
        login = forms.EmailField(label="Mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
        password = forms.CharField(
            label="Password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
        )
        remember = forms.BooleanField(label="Stay signed in on this device", required=False)

    form = Login(data={"login": "mira@desk.example", "password": "x"})
    form.is_valid()
    form.add_error(None, "The address or the password is not right.")
    return form
