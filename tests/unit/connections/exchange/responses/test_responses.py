"""Rules against answers: every source and operator, defaults, and answers made to hurt."""

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connections.exchange.config import SUCCESS_RULE, Outcome, ResponseRule
from connections.exchange.responses import (
    ReceivedResponse,
    check_rules,
    classify,
    compile_rules,
    parse_retry_after,
)

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
    ("status", "outcome"),
    [
        (200, Outcome.REJECTED),
        (400, Outcome.REJECTED),
        (409, Outcome.REJECTED),
        (413, Outcome.REJECTED),
        (999, Outcome.REJECTED),
        (101, Outcome.REJECTED),
        *((status, Outcome.RETRY) for status in (408, 425, 429, 500, 503, 599)),
        *((status, Outcome.HOLD) for status in (401, 403, 404, 405, 410, 415, 301, 302, 307)),
    ],
)
def test_no_rule_matches_falls_to_status(status, outcome):
    result = verdict([rule(condition("body", "equals", "never"))], response(status))
    assert (result.outcome, result.matched, result.rule) == (outcome, False, None)
    assert len(result.trace) == 1
    if outcome is Outcome.REJECTED:
        assert result.reason == "no rule matched"
    else:
        assert str(status) in result.reason


def test_first_rule_that_matches_decides_and_trace_tells_how():
    rules = [
        rule(
            condition("status", "in", "400"),
            condition("json", "equals", "Member Exists", "$.title"),
            name="Already there",
            outcome="duplicate",
            reason={"source": "json", "path": "$.detail"},
        ),
        rule(
            condition("status", "in", "200-299"),
            name="Created",
            captures=[
                {"name": "lead_id", "source": "json", "path": "$.id"},
                {"name": "absent", "source": "json", "path": "$.no"},
            ],
        ),
        rule(condition("status", "exists"), name="Never tried", outcome="rejected"),
    ]
    created = verdict(rules, response(201, {"id": 77, "title": "x"}))
    assert created.as_json() == {
        "outcome": "delivered",
        "rule": "Created",
        "matched": True,
        "reason": "Created",
        "captures": {"lead_id": "77"},
        "trace": [
            {
                "rule": "Already there",
                "matched": False,
                "conditions": [
                    {"matched": False, "found": "201"},
                    {"matched": False, "found": "x"},
                ],
            },
            {
                "rule": "Created",
                "matched": True,
                "conditions": [{"matched": True, "found": "201"}],
            },
        ],
    }
    there = verdict(rules, response(400, {"title": "Member Exists", "detail": "a@b is there"}))
    assert (there.outcome, there.reason) == (Outcome.DUPLICATE, "a@b is there")


def test_found_and_reason_are_shortened():
    long = "x" * 5_000
    result = verdict(
        [rule(condition("body", "exists"), reason={"source": "body"})], response(200, long)
    )
    assert len(result.trace[0].conditions[0].found) == 200
    assert len(result.reason) == 500


def test_found_is_none_when_nothing_is_there():
    result = verdict([rule(condition("json", "exists", path="$.a"))], response(200, "no json"))
    assert result.trace[0].conditions[0].found is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 1.5 ", 1.5),
        ("0", 0),
        ("99999999999999999999", 86_400),
        ("9" * 300, 86_400),
        ("9" * 5_000, None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("inf", None),
        ("nan", None),
        ("٣", None),
        ("1.2.3", None),
        (".", None),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Mon, 23 Nov 2026 12:00:30", 30),
        ("2026-11-23T12:00:30Z", 30),
        ("2026-11-23T13:00:30.500+01:00", 30.5),
        ("2026-11-24", 43_200),
    ],
)
def test_parse_retry_after(text, seconds):
    assert parse_retry_after(text, now=NOW) == seconds


