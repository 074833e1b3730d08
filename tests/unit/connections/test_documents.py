"""What is wrong with a configuration, in sentences, each at its place."""

from functools import partial

import pytest

from accounts.errors import CorrectInput
from connections.documents import (
    MergePatch,
    dumped,
    merged,
    parse_config,
    parse_contacts,
    parse_documentation,
    parse_rules,
    require_usable,
)

MINIMAL = {"environments": {"production": {"url": "https://api.example.com/leads"}}}


def problems(parse, raw):
    with pytest.raises(CorrectInput) as refused:
        parse(raw)
    return {problem.pointer: problem.detail for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("change", "pointer", "detail"),
    [
        ({"method": "FETCH"}, "/method", "Write one of GET, POST, PUT, PATCH or DELETE."),
        ({"metod": "POST"}, "/metod", 'There is no field "metod" here. Did you mean method?'),
        ({"environments": {}}, "/environments", "Give at least 1."),
        (
            {"environments": {"prod": {"url": "https://a.example"}}},
            "/environments/prod",
            "Write one of production, staging or testing.",
        ),
        (
            {"authorization": {"type": "magic"}},
            "/authorization/type",
            "Write one of none, basic, bearer, api_key, oauth2_client_credentials, oauth2_refresh_token, hmac_signature.",
        ),
        ({"authorization": {}}, "/authorization/type", "Say which type this is."),
        (
            {"authorization": {"type": "basic", "password": 3}},
            "/authorization/password",
            'Write text or {"secret": "its name"} here.',
        ),
        (
            {"authorization": {"type": "bearer"}},
            "/authorization/token",
            '"token" is missing: add it.',
        ),
        (
            {"headers": [{"name": "X", "value": {"secrt": "a"}}]},
            "/headers/0/value/secrt",
            'There is no field "secrt" here. Did you mean secret?',
        ),
        ({"required_attributes": "email"}, "/required_attributes", "Write a list here."),
        (
            {"variables": {"list id": "1"}},
            "/variables/list id",
            "Use letters, digits and underscores only, a letter first, at most 64 characters.",
        ),
        (
            {"delivery": {"timeout_seconds": "soon"}},
            "/delivery/timeout_seconds",
            "Write a number here.",
        ),
        ({"delivery": {"concurrency": 0}}, "/delivery/concurrency", "Write 1 or more."),
        (
            {"delivery": {"rate_per_second": 0}},
            "/delivery/rate_per_second",
            "Write 0.01 or more.",
        ),
        (
            {"body": {"template": "a", "fields": []}},
            "/body",
            "Write the body as a template or as fields, not both.",
        ),
        (
            {"test_cases": [{"name": "a", "attributes": {"age": [1]}}]},
            "/test_cases/0/attributes/age",
            "Write text, a whole number, a number or true or false here.",
        ),
        (
            {"body": {"template": "a\x00b"}},
            "/body/template",
            "This holds a NUL character, which cannot be kept: remove it.",
        ),
    ],
)
def test_configuration_with_one_mistake_says_where_and_what_instead(change, pointer, detail):
    found = problems(parse_config, MINIMAL | change)
    assert found[f"/config{pointer}"] == detail


def test_configuration_with_two_mistakes_names_both():
    found = problems(parse_config, {"method": "FETCH", "environments": []})
    assert set(found) == {"/config/method", "/config/environments"}


def test_configuration_that_is_no_object_is_refused():
    assert problems(parse_config, "POST") == {"/config": "Write an object here."}


def long_samples(count):
    sample = {"status": 200, "body": "x" * 60_000, "expected_outcome": "delivered"}
    return [sample | {"name": str(number)} for number in range(count)]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"body": {"template": '{"a": "{{ frist_name }}"}'}}, "/config/body/template"),
        (
            {"environments": {"production": {"url": "ftp://a.example"}}},
            "/config/environments/production/url",
        ),
        (
            {"environments": {"production": {"url": "https://10.0.0.1/"}}},
            "/config/environments/production/url",
        ),
        ({"headers": [{"name": "Host", "value": "x"}]}, "/config/headers/0/name"),
        (
            {
                "authorization": {
                    "type": "oauth2_client_credentials",
                    "token_url": "https://169.254.169.254/token",
                    "client_id": "a",
                    "client_secret": "b",
                }
            },
            "/config/authorization/token_url",
        ),
        (
            {
                "authorization": {
                    "type": "oauth2_client_credentials",
                    "token_url": "https://login.example.com/token",
                    "token_urls": {"testing": "https://169.254.169.254/token"},
                    "client_id": "a",
                    "client_secret": "b",
                }
            },
            "/config/authorization/token_urls/testing",
        ),
        (
            {
                "response_rules": [
                    {
                        "name": "a",
                        "outcome": "delivered",
                        "conditions": [{"source": "json", "operator": "exists", "path": "$["}],
                    }
                ]
            },
            "/config/response_rules/0/conditions/0/path",
        ),
        ({"response_samples": long_samples(2)}, "/config/response_samples"),
    ],
)
def test_configuration_that_could_not_work_is_refused_when_saved(change, pointer):
    config = parse_config(MINIMAL | change)
    assert pointer in problems(partial(require_usable, custom_fields=()), config)


def test_one_long_sample_is_kept():
    config = parse_config(MINIMAL | {"response_samples": long_samples(1)})
    require_usable(config, custom_fields=())


def test_rules_by_themselves_have_pointers_of_their_own():
    assert "/rules/0/outcome" in problems(
        parse_rules, [{"name": "a", "conditions": [], "outcome": "x"}]
    )


def test_contact_without_name_and_link_of_another_kind_are_refused():
    assert set(problems(parse_contacts, [{"role": "IT"}])) == {"/contacts/0/name"}
    found = problems(parse_documentation, [{"title": "Docs", "url": "javascript:alert(1)"}])
    assert found == {
        "/documentation/0/url": "Write an address that starts with https:// or http://."
    }


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        # The examples of RFC 7396, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_does_what_the_standard_says(target, patch, result):
    assert merged(target, patch) == result


def test_merge_patch_changes_only_what_it_names():
    config = parse_config(MINIMAL | {"variables": {"a": "1", "b": "2"}})
    changed = MergePatch({"variables": {"a": None}, "method": "PUT"}).applied_to(config)
    assert dumped(changed) == dumped(config) | {"method": "PUT", "variables": {"b": "2"}}


def test_merge_patch_without_end_is_refused():
    config = parse_config(MINIMAL)
    endless = {}
    for _ in range(5_000):
        endless = {"a": endless}
    assert set(problems(MergePatch(endless).applied_to, config)) == {"/config"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"headers": {"X-A": "b"}}, 'Write a list here, like [{"name": "X-Source"'),
        ({"body": {"template": {"email": "x"}}}, "Write text here, like "),
        ({"url": "https://a.example"}, 'There is no field "url" here.'),
    ],
)
def test_part_of_another_kind_is_shown_by_example(change, sentence):
    with pytest.raises(CorrectInput) as raised:
        parse_config(MINIMAL | change)
    (problem,) = raised.value.problems
    assert problem.detail.startswith(sentence)
    assert not problem.detail.endswith("Did you mean url?")
