"""The guarded way out: every outgoing request of the product goes through here."""

from connections.exchange.egress.addresses import UrlError, check_url
from connections.exchange.egress.errors import EgressCode, EgressError
from connections.exchange.egress.progress import Progress, Timings
from connections.exchange.egress.send import Received, send
from connections.exchange.egress.transport import GuardedTransport

__all__ = [
    "EgressCode",
    "EgressError",
    "GuardedTransport",
    "Progress",
    "Received",
    "Timings",
    "UrlError",
    "check_url",
    "send",
]
