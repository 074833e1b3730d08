"""Each kind of authorization: what is sent, what is shown, what is refused."""

import json
import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime

import pytest

from connections.exchange.authorization import KINDS
from connections.exchange.config import Authorization, Environment
from connections.exchange.rendering import (
    RenderError,
    check_config,
    compile_config,
    render_token_request,
    secret_hosts,
)
from referral_export.environment import CHECKOUT
from tests.unit.connections.exchange.examples import URL, make_config, make_context, render_request

OAUTH = {
    "type": "oauth2_client_credentials",
    "token_url": "https://login.example.com/token",
    "client_id": "id:1",
    "client_secret": {"secret": "client"},
    "scope": "leads write",
}
REFRESH = {
    "type": "oauth2_refresh_token",
    "token_url": "https://login.example.com/token",
    "client_id": "id",
    "client_secret": {"secret": "client"},
    "refresh_token": {"secret": "refresh"},
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


# The test vector of github.com/standard-webhooks/standard-webhooks (libraries/python, tests).
VECTOR_KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def signed(key, **parts):
    return render_request(
        context=make_context(
            delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            now=datetime.fromtimestamp(1614265330, UTC),
        ),
        authorization={"type": "hmac_signature", "key": {"secret": "key"}},
        body={"encoding": "json", "template": '{"test": 2432232314}'},
        secrets={"key": key},
        **parts,
    )


def test_signature_equals_the_published_vector():
    request = signed(VECTOR_KEY)
    headers = dict(request.headers)
    assert headers["webhook-id"] == headers["Idempotency-Key"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == VECTOR_SIGNATURE
    assert dict(request.shown.headers)["webhook-signature"] == "v1,••••"


def test_signature_takes_a_key_without_prefix_as_its_bytes():
    key = b64decode(VECTOR_KEY.removeprefix("whsec_"))
    text = "".join(chr(byte) for byte in key if byte < 128)
    plain = f"whsec_{b64encode(text.encode()).decode()}"
    assert dict(signed(text).headers) == dict(signed(plain).headers)


def test_signature_with_half_a_key_is_refused():
    with pytest.raises(RenderError) as raised:
        signed("whsec_a")
    assert raised.value.place == "/authorization/key"


def test_signature_headers_cannot_be_set_twice():
    config = make_config(
        authorization={"type": "hmac_signature", "key": {"secret": "key"}},
        headers=[{"name": "Webhook-Id", "value": "1"}],
    )
    assert [problem.pointer for problem in check_config(config)] == ["/headers/0/name"]


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        (
            {"authorization": OAUTH | {"parameters": [{"name": "a", "value": "{{ x }}"}]}},
            "/authorization/parameters/0/value",
        ),
        ({"authorization": OAUTH | {"prefix": "a\nb "}}, "/authorization/prefix"),
        ({"authorization": OAUTH | {"token_url": "login"}}, "/authorization/token_url"),
        (
            {"authorization": OAUTH | {"token_url": "https://a.example/{{ email }}"}},
            "/authorization/token_url",
        ),
        ({"authorization": OAUTH | {"token_path": "access_token"}}, "/authorization/token_path"),
        ({"authorization": OAUTH | {"lifetime_path": "$["}}, "/authorization/lifetime_path"),
        ({"authorization": OAUTH | {"name": "Host"}}, "/authorization/name"),
        (
            {"authorization": OAUTH | {"headers": [{"name": "Authorization", "value": "x"}]}},
            "/authorization/headers/0/name",
        ),
        (
            {"authorization": OAUTH | {"headers": [{"name": "Content-Length", "value": "1"}]}},
            "/authorization/headers/0/name",
        ),
        (
            {"authorization": OAUTH | {"in": "query", "name": "access_token"}},
            "/authorization/prefix",
        ),
        (
            {
                "authorization": OAUTH | {"name": "X-Auth-Token"},
                "headers": [{"name": "x-auth-token", "value": "x"}],
            },
            "/headers/0/name",
        ),
        (
            {"authorization": OAUTH | {"token_urls": {"testing": "login"}}},
            "/authorization/token_urls/testing",
        ),
        (
            {"authorization": OAUTH | {"token_urls": {"production": "https://a.example/token"}}},
            "/authorization/token_urls/production",
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


def test_examples_of_the_documentation_can_be_saved():
    page = (CHECKOUT / "docs" / "authorization.md").read_text()
    login, rule = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    config = make_config(**json.loads(f"{{{login}}}"), response_rules=[json.loads(rule)])
    assert check_config(config) == []
    request = render_token_request(
        compile_config(config),
        environment=Environment.PRODUCTION,
        context=make_context(),
        secrets={"password": "s3cret"},
    )
    assert json.loads(request.body) == {"username": "rokt", "password": "s3cret"}
