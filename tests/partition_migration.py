"""Migrates a database of before the partitions, and tells whether its rows came through.

Run by `tests/integration/test_partition_migration.py`, in a process and on servers of its own.
"""

import sys
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connections

from referral_export.embedded import start_servers

ROWS = """
INSERT INTO accounts_account (id, slug, name, wrapped_key, retention_days, personal_data_days,
    created_at)
VALUES (uuidv7(), 'acme', 'Acme', 'key', 90, 30, now());
INSERT INTO campaigns_campaign (id, account_id, name, reference, status, created_at)
SELECT uuidv7(), id, 'Spring', 'spring', 'live', now() FROM accounts_account;
INSERT INTO delivery_referral (id, account_id, campaign_id, external_id, attributes_sealed,
    received_at)
SELECT CASE WHEN n = 7 THEN gen_random_uuid() ELSE uuidv7(n * interval '-1 day') END, account_id,
    id, 'tx-' || n, 'sealed', now() - n * interval '1 day'
FROM campaigns_campaign, generate_series(0, 40) n;
"""
STATE = "SELECT md5(string_agg(row::text, '|' ORDER BY id)), count(*) FROM delivery_referral row"


def main(var_directory: Path) -> None:
    django.setup()
    with start_servers(var_directory, durable=False):
        call_command("migrate", "delivery", "0007", database="owner", verbosity=0)
        call_command("migrate", "accounts", database="owner", verbosity=0)
        with connections["owner"].cursor() as cursor:
            cursor.execute(ROWS)
            cursor.execute(STATE)
            before = cursor.fetchone()
        call_command("migrate", database="owner", verbosity=0)
        with connections["owner"].cursor() as cursor:
            cursor.execute(STATE)
            assert cursor.fetchone() == before
            cursor.execute("SELECT tableoid::regclass::text FROM delivery_referral GROUP BY 1")
            assert len(cursor.fetchall()) >= 7
            cursor.execute("SELECT count(*) FROM delivery_referral_default")
            assert cursor.fetchone() == (1,), "only what tells no time lies in no week"
            cursor.execute("SELECT count(*) FROM delivery_referralkey")
            assert cursor.fetchone() == (41,)
        connections.close_all()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
