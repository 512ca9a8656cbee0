"""Makes the folder a Django application and loads what it registers."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """See README.md beside this file."""

    name = "tierdesk.ui"
    label = "ui"
    default_auto_field = "django.db.models.BigAutoField"
