"""Figures of each hour, in few rows that are written often."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
import uuid_utils.compat
from django.db import migrations, models


FORWARD = """
ALTER TABLE delivery_statistic SET (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_retention"),
        ("campaigns", "0001_initial"),
        ("connections", "0007_setup_requests"),
        ("delivery", "0008_partitions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Statistic",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("hour", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("retrying", "Retrying"),
                            ("delivered", "Delivered"),
                            ("duplicate", "Duplicate"),
                            ("rejected", "Rejected"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(max_length=100)),
                ("count", models.PositiveBigIntegerField()),
                ("duration_ms", models.FloatField()),
                (
                    "latency",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveBigIntegerField(), size=None
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="connections.connection",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "unscoped",
                "indexes": [models.Index(fields=["account", "hour"], name="statistic_by_hour")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "campaign", "hour", "status", "reason"),
                        name="statistic_once",
                    )
                ],
            },
            managers=[
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
    ]
