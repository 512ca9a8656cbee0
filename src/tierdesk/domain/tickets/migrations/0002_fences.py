"""The database's own fence between clients, and the ticket numbers."""

from django.db import migrations

from tierdesk.kernel.fences import NumberSequence, TenantFence


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]
    operations = [
        NumberSequence("ticket", 1001),
        *(
            TenantFence(f"tickets_{child}", "ticket_id", "tickets_ticket")
            for child in ("fieldvalue", "participant", "message", "note", "attachment", "readmark")
        ),
        TenantFence("tickets_attachment", "message_id", "tickets_message"),
        TenantFence("tickets_attachment", "note_id", "tickets_note"),
    ]
