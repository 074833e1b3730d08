"""Sends traces by OpenTelemetry: one for each referral, from its POST to its attempts.

The ids of a referral's trace and of its first span are derived from the referral's own id. So
whoever attempts its delivery, hours later on another machine, adds to the same trace, and
nothing has to be handed over or kept for it.
"""

import hashlib
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from delivery.queue import Claimed, Settled

_W3C = TraceContextTextMapPropagator()
_FIRST_OF: ContextVar[UUID | None] = ContextVar("first_of", default=None)
"""The referral whose first span is being made."""


def trace_id_of(referral_id: UUID) -> int:
    # Digested: samplers count on bits that are random, which a UUID's are not all.
    return int.from_bytes(hashlib.blake2b(referral_id.bytes, digest_size=16).digest())


def first_span_id_of(referral_id: UUID) -> int:
    return int.from_bytes(hashlib.blake2b(referral_id.bytes, digest_size=8).digest())


def trace_referrals(new: Sequence[UUID], *, since: datetime, traceparent: str | None) -> None:
    """Begin the trace of each referral with the time that it took to accept it.

    They are linked to the trace of the client, if it sent the header of W3C's Trace Context.
    """
    until = timezone.now()
    caller = get_current_span(_W3C.extract({"traceparent": traceparent or ""})).get_span_context()
    for referral_id in new:
        token = _FIRST_OF.set(referral_id)
        span = _tracer().start_span(
            "accept referral",
            kind=SpanKind.SERVER,
            links=[Link(caller)] if caller.is_valid else [],
            start_time=_nanoseconds(since),
            attributes={"referral.id": str(referral_id)},
        )
        _FIRST_OF.reset(token)
        span.end(_nanoseconds(until))


def trace_attempt(claimed: Claimed, settled: Settled) -> None:
    """Add an attempt to the trace of its referral."""
    first = SpanContext(
        trace_id_of(claimed.referral_id),
        first_span_id_of(claimed.referral_id),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    span = _tracer().start_span(
        "attempt delivery",
        context=set_span_in_context(NonRecordingSpan(first)),
        kind=SpanKind.CLIENT,
        start_time=_nanoseconds(settled.started_at),
        attributes={
            "delivery.id": str(claimed.id),
            "referral.id": str(claimed.referral_id),
            "connection.id": str(claimed.connection_id),
            "attempt.number": settled.number,
            "attempt.outcome": settled.outcome,
            "delivery.status": settled.status.value,
            "http.response.status_code": settled.response_status or 0,
            "error.type": settled.error_code,
        },
    )
    if settled.error_code:
        span.set_status(Status(StatusCode.ERROR))
    span.end(_nanoseconds(settled.started_at + timedelta(milliseconds=settled.duration_ms)))


def flush() -> None:
    """Send what was not sent yet; called when the process ends."""
    if _tracer.cache_info().currsize:
        _provider().shutdown()


class _Ids(RandomIdGenerator):
    """Random ids, but for the first span of a referral's trace."""

    def generate_trace_id(self) -> int:
        first_of = _FIRST_OF.get()
        return trace_id_of(first_of) if first_of else super().generate_trace_id()

    def generate_span_id(self) -> int:
        first_of = _FIRST_OF.get()
        return first_span_id_of(first_of) if first_of else super().generate_span_id()


def _exporter() -> SpanExporter:
    return OTLPSpanExporter(endpoint=f"{settings.OTLP_ENDPOINT}/v1/traces")


@cache
def _provider() -> TracerProvider:
    """Made at the first span, which is after the fork: its sender is a thread of this process."""
    resource = Resource.create({SERVICE_NAME: "referral-export"})
    provider = TracerProvider(resource=resource, id_generator=_Ids())
    provider.add_span_processor(BatchSpanProcessor(_exporter()))
    return provider


@cache
def _tracer() -> Tracer:
    return _provider().get_tracer(__name__)


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1_000
