"""How far the request of a task has come, and how long each part of it took."""

import ssl
import time
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds of each part; None for a part that did not happen on this request."""

    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    """From the start of the exchange to the answer's headers."""


@dataclass(slots=True)
class Progress:
    """The moments of one request, in seconds of `time.perf_counter`."""

    started: float = field(default_factory=time.perf_counter)
    dns_started: float | None = None
    dns_ended: float | None = None
    connect_started: float | None = None
    tls_started: float | None = None
    connected: float | None = None
    answered: float | None = None
    request_written: bool = False
    """Whether writing began; from then on the receiver may have the request."""

    @property
    def is_in_handshake(self) -> bool:
        return self.tls_started is not None and self.connected is None

    def timings(self) -> Timings:
        return Timings(
            dns_ms=_between(self.dns_started, self.dns_ended),
            connect_ms=_between(
                self.dns_ended or self.connect_started, self.tls_started or self.connected
            ),
            tls_ms=_between(self.tls_started, self.connected),
            first_byte_ms=_between(self.started, self.answered),
        )


CURRENT: ContextVar[Progress] = ContextVar("progress of the request of this task")
"""Where resolver, connector and handshake write to: half the cost of aiohttp's trace hooks."""


class TimedSSLContext(ssl.SSLContext):
    """The default verifying context, which also notes when a handshake begins."""

    def wrap_bio(self, *args: object, **kwargs: object) -> ssl.SSLObject:
        if progress := CURRENT.get(None):
            progress.tls_started = time.perf_counter()
        return super().wrap_bio(*args, **kwargs)  # type: ignore[arg-type]


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round((end - start) * 1_000, 3)
