"""Makes the folder a Django application and loads what it registers."""

import importlib

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """See README.md beside this file."""

    name = "tierdesk.domain.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make its jobs known, and who reads live streams."""
        importlib.import_module("tierdesk.domain.people.jobs")
        importlib.import_module("tierdesk.domain.people.web.live").register()
