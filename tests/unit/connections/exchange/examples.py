"""Configurations and contexts to render, with what a test does not care about filled in."""

from datetime import UTC, datetime

from connections.exchange.config import ConnectionConfig, Environment
from connections.exchange.context import Context
from connections.exchange.rendering import compile_config, render

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
URL = "https://api.example.com/leads"


def make_config(**parts):
    url = parts.pop("url", URL)
    return ConnectionConfig.model_validate({"environments": {"production": {"url": url}}} | parts)


def make_context(attributes=None, **parts):
    fixed = {
        "attributes": attributes or {},
        "referral_id": "referral-1",
        "external_id": "tx-123",
        "occurred_at": NOW,
        "campaign_id": "campaign-1",
        "campaign_name": "Spring & Summer",
        "campaign_reference": "spring-26",
        "connection_id": "connection-1",
        "connection_name": "Newsletter CRM",
        "now": NOW,
        "test": False,
        "delivery_id": "delivery-1",
    }
    return Context(**(fixed | parts))


def fields(*pairs, encoding="json", **more):
    """Return a body that is written as fields."""
    return {
        "encoding": encoding,
        "fields": [{"name": name, "value": value} | more for name, value in pairs],
    }


def render_request(attributes=None, *, secrets=None, access_token=None, context=None, **parts):
    """Render one configuration for production."""
    return render(
        compile_config(make_config(**parts)),
        environment=Environment.PRODUCTION,
        context=context or make_context(attributes),
        secrets=secrets or {},
        access_token=access_token,
    )


def render_body(encoding, template, attributes=None, **parts):
    body = {"encoding": encoding, "template": template}
    return render_request(attributes, body=body, **parts).body.decode()
