"""Makes the folder a Django application and loads what it registers."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """See README.md beside this file."""

    name = "tierdesk.surfaces.desk"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"
