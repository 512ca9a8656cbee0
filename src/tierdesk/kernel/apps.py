"""The kernel as a Django application."""

import importlib

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """What every area stands on; it knows no ticket."""

    name = "tierdesk.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make its schedules known."""
        importlib.import_module("tierdesk.kernel.housekeeping")
