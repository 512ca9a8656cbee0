"""What stands in an installation before a journey begins. Run as a program with the installation's settings:

    python e2e/scenes.py SCENE '{"facts": "as JSON"}'

A scene says as JSON what a journey must know of it.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tierdesk.config.settings")
django.setup()

from e2e.correspondence import HTML, LOG, LOG_NAME, SUBJECT, TEXT, picture  # noqa: E402  Django is set up above
from tierdesk.demo.cast import Cast, build_cast  # noqa: E402
from tierdesk.domain.channels.email import commands as email  # noqa: E402
from tierdesk.domain.channels.email import problems  # noqa: E402
from tierdesk.domain.tickets import commands as tickets  # noqa: E402
from tierdesk.domain.tickets.commands import FileIn  # noqa: E402
from tierdesk.domain.tickets.models import Ticket  # noqa: E402
from tierdesk.kernel import clock, worker  # noqa: E402
from tierdesk.kernel.actors import SYSTEM  # noqa: E402

Facts = dict[str, Any]

LONG_WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
RUSSIAN_SUBJECT = "Отчёт о продажах за февраль не формируется после обновления, срочно нужен к совещанию в 15:00"
RUSSIAN_TEXT = "Здравствуйте!\n\nПосле вчерашнего обновления отчёт останавливается на 73 %.\n\nОлег Сомов\n"
UNREADABLE = b"From: Tom Baker <tom@acme.example>\r\nSubject: Photos of the rack\r\n\r\n(cut)"


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


def full_desk(facts: Facts) -> Facts:
    """What a desk looks like on a bad day: long words, three languages, files, a hold, an unreadable mail."""
    cast = _cast()
    _fields()
    mailbox = email.create_mailbox(
        SYSTEM, address="support@demo.example", name="Support", team_id=cast.front_line.pk, acknowledge=False
    )
    refs = {
        "vpn": _vpn(cast),
        "printer": _ticket(cast, "requester_a2", "Printer on the third floor prints blank pages", "Since Monday.").ref,
        "report": _ticket(cast, "requester_b", RUSSIAN_SUBJECT, RUSSIAN_TEXT, priority=1, channel="web").ref,
        "long": _ticket(cast, "requester_a2", LONG_WORD, f"{LONG_WORD}\nhttps://example.com/{LONG_WORD}").ref,
        "scam": _ticket(cast, "outsider", "Is this call from you?", "They want my code.", kind="scam_report").ref,
    }
    tickets.set_status(cast.actor("agent_l1"), ref=refs["printer"], status="on-hold", hold_until=_in_days(2))
    unreadable = email.receive_mail(SYSTEM, mailbox_id=mailbox.pk, raw=UNREADABLE, source="imap")
    email.fail_mail(SYSTEM, mail_id=unreadable.pk, error=f"{problems.UNREADABLE}:memory")
    worker.drain()
    return _people(cast) | {"refs": refs}


def _vpn(cast: Cast) -> str:
    """A ticket on its second rung with a whole conversation."""
    files = [FileIn("오류 화면.png", "image/png", picture()), FileIn(LOG_NAME, "text/plain", LOG)]
    opened = _ticket(cast, "requester_a", SUBJECT, TEXT, channel="email", html=HTML, files=files, priority=2)
    mira, jun = cast.actor("agent_l1"), cast.actor("agent_l2")
    tickets.add_participant(mira, ref=opened.ref, person_id=cast.client_manager.pk)
    tickets.add_note(mira, ref=opened.ref, text="He is on the old client, 4.1. Keep-alive is off there by default.")
    tickets.assign(mira, ref=opened.ref, person_id=cast.agent_l2.pk, team_id=cast.technicians.pk)
    tickets.post_message(jun, ref=opened.ref, text="안녕하세요. 설정 > 연결에서 '연결 유지'를 켜 주시겠어요?")
    tickets.change_details(jun, ref=opened.ref, custom_fields={"device": "laptop"})
    his = cast.actor("requester_a")
    quoted = "\n\n> 안녕하세요. 설정 > 연결에서 '연결 유지'를 켜 주시겠어요?"
    tickets.post_message(
        his, ref=opened.ref, text=f"켜 봤는데 그대로입니다.{quoted}", new_text="켜 봤는데 그대로입니다."
    )
    return opened.ref


def _ticket(cast: Cast, part: str, subject: str, text: str, *, channel: str = "email", **more: Any) -> Ticket:
    person = cast.people()[part]
    homes = {"requester_a": cast.acme, "requester_a2": cast.acme, "requester_b": cast.bolt}
    return tickets.open_ticket(
        SYSTEM,
        subject=subject,
        text=text,
        requester_id=person.pk,
        client_id=homes.get(part, cast.holding).pk,
        team_id=cast.front_line.pk,
        channel=channel,
        **more,
    )


def _fields() -> None:
    tickets.create_category(SYSTEM, slug="network", name={"en": "Network", "ko": "네트워크", "ru": "Сеть"})
    device = {"en": "Device", "ko": "기기", "ru": "Устройство"}
    kinds = [("laptop", "Laptop", "노트북", "Ноутбук"), ("phone", "Phone", "휴대폰", "Телефон")]
    choices = [{"key": key, "label": {"en": en, "ko": ko, "ru": ru}} for key, en, ko, ru in kinds]
    tickets.create_custom_field(SYSTEM, key="device", type="choice", label=device, choices=choices)


def _in_days(days: int) -> dt.datetime:
    return clock.now() + dt.timedelta(days=days)


def _cast() -> Cast:
    tickets.ensure_defaults(SYSTEM)
    cast = build_cast()
    worker.drain()
    return cast


def _people(cast: Cast) -> Facts:
    return {"password": cast.password, "addresses": {part: cast.address(part) for part in cast.people()}}


SCENES: dict[str, Callable[[Facts], Facts]] = {"mail_desk": mail_desk, "full_desk": full_desk}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(SCENES[sys.argv[1]](json.loads(sys.argv[2]))))
