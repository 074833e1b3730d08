"""Reminders of set-up requests, and the team told once one was sent; not of those of before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connections", "0009_setup_examples")]
    operations = [
        migrations.AddField("setuprequest", "token_sealed", models.BinaryField(null=True)),
        migrations.AddField("setuprequest", "told_at", models.DateTimeField(null=True)),
        migrations.AddField("setuprequest", "reminded_at", models.DateTimeField(null=True)),
        migrations.AddField("setuprequest", "reminder_sealed", models.BinaryField(null=True)),
        migrations.RunSQL(
            "UPDATE connections_setuprequest SET told_at = sent_at", migrations.RunSQL.noop
        ),
    ]
