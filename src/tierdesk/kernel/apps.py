"""The kernel as a Django application."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """What every area stands on; it knows no ticket."""

    name = "tierdesk.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"
