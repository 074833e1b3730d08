"""From configuration, attributes and secrets to a request, or to an error that says what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connections.exchange.attributes import CATALOGUE, parse_attributes
from connections.exchange.authorization import OAuth2, Sending
from connections.exchange.config import ConnectionConfig, Environment
from connections.exchange.context import Context
from connections.exchange.custom_fields import CustomField
from connections.exchange.echoes import check_made_of_secrets
from connections.exchange.endpoint import check_path, secret_hosts, with_query
from connections.exchange.language import (
    Scope,
    open_scope,
    request_in_scope,
    values_in_scope,
    widen_scope,
)
from connections.exchange.language.values import is_empty
from connections.exchange.parts import Parts, compile_parts, endpoint_pointer
from connections.exchange.problems import ConfigProblem, RenderError
from connections.exchange.request import (
    BODY_TOO_LARGE,
    MAX_BODY_BYTES,
    MAX_LINE_CHARACTERS,
    USER_AGENT,
    Draft,
    PreparedRequest,
    Rendered,
    ShownRequest,
    prepare_request,
)
from connections.exchange.responses import CompiledRules, compile_rules

__all__ = [
    "CompiledConfig",
    "ConfigProblem",
    "PreparedRequest",
    "RenderError",
    "ShownRequest",
    "check_config",
    "compile_config",
    "referenced_secrets",
    "render",
    "render_token_request",
    "secret_hosts",
    "secret_places",
    "used_custom_fields",
]


@dataclass(frozen=True, slots=True)
class CompiledConfig:
    """A configuration with its templates and rules compiled; keep one for each version."""

    config: ConnectionConfig
    parts: Parts
    rules: CompiledRules

    @property
    def oauth2(self) -> OAuth2 | None:
        """The authorization, where `render` wants an access token for it."""
        authorization = self.parts.authorization
        return authorization if isinstance(authorization, OAuth2) else None


def compile_config(
    config: ConnectionConfig, *, custom_fields: Sequence[CustomField] = ()
) -> CompiledConfig:
    """Return the configuration, ready to render and to classify with.

    Raises: RenderError with the first problem of a configuration that `check_config` refuses.
    """
    parts = compile_parts(config, custom_fields)
    if parts.problems:
        first = parts.problems[0]
        raise RenderError(first.code, first.detail, place=first.pointer)
    return CompiledConfig(config, parts, compile_rules(config.response_rules))


def referenced_secrets(
    config: ConnectionConfig, *, custom_fields: Sequence[CustomField] = ()
) -> frozenset[str]:
    """Return the names of all secrets that the configuration refers to."""
    return frozenset(secret_places(config, custom_fields=custom_fields))


def secret_places(
    config: ConnectionConfig, *, custom_fields: Sequence[CustomField] = ()
) -> Mapping[str, Sequence[str]]:
    """Return all secrets that the configuration refers to, each with the pointers of where.

    Shape: in the order of a request; what stands in a template that does not compile is left out.
    """
    return compile_parts(config, custom_fields).secrets


def used_custom_fields(
    config: ConnectionConfig, *, custom_fields: Sequence[CustomField]
) -> frozenset[str]:
    """Return the names of those custom fields that the configuration refers to."""
    return frozenset(field.name for field in compile_parts(config, custom_fields).custom_fields)


def check_config(
    config: ConnectionConfig, *, custom_fields: Sequence[CustomField] = ()
) -> list[ConfigProblem]:
    """Return everything that is wrong with a configuration and that its type cannot say.

    When all else is right it is rendered once with the attributes' examples, so that a missing
    comma is found here and not by the first referral.
    """
    parts = compile_parts(config, custom_fields)
    return list(parts.problems) or _problems_of_example(config, parts)


_FOUND_BY_EXAMPLE = frozenset(
    {
        "body_not_json",
        "body_not_xml",
        "json_needs_quotes",
        "not_a_list",
        "not_text",
        "too_many_secrets",
        "url_path",
    }
)
_EXAMPLE_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_EXAMPLE = Context(
    attributes=parse_attributes(
        {attribute.name: attribute.example for attribute in CATALOGUE.values()}
    ),
    referral_id="referral",
    external_id="1",  # what may be a number counts as one
    occurred_at=_EXAMPLE_MOMENT,
    campaign_id="campaign",
    campaign_name="Campaign",
    campaign_reference="1",
    connection_id="connection",
    connection_name="Connection",
    now=_EXAMPLE_MOMENT,
    test=True,
    delivery_id="delivery",
)


def _problems_of_example(config: ConnectionConfig, parts: Parts) -> list[ConfigProblem]:
    compiled = CompiledConfig(config, parts, compile_rules(config.response_rules))
    secrets = dict.fromkeys(parts.secrets, "1")
    try:
        for environment in config.environments:
            render(compiled, environment=environment, context=_EXAMPLE, secrets=secrets)
    except RenderError as error:
        if error.code in _FOUND_BY_EXAMPLE:
            return [ConfigProblem(error.place, error.code, error.detail)]
    return []


def render(
    compiled: CompiledConfig,
    *,
    environment: Environment,
    context: Context,
    secrets: Mapping[str, str],
    access_token: str | None = None,
) -> PreparedRequest:
    """Return the request for one referral.

    Without an access token, where one is needed, the request is good only to be shown.

    Raises: RenderError, also for a required attribute that is empty or a secret without value.
    """
    scope = _open_scope(compiled, environment=environment, context=context, secrets=secrets)
    parts, draft = compiled.parts, Draft()
    _add_query(parts, scope, draft)
    body = parts.body.render(scope, draft)
    sending = Sending(context.delivery_id, context.now, body.sent, access_token)
    method = compiled.config.method.value
    try:
        parts.authorization.add_to(draft, scope, sending)
        url = _render_url(parts, environment, scope, draft)
        if parts.headers_see_request:
            widen_scope(scope, request_in_scope(method=method, url=url.sent, body=body.sent))
        _add_headers(parts, scope, draft)
        _add_our_headers(context, draft)
        prepared = prepare_request(method=method, url=url, draft=draft, body=body)
    except UnicodeEncodeError:
        detail = "a value holds half a character (a lone surrogate), which cannot be sent"
        raise RenderError("not_unicode", detail) from None
    _check_size(prepared)
    check_made_of_secrets(prepared)
    return prepared


def render_token_request(
    compiled: CompiledConfig,
    *,
    environment: Environment,
    context: Context,
    secrets: Mapping[str, str],
) -> PreparedRequest:
    """Return the request that fetches the access token of an OAuth 2.0 connection.

    Raises: RenderError; TypeError when the connection needs no token.
    """
    if compiled.oauth2 is None:
        raise TypeError("this connection needs no access token")
    scope = _open_scope(compiled, environment=environment, context=context, secrets=secrets)
    request = compiled.oauth2.token_request(scope, environment)
    check_made_of_secrets(request)
    return request


def _check_required(compiled: CompiledConfig, values: Mapping[str, object]) -> None:
    for index, name in enumerate(compiled.config.required_attributes):
        if is_empty(values.get(name)):
            raise RenderError(
                "required_attribute_missing",
                f"{name} is empty; this connection needs it",
                place=f"/required_attributes/{index}",
            )


def _open_scope(
    compiled: CompiledConfig,
    *,
    environment: Environment,
    context: Context,
    secrets: Mapping[str, str],
) -> Scope:
    custom = {
        field.name: field.value_for(context.attributes.get(field.source))
        for field in compiled.parts.custom_fields
    }
    values = values_in_scope(
        context=context,
        custom=custom,
        variables=compiled.config.variables,
        secrets=secrets,
        environment=environment.value,
    )
    _check_required(compiled, values)
    _check_secrets(compiled, environment, secrets)
    return open_scope(values)


def _check_secrets(
    compiled: CompiledConfig, environment: Environment, secrets: Mapping[str, str]
) -> None:
    for name, places in compiled.parts.secrets.items():
        if not secrets.get(name):
            raise RenderError(
                "secret_missing",
                f'the secret "{name}" has no value for {environment}: set it under Authorization',
                place=places[0],
            )


def _add_query(parts: Parts, scope: Scope, draft: Draft) -> None:
    for parameter in parts.query:
        value = parameter.value.render(scope, limit=MAX_LINE_CHARACTERS)
        # What is made of a secret counts as something, or its absence would tell of the secret.
        if value.shown or not parameter.omit_empty:
            name = parameter.name
            draft.query.append(Rendered(f"{name}={value.sent}", f"{name}={value.shown}"))


def _add_headers(parts: Parts, scope: Scope, draft: Draft) -> None:
    for name, template in parts.headers:
        value = template.render(scope, limit=MAX_LINE_CHARACTERS)
        # White space around a value is not part of it, RFC 9110 §5.5.
        draft.headers.append((name, Rendered(value.sent.strip(), value.shown.strip())))
    if parts.body.content_type:
        draft.headers.append(("Content-Type", Rendered.plain(parts.body.content_type)))


def _add_our_headers(context: Context, draft: Draft) -> None:
    if not any(name.lower() == "user-agent" for name, _ in draft.headers):
        draft.headers.append(("User-Agent", Rendered.plain(USER_AGENT)))
    draft.headers.append(("Accept-Encoding", Rendered.plain("identity")))
    draft.headers.append(("Idempotency-Key", Rendered.plain(context.delivery_id)))
    if context.test:
        draft.headers.append(("X-Test-Lead", Rendered.plain("true")))


def _render_url(parts: Parts, environment: Environment, scope: Scope, draft: Draft) -> Rendered:
    place = endpoint_pointer(environment)
    template = parts.endpoints.get(environment)
    if template is None:
        detail = f"this connection has no endpoint for {environment}: add its URL"
        raise RenderError("no_endpoint", detail, place=place)
    url = with_query(template.render(scope, limit=MAX_LINE_CHARACTERS), draft.query)
    if len(url.sent) > MAX_LINE_CHARACTERS:
        detail = f"the URL is longer than {MAX_LINE_CHARACTERS:,} characters with its parameters"
        raise RenderError("too_large", detail, place=place)
    check_path(url.sent, place=place)
    return url


def _check_size(prepared: PreparedRequest) -> None:
    if len(prepared.body) > MAX_BODY_BYTES:
        raise RenderError("too_large", BODY_TOO_LARGE, place="/body")
