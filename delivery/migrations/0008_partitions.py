"""Referrals, deliveries and attempts lie in a partition for each week of their ids.

Weeks: whoever looks without a bound visits each partition, so ninety days are to be some
thirteen of them, not ninety; and what is promised to the day, that people are forgotten, does
not wait for a partition to be dropped.

The tables' foreign keys are given up: three look-ups in an index and a lock on each parent for
every referral, delivery and attempt cost more than writing the row. The engine's statements
read the parents of what they write, and those are archived, never deleted.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

PARTITIONED = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE delivery_referral RENAME TO old_referral;
ALTER TABLE delivery_delivery RENAME TO old_delivery;
ALTER TABLE delivery_attempt RENAME TO old_attempt;
CREATE TABLE delivery_referral (
    LIKE old_referral INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE
) PARTITION BY RANGE (id);
CREATE TABLE delivery_delivery (
    LIKE old_delivery INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE
) PARTITION BY RANGE (id);
CREATE TABLE delivery_attempt (
    LIKE old_attempt INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE
) PARTITION BY RANGE (id);
"""

# What belongs to no partition is kept and delivered all the same; retention tells of it.
DEFAULTS = """
CREATE TABLE delivery_referral_default PARTITION OF delivery_referral DEFAULT;
CREATE TABLE delivery_delivery_default PARTITION OF delivery_delivery DEFAULT;
CREATE TABLE delivery_attempt_default PARTITION OF delivery_attempt DEFAULT;
"""

FUNCTIONS = """
CREATE FUNCTION delivery_first_id(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0')
        || repeat('0', 20))::uuid
$$;

-- Makes the three partitions of the week that this moment lies in, with what the default
-- partition holds of it. The parent stays open for reading and writing meanwhile.
CREATE FUNCTION delivery_make_partition(moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    week timestamptz := date_trunc('week', moment, 'UTC');
    first_id uuid := public.delivery_first_id(week);
    next_id uuid := public.delivery_first_id(week + interval '7 days');
    suffix text := to_char(week AT TIME ZONE 'UTC', '_YYYYMMDD');
    parent text;
BEGIN
    IF to_regclass('public.delivery_attempt' || suffix) IS NOT NULL THEN
        RETURN false;
    END IF;
    FOREACH parent IN ARRAY ARRAY['delivery_referral', 'delivery_delivery', 'delivery_attempt']
    LOOP
        EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)',
            parent || suffix, parent);
        EXECUTE format('WITH moved AS (DELETE FROM public.%I WHERE id >= %L AND id < %L RETURNING *)
            INSERT INTO public.%I SELECT * FROM moved',
            parent || '_default', first_id, next_id, parent || suffix);
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
            parent, parent || suffix, first_id, next_id);
    END LOOP;
    -- Room in each page for new versions of its rows; dead ones cleared every thousand changes
    -- and at once, since a claim walks past every dead entry at the head of its index.
    EXECUTE format('ALTER TABLE public.%I SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01,
        autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0)',
        'delivery_delivery' || suffix);
    RETURN true;
END $$;

-- The application owns no table and makes none: this much it may, as the owner.
CREATE FUNCTION delivery_make_partitions(until timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    week timestamptz := date_trunc('week', now(), 'UTC');
    made integer := 0;
BEGIN
    IF until > now() + interval '90 days' THEN
        RAISE EXCEPTION 'partitions are made 90 days ahead at most';
    END IF;
    PERFORM pg_advisory_xact_lock(7238002);
    WHILE week <= until LOOP
        made := made + public.delivery_make_partition(week)::integer;
        week := week + interval '7 days';
    END LOOP;
    RETURN made;
END $$;

-- Never what some account still keeps, whatever it is asked for, and nothing that waits.
CREATE FUNCTION delivery_drop_partitions(before timestamptz) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $$
DECLARE
    longest integer := (SELECT max(retention_days) FROM public.accounts_account);
    ended timestamptz := least(before, now() - make_interval(days => longest));
    dropped text[] := '{}';
    suffix text;
    waits boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(7238002);
    FOR suffix IN
        SELECT right(child.relname, 9)
        FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = 'public.delivery_delivery'::regclass AND child.relname ~ '_[0-9]{8}$'
        ORDER BY child.relname
    LOOP
        EXIT WHEN longest IS NULL
            OR (to_date(suffix, '_YYYYMMDD') + 7)::timestamp AT TIME ZONE 'UTC' > ended;
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%1$I WHERE status IN (''pending'', ''retrying'')
                AND lease_expires_at IS NULL)
            OR EXISTS (SELECT FROM public.%1$I WHERE lease_expires_at IS NOT NULL)',
            'delivery_delivery' || suffix) INTO waits;
        CONTINUE WHEN waits;
        EXECUTE format('DROP TABLE IF EXISTS public.%I, public.%I, public.%I',
            'delivery_attempt' || suffix, 'delivery_delivery' || suffix,
            'delivery_referral' || suffix);
        dropped := dropped || suffix;
    END LOOP;
    RETURN dropped;
END $$;

REVOKE EXECUTE ON FUNCTION delivery_first_id, delivery_make_partition, delivery_make_partitions,
    delivery_drop_partitions FROM PUBLIC;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'referral_export_app') THEN
        GRANT EXECUTE ON FUNCTION delivery_first_id, delivery_make_partitions,
            delivery_drop_partitions TO referral_export_app;
    END IF;
END $$;
"""

