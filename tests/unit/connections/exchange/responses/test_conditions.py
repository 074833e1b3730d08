"""What one condition finds in an answer, and how it compares."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connections.exchange.config import ResponseRule
from connections.exchange.responses import check_rules
from tests.unit.connections.exchange.responses.examples import (
    JSON_ANSWER,
    XML_ANSWER,
    condition,
    holds,
    response,
    rule,
    scalars,
    verdict,
)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (condition("status", "in", "400"), True),
        (condition("status", "in", "200-299, 400"), True),
        (condition("status", "in", "4xx"), True),
        (condition("status", "in", "4XX , 200"), True),
        (condition("status", "in", ["200-299", "4xx"]), True),
        (condition("status", "in", "401-499"), False),
        (condition("status", "equals", "400"), True),
        (condition("status", "not_equals", "400"), False),
        (condition("header", "equals", "accepted", "x-result"), True),
        (condition("header", "equals", "accepted", "x-result", case_sensitive=True), False),
        (condition("header", "exists", path="X-Result"), True),
        (condition("header", "not_exists", path="X-Other"), True),
        (condition("body", "contains", "member exists"), True),
        (condition("body", "contains", "member exists", case_sensitive=True), False),
        (condition("body", "not_contains", "member exists"), False),
        (condition("body", "matches", r"member\s+exist"), True),
        (condition("body", "matches", r"member\s+exist", case_sensitive=True), False),
        (condition("body", "exists"), True),
        (condition("body", "not_exists"), False),
        (condition("json", "equals", "member exists", "$.title"), True),
        (condition("json", "equals", "true", "$.ok"), True),
        (condition("json", "equals", "5", "$.count"), True),
        (condition("json", "equals", "12345678901234567890123", "$.big"), True),
        (condition("json", "equals", "null", "$.nothing"), True),
        (condition("json", "exists", path="$.nothing"), False),
        (condition("json", "exists", path="$.empty"), True),
        (condition("json", "exists", path="$.errors[0]"), True),
        (condition("json", "exists", path="$.errors[2]"), False),
        (condition("json", "equals", "b2", "$.errors[-1].code"), True),
        (condition("json", "equals", "b2", "$.errors[*].code"), True),
        (condition("json", "not_equals", "b2", "$.errors[*].code"), False),
        (condition("json", "equals", "b2", "$..code"), True),
        (condition("json", "exists", path="$.errors[?@.code == 'B2']"), True),
        (condition("json", "exists", path="$.errors[?@.code == 'C3']"), False),
        (condition("json", "exists", path="$[?@ > 4]"), True),
        (condition("json", "contains", "B2", "$.errors"), True),
        (condition("json", "equals", "deep", "$['odd key'][\"x.y\"]"), True),
        (condition("json", "equals", "plain", "$.__class__"), True),
        (condition("json", "in", ["no", "MEMBER exists"], "$.title"), True),
        (condition("json", "in", "no, member exists", "$.title"), True),
        (condition("json", "in", ["no"], "$.title"), False),
        # Nothing there: what asks for something fails, its opposite holds.
        (condition("json", "equals", "x", "$.gone"), False),
        (condition("json", "contains", "x", "$.gone"), False),
        (condition("json", "matches", "x", "$.gone"), False),
        (condition("json", "in", ["x"], "$.gone"), False),
        (condition("json", "not_equals", "x", "$.gone"), True),
        (condition("json", "not_contains", "x", "$.gone"), True),
        (condition("json", "not_exists", path="$.gone"), True),
        (condition("xml", "exists", path="/a"), False),
    ],
)
def test_condition_on_json_answer(test, expected):
    assert holds(test, JSON_ANSWER) is expected


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/Envelope/Body/result/message", "already there"),
        ("/s:Envelope/s:Body/result/message", "already there"),
        ("Envelope/Body/result/message", "already there"),
        ("//message", "already there"),
        ("//message/text()", "already"),
        ("//result/@code", "7"),
        ("//item[2]", "two"),
        ("//item", "two"),
        ("//*/@code", "7"),
        ("/Envelope/*/result/item[1]", "one"),
        (".//item[2]", "two"),
        ("//*[local-name()='Body']/*[local-name()=\"result\"]/@code", "7"),
        ("//result[@code='7']/item[2]", "two"),
        ('//result[item="two"]/message', "already there"),
        ("//result[@*='7']/@code", "7"),
    ],
)
def test_condition_on_xml_answer(path, value):
    assert holds(condition("xml", "equals", value, path), XML_ANSWER)


@pytest.mark.parametrize(
    "path",
    [
        "/result",
        "//item[3]",
        "//result/@other",
        "/Envelope/item",
        "//result[@code='8']",
        "//result[item='three']",
        "//result[@code='7'][2]",
    ],
)
def test_xml_path_that_finds_nothing(path):
    assert not holds(condition("xml", "exists", path=path), XML_ANSWER)


@pytest.mark.parametrize(
    ("source", "operator", "value"),
    [
        ("status", "in", 200),
        ("status", "in", [200, "2xx"]),
        ("status", "equals", 200),
        ("json", "equals", True),
        ("json", "in", [True, 7, 1.5]),
    ],
)
def test_condition_takes_numbers_and_truths_as_json_writes_them(source, operator, value):
    condition = {"source": source, "operator": operator, "value": value}
    if source == "json":
        condition["path"] = "$.ok"
    taken = ResponseRule.model_validate(
        {"name": "Taken", "conditions": [condition], "outcome": "delivered"}
    )
    assert verdict([taken], response(200, {"ok": True})).rule == "Taken"


@pytest.mark.parametrize(
    ("extract", "answer", "found"),
    [
        ({"source": "body", "pattern": r"^OK\|(\d+)"}, response(200, "ok|4711|x"), "4711"),
        ({"source": "body", "pattern": "[0-9]+"}, response(200, "SUCCESS: 4711"), "4711"),
        ({"source": "body", "pattern": "id=([0-9]+)"}, response(200, "no number"), None),
        (
            {"source": "header", "path": "OData-EntityId", "pattern": r"\(([-0-9a-f]+)\)$"},
            response(204, OData_EntityId="https://a.example/leads(00aa-01)"),
            "00aa-01",
        ),
        (
            {"source": "json", "path": "$.errors[*]", "pattern": "email: (.*)"},
            response(400, {"errors": [None, "name: long", "Email: taken"]}),
            "taken",
        ),
        ({"source": "body", "pattern": "a(b)?"}, response(200, "a"), None),
    ],
)
def test_pattern_cuts_a_value_out_of_what_stands_there(extract, answer, found):
    one = rule(
        condition("status", "in", "2xx, 400"), captures=[{"name": "id"} | extract], reason=extract
    )
    told = verdict([one], answer)
    assert told.captures.get("id") == found
    assert told.reason == (found or "Rule")


def test_pattern_reads_how_long_to_wait():
    extract = {"source": "header", "path": "RateLimit", "pattern": "reset=([0-9]+)"}
    one = rule(condition("status", "in", "429"), outcome="retry", retry_after=extract)
    told = verdict([one], response(429, RateLimit="limit=100, remaining=0, reset=5"))
    assert told.retry_after_seconds == 5


def test_pattern_that_cannot_be_used_is_refused_in_its_place():
    extract = {"source": "body", "pattern": "(?=x)"}
    (problem,) = check_rules([rule(condition("status", "in", "2xx"), reason=extract)])
    assert problem.pointer == "/response_rules/0/reason/pattern"


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), scalars, max_size=3), st.sampled_from("abcd"))
def test_negative_operator_is_the_exact_opposite(document, key):
    answer = response(200, json.dumps(document))
    for positive, negative, value in (
        ("equals", "not_equals", "true"),
        ("contains", "not_contains", "1"),
        ("exists", "not_exists", None),
    ):
        assert holds(condition("json", positive, value, f"$.{key}"), answer) is not holds(
            condition("json", negative, value, f"$.{key}"), answer
        )
