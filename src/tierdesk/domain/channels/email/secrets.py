"""Keys made from the installation's secret: for tokens in mails, for loops, for the passwords of mailboxes."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.utils.translation import gettext as _

from tierdesk.kernel.refusals import Refusal


def token_key() -> bytes:
    """The key (32 bytes) that signs Message-IDs and reply addresses."""
    return _derived("mail tokens")


def loop_token() -> str:
    """What our own mails carry in X-Tierdesk-Loop; another installation's differs."""
    return _derived("mail loop").hex()[:32]


def seal(password: str) -> bytes:
    """A password as it is kept (Fernet: AES-128-CBC with HMAC-SHA256). Nothing is kept for an empty one."""
    return _box().encrypt(password.encode()) if password else b""


def unseal(kept: bytes | memoryview) -> str:
    """The password of what `seal` made. Refused (`unavailable`): what was sealed under another secret key."""
    if not kept:
        return ""
    try:
        return _box().decrypt(bytes(kept)).decode()
    except InvalidToken as error:
        raise Refusal(
            "unavailable",
            _("A mailbox's password was kept under another secret key."),
            hint=_("Enter the password again in the mailbox's settings."),
        ) from error


def _box() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derived("mailbox passwords")))


def _derived(purpose: str) -> bytes:
    secret = settings.TIERDESK.secret_key.encode()
    return hmac.new(secret, b"tierdesk/1/" + purpose.encode(), hashlib.sha256).digest()
