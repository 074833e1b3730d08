"""A lane keeps the last slot given out: when the next is depends on the limit that holds then."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("delivery", "0011_deliveries_of_a_connection")]
    operations = [migrations.RenameField("lane", "next_slot_at", "last_slot_at")]
