"""Settings of storage for tables whose rows change soon after they were written."""

from django.db import migrations

FORWARD = """
-- Room in each page for new versions of its rows; dead ones cleared every thousand changes
-- and at once, since a claim walks past every dead entry at the head of its index.
ALTER TABLE delivery_delivery SET (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);
ALTER TABLE delivery_lane SET (
    fillfactor = 25,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);
"""
BACKWARD = """
ALTER TABLE delivery_delivery RESET (
    fillfactor,
    autovacuum_vacuum_scale_factor,
    autovacuum_vacuum_threshold,
    autovacuum_vacuum_cost_delay
);
ALTER TABLE delivery_lane RESET (
    fillfactor,
    autovacuum_vacuum_scale_factor,
    autovacuum_vacuum_threshold,
    autovacuum_vacuum_cost_delay
);
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0003_write_often_index_little")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
