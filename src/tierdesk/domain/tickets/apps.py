"""Makes the folder a Django application and loads what it registers."""

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    """See README.md beside this file."""

    name = "tierdesk.domain.tickets"
    label = "tickets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what others may find here."""
        from tierdesk.domain.tickets import indexing, jobs, live  # noqa: F401, PLC0415 - models are there only now

        indexing.register()
        live.register()
