"""From configuration to request: what is sent, what is shown, what is refused and where."""

import json
from urllib.parse import quote

import pytest

from connections.exchange.config import Environment
from connections.exchange.rendering import (
    RenderError,
    compile_config,
    referenced_secrets,
    render,
    secret_hosts,
    secret_places,
)
from tests.unit.connections.exchange.examples import (
    URL,
    fields,
    make_config,
    make_context,
    render_body,
    render_request,
)

JANE = {"email": "jane@example.com", "first_name": "Jane", "age": 25}


def test_render_puts_every_part_in_its_place():
    request = render_request(
        JANE,
        url=URL + "/{{ email|lower|md5 }}?list={{ variables.list_id }}",
        variables={"list_id": "a 1"},
        method="PUT",
        query=[{"name": "full name", "value": "{{ first_name }} & co"}],
        headers=[{"name": "X-Source", "value": " referral "}],
        body={"encoding": "json", "template": '{"email": "{{ email }}", "age": {{ age }}}'},
    )
    assert request.method == "PUT"
    assert request.url == (
        URL + "/9e26471d35a78862c17e467d87cddedf?list=a%201&full%20name=Jane%20%26%20co"
    )
    assert request.headers == (
        ("X-Source", "referral"),
        ("Content-Type", "application/json"),
        ("User-Agent", "ReferralExport/1"),
        ("Accept-Encoding", "identity"),
        ("Idempotency-Key", "delivery-1"),
    )
    assert json.loads(request.body) == {"email": "jane@example.com", "age": 25}
    assert request.shown.body == request.body.decode()
    assert request.shown.url == request.url


def test_render_marks_a_test_lead():
    request = render_request(context=make_context(JANE, test=True))
    assert ("X-Test-Lead", "true") in request.headers


def test_render_leaves_the_user_agent_to_the_connection():
    request = render_request(headers=[{"name": "user-agent", "value": "Ours/2"}])
    agents = [value for name, value in request.headers if name.lower() == "user-agent"]
    assert agents == ["Ours/2"]


def test_render_masks_secrets_wherever_they_stand():
    request = render_request(
        JANE,
        secrets={"key": "s3cret/"},
        url=URL + "?key={{ secrets.key }}",
        query=[{"name": "again", "value": "{{ secrets.key }}"}],
        headers=[
            {"name": "X-Key", "value": {"secret": "key"}},
            {"name": "X-Pair", "value": "k={{ secrets.key }}"},
        ],
        body={"encoding": "json", "template": '{"key": "{{ secrets.key }}", "e": "{{ email }}"}'},
    )
    assert request.url == URL + "?key=s3cret%2F&again=s3cret%2F"
    assert request.shown.url == URL + "?key=••••&again=••••"
    assert request.headers[:2] == (("X-Key", "s3cret/"), ("X-Pair", "k=s3cret/"))
    assert request.shown.headers[:2] == (("X-Key", "••••"), ("X-Pair", "k=••••"))
    assert json.loads(request.body)["key"] == "s3cret/"
    assert json.loads(request.shown.body) == {"key": "••••", "e": "jane@example.com"}
    assert "s3cret" not in repr(request.shown)


@pytest.mark.parametrize("encoding", ["json", "form", "text", "xml"])
def test_render_masks_secrets_in_fields(encoding):
    request = render_request(
        secrets={"key": "s3cret"}, body=fields(("lead.key", "{{ secrets.key }}"), encoding=encoding)
    )
    assert b"s3cret" in request.body
    assert "s3cret" not in request.shown.body
    assert "••••" in request.shown.body


def test_render_without_a_secrets_value_says_where_to_set_it():
    with pytest.raises(RenderError) as raised:
        render_request(headers=[{"name": "X-Key", "value": {"secret": "crm_key"}}])
    assert raised.value.code == "secret_missing"
    assert raised.value.detail == (
        'the secret "crm_key" has no value for production: set it under Authorization'
    )
    assert raised.value.place == "/headers/0/value"


@pytest.mark.parametrize("attributes", [{}, {"email": None}, {"email": ""}])
def test_render_without_a_required_attribute_is_refused(attributes):
    with pytest.raises(RenderError) as raised:
        render_request(attributes, required_attributes=["email"])
    assert raised.value.code == "required_attribute_missing"
    assert raised.value.detail == "email is empty; this connection needs it"