ROWS = """
DO $$
DECLARE
    -- Only a version 7 tells when it was made; what does not goes into the default partition.
    week timestamptz := (
        SELECT least(min(uuid_extract_timestamp(id)), now())
        FROM (SELECT id FROM old_referral UNION ALL SELECT id FROM old_delivery
            UNION ALL SELECT id FROM old_attempt) AS old
        WHERE uuid_extract_version(id) = 7
    );
BEGIN
    WHILE date_trunc('week', week, 'UTC') <= now() + interval '21 days' LOOP
        PERFORM delivery_make_partition(week);
        week := week + interval '7 days';
    END LOOP;
END $$;
INSERT INTO delivery_referralkey (campaign_id, external_id, referral_id, delivery_ids)
SELECT campaign_id, external_id, id,
    ARRAY(SELECT delivery.id FROM old_delivery delivery WHERE delivery.referral_id = referral.id
        ORDER BY delivery.id)
FROM old_referral referral;
INSERT INTO delivery_referral SELECT * FROM old_referral;
INSERT INTO delivery_delivery SELECT * FROM old_delivery;
INSERT INTO delivery_attempt SELECT * FROM old_attempt;
DROP TABLE old_attempt;
DROP TABLE old_delivery;
DROP TABLE old_referral;
"""

INDEXES = """
ALTER TABLE delivery_referral ADD CONSTRAINT delivery_referral_pkey PRIMARY KEY (id);
CREATE INDEX referral_by_person ON delivery_referral (account_id, email_fingerprint);
CREATE INDEX referral_with_person ON delivery_referral (account_id, id)
    WHERE attributes_sealed <> '';
ALTER TABLE delivery_delivery ADD CONSTRAINT delivery_delivery_pkey PRIMARY KEY (id);
CREATE INDEX delivery_of_referral ON delivery_delivery (referral_id);
CREATE INDEX delivery_due ON delivery_delivery (connection_id, next_attempt_at)
    WHERE lease_expires_at IS NULL AND status IN ('pending', 'retrying');
CREATE INDEX delivery_leased ON delivery_delivery (connection_id, lease_expires_at)
    WHERE lease_expires_at IS NOT NULL;
CREATE INDEX delivery_newest_first ON delivery_delivery (account_id, id DESC);
ALTER TABLE delivery_attempt ADD CONSTRAINT delivery_attempt_pkey PRIMARY KEY (id);
CREATE INDEX attempt_of_delivery ON delivery_attempt (delivery_id, number);
CREATE INDEX attempt_unmatched ON delivery_attempt (version_id, unmatched_shape)
    WHERE unmatched_shape IS NOT NULL;
"""

# An attempt is never edited; but the person in it can be forgotten.
TRIGGER = """
CREATE OR REPLACE FUNCTION refuse_update_of_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    OLD.record_sealed := '';
    IF NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an attempt is never edited' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER refuse_update_of_attempt BEFORE UPDATE ON delivery_attempt
    FOR EACH ROW EXECUTE FUNCTION refuse_update_of_attempt();
"""

PARENTS = (
    ("referral", "account", "accounts.account"),
    ("referral", "campaign", "campaigns.campaign"),
    ("delivery", "account", "accounts.account"),
    ("delivery", "referral", "delivery.referral"),
    ("delivery", "campaign", "campaigns.campaign"),
    ("delivery", "connection", "connections.connection"),
    ("attempt", "account", "accounts.account"),
    ("attempt", "delivery", "delivery.delivery"),
    ("attempt", "version", "connections.connectionversion"),
)
NAMES = {("delivery", "referral"): "deliveries", ("attempt", "delivery"): "attempts"}


def _without_constraint(model, name, to):
    on_delete = (
        django.db.models.deletion.PROTECT
        if name == "version"
        else django.db.models.deletion.CASCADE
    )
    return migrations.AlterField(
        model_name=model,
        name=name,
        field=models.ForeignKey(
            to,
            db_constraint=False,
            db_index=False,
            on_delete=on_delete,
            related_name=NAMES.get((model, name), "+"),
        ),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_retention"),
        ("campaigns", "0001_initial"),
        ("delivery", "0007_breaker"),
    ]
    operations = [
        migrations.CreateModel(
            name="ReferralKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "campaign_id",
                        "external_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        "campaigns.campaign",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                    ),
                ),
                ("external_id", models.CharField(max_length=200)),
                ("referral_id", models.UUIDField()),
                (
                    "delivery_ids",
                    django.contrib.postgres.fields.ArrayField(models.UUIDField(), size=None),
                ),
            ],
            options={"indexes": [models.Index(fields=["referral_id"], name="referral_key_by_age")]},
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(PARTITIONED + DEFAULTS + FUNCTIONS + ROWS + INDEXES + TRIGGER)
            ],
            state_operations=[
                migrations.RemoveConstraint("referral", "referral_once"),
                migrations.RemoveConstraint("delivery", "delivery_once"),
                *(_without_constraint(*parent) for parent in PARENTS),
                migrations.AddIndex(
                    "referral",
                    models.Index(
                        fields=["account", "id"],
                        condition=~models.Q(attributes_sealed=b""),
                        name="referral_with_person",
                    ),
                ),
                migrations.AddIndex(
                    "delivery", models.Index(fields=["referral"], name="delivery_of_referral")
                ),
            ],
        ),
    ]
