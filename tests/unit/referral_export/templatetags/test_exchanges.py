"""How an exchange is shown: masks, rules in order, time."""

import pytest
from django.template import Context, Template

from connections.exchange.config import Condition, Outcome, ResponseRule
from referral_export.templatetags.exchanges import masked, milliseconds


def render(template: str, **context) -> str:
    return Template(template).render(Context(context))


def rule(name: str, outcome: Outcome, **condition) -> ResponseRule:
    return ResponseRule(
        name=name, conditions=(Condition.model_validate(condition),), outcome=outcome
    )


RULES = (
    rule("Created", Outcome.DELIVERED, source="status", operator="in", value="201"),
    rule("Known", Outcome.DUPLICATE, source="json", path="$.id", operator="exists"),
    rule("Busy", Outcome.RETRY, source="status", operator="in", value="503"),
)


def verdict(matched_at: int | None) -> dict:
    last = len(RULES) if matched_at is None else matched_at + 1
    trace = [
        {
            "rule": one.name,
            "matched": position == matched_at,
            "conditions": [{"matched": position == matched_at, "found": None}],
        }
        for position, one in enumerate(RULES[:last])
    ]
    matched = matched_at is not None
    return {"outcome": "rejected", "matched": matched, "reason": "no rule matched", "trace": trace}


def test_trace_tells_tried_decided_and_not_reached():
    shown = render("{% rule_trace verdict rules=rules %}", verdict=verdict(1), rules=RULES)
    assert shown.count("No match") == 1
    assert shown.count("Not reached") == 1
    assert shown.count('aria-current="true"') == 1
    assert "nothing found" in shown


def test_trace_without_a_match_says_so():
    shown = render("{% rule_trace verdict rules=rules %}", verdict=verdict(None), rules=RULES)
    assert shown.count("No match") == 3
    assert "No rule matched" in shown


def test_trace_without_a_verdict_reaches_no_rule():
    shown = render("{% rule_trace verdict rules=rules %}", verdict=None, rules=RULES)
    assert shown.count("Not reached") == 3


def test_masked_escapes_all_but_its_own_mark():
    assert masked("<b>Bearer ••••") == ('&lt;b&gt;Bearer <span class="mask">••••</span>')


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "–"), (0.4, "0 ms"), (842.2, "842 ms"), (1400, "1.4 s")]
)
def test_milliseconds(value, shown):
    assert milliseconds(value) == shown


def test_request_and_response_are_escaped():
    evil = "<script>alert(1)</script>"
    exchange = {"method": "POST", "url": evil, "headers": [[evil, evil]], "body": evil}
    answer = {"status": 200, "headers": [[evil, evil]], "body": evil, "truncated": True}
    shown = render(
        "{% http_request request %}{% http_response response %}", request=exchange, response=answer
    )
    assert "<script>" not in shown
    assert shown.count("&lt;script&gt;") == 7
    assert "cut" in shown


def test_timing_phases_follow_each_other():
    timings = {"dns_ms": 10.0, "connect_ms": None, "tls_ms": 30.0, "first_byte_ms": 60.0}
    shown = render("{% timing_bar timings 100.0 %}", timings=timings)
    assert 'x="10.00" width="30.00"' in shown
    assert 'x="40.00" width="60.00"' in shown
