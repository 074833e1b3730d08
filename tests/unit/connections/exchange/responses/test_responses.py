"""Rules against answers: which decides, what is made of an answer that none knows, and refusals."""

import pytest

from connections.exchange.config import SUCCESS_RULE, Outcome
from connections.exchange.responses import ReceivedResponse, check_rules, parse_retry_after
from tests.unit.connections.exchange.responses.examples import (
    NOW,
    condition,
    problems,
    response,
    rule,
    verdict,
)


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


LONG = 70_000
DUPLICATE = rule(
    condition("json", "equals", "duplicate", "$.status"), name="Known", outcome="duplicate"
)


def cut(status, beginning):
    body = beginning.encode() + b"x" * LONG
    return ReceivedResponse(status=status, body=body[:65_536], truncated=True)


@pytest.mark.parametrize(
    "first",
    [
        condition("json", "equals", "duplicate", "$.status"),
        condition("json", "not_equals", "ok", "$.status"),
        condition("json", "exists", path="$.error"),
        condition("json", "not_exists", path="$.id"),
        condition("xml", "equals", "duplicate", "/answer/status"),
        condition("body", "contains", "known already"),
        condition("body", "not_contains", "accepted"),
        condition("body", "matches", "known [a-z]+"),
        condition("body", "equals", "known"),
        condition("body", "not_equals", "accepted"),
    ],
)
def test_what_a_rule_cannot_read_of_a_long_answer_does_not_fall_to_the_next_rule(first):
    rules = [rule(first, name="Known", outcome="duplicate"), rule(condition("status", "in", "2xx"))]
    result = verdict(rules, cut(200, '{"status": "duplicate", "log": "'))
    assert (result.outcome, result.rule, result.matched) == (Outcome.REJECTED, None, False)
    assert 'the rule "Known" needs the rest' in result.reason
    assert [(one.rule, one.matched) for one in result.trace] == [("Known", False)]
    assert not result.trace[0].conditions[0].matched


@pytest.mark.parametrize(
    "first",
    [
        condition("status", "in", "2xx"),
        condition("header", "not_exists", path="X-Error"),
        condition("body", "contains", '"status": "duplicate"'),
        condition("body", "matches", "dup[a-z]+"),
        condition("body", "exists"),
    ],
)
def test_what_is_certain_of_a_long_answer_decides(first):
    result = verdict([rule(first), DUPLICATE], cut(200, '{"status": "duplicate", "log": "'))
    assert (result.outcome, result.matched) == (Outcome.DELIVERED, True)


@pytest.mark.parametrize(
    "other",
    [
        condition("status", "in", "409"),
        condition("header", "exists", path="X-Error"),
        condition("body", "not_contains", "status"),
        condition("body", "not_exists"),
    ],
)
def test_rule_that_cannot_match_a_long_answer_whatever_the_rest_is_passed_over(other):
    unreadable = condition("json", "equals", "duplicate", "$.status")
    rules = [rule(unreadable, other, outcome="duplicate"), rule(condition("status", "in", "2xx"))]
    assert verdict(rules, cut(200, '{"status": "')).outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("status", "outcome"), [(503, Outcome.RETRY), (401, Outcome.HOLD), (400, Outcome.REJECTED)]
)
def test_long_answer_that_no_rule_could_read_is_taken_by_its_status(status, outcome):
    assert verdict([DUPLICATE], cut(status, "{")).outcome is outcome


def test_whole_answer_of_the_greatest_length_is_read():
    said = '{"status": "duplicate"}'
    whole = response(200, said + " " * (65_536 - len(said)))
    assert verdict([DUPLICATE], whole).outcome is Outcome.DUPLICATE