def test_retry_after_of_the_rule_goes_before_the_header():
    rules = [
        rule(
            condition("status", "equals", "202"),
            outcome="retry",
            retry_after={"source": "json", "path": "$.wait"},
        )
    ]
    assert verdict(rules, response(202, {"wait": 7}, Retry_After="9")).retry_after_seconds == 7
    assert verdict(rules, response(202, {"wait": "?"}, Retry_After="9")).retry_after_seconds == 9
    assert verdict(rules, response(429, Retry_After="9")).retry_after_seconds == 9
    assert verdict(rules, response(200, Retry_After="9")).retry_after_seconds is None


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        (condition("json", "exists"), "path", "missing"),
        (condition("header", "exists", path="a b"), "path", "header_name"),
        (condition("status", "in", "200", "$.x"), "path", "not_used"),
        (condition("status", "in", "20x"), "value", "status"),
        (condition("status", "in", "299-200"), "value", "status"),
        (condition("status", "equals", "2xx"), "value", "status"),
        (condition("status", "in", ""), "value", "missing"),
        (condition("body", "equals"), "value", "missing"),
        (condition("body", "exists", "x"), "value", "not_used"),
        (condition("body", "equals", ["a"]), "value", "one_value"),
        (condition("body", "equals", []), "value", "missing"),
        (condition("body", "matches", "("), "value", "pattern"),
        (condition("body", "matches", "(?=look)"), "value", "pattern"),
        (condition("body", "matches", "a" * 501), "value", "pattern"),
        (condition("json", "exists", path="title"), "path", "json_path"),
        (condition("json", "exists", path="$.a["), "path", "json_path"),
        (condition("json", "exists", path="$..a..b"), "path", "json_path"),
        (condition("json", "exists", path="$[?@.a][?@.b]"), "path", "json_path"),
        (condition("json", "exists", path="$[*,*][*,*]"), "path", "json_path"),
        (condition("json", "exists", path="$[?$.a == 1]"), "path", "json_path"),
        (condition("json", "exists", path="$[?search(@.a, '(a|aa)+$')]"), "path", "json_path"),
        (condition("json", "exists", path="$[?match(@.a, 'a')]"), "path", "json_path"),
        (condition("xml", "exists", path="//a//b"), "path", "xml_path"),
        (condition("xml", "exists", path="//i[following::i]"), "path", "xml_path"),
        (condition("xml", "exists", path="count(//a)"), "path", "xml_path"),
        (condition("xml", "exists", path="/"), "path", "xml_path"),
    ],
)
def test_check_rules_points_at_the_wrong_part(wrong, pointer, code):
    assert problems(wrong) == [(f"/response_rules/0/conditions/0/{pointer}", code)]


@pytest.mark.parametrize("outcome", ["delivered", "duplicate", "rejected"])
def test_check_rules_refuses_to_send_again_what_is_final(outcome):
    listed = [rule(condition("status", "in", "200"), outcome="hold", renew_token=True)]
    assert check_rules(listed) == []
    [found] = check_rules(
        [*listed, rule(condition("status", "in", "200"), outcome=outcome, renew_token=True)]
    )
    assert (found.pointer, found.code) == ("/response_rules/1/renew_token", "final_outcome")


def test_check_rules_looks_at_reason_captures_and_retry_after():
    found = check_rules(
        [
            SUCCESS_RULE,
            rule(
                condition("status", "in", "200"),
                reason={"source": "json", "path": "nope"},
                captures=[{"name": "id", "source": "xml", "path": "!"}],
                retry_after={"source": "header"},
            ),
        ]
    )
    assert [problem.pointer for problem in found] == [
        "/response_rules/1/reason/path",
        "/response_rules/1/captures/0/path",
        "/response_rules/1/retry_after/path",
    ]
    assert all(len(problem.detail) > 10 for problem in found)


