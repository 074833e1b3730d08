"""A lane gives out the moments at which its connection may send."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0005_rate_limit"),
        ("delivery", "0005_unmatched_responses"),
    ]
    operations = [
        migrations.AddField(
            model_name="lane",
            name="next_slot_at",
            field=models.DateTimeField(null=True),
        ),
    ]
