"""Headers that look at the request that they stand in: signatures, digests, nonces."""

import hmac
import re
import time
from datetime import timedelta

import pytest

from connections.exchange.rendering import RenderError, check_config
from tests.unit.connections.exchange.examples import NOW, make_config, make_context, render_request


def signed(value, **parts):
    return render_request(
        {"email": "ada@example.com"},
        headers=[{"name": "X-Signature", "value": value}],
        body={"encoding": "json", "template": '{"email": "{{ email }}"}'},
        secrets={"key": "s3cret"},
        **parts,
    )


def header_of(headers, name):
    return dict(headers)[name]


def test_header_may_sign_the_request_it_stands_in():
    sent = signed(
        'v1={{ (request.method ~ " " ~ request.host ~ request.path ~ "?" ~ request.query ~ "\n"'
        ' ~ now|date("epoch") ~ "." ~ request.body)|hmac("sha256", secrets.key) }}',
        url="https://a.example:8443/leads?campaign={{ campaign.name }}",
        authorization={"type": "api_key", "in": "query", "name": "id", "value": "7"},
    )
    assert sent.url == "https://a.example:8443/leads?campaign=Spring%20%26%20Summer&id=7"
    told = (
        "POST a.example:8443/leads?campaign=Spring%20%26%20Summer&id=7\n"
        f'{int(NOW.timestamp())}.{{"email": "ada@example.com"}}'
    )
    expected = hmac.digest(b"s3cret", told.encode(), "sha256").hex()
    assert header_of(sent.headers, "X-Signature") == f"v1={expected}"
    assert header_of(sent.shown.headers, "X-Signature") == "v1=••••"


def test_what_a_header_says_of_the_request_is_masked():
    sent = signed("{{ request.url }}", url="https://a.example/{{ secrets.key }}")
    assert header_of(sent.headers, "X-Signature") == "https://a.example/s3cret"
    assert "s3cret" not in repr(sent.shown)


def test_no_if_looks_at_what_may_hold_a_secret():
    value = "{% if request.query < 'k=m' %}a{% else %}b{% endif %}"
    config = make_config(
        url="https://a.example/?k={{ secrets.key }}", headers=[{"name": "X-A", "value": value}]
    )
    [problem] = check_config(config)
    assert (problem.pointer, problem.code) == ("/headers/0/value", "template_secret")


@pytest.mark.parametrize("guess", ["s", "t"])
@pytest.mark.parametrize(
    "value", ["{{ 'y' if secrets.key < '%s' }}", "{{ secrets.key|first(1)|replace('%s', '') }}"]
)
def test_nothing_that_is_left_out_tells_of_a_secret(value, guess):
    field = {"name": "a", "value": value % guess, "omit_empty": True}
    for part in ({"query": [field]}, {"body": {"fields": [field]}}):
        shown = render_request(secrets={"key": "s3cret"}, **part).shown
        assert "••••" in shown.url + shown.body


@pytest.mark.parametrize("worked", ["title", "digits", "sha512", "upper|title|lower|digits"])
def test_headers_cannot_work_on_a_large_body_for_long(worked):
    headers = [
        {"name": f"X-{number}", "value": f"{{{{ request.body|{worked}|first(1) }}}}" * 50}
        for number in range(40)
    ]
    body = {"encoding": "text", "template": "{{ variables.large }}"}
    variables = {"large": "a-1 " * 65_000}
    began = time.process_time()
    with pytest.raises(RenderError) as refused:
        render_request(headers=headers, body=body, variables=variables)
    assert time.process_time() - began < 2
    assert refused.value.code == "too_large"


def test_request_is_known_to_headers_only():
    config = make_config(
        url="https://a.example/{{ request.path }}",
        headers=[{"name": "X-Path", "value": "{{ request.pth }}"}],
        body={"encoding": "text", "template": "{{ request }}"},
    )
    problems = {problem.pointer: problem.detail for problem in check_config(config)}
    assert "only a header can look at" in problems["/environments/production/url"]
    assert "only a header can look at" in problems["/body/template"]
    assert "Did you mean path?" in problems["/headers/0/value"]


def test_nonce_is_one_for_all_places_of_an_attempt_and_another_in_the_next():
    parts = {
        "headers": [{"name": "X-Nonce", "value": "{{ nonce }}"}],
        "body": {"encoding": "text", "template": "{{ nonce }}"},
    }
    first, second = (
        render_request(context=make_context(now=NOW + timedelta(milliseconds=number)), **parts)
        for number in range(2)
    )
    assert re.fullmatch("[0-9a-f]{32}", first.body.decode())
    assert header_of(first.headers, "X-Nonce") == first.body.decode()
    assert first.body != second.body
