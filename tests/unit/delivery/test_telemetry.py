"""What the log says of a list that was handed in."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from delivery.intake import Acceptance, Accepted
from delivery.telemetry import IDS_IN_A_LINE, referrals_came

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def lines(caplog):
    """Return the lines that a request leaves."""
    caplog.set_level("INFO", logger="delivery.telemetry")

    def logged(*results):
        referrals_came(results, since=NOW, traceparent=None)
        return caplog.records

    return logged


def accepted(number, *, links=1):
    deliveries = tuple(UUID(int=1_000_000 + number * links + link) for link in range(links))
    return Accepted(f"tx-{number}", Acceptance.ACCEPTED, UUID(int=number), deliveries)


@pytest.mark.parametrize("links", [0, 1, 3])
def test_every_id_of_a_list_is_named_once(lines, links):
    results = [accepted(number, links=links) for number in range(120)]
    found = lines(*results)
    referrals = [one for line in found for one in line.referral_ids]
    deliveries = [one for line in found for one in line.delivery_ids]
    assert referrals == [str(one.id) for one in results]
    assert deliveries == [str(delivery) for one in results for delivery in one.deliveries]


def test_no_line_has_more_ids_than_a_log_takes(lines):
    for line in lines(*(accepted(number, links=2) for number in range(120))):
        assert len(line.referral_ids) <= IDS_IN_A_LINE
        assert len(line.delivery_ids) <= IDS_IN_A_LINE


def test_counts_of_a_request_stand_in_one_line(lines):
    first, *others = lines(*(accepted(number) for number in range(120)))
    assert first.accepted == 120
    assert others
    assert not any(hasattr(line, "accepted") for line in others)


def test_request_with_nothing_new_leaves_its_line(lines):
    [line] = lines(Accepted("tx-1", Acceptance.DUPLICATE, UUID(int=1)))
    assert (line.duplicate, line.referral_ids, line.delivery_ids) == (1, [], [])
