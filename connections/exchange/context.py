"""What the templates of one exchange see, besides the connection's variables and secrets."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connections.exchange.attributes import AttributeValue


@dataclass(frozen=True, slots=True)
class Context:
    attributes: Mapping[str, AttributeValue]
    referral_id: str
    external_id: str
    occurred_at: datetime | None
    campaign_id: str
    campaign_name: str
    campaign_reference: str
    connection_id: str
    connection_name: str
    now: datetime
    test: bool
    """Whether this is a test lead; the receiver is told with a header."""
    delivery_id: str
    """Sent as Idempotency-Key, the same on every attempt."""

    @property
    def nonce(self) -> str:
        """32 hex digits that no other attempt has, for receivers that refuse what they saw."""
        told = f"{self.delivery_id} {self.now.isoformat()}"
        return hashlib.sha256(told.encode()).hexdigest()[:32]
