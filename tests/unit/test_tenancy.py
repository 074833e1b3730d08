"""Who may look across accounts: the modules named here, and nobody else."""

import re

import pytest

from referral_export.environment import CHECKOUT

APPS = ("accounts", "connections", "campaigns", "delivery", "referral_export")
ACROSS_ACCOUNTS = {
    "accounts/tenancy.py": "defines it",
    "accounts/selectors.py": "who somebody is precedes which account is meant",
    "connections/setup_requests/mails.py": "a worker is told the id alone, and sweeps those of all",
    "connections/setup_requests/selectors.py": "a link says by its token which account is meant",
    "connections/runner.py": "a worker is told the run's id alone, and sweeps those of all",
    "delivery/notices.py": "a worker is told the outage's id alone, and sweeps those of all",
    "delivery/outages.py": "the engine's breakers, of all accounts",
}
# Raw SQL goes past the managers, so it is bounded in the same way.
RAW_SQL = {
    "accounts/idempotency.py": "a lock, no table",
    "delivery/intake.py": "the account's own rows, inserted in bulk",
    "delivery/metrics.py": "counts of all accounts, for operators",
    "delivery/partitions.py": "tables, no rows",
    "delivery/queue/claims.py": "leases what is due, of all accounts",
    "delivery/queue/lanes.py": "rings lanes, of all accounts",
    "delivery/queue/repair.py": "puts leases and lanes in order, of all accounts",
    "delivery/queue/oldest.py": "where something waits, of all accounts",
    "delivery/statistics.py": "counts the account's own rows where they are",
    "delivery/sweep.py": "a lock, no table",
    "referral_export/operations.py": "asks for 1",
}


def modules():
    for app in APPS:
        for path in sorted((CHECKOUT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(CHECKOUT)), path.read_text()


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [(r"\bunscoped\b|_base_manager|_default_manager", ACROSS_ACCOUNTS), (r"\.cursor\(", RAW_SQL)],
)
def test_only_the_named_modules_look_across_accounts(pattern, allowed):
    found = {name for name, text in modules() if re.search(pattern, text)}
    assert found == allowed.keys()


def test_nothing_reaches_tenants_rows_through_a_bare_manager():
    tenants = "Membership|AuditEvent|IdempotentRequest|Connection|ConnectionVersion|Secret|TestRun"
    tenants += (
        "|TestResult|TokenGrant|SetupRequest|Campaign|CampaignLink|Referral|Delivery|Attempt|Outage"
    )
    tenants += "|Statistic"
    bare = re.compile(rf"\b(?:{tenants})\.objects\.(?!for_account\()")
    assert [name for name, text in modules() if bare.search(text)] == []
