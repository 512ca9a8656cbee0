"""The addresses of signing in, and of one's own settings. Nothing else of allauth can be reached."""

from allauth.account import views
from django.urls import path, re_path
from django.views.decorators.http import require_POST

from tierdesk.domain.people.web import desk

urlpatterns = [
    path("sign-in", views.login, name="account_login"),
    path("sign-out", require_POST(views.logout), name="account_logout"),
    path("password", desk.password, name="account_change_password"),
    path("password/forgotten", views.password_reset, name="account_reset_password"),
    path("password/sent", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/set/(?P<uidb36>[0-9a-z]{1,13})-(?P<key>[0-9A-Za-z-]{1,120})\Z",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/done", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("settings/language", desk.preferences, name="set_language"),
    path("settings/theme", desk.preferences, name="set_theme"),
    path("preferences", desk.preferences, name="preferences"),
]
