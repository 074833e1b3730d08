"""Rules from sample answers: every sample is read as it was said, with few and general rules."""

import json
import time

import pytest

from connections.drafting.samples import draft_rules
from connections.exchange.config import Outcome, ResponseSample
from connections.exchange.responses import check_rules
from connections.exchange.rule_lint import lint_samples
from tests.platforms.documented import answers

ANSWERS = answers()


def sample(status, body, outcome, name=None):
    text = body if isinstance(body, str) else json.dumps(body)
    return ResponseSample(
        name=name or f"{status} {text[:60]} {outcome}",
        status=status,
        body=text,
        expected_outcome=outcome,
    )


def drafted(*samples):
    """Return the conditions of each rule with its outcome, when all samples come out right."""
    made = draft_rules(samples)
    assert made.problems == ()
    assert check_rules(made.rules) == []
    assert lint_samples(made.rules, samples) == []
    return [
        (rule.outcome.value, *(_short(condition) for condition in rule.conditions))
        for rule in made.rules
    ]


def _short(condition):
    place = condition.path or condition.source.value
    return f"{place} {condition.operator.value} {condition.value or ''}".strip()


def test_statuses_are_enough_when_they_separate():
    assert drafted(
        sample(201, {"id": 1}, "delivered"),
        sample(409, {"error": "there"}, "duplicate"),
        sample(400, "bad", "rejected"),
        sample(422, "bad", "rejected"),
        sample(503, "", "retry"),
    ) == [
        ("duplicate", "status in 409"),
        ("retry", "status in 5xx"),
        ("delivered", "status in 2xx"),
        ("rejected", "status in 400, 422"),
    ]


def test_a_code_is_preferred_to_a_message():
    assert drafted(
        sample(400, {"message": "Contact already exists", "code": "dup"}, "duplicate"),
        sample(400, {"message": "Invalid email", "code": "invalid"}, "rejected"),
    ) == [("duplicate", "status in 400", "$.code equals dup"), ("rejected", "status in 400")]


def test_what_changes_from_answer_to_answer_is_not_built_on():
    rules = drafted(
        sample(
            200, {"id": "a8b7c6d5e4f3a2b1c0", "message": "ada@b.co is already here"}, "duplicate"
        ),
        sample(200, {"id": "00112233445566778899", "message": "bob@b.co was added"}, "delivered"),
    )
    assert rules == [
        ("duplicate", "status in 200", "$.message contains already"),
        ("delivered", "status in 200", "$.message contains added"),
    ]


def test_several_values_of_one_place_are_one_rule():
    assert drafted(
        sample(200, {"status": "created"}, "delivered"),
        sample(200, {"status": "updated"}, "delivered"),
        sample(200, {"status": "skipped"}, "duplicate"),
    ) == [
        ("duplicate", "status in 200", "$.status equals skipped"),
        ("delivered", "status in 200", "$.status in ('created', 'updated')"),
    ]


def test_a_success_is_never_what_is_left_over():
    rules = drafted(
        sample(200, {"success": True}, "delivered"), sample(200, {"success": False}, "rejected")
    )
    assert rules == [
        ("delivered", "status in 200", "$.success equals true"),
        ("rejected", "status in 200", "$.success equals false"),
    ]


def test_a_success_status_that_means_no_success_needs_more_than_the_status():
    assert drafted(sample(202, {"result": "queued twice"}, "duplicate")) == [
        ("duplicate", "status in 202", "$.result equals queued twice")
    ]


def test_text_and_xml_are_read_too():
    assert drafted(
        sample(200, "<r><status>accepted</status></r>", "delivered"),
        sample(200, "<r><status>refused</status><why>duplicate</why></r>", "duplicate"),
        sample(200, "Some fields are missing.", "rejected"),
    ) == [
        ("duplicate", "status in 200", "/r/status equals refused"),
        ("delivered", "status in 200", "/r/status equals accepted"),
        ("rejected", "status in 200", "body contains missing"),
    ]


