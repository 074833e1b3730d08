"""The database itself holds that a version of a connection is never edited."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_update_of_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version of a connection is never edited; make a new one' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER refuse_update_of_version BEFORE UPDATE ON connections_connectionversion
    FOR EACH ROW EXECUTE FUNCTION refuse_update_of_version();
"""
BACKWARD = """
DROP TRIGGER refuse_update_of_version ON connections_connectionversion;
DROP FUNCTION refuse_update_of_version();
"""


class Migration(migrations.Migration):
    dependencies = [("connections", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
