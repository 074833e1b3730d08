"""The newest deliveries of one connection are found without reading those of its neighbours."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0009_statistics")]
    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["connection", "-id"], name="delivery_of_connection"),
        ),
    ]
