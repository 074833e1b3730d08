"""A lane says whether the settle that frees a slot has to ring it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0009_statistics")]
    operations = [
        migrations.AddField(
            model_name="lane",
            name="is_full",
            field=models.BooleanField(default=False, db_default=False),
        ),
    ]
