"""Warnings about response rules: each is told where it holds, and only there."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.exchange.config import (
    NoAuthorization,
    OAuth2ClientCredentials,
    ResponseRule,
    ResponseSample,
)
from connections.exchange.responses import Reading, ReceivedResponse
from connections.exchange.responses.conditions import compile_condition
from connections.exchange.rule_lint import lint_renewals, lint_rules, lint_samples
from connections.exchange.rule_lint.implication import implies


def condition(source, operator, value=None, **parts):
    return {"source": source, "operator": operator, "value": value, **parts}


def rules(*listed):
    """Make rules of (outcome, condition, …)."""
    return [
        ResponseRule.model_validate({"name": f"Rule {at}", "outcome": outcome, "conditions": parts})
        for at, (outcome, *parts) in enumerate(listed)
    ]


def status(value):
    return condition("status", "in", value)


def seen(code, body):
    return ReceivedResponse(
        code, (), (body if isinstance(body, str) else json.dumps(body)).encode()
    )


def codes(listed, *answers):
    """Return the warnings, but the one that nearly every example gives."""
    found = lint_rules(listed, seen=answers)
    return [(one.pointer, one.code) for one in found if one.code != "no_duplicate_rule"]


TITLE = {"path": "$.title"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([status("4xx")], [status("400, 409")]),
        ([status("100-599")], [condition("json", "equals", "x", **TITLE)]),
        (
            [condition("json", "exists", **TITLE)],
            [status("200"), condition("json", "exists", **TITLE)],
        ),
        ([condition("body", "contains", "exist")], [condition("body", "equals", "Already exists")]),
        ([condition("body", "contains", "exist")], [condition("body", "contains", "it Exists")]),
        ([condition("body", "exists")], [condition("body", "contains", "x")]),
        ([condition("body", "in", ["a", "b"])], [condition("body", "equals", "B")]),
        (
            [condition("header", "equals", "a", path="X-A")],
            [condition("header", "equals", "a", path="x-a", case_sensitive=True)],
        ),
    ],
)
def test_a_rule_behind_a_wider_one_is_never_reached(first, second):
    found = codes(rules(("delivered", *first), ("rejected", *second)))
    assert ("/response_rules/1", "rule_unreachable") in found


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([status("400")], [status("4xx")]),
        ([status("400"), condition("body", "exists")], [status("400")]),
        (
            [condition("body", "contains", "ab", case_sensitive=True)],
            [condition("body", "equals", "AB")],
        ),
        ([condition("json", "exists", **TITLE)], [condition("json", "equals", "null", **TITLE)]),
        (
            [condition("json", "equals", "x", **TITLE)],
            [condition("json", "equals", "x", path="$.b")],
        ),
        ([condition("body", "not_contains", "x")], [condition("body", "equals", "y")]),
    ],
)
def test_a_rule_that_can_be_reached_is_left_alone(first, second):
    found = codes(rules(("rejected", *first), ("duplicate", *second)))
    assert "rule_unreachable" not in [code for _, code in found]


def test_several_rules_by_status_can_take_all_of_one():
    listed = rules(
        ("delivered", status("200")), ("retry", status("201-299")), ("hold", status("2xx"))
    )
    assert codes(listed) == [("/response_rules/2", "rule_unreachable")]


def test_statuses_that_exclude_each_other_never_match():
    assert codes(rules(("delivered", status("200"), status("201")))) == [
        ("/response_rules/0", "rule_never_matches")
    ]


POOL = [
    condition("status", "in", "200, 400"),
    condition("status", "equals", "400"),
    condition("status", "not_equals", "200"),
    *(condition("body", operator, value)
      for operator in ("equals", "contains", "not_equals", "not_contains")
      for value in ("a", "ab", "AB")),
    condition("body", "in", "a, AB"),
    condition("body", "in", ["a", ""]),
    condition("body", "exists"),
    condition("body", "not_exists"),
    condition("body", "contains", "a", case_sensitive=True),
    condition("json", "exists", path="$.a"),
    condition("json", "equals", "null", path="$.a"),
]  # fmt: skip
ANSWERS = [
    ReceivedResponse(code, (), body)
    for code in (200, 400, 500)
    for body in (b"", b"a", b"A", b"ab", b"xaby", b"AB", b'{"a": null}', b'{"a": "ab"}')
]


@given(
    one=st.lists(st.sampled_from(POOL), min_size=1, max_size=3),
    other=st.lists(st.sampled_from(POOL), min_size=1, max_size=3),
)
def test_what_is_implied_always_matches_too(one, other):
    first, second = rules(("delivered", *one), ("rejected", *other))
    if implies(first, second):
        assert all(_matches(second, answer) for answer in ANSWERS if _matches(first, answer))


def _matches(rule, answer):
    reading = Reading(answer)
    return all(compile_condition(one)(reading).matched for one in rule.conditions)


@pytest.mark.parametrize("word", ["valid", "Success", "subscribed", "matched", "accepted"])
def test_a_word_that_its_opposite_contains_is_told(word):
    listed = rules(("delivered", condition("body", "contains", word)))
    assert codes(listed) == [("/response_rules/0/conditions/0/value", "contains_opposite")]


def test_an_opposite_that_was_seen_is_shown():
    listed = rules(("delivered", condition("body", "contains", "success")))
    warning = lint_rules(listed, seen=[seen(400, '{"success": false}')])[0]
    assert 'success": false' in warning.detail


def test_what_an_answer_says_of_a_person_is_in_no_warning():
    listed = rules(("delivered", condition("body", "contains", "accepted")))
    answer = seen(200, "Error for jane@example.com: not Citizen accepted, invalid Jane Citizen")
    details = [one.detail for one in lint_rules(listed, seen=[answer])]
    assert '"not … accepted"' in details[0]
    assert 'says "Error"' in details[1]
    assert not any(word in " ".join(details) for word in ("jane", "Jane", "Citizen"))


def test_a_rule_for_the_opposite_in_front_is_enough():
    listed = rules(
        ("rejected", condition("body", "contains", "invalid")),
        ("delivered", condition("body", "contains", "valid")),
    )
    assert codes(listed) == []
    assert codes(rules(("duplicate", condition("body", "contains", "already")))) == []


def test_a_pattern_that_cannot_match_is_told():
    listed = rules(("delivered", condition("body", "matches", "a^b")))
    assert codes(listed) == [("/response_rules/0/conditions/0/value", "pattern_matches_nothing")]


def test_a_path_that_never_stood_in_an_answer_is_told():
    listed = rules(
        ("rejected", condition("json", "equals", "x", path="$.erorr")),
        ("delivered", condition("json", "exists", path="$.id")),
        ("hold", condition("json", "not_exists", path="$.key")),
        ("retry", condition("xml", "exists", path="/r/later")),
    )
    answers = [seen(400, {"error": "x"}), seen(200, {"id": 1}), seen(500, "<html>")]
    assert codes(listed, *answers) == [("/response_rules/0/conditions/0/path", "path_never_seen")]
    assert codes(listed) == []


def test_a_path_is_looked_for_in_answers_that_the_rule_may_mean_only():
    twice = condition("json", "equals", "exists", path="$.error")
    listed = rules(("duplicate", status("4xx"), twice), ("delivered", status("2xx")))
    assert codes(listed, seen(201, {"id": 1})) == []
    assert codes(listed, seen(201, {"id": 1}), seen(409, {"title": "x"})) == [
        ("/response_rules/0/conditions/1/path", "path_never_seen")
    ]


@pytest.mark.parametrize(
    "body", ['{"success": false}', "Error: no such list", "<r>Invalid</r>", '{"errors": ["x"]}']
)
def test_an_error_that_is_taken_as_delivered_is_told(body):
    listed = rules(("delivered", status("2xx")))
    assert codes(listed, seen(200, body)) == [("/response_rules/0", "error_taken_as_delivered")]
    assert codes(listed, seen(400, body)) == []


@pytest.mark.parametrize(
    "body", ['{"errors": []}', '{"error": null, "id": 1}', "0 errors", "ok", ""]
)
def test_an_answer_without_an_error_is_no_error(body):
    assert codes(rules(("delivered", status("2xx"))), seen(200, body)) == []


def test_the_lack_of_a_rule_for_duplicates_is_told_once():
    listed = rules(("delivered", status("2xx")))
    assert [one.code for one in lint_rules(listed, seen=[])] == ["no_duplicate_rule"]
    assert lint_rules(rules(("duplicate", status("409"))), seen=[]) == []


def test_rules_that_are_wrong_are_not_looked_at():
    assert lint_rules(rules(("delivered", condition("json", "exists", path="$["))), seen=[]) == []


def test_samples_that_the_rules_misread_are_told():
    sample = ResponseSample(name="Twice", status=200, body="dup", expected_outcome="duplicate")
    (warning,) = lint_samples(rules(("delivered", status("2xx"))), [sample])
    assert (warning.pointer, warning.code) == ("/response_samples/0", "sample_misread")
    assert lint_samples(rules(("duplicate", status("2xx"))), [sample]) == []


def test_a_rule_that_renews_a_token_where_there_is_none_is_told():
    plain, renewing = rules(("hold", status("401")), ("retry", status("200")))
    listed = [plain, renewing.model_copy(update={"renew_token": True})]
    oauth = OAuth2ClientCredentials(
        type="oauth2_client_credentials",
        token_url="https://a.example/token",
        client_id="us",
        client_secret={"secret": "key"},
    )
    (warning,) = lint_renewals(listed, NoAuthorization())
    assert (warning.pointer, warning.code) == (
        "/response_rules/1/renew_token",
        "no_token_to_renew",
    )
    assert lint_renewals(listed, oauth) == []


@pytest.mark.parametrize(
    "body",
    [
        "error not valid " * 4_000,
        '{"c":' * 900 + '{"b1": "error"}' + "}" * 900,
        json.dumps([{"b1": "error"}] * 4_000),
    ],
    ids=["text", "deep", "long"],
)
def test_the_most_rules_and_answers_are_looked_at_quickly(body):
    """These took half a minute when each condition looked at each answer by itself."""
    parts = [condition("body", "contains", f"valid{at}") for at in range(10)]
    parts += [condition("json", "contains", "valid", path=f"$..b{at}") for at in range(10)]
    listed = rules(*[("delivered", *parts)] * 50)
    began = time.process_time()
    lint_rules(listed, seen=[seen(200, body)] * 60)
    assert time.process_time() - began < 3
