"""A mail and what Tierdesk makes of it, as plain data for `tierdesk intake --explain FILE`."""

from __future__ import annotations

from typing import Any

from .addresses import Address
from .automatic import Automatic
from .parsing import ParsedMail
from .threading import Decision


def explain(mail: ParsedMail, automatic: Automatic, decision: Decision) -> dict[str, Any]:
    """Everything read from the mail and everything decided about it, ready for JSON. Bytes of files are left out."""
    return {
        "from": mail.from_,
        "from_name": mail.from_name,
        "reply_to": _addresses(mail.reply_to),
        "to": _addresses(mail.to),
        "cc": _addresses(mail.cc),
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date else None,
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": mail.references,
        "text": mail.text,
        "new_text": mail.new_text,
        "html": mail.html,
        "attachments": [
            {"name": one.name, "type": one.type, "size": one.size, "sha256": one.sha256, "inline": one.inline}
            for one in mail.attachments
        ],
        "auto": automatic.kind,
        "auto_reasons": automatic.reasons,
        "bounces": [
            {
                "recipient": one.recipient,
                "status": one.status,
                "reason": one.reason,
                "hard": one.hard,
                "action": one.action,
            }
            for one in automatic.bounces
        ],
        "decision": {
            "action": decision.action,
            "ticket": decision.ticket,
            "confidence": decision.confidence,
            "reasons": decision.reasons,
        },
        "problems": mail.problems,
    }


def _addresses(people: list[Address]) -> list[str]:
    return [person.address for person in people if person.address]
