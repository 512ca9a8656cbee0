"""Makes the folder a Django application and loads what it registers."""

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    """See README.md beside this file."""

    name = "tierdesk.domain.tickets"
    label = "tickets"
    default_auto_field = "django.db.models.BigAutoField"
