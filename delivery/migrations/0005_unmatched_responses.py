"""Answers that no rule matched are found by their shape; matched ones are in no index for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0004_tune_for_a_queue")]
    operations = [
        migrations.AddField(
            model_name="attempt",
            name="unmatched_shape",
            field=models.UUIDField(null=True),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                condition=models.Q(("unmatched_shape__isnull", False)),
                fields=["version", "unmatched_shape"],
                name="attempt_unmatched",
            ),
        ),
    ]