def test_render_to_an_environment_without_endpoint_is_refused():
    with pytest.raises(RenderError, match="no endpoint for testing"):
        render(
            compile_config(make_config()),
            environment=Environment.TESTING,
            context=make_context(),
            secrets={},
        )


@pytest.mark.parametrize(
    ("encoding", "body", "content_type"),
    [
        (
            "json",
            (
                '{"email":"jane@example.com","person":{"first":"Jane","age":25,'
                '"text":"25 years"},"tags":["a","Jane"],"list":[{"n":1,"m":2},{"n":3}],'
                '"nothing":null}'
            ),
            "application/json",
        ),
        (
            "form",
            (
                "email=jane%40example.com&person.first=Jane&person.age=25&person.text=25%20years"
                "&tags%5B%5D=a&tags%5B%5D=Jane&list%5B%5D.n=1&list%5B%5D.m=2&list%5B%5D.n=3&nothing="
            ),
            "application/x-www-form-urlencoded",
        ),
        (
            "text",
            (
                "email=jane@example.com\nperson.first=Jane\nperson.age=25\nperson.text=25 years\n"
                "tags[]=a\ntags[]=Jane\nlist[].n=1\nlist[].m=2\nlist[].n=3\nnothing="
            ),
            "text/plain; charset=utf-8",
        ),
    ],
)
def test_render_fields_in_each_encoding(encoding, body, content_type):
    request = render_request(
        JANE,
        body=fields(
            ("email", "{{ email }}"),
            ("person.first", "{{ first_name }}"),
            ("person.age", "{{ age }}"),
            ("person.text", "{{ age }} years"),
            ("tags[]", "a"),
            ("tags[]", "{{ first_name }}"),
            ("list[].n", "{{ 1 }}"),
            ("list[].m", "{{ 2 }}"),
            ("list[].n", "{{ 3 }}"),
            ("nothing", "{{ last_name }}"),
            encoding=encoding,
        ),
    )
    assert request.body.decode() == body
    assert ("Content-Type", content_type) in request.headers


def test_render_fields_as_xml():
    request = render_request(
        JANE,
        body=fields(
            ("lead.name", "{{ first_name }} <&"),
            ("lead.tags.tag[]", "a"),
            ("lead.tags.tag[]", "b"),
            ("lead.phone[].kind", "home"),
            ("lead.phone[].kind", "work"),
            encoding="xml",
        ),
    )
    assert request.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><lead><name>Jane &lt;&amp;</name>'
        "<tags><tag>a</tag><tag>b</tag></tags>"
        "<phone><kind>home</kind></phone><phone><kind>work</kind></phone></lead>"
    )


def test_render_fields_as_a_json_list():
    request = render_request(
        JANE, body=fields(("[].email", "{{ email }}"), ("[].age", "{{ age }}"))
    )
    assert json.loads(request.body) == [{"email": "jane@example.com", "age": 25}]


def test_render_keeps_finished_json_in_a_field():
    request = render_request(
        JANE,
        body=fields(("a", '{{ {"b": [first_name|tojson, age]}|tojson }}'), ("c", "{{ test }}")),
    )
    assert json.loads(request.body) == {"a": {"b": ["Jane", 25]}, "c": False}


def test_render_leaves_out_empty_fields_that_ask_for_it():
    request = render_request(
        body=fields(("a", "{{ email }}"), ("b", "{{ age }}"), ("c", "x"), omit_empty=True)
    )
    assert json.loads(request.body) == {"c": "x"}


def test_render_with_an_empty_required_field_is_refused():
    with pytest.raises(RenderError) as raised:
        render_request(body=fields(("email", "{{ email }}"), required=True))
    assert raised.value.code == "required_field_empty"
    assert raised.value.detail == "email was empty; the receiver needs it"
    assert raised.value.place == "/body/fields/0"


def test_render_puts_the_fields_of_a_get_into_its_query():
    request = render_request(
        JANE, method="GET", url=URL + "?a=1", body=fields(("email", "{{ email }}"))
    )
    assert request.url == URL + "?a=1&email=jane%40example.com"
    assert request.body == b""
    assert "Content-Type" not in dict(request.headers)


def test_render_takes_the_content_type_of_the_body():
    request = render_request(
        body={"encoding": "json", "template": "{}", "content_type": "application/vnd.api+json"}
    )
    assert ("Content-Type", "application/vnd.api+json") in request.headers


@pytest.mark.parametrize("body", [{"encoding": "none"}, {"encoding": "json", "template": ""}])
def test_render_without_a_body_sends_none(body):
    request = render_request(body=body)
    assert request.body == b""
    assert "Content-Type" not in dict(request.headers)


