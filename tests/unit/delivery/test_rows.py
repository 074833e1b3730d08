"""Why a delivery is where it is: never empty."""

import pytest

from delivery.models import Delivery
from delivery.rows import why


@pytest.mark.parametrize(
    ("status", "rule", "reason", "said"),
    [
        ("delivered", "Created", "", "Rule “Created”"),
        ("delivered", "Created", "Created", "Rule “Created”"),
        ("rejected", "Bad email", "invalid_email", "Rule “Bad email”: invalid_email"),
        ("rejected", None, "no rule matched", "No rule matched"),
        ("pending", None, "", "Waiting to be sent"),
        ("cancelled", None, "", "Cancelled"),
        (
            "delivered",
            "Created",
            "erased",
            "Rule “Created”: its reason was erased with the personal data",
        ),
        ("failed", None, "erased", "Its reason was erased with the personal data"),
    ],
)
def test_why(status, rule, reason, said):
    assert why(reason, Delivery(status=status, rule=rule)) == said
