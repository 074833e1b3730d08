"""The database itself holds that an attempt is never edited."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_update_of_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an attempt is never edited' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER refuse_update_of_attempt BEFORE UPDATE ON delivery_attempt
    FOR EACH ROW EXECUTE FUNCTION refuse_update_of_attempt();
"""
BACKWARD = """
DROP TRIGGER refuse_update_of_attempt ON delivery_attempt;
DROP FUNCTION refuse_update_of_attempt();
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
