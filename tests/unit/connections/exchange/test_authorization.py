"""Each kind of authorization: what is sent, what is shown, what is refused."""

from base64 import b64encode

import pytest

from connections.exchange.authorization import KINDS
from connections.exchange.config import Authorization, Environment
from connections.exchange.rendering import (
    RenderError,
    check_config,
    compile_config,
    render_token_request,
)
from tests.unit.connections.exchange.examples import URL, make_config, make_context, render_request

OAUTH = {
    "type": "oauth2_client_credentials",
    "token_url": "https://login.example.com/token",
    "client_id": "id:1",
    "client_secret": {"secret": "client"},
    "scope": "leads write",
}


def basic(pair):
    return "Basic " + b64encode(pair.encode()).decode()


def test_every_kind_of_the_configuration_is_registered():
    union = Authorization.__origin__.__args__
    assert {kind.model_fields["type"].annotation.__args__[0] for kind in union} == set(KINDS)


@pytest.mark.parametrize(
    ("authorization", "sent", "shown"),
    [
        ({"type": "none"}, None, None),
        (
            {"type": "basic", "username": "rokt", "password": {"secret": "key"}},
            ("Authorization", basic("rokt:s3cret")),
            ("Authorization", "Basic ••••"),
        ),
        (
            {"type": "basic", "username": {"secret": "key"}},
            ("Authorization", basic("s3cret:")),
            ("Authorization", "Basic ••••"),
        ),
        (
            {"type": "bearer", "token": {"secret": "key"}},
            ("Authorization", "Bearer s3cret"),
            ("Authorization", "Bearer ••••"),
        ),
        (
            {"type": "bearer", "token": "written out"},
            ("Authorization", "Bearer written out"),
            ("Authorization", "Bearer ••••"),
        ),
        (
            {
                "type": "api_key",
                "name": "Authorization",
                "value": {"secret": "key"},
                "prefix": "Klaviyo-API-Key ",
            },
            ("Authorization", "Klaviyo-API-Key s3cret"),
            ("Authorization", "Klaviyo-API-Key ••••"),
        ),
    ],
)
def test_authorization_sets_its_header(authorization, sent, shown):
    request = render_request(authorization=authorization, secrets={"key": "s3cret"})
    fixed = {"User-Agent", "Accept-Encoding", "Idempotency-Key"}
    assert [header for header in request.headers if header[0] not in fixed] == [sent] * bool(sent)
    assert [header for header in request.shown.headers if header[0] not in fixed] == (
        [shown] * bool(shown)
    )


def test_api_key_in_the_query_is_a_parameter():
    authorization = {
        "type": "api_key",
        "in": "query",
        "name": "api key",
        "value": {"secret": "key"},
    }
    request = render_request(authorization=authorization, secrets={"key": "s3/cret"})
    assert request.url == URL + "?api%20key=s3%2Fcret"
    assert request.shown.url == URL + "?api%20key=••••"


def test_basic_with_a_colon_in_the_user_name_is_refused():
    with pytest.raises(RenderError) as raised:
        render_request(authorization={"type": "basic", "username": "a:b"})
    assert raised.value.place == "/authorization/username"


def test_bearer_with_a_line_break_in_the_token_is_refused():
    with pytest.raises(RenderError) as raised:
        render_request(
            authorization={"type": "bearer", "token": {"secret": "key"}},
            secrets={"key": "a\r\nX-Evil: 1"},
        )
    assert raised.value.place == "/authorization/token"


def test_oauth2_sends_the_token_that_was_fetched():
    request = render_request(
        authorization=OAUTH, secrets={"client": "s3cret"}, access_token="fetched"
    )
    assert ("Authorization", "Bearer fetched") in request.headers
    assert ("Authorization", "Bearer ••••") in request.shown.headers


def token_request(**changes):
    return render_token_request(
        compile_config(make_config(authorization=OAUTH | changes)),
        environment=Environment.PRODUCTION,
        context=make_context(),
        secrets={"client": "s3cret/"},
    )


def test_token_request_carries_the_credentials_in_its_header():
    request = token_request(audience="https://api")
    assert (request.method, request.url) == ("POST", "https://login.example.com/token")
    assert ("Authorization", basic("id%3A1:s3cret%2F")) in request.headers
    assert ("Content-Type", "application/x-www-form-urlencoded") in request.headers
    assert request.body == (
        b"grant_type=client_credentials&scope=leads%20write&audience=https%3A%2F%2Fapi"
    )
    assert "s3cret" not in repr(request.shown)


def test_token_request_carries_the_credentials_in_its_body():
    request = token_request(credentials_in="body", scope="")
    assert "Authorization" not in dict(request.headers)
    assert request.body == (
        b"grant_type=client_credentials&client_id=id%3A1&client_secret=s3cret%2F"
    )
    assert request.shown.body == ("grant_type=client_credentials&client_id=••••&client_secret=••••")


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ({"authorization": OAUTH | {"token_url": "login"}}, "/authorization/token_url"),
        (
            {"authorization": OAUTH | {"token_url": "https://a.example/{{ email }}"}},
            "/authorization/token_url",
        ),
        (
            {"authorization": {"type": "api_key", "name": "Host", "value": "x"}},
            "/authorization/name",
        ),
        ({"authorization": {"type": "bearer", "token": "{{ x }}"}}, "/authorization/token"),
        (
            {
                "authorization": {"type": "bearer", "token": "x"},
                "headers": [{"name": "authorization", "value": "x"}],
            },
            "/headers/0/name",
        ),
    ],
)
def test_check_config_refuses_an_authorization_that_cannot_be(parts, pointer):
    assert [problem.pointer for problem in check_config(make_config(**parts))] == [pointer]
