"""One trace for each referral, from its POST to its attempts, sent to a collector."""

import subprocess
import sys
import time

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from delivery import tracing
from delivery.models import Attempt, Referral
from referral_export.environment import CHECKOUT
from tests.delivery_stage import answer, pump, pumping, receiving, set_stage, wait_until
from tests.loopback import serving

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def stage(transactional_db):
    return set_stage()


@pytest.fixture
def collected(settings):
    """The spans that a collector got, once `tracing.flush` was called."""
    spans = []

    async def collect(request):
        export = ExportTraceServiceRequest.FromString(await request.read())
        for resource in export.resource_spans:
            for scope in resource.scope_spans:
                spans.extend(scope.spans)
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", collect)
    with serving(app) as settings.OTLP_ENDPOINT:
        yield spans
        tracing._provider.cache_clear()
        tracing._tracer.cache_clear()


def post(client, stage, *external_ids):
    body = [
        {"campaign": "spring", "external_id": one, "attributes": {"email": "jane@a.example"}}
        for one in external_ids
    ]
    return client.post(
        "/api/v1/accounts/acme/referrals",
        data=body,
        content_type="application/json",
        headers={"traceparent": PARENT},
        **stage.cast.authorization(),
    )


def test_trace_goes_from_the_post_to_each_attempt(stage, client, collected):
    def twice(number):
        return answer(503)(number) if number == 1 else answer(201)(number)

    with receiving(answer=twice) as crm:
        stage.connection(crm)
        assert post(client, stage, "tx-1", "tx-2").status_code == 202
        with pumping():
            wait_until(lambda: stage.statuses() == {"delivered": 2})
    tracing.flush()

    referrals = Referral.objects.for_account(stage.cast.account)
    traces = {tracing.trace_id_of(referral.id).to_bytes(16): referral for referral in referrals}
    assert {span.trace_id for span in collected} == traces.keys()
    for trace_id in traces:
        first, *attempts = [span for span in collected if span.trace_id == trace_id]
        assert (first.name, first.parent_span_id) == ("accept referral", b"")
        assert first.links[0].trace_id.hex() == PARENT.split("-")[1]
        assert [span.name for span in attempts] == ["attempt delivery"] * 2
        assert {span.parent_span_id for span in attempts} == {first.span_id}
        assert [_said(span)["delivery.status"] for span in attempts] == ["retrying", "delivered"]
        for span in (first, *attempts):
            assert 0 <= span.end_time_unix_nano - span.start_time_unix_nano < 10**10
            assert abs(span.end_time_unix_nano / 1e9 - time.time()) < 60
    assert "jane" not in str(collected)


def test_duplicate_begins_no_trace(stage, client, collected):
    for _ in range(2):
        post(client, stage, "tx-1")
    tracing.flush()
    assert len(collected) == 1


def test_collector_that_is_away_delays_nothing(stage, client, settings):
    settings.OTLP_ENDPOINT = "http://127.0.0.1:9"
    with receiving() as crm:
        stage.connection(crm)
        started = time.monotonic()
        assert post(client, stage, "tx-1").status_code == 202
        pump()
        assert time.monotonic() - started < 3
    assert Attempt.objects.for_account(stage.cast.account).count() == 1
    started = time.monotonic()
    tracing.flush()
    assert time.monotonic() - started < 10
    tracing._provider.cache_clear()
    tracing._tracer.cache_clear()


def test_without_an_endpoint_nothing_of_it_is_loaded():
    code = (
        "import sys, django; django.setup()\n"
        "import delivery.tasks, delivery.api, delivery.telemetry, referral_export.urls\n"
        # redis-py loads the metrics' half of the SDK by itself.
        "heavy = ('opentelemetry.sdk.trace', 'opentelemetry.exporter', 'google.protobuf')\n"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    environment = {
        "DJANGO_SETTINGS_MODULE": "referral_export.settings",
        "REFERRAL_EXPORT_MODE": "test",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "",
    }
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def _said(span):
    return {one.key: one.value.string_value for one in span.attributes}
