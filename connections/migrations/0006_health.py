"""A connection says how sending fares."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connections", "0005_rate_limit")]
    operations = [
        migrations.AddField(
            model_name="connection",
            name="health",
            field=models.CharField(
                choices=[
                    ("healthy", "Healthy"),
                    ("failing", "Failing"),
                    ("misconfigured", "Misconfigured"),
                ],
                default="healthy",
                max_length=15,
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="health_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="connection",
            name="health_reason",
            field=models.CharField(blank=True, max_length=200),
        ),
    ]
