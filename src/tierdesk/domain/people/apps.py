"""Makes the folder a Django application and loads what it registers."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """See README.md beside this file."""

    name = "tierdesk.domain.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"