def test_elements_beside_each_other_are_read_as_the_paths_of_rules_name_them():
    assert drafted(
        sample(200, "<code>0</code><ref>A 17 b</ref>", "delivered"),
        sample(200, "<code>7</code><ref>A 17 b</ref>", "duplicate"),
    ) == [
        ("duplicate", "status in 200", "/code equals 7"),
        ("delivered", "status in 200", "/code equals 0"),
    ]


def test_samples_that_contradict_each_other_are_named():
    made = draft_rules(
        [sample(200, "ok", "delivered", "one"), sample(200, "ok", "rejected", "two")]
    )
    assert made.rules == ()
    (problem,) = made.problems
    assert problem.startswith('"one" and "two" are the same answer, once delivered and once')


def test_samples_that_cannot_be_told_apart_are_named():
    made = draft_rules(
        [
            sample(200, {"id": "0123456789"}, "delivered", "one"),
            sample(200, {"id": "9876543210"}, "duplicate", "two"),
        ]
    )
    assert len(made.problems) == 1
    assert '"two"' in made.problems[0] or '"one"' in made.problems[0]


def test_rejections_say_why_in_the_words_of_the_answer():
    made = draft_rules([sample(400, {"message": "Bad email"}, "rejected")])
    assert made.rules[0].reason.path == "$.message"


def test_long_answers_are_looked_at_within_bounds():
    words = [f"w{number}" for number in range(70)]
    samples = [
        sample(
            200,
            {f"field{at}": " ".join(words[at % 7 :: number % 5 + 1]) for at in range(150)}
            | {"id": f"{number:09d}"},
            list(Outcome)[number % 5],
            name=str(number),
        )
        for number in range(50)
    ]
    started = time.perf_counter()
    draft_rules(samples)
    assert time.perf_counter() - started < 5


@pytest.mark.skipif(not ANSWERS, reason="the collection is not beside the checkout")
@pytest.mark.parametrize("platform", sorted({answer.platform for answer in ANSWERS}))
def test_the_answers_of_a_platform_separate(platform):
    samples = [
        ResponseSample(
            name=f"{number} {answer.name}"[:100],
            status=answer.status,
            headers=dict(answer.headers),
            body=answer.body.decode(),
            expected_outcome=Outcome(answer.outcome),
        )
        for number, answer in enumerate(ANSWERS)
        if answer.platform == platform
    ]
    rules = drafted(*samples)
    assert len(rules) <= len({one.expected_outcome for one in samples}) + 3


def test_bodies_without_a_status_give_conditions_on_bodies_alone():
    assert drafted(
        sample(None, "successfully delivered", "delivered"),
        sample(None, {"status": "duplicate"}, "duplicate"),
        sample(None, {"success": False}, "rejected"),
    ) == [
        ("duplicate", "$.status equals duplicate"),
        ("delivered", "body contains successfully"),
        ("rejected", "$.success equals false"),
    ]


def test_body_without_a_status_is_told_before_the_statuses_and_apart_from_every_one():
    assert drafted(
        sample(201, {"status": "created"}, "delivered"),
        sample(400, {"status": "unauthorized"}, "hold"),
        sample(None, {"status": "duplicate"}, "duplicate"),
    ) == [
        ("duplicate", "$.status equals duplicate"),
        ("hold", "status in 400"),
        ("delivered", "status in 2xx"),
    ]


def test_what_a_body_without_a_status_says_needs_no_rule_of_its_own_for_a_status():
    assert drafted(
        sample(None, {"code": "EXISTS"}, "duplicate"),
        sample(200, {"code": "EXISTS"}, "duplicate", "with its status"),
        sample(200, {"code": "CREATED"}, "delivered"),
    ) == [
        ("duplicate", "$.code equals EXISTS"),
        ("delivered", "status in 200", "$.code equals CREATED"),
    ]


def test_body_without_a_status_that_stands_in_another_answer_is_not_told_by_it():
    made = draft_rules([sample(None, "no", "rejected"), sample(201, "no", "delivered", "the same")])
    [problem] = made.problems
    assert '"None no rejected" should be rejected' in problem
    assert "(it has no status, and was read as a 200)" in problem


def test_sample_that_says_nothing_is_refused():
    with pytest.raises(ValueError, match="give the status, the body or both"):
        sample(None, " ", "delivered")
