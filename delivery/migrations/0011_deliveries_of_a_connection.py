"""The newest deliveries of one connection are found without reading those of its neighbours."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0010_full_lanes")]
    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["connection", "-id"], name="delivery_of_connection"),
        ),
    ]
