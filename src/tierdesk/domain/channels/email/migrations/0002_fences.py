"""The database's own fence between clients."""

from django.db import migrations

from tierdesk.kernel.fences import TenantFence


class Migration(migrations.Migration):
    dependencies = [("channels_email", "0001_initial"), ("tickets", "0002_fences")]
    operations = [
        TenantFence("channels_email_mailin", "ticket_id", "tickets_ticket"),
        TenantFence("channels_email_mailin", "message_id", "tickets_message"),
        TenantFence("channels_email_mailout", "ticket_id", "tickets_ticket"),
        TenantFence("channels_email_mailout", "message_id", "tickets_message"),
    ]
