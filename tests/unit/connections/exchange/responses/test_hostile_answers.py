"""Answers that lie, never end or are no text: a verdict comes all the same, and soon."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connections.exchange.config import SUCCESS_RULE
from connections.exchange.responses import ReceivedResponse, classify, compile_rules
from tests.unit.connections.exchange.responses.examples import (
    NOW,
    condition,
    holds,
    response,
    rule,
    scalars,
    verdict,
)

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
