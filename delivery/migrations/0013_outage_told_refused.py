"""Of an outage is known whether people were told that it waits for them."""

from django.db import migrations, models

TOLD_AT_ONCE = """
UPDATE delivery_outage SET told_refused_at = told_opened_at WHERE cause = 'configuration'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0012_last_slot"),
    ]

    operations = [
        migrations.AddField(
            model_name="outage",
            name="told_refused_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(TOLD_AT_ONCE, migrations.RunSQL.noop),
    ]