@pytest.mark.parametrize(
    ("encoding", "template", "attributes", "code", "detail"),
    [
        ("json", '{"a": 1{% if not age %},{% endif %}}', {}, "body_not_json", "line 1, column 9"),
        ("json", '{"a": 1, "a": 2}', {}, "body_not_json", "same name twice"),
        ("json", '{"{{ email }}": 1, "b": 2}', {"email": "b"}, "body_not_json", "same name twice"),
        ("json", '{"a": {% if not age %}NaN{% endif %}}', {}, "body_not_json", "not JSON"),
        ("json", "[" * 5_000, {}, "body_not_json", "too deep"),
        ("xml", "<a>{% if not age %}<b>{% endif %}</a>", {}, "body_not_xml", "line 1, column"),
        ("xml", "<a>&nothing;</a>", {}, "body_not_xml", "not XML"),
        ("text", "{{ email }}", {"email": "\ud800"}, "not_unicode", "half a character"),
        ("text", "{{ email }}", {"email": "x" * 262_145}, "too_large", "longer than"),
        ("text", "{{ email }}", {"email": "é" * 200_000}, "too_large", "larger than 256 KiB"),
    ],
)
def test_render_of_a_body_that_must_not_leave_is_an_error(
    encoding, template, attributes, code, detail
):
    with pytest.raises(RenderError) as raised:
        render_body(encoding, template, attributes)
    assert raised.value.code == code
    assert detail in raised.value.detail


def test_render_of_a_broken_body_does_not_quote_the_data():
    with pytest.raises(RenderError) as raised:
        render_body("json", '{"{{ email }}": 1, "private": 2}', {"email": "private"})
    assert "private" not in raised.value.detail


@pytest.mark.parametrize("value", [".", ".."])
def test_render_refuses_a_value_that_leads_to_another_path(value):
    with pytest.raises(RenderError) as raised:
        render_request({"email": value}, url="https://api.example.com/a/{{ email }}/b")
    assert raised.value.code == "url_path"


@pytest.mark.parametrize("value", ["../..", "..%2F..", "%2e%2e", "?a=b#c"])
def test_render_keeps_a_value_one_segment_of_the_path(value):
    request = render_request({"email": value}, url="https://api.example.com/a/{{ email }}/b")
    assert request.url == f"https://api.example.com/a/{quote(value, safe='')}/b"


def test_compile_config_of_a_bad_configuration_is_a_render_error():
    with pytest.raises(RenderError) as raised:
        compile_config(make_config(body={"template": "{{ x }}"}))
    assert raised.value.place == "/body/template"


def test_referenced_secrets_finds_them_everywhere():
    config = make_config(
        url=URL + "?a={{ secrets.one }}",
        authorization={"type": "bearer", "token": {"secret": "two"}},
        headers=[{"name": "X", "value": "{{ secrets.three|upper }}"}],
        body=fields(("a", "{{ secrets.four }}")),
    )
    assert referenced_secrets(config) == {"one", "two", "three", "four"}


def test_secret_places_are_all_of_them_in_the_order_of_a_request():
    config = make_config(
        authorization={"type": "bearer", "token": "{{ secrets.two }}-{{ secrets.one }}"},
        headers=[{"name": "X", "value": "{{ secrets.one }}"}],
        body=fields(("a", "{{ secrets.one }}"), ("b", "{{ secrets.broken")),
    )
    assert secret_places(config) == {
        "one": ["/authorization/token", "/headers/0/value", "/body/fields/0/value"],
        "two": ["/authorization/token"],
    }


def test_secret_hosts_are_those_of_endpoint_and_token():
    config = make_config(
        url="HTTPS://API.example.com/x",
        authorization={
            "type": "oauth2_client_credentials",
            "token_url": "http://login.example.com:8080/token",
            "client_id": "a",
            "client_secret": "b",
        },
    )
    assert secret_hosts(config, Environment.PRODUCTION) == (
        "api.example.com:443",
        "login.example.com:8080",
    )


def test_template_knows_its_environment():
    config = compile_config(
        make_config(
            environments={name: {"url": URL} for name in Environment},
            body={"encoding": "text", "template": "{{ environment }}"},
        )
    )
    for name in Environment:
        sent = render(config, environment=name, context=make_context(), secrets={})
        assert sent.body.decode() == name.value
