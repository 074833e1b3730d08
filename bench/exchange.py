"""What one exchange costs us in CPU: rendering a JSON request, and reading its answer."""

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from connections.exchange.attributes import AttributeValue
from connections.exchange.config import ConnectionConfig, Environment
from connections.exchange.context import Context
from connections.exchange.rendering import compile_config, render
from connections.exchange.responses import ReceivedResponse, classify

RENDER_LIMIT_MICROSECONDS = 60.0
CLASSIFY_LIMIT_MICROSECONDS = 40.0
ROUNDS = 200
CALLS_IN_A_ROUND = 50

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRETS = {"crm_key": "a1b2c3d4e5f6a7b8c9d0-us6"}
ATTRIBUTES: dict[str, AttributeValue] = {
    "email": "ada.lovelace@example.com",
    "first_name": "Ada",
    "last_name": "O'Lovelace & Co",
    "mobile_number": "+15555550123",
    "country": "US",
    "state": "NY",
    "postal_code": "10001",
    "age": 36,
    "source": "referral",
}
TEMPLATE = """{
  "email_address": "{{ email }}",
  "status_if_new": "subscribed",
  "merge_fields": {
    "FNAME": "{{ first_name }}", "LNAME": "{{ last_name }}", "PHONE": "{{ mobile_number }}",
    "AGE": {{ age|tojson }}, "STATE": "{{ state }}", "ZIP": "{{ postal_code }}"
  },
  "language": "{{ country|lower }}",
  "tags": ["{{ source }}", "{{ campaign.reference }}"]
}"""
ANSWER = {
    "id": "852aaa9532cb36adfb5e9fef7a4206a9",
    "email_address": "ada.lovelace@example.com",
    "status": "subscribed",
    "merge_fields": {"FNAME": "Ada", "LNAME": "O'Lovelace & Co", "PHONE": "+15555550123"},
    "stats": {"avg_open_rate": 0.5, "avg_click_rate": 0.25},
    "timestamp_opt": "2026-11-23T12:00:00+00:00",
    "tags": [{"id": 1, "name": "referral"}, {"id": 2, "name": "spring-26"}],
}


@dataclass(frozen=True, slots=True)
class Cost:
    """The median of one call, beside that of the plain JSON call on the same body."""

    microseconds: float
    plain_microseconds: float
    limit_microseconds: float

    @property
    def ratio(self) -> float:
        return self.microseconds / self.plain_microseconds

    @property
    def is_within(self) -> bool:
        return self.microseconds <= self.limit_microseconds


def measure_render() -> Cost:
    """Measure rendering one JSON request, with its URL, headers and credential."""
    compiled = compile_config(_config())
    context = _context()

    def once() -> None:
        render(compiled, environment=Environment.PRODUCTION, context=context, secrets=SECRETS)

    request = render(compiled, environment=Environment.PRODUCTION, context=context, secrets=SECRETS)
    document = json.loads(request.body)
    return _cost(once, lambda: json.dumps(document), RENDER_LIMIT_MICROSECONDS)


def measure_classify() -> Cost:
    """Measure reading an answer with ten rules, of which the last matches."""
    rules = compile_config(_config()).rules
    body = json.dumps(ANSWER)
    response = ReceivedResponse(200, (("Content-Type", "application/json"),), body.encode())
    assert classify(rules, response, now=NOW).rule == "Rule 10"
    return _cost(
        lambda: classify(rules, response, now=NOW),
        lambda: json.loads(body),
        CLASSIFY_LIMIT_MICROSECONDS,
    )


def _cost(call: Callable[[], object], plain: Callable[[], object], limit: float) -> Cost:
    return Cost(_median_microseconds(call), _median_microseconds(plain), limit)


def _median_microseconds(call: Callable[[], object]) -> float:
    for _ in range(CALLS_IN_A_ROUND):
        call()
    gc.collect()
    return median(_round_microseconds(call) for _ in range(ROUNDS))


def _round_microseconds(call: Callable[[], object]) -> float:
    began = time.process_time_ns()
    for _ in range(CALLS_IN_A_ROUND):
        call()
    return (time.process_time_ns() - began) / CALLS_IN_A_ROUND / 1_000


def _config() -> ConnectionConfig:
    return ConnectionConfig.model_validate(
        {
            "method": "PUT",
            "environments": {
                "production": {
                    "url": "https://us6.api.example.com/3.0/lists/{{ variables.list_id }}"
                    "/members/{{ email|lower|md5 }}"
                }
            },
            "variables": {"list_id": "a1b2c3"},
            "authorization": {
                "type": "basic",
                "username": "any",
                "password": {"secret": "crm_key"},
            },
            "headers": [{"name": "X-Source", "value": "referral"}],
            "body": {"encoding": "json", "template": TEMPLATE},
            "required_attributes": ["email"],
            "response_rules": [_rule(number) for number in range(1, 11)],
        }
    )


def _rule(number: int) -> dict[str, object]:
    """Return a rule that looks at the body; only the tenth matches."""
    tests: tuple[dict[str, object], ...] = (
        {"path": "$.title", "operator": "equals", "value": "Member Exists"},
        {"path": "$.status", "operator": "matches", "value": "^(cleaned|pending)$"},
        {"path": "$.tags[*].name", "operator": "contains", "value": f"error {number}"},
    )
    last = {"path": "$.id", "operator": "exists"}
    test = last if number == 10 else tests[number % len(tests)]
    return {
        "name": f"Rule {number}",
        "outcome": "delivered" if number == 10 else "rejected",
        "conditions": [
            {"source": "status", "operator": "in", "value": "200-299, 400"},
            {"source": "json"} | test,
        ],
    }


def _context() -> Context:
    return Context(
        attributes=ATTRIBUTES,
        referral_id="0199aa00-0000-7000-8000-000000000001",
        external_id="tx-123",
        occurred_at=NOW,
        campaign_id="0199aa00-0000-7000-8000-000000000002",
        campaign_name="Spring",
        campaign_reference="spring-26",
        connection_id="0199aa00-0000-7000-8000-000000000003",
        connection_name="Newsletter CRM",
        now=NOW,
        test=False,
        delivery_id="0199aa00-0000-7000-8000-000000000004",
    )


def main() -> int:
    """Print both figures; 1 when one is over its limit."""
    costs = {
        "render a JSON request, beside json.dumps": measure_render(),
        "classify by 10 rules, beside json.loads": measure_classify(),
    }
    for name, cost in costs.items():
        print(
            f"{name:44}{cost.microseconds:7.1f} µs{cost.plain_microseconds:7.1f} µs"
            f"  ratio {cost.ratio:5.1f}  at most {cost.limit_microseconds:.0f} µs"
        )
    return 0 if all(cost.is_within for cost in costs.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
