"""What a configuration would send, and what it makes of an answer; nothing leaves here."""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.errors import CorrectInput, Problem
from connections.documents import (
    parse_lead,
    require_environment,
    require_usable,
    require_usable_rules,
)
from connections.exchange.config import ConnectionConfig, Environment, ResponseRule
from connections.exchange.context import Context
from connections.exchange.problems import RenderError
from connections.exchange.rendering import compile_config, referenced_secrets, render
from connections.exchange.request import ShownRequest
from connections.exchange.responses import (
    MAX_BODY_BYTES,
    ReceivedResponse,
    Verdict,
    classify,
    compile_rules,
)
from connections.leads import SAMPLE_LEAD
from connections.models import Connection
from connections.selectors import custom_definitions

_PLACEHOLDER = "secret"
"""Stands where a secret would: what is shown masks it, and a preview needs none to be set."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The referral that a preview is made for; where nothing is given, an invented one."""

    attributes: Mapping[str, object] | None = None
    external_id: str = "sample-1"
    occurred_at: datetime | None = None
    campaign_reference: str = "sample-campaign"


def preview(
    *,
    connection: Connection,
    config: ConnectionConfig,
    now: datetime,
    environment: Environment | None = None,
    sample: Sample | None = None,
) -> ShownRequest:
    """Return the request that this configuration makes, every secret masked.

    The configuration may be one that is not saved yet. Without an environment it is
    production, or where tests go when there is no production.

    *Raises* CorrectInput with pointers into the configuration (`/config/body/template`), the
    attributes or the environment.
    """
    sample = sample or Sample()
    target = environment or _usual_environment(config)
    require_environment(config, target)
    custom_fields = custom_definitions(connection.account)
    require_usable(config, custom_fields=custom_fields)
    context = _context(connection, sample, now=now)
    try:
        prepared = render(
            compile_config(config, custom_fields=custom_fields),
            environment=target,
            context=context,
            secrets=dict.fromkeys(
                referenced_secrets(config, custom_fields=custom_fields), _PLACEHOLDER
            ),
            access_token=_PLACEHOLDER,
        )
    except RenderError as error:
        place = f"/config{error.place}"
        raise CorrectInput(Problem(place, error.code, error.detail)) from error
    return prepared.shown


def classify_response(
    *,
    rules: Sequence[ResponseRule],
    status: int,
    headers: Sequence[tuple[str, str]],
    body: str,
    now: datetime,
) -> Verdict:
    """Return what these rules say of an answer. *Raises* CorrectInput (`/rules/0/…`)."""
    require_usable_rules(rules)
    # The mark says that these bytes are UTF-8, whatever the pasted Content-Type claims.
    encoded = codecs.BOM_UTF8 + body.encode("utf-8", "replace")
    received = ReceivedResponse(
        status=status,
        headers=tuple(headers),
        body=encoded[:MAX_BODY_BYTES],
        truncated=len(encoded) > MAX_BODY_BYTES,
    )
    return classify(compile_rules(rules), received, now=now)


def _usual_environment(config: ConnectionConfig) -> Environment:
    if Environment.PRODUCTION in config.environments:
        return Environment.PRODUCTION
    return config.environment_for_tests()


def _context(connection: Connection, sample: Sample, *, now: datetime) -> Context:
    given = sample.attributes
    return Context(
        attributes=SAMPLE_LEAD if given is None else parse_lead(given),
        referral_id="00000000-0000-7000-8000-000000000001",
        external_id=sample.external_id,
        occurred_at=sample.occurred_at or now,
        campaign_id="00000000-0000-7000-8000-000000000002",
        campaign_name="Sample campaign",
        campaign_reference=sample.campaign_reference,
        connection_id=str(connection.id),
        connection_name=connection.name,
        now=now,
        test=False,
        delivery_id="00000000-0000-7000-8000-000000000003",
    )
