"""Django's way to send a mail (password resets), through the installation's mail server."""

from collections.abc import Sequence
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from tierdesk.domain.channels.email import queries, smtp

log = structlog.get_logger()


class Backend(BaseEmailBackend):
    """Sends by `TIERDESK_SMTP`, else by the first mailbox's server, and as that mailbox where it has one."""

    def __init__(self, fail_silently: bool = False, **more: Any) -> None:
        super().__init__(fail_silently=fail_silently)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Returns how many a server took over. Raises `TemporarilyRefused` or `PermanentlyRefused` unless told to
        fail silently; without any server nothing is sent, and the log says so.
        """
        server = smtp.read_server(settings.TIERDESK.smtp)
        box = None
        if server is None:
            box = next((one for one in queries.active_mailboxes() if one.smtp_host), None)
            server = smtp.server_for(box)
        if server is None:
            log.error("system_mail_without_server", mails=len(email_messages))
            return 0
        sent = 0
        for message in email_messages:
            if box is not None:
                message.from_email = box.address
            try:
                written = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own class
                smtp.send_bytes(server, written, message.from_email, message.recipients())
            except (smtp.TemporarilyRefused, smtp.PermanentlyRefused) as refused:
                log.error("system_mail_not_sent", reason=str(refused))
                if not self.fail_silently:
                    raise
            else:
                sent += 1
        return sent
