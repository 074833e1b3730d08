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
)
from referral_export.environment import CHECKOUT
from tests.unit.connections.exchange.authorization.examples import OAUTH, basic
from tests.unit.connections.exchange.examples import URL, make_config, make_context, render_request


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
