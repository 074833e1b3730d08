"""Custom fields: what value they have, where templates may use them, and what is refused."""

import json

import pytest

from connections.exchange.config import Environment
from connections.exchange.custom_fields import CustomField, check_custom_field
from connections.exchange.rendering import RenderError, check_config, compile_config, render
from tests.unit.connections.exchange.examples import make_config, make_context


def make_field(**parts):
    fixed = {
        "name": "region",
        "source": "state",
        "mappings": [
            {"match": "NY", "value": "East"},
            {"match": "new", "value": "Other"},
            {"match": "CA", "value": "West"},
        ],
        "default_when_empty": "Unknown",
        "default_when_nothing_matches": "Elsewhere",
    }
    return CustomField.model_validate(fixed | parts)


@pytest.mark.parametrize(
    ("condition", "attribute", "value"),
    [
        ("equals", "NY", "East"),
        ("equals", " ny ", "East"),
        ("equals", "NYC", "Elsewhere"),
        ("equals", None, "Unknown"),
        ("equals", "  ", "Unknown"),
        ("contains", "NYC", "East"),
        ("contains", "New NY", "East"),
        ("contains", "newark", "Other"),
        ("contains", "TX", "Elsewhere"),
        ("contains", "", "Unknown"),
    ],
)
def test_value_comes_from_the_first_mapping_that_matches(condition, attribute, value):
    assert make_field(condition=condition).value_for(attribute) == value


def test_value_is_none_without_defaults():
    field = make_field(default_when_empty=None, default_when_nothing_matches=None)
    assert (field.value_for(None), field.value_for("TX")) == (None, None)


def test_value_of_a_number_is_compared_as_people_write_it():
    field = make_field(source="age", mappings=[{"match": "42", "value": "yes"}])
    assert field.value_for(42) == "yes"


def request(attributes, config, *fields):
    return render(
        compile_config(config, custom_fields=fields),
        environment=Environment.PRODUCTION,
        context=make_context(attributes),
        secrets={},
    )


def test_field_is_used_wherever_an_attribute_is():
    config = make_config(
        url="https://api.example.com/{{ region }}",
        query=[{"name": "r", "value": "{{ region|upper }}"}],
        headers=[{"name": "X-Region", "value": "{{ region }}"}],
        body={
            "fields": [
                {"name": "region", "value": "{{ region }}"},
                {"name": "again", "value": "in {{ region|default(state) }}"},
            ]
        },
        required_attributes=["region"],
    )
    assert check_config(config, custom_fields=[make_field()]) == []
    sent = request({"state": "CA"}, config, make_field())
    assert sent.url == "https://api.example.com/West?r=WEST"
    assert ("X-Region", "West") in sent.headers
    assert json.loads(sent.body) == {"region": "West", "again": "in West"}


def test_field_is_escaped_as_an_attribute_is():
    field = make_field(default_when_empty='"</a>\n')
    config = make_config(body={"encoding": "json", "template": '{"r": "{{ region }}"}'})
    assert json.loads(request({}, config, field).body) == {"r": '"</a>\n'}


def test_field_named_result_is_no_special_name():
    field = make_field(name="result")
    config = make_config(body={"fields": [{"name": "r", "value": "{{ result|lower }}"}]})
    assert json.loads(request({"state": "CA"}, config, field).body) == {"r": "west"}


def test_required_field_that_is_empty_stops_the_request():
    config = make_config(required_attributes=["region"])
    with pytest.raises(RenderError) as raised:
        request({}, config, make_field(default_when_empty=None))
    assert raised.value.code == "required_attribute_missing"


def test_field_of_no_account_is_an_unknown_name():
    config = make_config(
        body={"encoding": "text", "template": "{{ regin }}"}, required_attributes=["regin"]
    )
    problems = check_config(config, custom_fields=[make_field()])
    assert [problem.pointer for problem in problems] == ["/body/template", "/required_attributes/0"]
    assert all("Did you mean region?" in problem.detail for problem in problems)


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ({"source": "stat"}, "/source"),
        ({"name": "email"}, "/name"),
        ({"name": "taken"}, "/name"),
        ({"name": "variables"}, "/name"),
        ({"name": "None"}, "/name"),
        ({"name": "now"}, "/name"),
        ({"name": "loop"}, "/name"),
        ({"name": "self"}, "/name"),
        ({"name": "campaign__id"}, "/name"),
        (
            {"mappings": [{"match": "a", "value": "1"}, {"match": "A", "value": "2"}]},
            "/mappings/1/match",
        ),
    ],
)
def test_field_that_cannot_be_is_refused(parts, pointer):
    problems = check_custom_field(make_field(**parts), taken=["taken"])
    assert [problem.pointer for problem in problems] == [pointer]


def test_field_that_can_be_is_accepted():
    assert check_custom_field(make_field(), taken=["other"]) == []
