"""Makes the folder a Django application and loads what it registers."""

from django.apps import AppConfig


class ChannelsEmailConfig(AppConfig):
    """See README.md beside this file."""

    name = "tierdesk.domain.channels.email"
    label = "channels_email"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make tasks, schedules, reactions and events known."""
        from tierdesk.domain.channels.email import jobs, reactions  # noqa: F401, PLC0415 - once models are loaded
