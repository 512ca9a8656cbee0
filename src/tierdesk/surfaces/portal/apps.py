"""Makes the folder a Django application and loads what it registers."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """See README.md beside this file."""

    name = "tierdesk.surfaces.portal"
    label = "portal"
    default_auto_field = "django.db.models.BigAutoField"
