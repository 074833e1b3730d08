"""Token requests, and where the access token goes."""

import json

import pytest

from connections.exchange.config import Environment
from connections.exchange.rendering import compile_config, render_token_request, secret_hosts
from tests.unit.connections.exchange.authorization.examples import OAUTH, basic
from tests.unit.connections.exchange.examples import URL, make_config, make_context, render_request

REFRESH = {
    "type": "oauth2_refresh_token",
    "token_url": "https://login.example.com/token",
    "client_id": "id",
    "client_secret": {"secret": "client"},
    "refresh_token": {"secret": "refresh"},
}


def test_oauth2_sends_the_token_that_was_fetched():
    request = render_request(
        authorization=OAUTH, secrets={"client": "s3cret"}, access_token="fetched"
    )
    assert ("Authorization", "Bearer fetched") in request.headers
    assert ("Authorization", "Bearer ••••") in request.shown.headers


def token_request(*, base=None, environment=Environment.PRODUCTION, **changes):
    return render_token_request(
        compile_config(make_config(authorization=(base or OAUTH) | changes)),
        environment=environment,
        context=make_context(),
        secrets={"client": "s3cret/", "refresh": "r&r"},
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


def test_refresh_token_is_sent_masked_with_the_credentials():
    request = token_request(base=REFRESH, credentials_in="body", scope="a b")
    assert request.body == (
        b"grant_type=refresh_token&refresh_token=r%26r&scope=a%20b&client_id=id"
        b"&client_secret=s3cret%2F"
    )
    assert request.shown.body == (
        "grant_type=refresh_token&refresh_token=••••&scope=a%20b&client_id=••••&client_secret=••••"
    )


def test_refresh_token_of_a_public_client_has_no_secret():
    request = token_request(base=REFRESH, credentials_in="body", client_secret="")
    assert request.body == b"grant_type=refresh_token&refresh_token=r%26r&client_id=id"


def test_token_request_can_be_json():
    request = token_request(
        credentials_in="body",
        request_format="json",
        scope="",
        parameters=[{"name": "account_id", "value": 'a"{{ secrets.client }}'}],
    )
    assert dict(request.headers)["Content-Type"] == "application/json"
    assert json.loads(request.body) == {
        "grant_type": "client_credentials",
        "account_id": 'a"s3cret/',
        "client_id": "id:1",
        "client_secret": "s3cret/",
    }
    assert json.loads(request.shown.body)["account_id"] == 'a"••••'


def test_token_request_can_be_a_get():
    request = token_request(credentials_in="body", request_format="query", scope="")
    assert (request.method, request.body) == ("GET", b"")
    assert "Content-Type" not in dict(request.headers)
    assert request.url == (
        "https://login.example.com/token?grant_type=client_credentials&client_id=id%3A1"
        "&client_secret=s3cret%2F"
    )
    assert request.shown.url.endswith("client_id=••••&client_secret=••••")


@pytest.mark.parametrize("base", [OAUTH, REFRESH])
def test_token_is_asked_for_where_the_environment_says(base):
    own = {"token_urls": {"testing": "https://test.example.com/token"}}
    urls = {name: token_request(base=base | own, environment=name).url for name in Environment}
    assert urls == {
        "production": "https://login.example.com/token",
        "staging": "https://login.example.com/token",
        "testing": "https://test.example.com/token",
    }


def test_secrets_are_bound_to_the_token_address_of_their_environment():
    endpoint = {"url": "https://api.example.com/leads"}
    config = make_config(
        environments={"production": endpoint, "testing": endpoint},
        authorization=OAUTH | {"token_urls": {"testing": "https://test.example.com/token"}},
    )
    assert secret_hosts(config, Environment.PRODUCTION) == (
        "api.example.com:443",
        "login.example.com:443",
    )
    assert secret_hosts(config, Environment.TESTING) == (
        "api.example.com:443",
        "test.example.com:443",
    )


@pytest.mark.parametrize("base", [OAUTH, REFRESH])
def test_access_token_stands_after_any_prefix(base):
    request = render_request(
        authorization=base | {"prefix": "Zoho-oauthtoken "},
        secrets={"client": "s3cret", "refresh": "r"},
        access_token="fetched",
    )
    assert ("Authorization", "Zoho-oauthtoken fetched") in request.headers
    assert ("Authorization", "Zoho-oauthtoken ••••") in request.shown.headers


def test_access_token_can_stand_alone_in_a_header_of_any_name():
    request = render_request(
        authorization=OAUTH | {"name": "X-Auth-Token", "prefix": ""},
        secrets={"client": "s3cret"},
        access_token="fetched",
    )
    assert ("X-Auth-Token", "fetched") in request.headers
    assert ("X-Auth-Token", "••••") in request.shown.headers
    assert "Authorization" not in dict(request.headers)


def test_access_token_can_be_a_parameter():
    request = render_request(
        authorization=OAUTH | {"in": "query", "name": "access_token", "prefix": ""},
        secrets={"client": "s3cret"},
        access_token="fet/ched",
    )
    assert request.url == URL + "?access_token=fet%2Fched"
    assert request.shown.url == URL + "?access_token=••••"


def test_parameter_takes_the_place_of_ours_and_an_empty_one_takes_it_away():
    login = {
        "request_format": "json",
        "credentials_in": "body",
        "parameters": [
            {"name": "grant_type", "value": "password"},
            {"name": "username", "value": "rokt"},
            {"name": "password", "value": "{{ secrets.refresh }}"},
            {"name": "scope", "value": ""},
            {"name": "client_secret", "value": ""},
        ],
    }
    request = token_request(**login)
    assert json.loads(request.body) == {
        "grant_type": "password",
        "username": "rokt",
        "password": "r&r",
        "client_id": "id:1",
    }
    assert json.loads(request.shown.body)["password"] == "••••"


def test_parameter_and_header_of_a_token_request_can_be_secrets():
    request = token_request(
        parameters=[{"name": "password", "value": {"secret": "refresh"}}],
        headers=[
            {"name": "X-Key", "value": {"secret": "client"}},
            {"name": "accept", "value": "*/*"},
        ],
    )
    assert ("X-Key", "s3cret/") in request.headers
    assert ("X-Key", "••••") in request.shown.headers
    assert [value for name, value in request.headers if name.lower() == "accept"] == ["*/*"]
    assert b"password=r%26r" in request.body
    assert "password=••••" in request.shown.body


def test_secret_that_a_parameter_stands_in_for_need_not_be_set():
    config = make_config(
        authorization=OAUTH
        | {"credentials_in": "body", "parameters": [{"name": "client_secret", "value": "x"}]}
    )
    assert compile_config(config).parts.secrets == {}


def test_token_request_without_a_client_has_no_authorization_header():
    request = token_request(client_id="", client_secret="")
    assert "Authorization" not in dict(request.headers)
