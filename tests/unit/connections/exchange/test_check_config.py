"""What is refused when a configuration is saved, and where the refusal points."""

import pytest

from connections.exchange.rendering import check_config
from tests.unit.connections.exchange.examples import URL, fields, make_config


@pytest.mark.parametrize(
    ("parts", "pointer", "code"),
    [
        ({"url": "https://{{ email }}.example.com/"}, "/environments/production/url", "url"),
        ({"url": "{{ campaign.reference }}/x"}, "/environments/production/url", "url"),
        ({"url": "https://a.example:{{ age }}/"}, "/environments/production/url", "url"),
        ({"url": "https://a.example{{ email }}"}, "/environments/production/url", "url"),
        ({"url": "https://u:p@a.example/"}, "/environments/production/url", "url"),
        ({"url": "https://bücher.example/"}, "/environments/production/url", "url"),
        ({"url": "ftp://a.example/"}, "/environments/production/url", "url"),
        ({"url": "/leads"}, "/environments/production/url", "url"),
        ({"url": URL + "#x"}, "/environments/production/url", "template_place"),
        ({"url": URL + "/../admin"}, "/environments/production/url", "url_path"),
        ({"url": URL + "?{{ nope }}"}, "/environments/production/url", "template_name"),
        ({"headers": [{"name": "Host", "value": "x"}]}, "/headers/0/name", "header_name"),
        ({"headers": [{"name": "Sec-Fetch", "value": "x"}]}, "/headers/0/name", "header_name"),
        ({"headers": [{"name": "content-type", "value": "x"}]}, "/headers/0/name", "header_name"),
        ({"headers": [{"name": "X Y", "value": "x"}]}, "/headers/0/name", "header_name"),
        ({"headers": [{"name": "X\r\nY", "value": "x"}]}, "/headers/0/name", "header_name"),
        ({"headers": [{"name": "X", "value": "a\nb"}]}, "/headers/0/value", "template_character"),
        ({"query": [{"name": "a", "value": "{{ x }}"}]}, "/query/0/value", "template_name"),
        ({"required_attributes": ["emial"]}, "/required_attributes/0", "unknown_attribute"),
        (
            {"test_cases": [{"name": "a", "attributes": {"em/ail": "x"}}]},
            "/test_cases/0/attributes/em~1ail",
            "unknown_attribute",
        ),
        ({"body": fields(("a", "x"), ("a.b", "y"))}, "/body/fields/1/name", "field_name"),
        ({"body": fields(("a.b", "x"), ("a", "y"))}, "/body/fields/1/name", "field_name"),
        ({"body": fields(("a", "x"), ("a", "y"))}, "/body/fields/1/name", "field_name"),
        ({"body": fields(("a[]", "x"), ("a.b", "y"))}, "/body/fields/1/name", "field_name"),
        ({"body": fields(("a..b", "x"))}, "/body/fields/0/name", "field_name"),
        ({"body": fields(("a[0]", "x"))}, "/body/fields/0/name", "field_name"),
        ({"body": fields(("a", "{{ x }}"))}, "/body/fields/0/value", "template_name"),
        ({"body": fields(("a", "x"), ("b", "x"), encoding="xml")}, "/body/fields", "xml_root"),
        ({"body": fields(("a[]", "x"), encoding="xml")}, "/body/fields", "xml_root"),
        ({"body": fields(("a.1", "x"), encoding="xml")}, "/body/fields/0/name", "field_name"),
        ({"body": {"template": "{}"}, "method": "GET"}, "/body/template", "body_with_get"),
        ({"body": {"template": '{"a": 1,}'}}, "/body/template", "body_not_json"),
        ({"body": {"template": "<a>", "encoding": "xml"}}, "/body/template", "body_not_xml"),
        (
            {
                "body": {
                    "template": "<?xml version='1.0' encoding='latin1'?><a/>",
                    "encoding": "xml",
                }
            },
            "/body/template",
            "xml_encoding",
        ),
        ({"body": {"content_type": "json"}}, "/body/content_type", "content_type"),
        ({"body": {"content_type": "a/b\r\nX: y"}}, "/body/content_type", "content_type"),
    ],
)
def test_check_config_points_at_what_is_wrong(parts, pointer, code):
    assert [(found.pointer, found.code) for found in check_config(make_config(**parts))] == [
        (pointer, code)
    ]


def test_check_config_tells_all_problems_at_once():
    config = make_config(
        url="https://a.example/{{ x }}",
        headers=[{"name": "Host", "value": "{{ y }}"}],
        body=fields(("a", "{{ z }}")),
    )
    assert len(check_config(config)) == 4


def test_check_config_says_line_and_suggestion():
    config = make_config(body={"template": '{\n "a": "{{ frist_name }}"}'})
    (problem,) = check_config(config)
    assert problem.detail == (
        'line 2, column 11: there is no attribute called "frist_name". Did you mean first_name?'
    )


def test_check_config_checks_the_response_rules_too():
    condition = {"source": "status", "operator": "in", "value": "nonsense"}
    rule = {"name": "a", "conditions": [condition], "outcome": "delivered"}
    (problem,) = check_config(make_config(response_rules=[rule]))
    assert problem.pointer.startswith("/response_rules/0/conditions/0")


def test_text_without_quotation_marks_is_found_at_save():
    for value, codes in (("email", ["json_needs_quotes"]), ("referral.external_id", [])):
        body = {"encoding": "json", "template": f'{{"a": {{{{ {value} }}}}}}'}
        problems = check_config(make_config(body=body))
        assert [problem.code for problem in problems] == codes
