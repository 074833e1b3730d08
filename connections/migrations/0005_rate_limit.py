"""The engine reads a version's rate limit beside its concurrency."""

from django.db import migrations, models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast


class Migration(migrations.Migration):
    dependencies = [("connections", "0004_custom_fields")]
    operations = [
        migrations.AddField(
            model_name="connectionversion",
            name="rate_per_second",
            field=models.GeneratedField(
                db_persist=True,
                expression=Cast(KT("config__delivery__rate_per_second"), models.FloatField()),
                output_field=models.FloatField(null=True),
            ),
        ),
    ]
