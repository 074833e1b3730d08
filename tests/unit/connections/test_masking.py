"""What somebody without the right to personal data gets to see."""

import json
from copy import deepcopy

import pytest

from connections.exchange.request import MASK
from connections.masking import PersonMask, masked_attributes, masked_body

JANE = {
    "email": "jane.citizen+crm@example.com",
    "first_name": "Jane",
    "mobile_number": "7327572923",
    "creative_name": "Spring savings",
    "title": None,
}

ATTEMPT = {
    "number": 1,
    "version": 1,
    "environment": "production",
    "request": {
        "method": "POST",
        "url": "https://crm.example.com/contacts/jane.citizen%2Bcrm%40example.com?name=Jane&x=",
        "headers": [["Content-Type", "application/json"], ["X-Name", "Jane"]],
        "body": '{"email": "jane.citizen+crm@example.com", "tags": ["a", null], "age": 44}',
    },
    "response": {
        "status": 400,
        "headers": [["Content-Type", "application/json"], ["Location", "/people/Jane"]],
        "body": '{"detail": "Jane is there"}',
        "truncated": False,
    },
    "error": {"code": "x", "detail": "no place for Jane"},
    "verdict": {
        "outcome": "duplicate",
        "rule": "Already there",
        "matched": True,
        "reason": "jane.citizen+crm@example.com is there, see other@example.org",
        "captures": {"lead_id": "4711", "who": "JANE"},
        "trace": [
            {
                "rule": "Already there",
                "matched": True,
                "conditions": [
                    {"matched": True, "found": "400"},
                    {"matched": True, "found": "Jane is there"},
                    {"matched": True, "found": None},
                ],
            }
        ],
    },
}


@pytest.mark.parametrize(
    ("body", "masked"),
    [
        ("", ""),
        ('{"a": "x", "b": [1, true, null]}', '{"a": "••••", "b": ["••••", "••••", null]}'),
        ('[{"a": {"b": "x"}}]', '[{"a": {"b": "••••"}}]'),
        ('{"cut": "of', MASK),
        ("email=jane%40x.com&age=44&empty=", f"email={MASK}&age={MASK}&empty="),
        ("successfully delivered", MASK),
        ("Jane said: a=b & c", MASK),
        (
            '<lead id="7"><name>Jane</name> <b/>tail</lead>',
            f'<lead id="{MASK}"><name>{MASK}</name> <b/>{MASK}</lead>',
        ),
        ("<lead><!-- Jane --><?x Jane?></lead>", "<lead/>"),
        ("<lead>cut o", MASK),
        ("<a>" * 5_000, MASK),
        ("[" * 100_000, MASK),
        ('<!DOCTYPE a [<!ENTITY e "Jane">]><a>&e;Jane</a>', MASK),
    ],
)
def test_body_keeps_its_structure_and_loses_its_values(body, masked):
    assert masked_body(body) == masked


def test_attempt_holds_nothing_of_the_person():
    shown = json.dumps(PersonMask(JANE).attempt(ATTEMPT), ensure_ascii=False)
    for word in ("jane", "citizen", "7327572923", "other@example.org", "44"):
        assert word not in shown.lower().replace("4711", "")


def test_attempt_keeps_what_explains_it():
    before = deepcopy(ATTEMPT)
    shown = PersonMask(JANE).attempt(ATTEMPT)
    assert before == ATTEMPT
    assert shown["request"]["url"] == f"https://crm.example.com/contacts/{MASK}?name={MASK}&x="
    assert shown["request"]["headers"] == [["Content-Type", "application/json"], ["X-Name", MASK]]
    assert shown["request"]["body"] == (
        f'{{"email": "{MASK}", "tags": ["{MASK}", null], "age": "{MASK}"}}'
    )
    assert shown["response"]["status"] == 400
    assert shown["verdict"]["rule"] == "Already there"
    assert shown["verdict"]["reason"] == f"{MASK} is there, see {MASK}"
    assert shown["verdict"]["captures"] == {"lead_id": "4711", "who": MASK}
    found = [condition["found"] for condition in shown["verdict"]["trace"][0]["conditions"]]
    assert found == ["400", MASK, None]


def test_attempt_without_an_exchange_stays_empty():
    nothing = ATTEMPT | {"request": None, "response": None, "error": None, "verdict": None}
    shown = PersonMask(JANE).attempt(nothing)
    assert [shown[part] for part in ("request", "response", "error", "verdict")] == [None] * 4


def test_sentence_without_the_person_is_left_alone():
    sentence = "Gave up after 12 attempts in 72 hours: last answer 503. Spring savings."
    assert PersonMask(JANE).text(sentence) == sentence


def test_names_are_hidden_as_whole_words():
    assert PersonMask({"first_name": "Al"}).text("Al also") == f"{MASK} also"


def test_person_without_any_attribute_can_be_hidden():
    assert PersonMask({}).text("see a@b.example") == f"see {MASK}"


def test_attributes_that_are_not_personal_stay():
    shown = masked_attributes(JANE)
    assert shown["email"] == MASK
    assert shown["creative_name"] == "Spring savings"
    assert shown["title"] is None
