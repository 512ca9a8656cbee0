"""Work of this area that runs behind: the mail that lets somebody set a password, and sweeping dead sessions."""

import datetime as dt

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import translation
from django.utils.http import int_to_base36
from django.utils.translation import gettext as _

from tierdesk.domain.people import queries
from tierdesk.domain.people.reset_tokens import ResetTokens
from tierdesk.kernel import clock
from tierdesk.kernel.jobs import schedule, task


@task("people.mail_password_link")
def mail_password_link(*, address: str) -> None:
    """Mail a link that sets the password of whoever signs in with this address: to the address as it is stored.

    Nobody hears of an address that nobody signs in with. That the page only enqueues this makes its answer the same,
    and as fast, for every address. The link comes from the settings alone and works once, for an hour at most.
    """
    login = queries.login_by_address(address)
    person = queries.person_of(login) if login else None
    if login is None or person is None or not (login.is_active and person.active):
        return
    path = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": int_to_base36(login.pk), "key": ResetTokens().make_token(login)},
    )
    with translation.override(person.language or "en"):
        EmailMessage(
            subject=_("Set your password"),
            body=_(
                "Somebody, probably you, asked to set a new password for signing in at Tierdesk.\n\n"
                "Open this link within an hour to set it:\n%(link)s\n\n"
                "If it was not you, do nothing: your password stays as it is."
            )
            % {"link": settings.TIERDESK.public_url + path},
            to=[login.email],
        ).send()


@schedule("people.sweep_sessions", every=dt.timedelta(hours=6))
def sweep_sessions() -> None:
    """Remove the sessions that have expired."""
    Session.objects.filter(expire_date__lt=clock.now()).delete()
