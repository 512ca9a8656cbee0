"""How allauth signs people in here: whom it finds, what it records, where it sends them."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import LoginForm, ResetPasswordForm
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from tierdesk.domain.people import commands, queries, rules
from tierdesk.domain.people.jobs import mail_password_link
from tierdesk.kernel.actors import SYSTEM


class Backend(AuthenticationBackend):  # type: ignore[misc]  # allauth carries no types
    """Finds a login by its one folded address. Whoever may not come in costs the same time as whoever does."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        """The login of an address and password; none, after one hash in every case, where it is not to come in."""
        password = credentials.get("password")
        address = credentials.get("email")
        if not isinstance(password, str) or not isinstance(address, str) or not password:
            return None
        login = queries.login_by_address(address)
        if login is None:
            self._mitigate_timing_attack(password)
            return None
        if not login.check_password(password) or not login.is_active:
            return None
        person = queries.person_of(login)
        return login if person is not None and person.active else None

    def get_user(self, user_id: Any) -> AbstractBaseUser | None:
        """The login of a session, with its person in the same read."""
        return queries.login_of_session(user_id)


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Nobody signs up; what happens is recorded; one is sent to paths of this site only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: people are added by administrators and by writing to the desk."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only paths, whatever the Host header says."""
        return rules.is_local_path(url)

    def is_ajax(self, request: HttpRequest) -> bool:
        """One way to sign in: a form. There is no second answer to the same question."""
        return False

    def get_login_stages(self) -> list[str]:
        """Password only, for now."""
        return []

    def add_message(self, *_args: Any, **_kwargs: Any) -> None:
        """The page that follows says it all."""

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        """Record it: allauth has given the session a new id by now."""
        login = queries.login_of_session(user.pk)
        person = queries.person_of(login) if login else None
        actor = queries.actor_for(person) if person else None
        if actor is not None:
            commands.record_sign_in(actor, method="password")
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def logout(self, request: HttpRequest) -> None:
        """Record it and forget the session."""
        person = getattr(request.user, "person", None)
        actor = queries.actor_for(person) if person else None
        if actor is not None:
            commands.record_sign_out(actor)
        super().logout(request)

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Set by a link that was checked: all sessions and tokens end."""
        login = queries.login_of_session(user.pk)
        person = queries.person_of(login) if login else None
        if person is not None:
            commands.set_password(SYSTEM, person_id=person.pk, password=password)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Guesses count by the address as it is stored, so that no Host header and no other spelling helps."""
        typed = str(credentials.get("email") or "")
        return rules.fold_address(typed) or typed


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth carries no types
    """Address and password in our words; the way to a new password stands on the page, not inside the field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Mail address")
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        if "remember" in self.fields:
            self.fields["remember"].label = _("Stay signed in")


class ForgottenForm(ResetPasswordForm):  # type: ignore[misc]  # allauth carries no types
    """Takes an address and always says thanks; whether anybody has it is found out behind."""

    def clean_email(self) -> str:
        """The address in its stored form, so that asking is counted by it."""
        typed = str(self.cleaned_data["email"])
        return rules.fold_address(typed) or typed

    def save(self, request: HttpRequest, **_kwargs: Any) -> str:
        """Leave the rest to a job."""
        address = str(self.cleaned_data["email"])
        mail_password_link.enqueue(address=address)
        return address
