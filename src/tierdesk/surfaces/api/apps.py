"""Makes the folder a Django application and loads what it registers."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """See README.md beside this file."""

    name = "tierdesk.surfaces.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"
