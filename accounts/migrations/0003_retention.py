"""Accounts say for how many days they keep referrals, and the people in them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_audit_events_are_append_only")]
    operations = [
        migrations.AddField(
            model_name="account",
            name="retention_days",
            field=models.PositiveSmallIntegerField(default=90),
        ),
        migrations.AddField(
            model_name="account",
            name="personal_data_days",
            field=models.PositiveSmallIntegerField(default=30),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("personal_data_days__gte", 1),
                    ("retention_days__gte", models.F("personal_data_days")),
                    ("retention_days__lte", 3_650),
                ),
                name="account_keeps_people_no_longer_than_referrals",
            ),
        ),
    ]
