"""The sweep looks for runs under way every few seconds: an index of these only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connections", "0002_versions_are_immutable")]
    operations = [
        migrations.AddIndex(
            model_name="testrun",
            index=models.Index(
                condition=models.Q(("status", "running")),
                fields=["created_at"],
                name="test_run_under_way",
            ),
        ),
    ]
