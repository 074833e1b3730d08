"""Credentials of a request that a technical contact pasted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connections", "0008_token_grants")]
    operations = [
        migrations.AddField(
            model_name="setuprequest",
            name="example_secrets_sealed",
            field=models.BinaryField(null=True),
        ),
    ]
