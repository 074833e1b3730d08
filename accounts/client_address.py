"""Where a request comes from, when there are proxies of ours before us."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the address from which the first of our proxies was asked.

    Each of them adds the address that asked it at the end of X-Forwarded-For; what stands before
    those entries anybody may have written, and is not believed.
    """
    forwarded = request.headers.get("X-Forwarded-For")
    addresses = forwarded.split(",") if forwarded else []
    proxies: int = settings.TRUSTED_PROXIES
    if 0 < proxies <= len(addresses):
        return addresses[-proxies].strip()
    address: str = request.META["REMOTE_ADDR"]
    return address
