"""What percentiles a histogram tells."""

import pytest

from delivery.statistics import BUCKETS_MS, percentile


def histogram(**counts):
    return [counts.get(f"b{number}", 0) for number in range(len(BUCKETS_MS) + 1)]


@pytest.mark.parametrize(
    ("buckets", "ratio", "expected"),
    [
        (histogram(b0=1), 0.5, 5.0),
        (histogram(b0=100), 0.99, 9.9),
        (histogram(b4=10), 0.5, 175.0),
        (histogram(b1=99, b6=1), 0.99, 25.0),
        (histogram(b1=98, b6=2), 0.99, 750.0),
        (histogram(b11=4), 0.95, 30_000.0),
    ],
)
def test_percentile_lies_within_its_bucket(buckets, ratio, expected):
    assert percentile(buckets, ratio) == pytest.approx(expected)