JSON_RULE = rule(condition("json", "exists", path="$.a"), name="JSON")
DEEP_RULE = rule(condition("json", "exists", path="$..zzz"), name="Deep")
XML_RULE = rule(condition("xml", "exists", path="//zzz"), name="XML")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 65_536,
        b"[" * 900 + b"]" * 900,
        b'{"a":' * 300 + b"1" + b"}" * 300,
        b"9" * 60_000,
        b'{"b": NaN}',
        b'{"b": 1e999, "c": 1e999999999999999999999}',
        b'{"b": "\\ud800"}',
        b'{"b": "\\u0000"}',
        b"\x00\x00\xff\xfe",
        b'{"b": 1} trailing',
        b"<a>" * 20_000,
        b"<a>" * 200 + b"</a>" * 200,
        b"<a " + b" ".join(b'x%d="1"' % n for n in range(5_000)) + b"/>",
        (
            b'<!DOCTYPE a [<!ENTITY x "aaaaaaaaaa"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">'
            b'<!ENTITY z "&y;&y;&y;&y;&y;&y;&y;&y;">]><zzz b="&z;">&z;</zzz>'
        ),
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><zzz>&x;</zzz>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><zzz/>',
        b"\xff\xfe<\x00",
    ],
    ids=lambda body: body[:12].decode("latin1"),
)
def test_hostile_body_cannot_hurt_and_status_rule_still_decides(body):
    started = time.perf_counter()
    result = verdict([JSON_RULE, DEEP_RULE, XML_RULE, SUCCESS_RULE], response(200, body))
    assert time.perf_counter() - started < 1
    assert result.rule in ("Success", "JSON")
    json.dumps(result.as_json(), ensure_ascii=False).encode()
    assert "\x00" not in str(result.as_json())


def test_hostile_json_cannot_spoil_the_record():
    captures = [{"name": "b", "source": "json", "path": "$.b"}]
    rules = [rule(condition("json", "exists", path="$.b"), captures=captures)]
    for body in (b'{"b": "x\\ud800y\\u0000z"}', b'{"b": ["\\ud800", NaN, 1e999]}'):
        captured = verdict(rules, response(200, body)).captures["b"]
        assert "\x00" not in captured
        captured.encode()


def test_patterns_run_in_linear_time():
    started = time.perf_counter()
    for pattern in (r"(a|aa)+$", r"(a+)+b", r"(.*)*x", r"\s+$", r"(a?){50}a{50}b"):
        assert not holds(condition("body", "matches", pattern), response(200, "a" * 60_000 + "!"))
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("charset", ["base64", "rot13", "undefined", "punycode", "zlib", "utf-7"])
def test_unknown_charset_is_read_as_utf_8(charset):
    answer = response(200, "grüß", Content_Type=f"text/plain; charset={charset}")
    assert holds(condition("body", "equals", "grüß"), answer)


@pytest.mark.parametrize(
    ("encoding", "header"),
    [
        ("utf-8-sig", "text/plain"),
        ("utf-16", "text/plain"),
        ("utf-16-le", "text/plain; charset=utf-16"),
        ("iso-8859-1", 'text/plain; charset="ISO-8859-1"'),
        ("cp1252", "text/plain;charset=windows-1252"),
    ],
)
def test_known_charsets_and_byte_order_marks_are_read(encoding, header):
    body = '{"a": "grüß"}'.encode(encoding)
    answer = response(200, body, Content_Type=header)
    assert holds(condition("json", "equals", "grüß", "$.a"), answer)


def test_xml_declaration_names_the_encoding():
    body = '<?xml version="1.0" encoding="iso-8859-1"?><a>grüß</a>'.encode("latin1")
    assert holds(condition("xml", "equals", "grüß", "/a"), response(200, body))


def test_html_is_not_well_formed_xml_but_text_rules_work():
    answer = response(200, "<html><p>Thanks<br></html>")
    assert not holds(condition("xml", "exists", path="//p"), answer)
    assert holds(condition("body", "contains", "thanks"), answer)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
PROPERTY_RULES = compile_rules(
    [
        rule(
            condition("json", "exists", path="$.a"),
            condition("json", "not_contains", "é", "$..*"),
            condition("xml", "exists", path="//a[1]/@b"),
            condition("body", "matches", "^x+$"),
            name="All",
            captures=[{"name": "all", "source": "json", "path": "$"}],
        )
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | documents.map(lambda value: json.dumps(value).encode()))
def test_any_body_gives_a_storable_verdict(body):
    result = classify(PROPERTY_RULES, ReceivedResponse(200, (), body), now=NOW)
    text = json.dumps(result.as_json(), ensure_ascii=False)
    assert "\x00" not in text
    text.encode()


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
