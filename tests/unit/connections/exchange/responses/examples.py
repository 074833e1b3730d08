"""Answers and rules that the tests of reading a response share."""

import json
from datetime import UTC, datetime

from hypothesis import strategies as st

from connections.exchange.config import ResponseRule
from connections.exchange.responses import ReceivedResponse, check_rules, classify, compile_rules

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def response(status=200, body=b"", **headers):
    if isinstance(body, dict | list):
        body = json.dumps(body).encode()
    elif isinstance(body, str):
        body = body.encode()
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return ReceivedResponse(status, named, body)


def rule(*conditions, outcome="delivered", name="Rule", **more):
    return ResponseRule(name=name, conditions=conditions, outcome=outcome, **more)


def verdict(rules, answer):
    return classify(compile_rules(rules), answer, now=NOW)


def holds(condition, answer):
    return verdict([rule(condition)], answer).matched


def problems(condition):
    return [(p.pointer, p.code) for p in check_rules([rule(condition)])]


JSON_ANSWER = response(
    400,
    {
        "title": "Member Exists",
        "ok": True,
        "count": 5,
        "price": 1.10,
        "big": 12345678901234567890123,
        "nothing": None,
        "empty": [],
        "errors": [{"code": "A1"}, {"code": "B2"}],
        "odd key": {"x.y": "deep"},
        "__class__": "plain",
    },
    Content_Type="text/plain",
    X_Result="Accepted",
)


XML_ANSWER = response(
    200,
    '<?xml version="1.0"?><s:Envelope xmlns:s="urn:s"><s:Body><result code="7">'
    "<message>Already <b>there</b></message><item>one</item><item>two</item>"
    "</result></s:Body></s:Envelope>",
    Content_Type="application/json",
)


def condition(source, operator, value=None, path=None, **more):
    return {"source": source, "operator": operator, "value": value, "path": path, **more}


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
