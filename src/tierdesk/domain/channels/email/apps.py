"""Makes the folder a Django application and loads what it registers."""

from django.apps import AppConfig


class ChannelsEmailConfig(AppConfig):
    """See README.md beside this file."""

    name = "tierdesk.domain.channels.email"
    label = "channels_email"
    default_auto_field = "django.db.models.BigAutoField"
