"""The database itself holds that an audit event is never edited."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_update_of_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ROW(NEW.id, NEW.account_id, NEW.event, NEW.actor_label, NEW.subject_type, NEW.subject_id, NEW.details, NEW.occurred_at)
        IS NOT DISTINCT FROM
       ROW(OLD.id, OLD.account_id, OLD.event, OLD.actor_label, OLD.subject_type, OLD.subject_id, OLD.details, OLD.occurred_at)
    THEN RETURN NEW; END IF;  -- the actor's row was deleted; its label stays
    RAISE EXCEPTION 'an audit event is never edited' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER refuse_update_of_audit_event BEFORE UPDATE ON accounts_auditevent
    FOR EACH ROW EXECUTE FUNCTION refuse_update_of_audit_event();
"""
BACKWARD = """
DROP TRIGGER refuse_update_of_audit_event ON accounts_auditevent;
DROP FUNCTION refuse_update_of_audit_event();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
