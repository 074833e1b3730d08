"""OAuth 2.0: an access token that is fetched first, RFC 6749 §4.4 and §6."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence

from connections.exchange.authorization.kind import AUTHORIZATION, Sending, credential, masked
from connections.exchange.compiler import Compiler
from connections.exchange.config import (
    Environment,
    OAuth2Authorization,
    OAuth2ClientCredentials,
    OAuth2RefreshToken,
    SecretReference,
    Value,
)
from connections.exchange.endpoint import origin_problem, with_query
from connections.exchange.language import Scope, Template
from connections.exchange.language.dialects import HEADER, TEXT
from connections.exchange.language.filters import percent_encode
from connections.exchange.language.values import json_of
from connections.exchange.request import (
    MAX_LINE_CHARACTERS,
    USER_AGENT,
    Draft,
    PreparedRequest,
    Rendered,
    prepare_request,
)

_ONE_SECRET = re.compile(r"\{\{\s*secrets\.(\w+)\s*\}\}")

Fields = Sequence[tuple[str, Rendered]]

_HEADERS = (
    ("Accept", Rendered.plain("application/json")),
    ("Accept-Encoding", Rendered.plain("identity")),
    ("User-Agent", Rendered.plain(USER_AGENT)),
)


class OAuth2:
    headers = (AUTHORIZATION,)

    def __init__(self, config: OAuth2Authorization, compiler: Compiler) -> None:
        _check_urls(config, compiler)
        self.refresh_secret = _refresh_secret(config)
        self._url_for = config.token_url_for
        self._in_header = config.credentials_in == "header"
        self._write = _WRITERS[config.request_format]
        self._prefix = compiler.template(
            config.prefix, dialect=HEADER, pointer="/authorization/prefix"
        )
        self._client_id, self._client_secret = (
            compiler.template(value, dialect=TEXT, pointer=f"/authorization/{name}")
            for name, value in (
                ("client_id", config.client_id),
                ("client_secret", config.client_secret),
            )
        )
        self._grant = tuple(
            (name, compiler.template(value, dialect=TEXT, pointer=f"/authorization/{place}"))
            for name, value, place in _grant(config)
        )

    def add_to(self, draft: Draft, scope: Scope, sending: Sending) -> None:
        """Add the token; without one, as in a preview, only the place where it goes."""
        prefix = self._prefix.render(scope, limit=MAX_LINE_CHARACTERS)
        token = masked(sending.access_token or "").after(prefix)
        draft.headers.append((AUTHORIZATION, token))

    def token_request(self, scope: Scope, environment: Environment) -> PreparedRequest:
        """Return the request that fetches an access token.

        Raises: RenderError.
        Source: RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
        """
        client_id = credential(self._client_id, scope)
        client_secret = credential(self._client_secret, scope)
        draft = Draft(headers=list(_HEADERS))
        fields = _filled(self._grant, scope)
        if self._in_header:
            pair = f"{percent_encode(client_id)}:{percent_encode(client_secret)}"
            encoded = b64encode(pair.encode()).decode()
            draft.headers.append((AUTHORIZATION, masked(encoded, prefix="Basic ")))
        else:
            credentials = (("client_id", client_id), ("client_secret", client_secret))
            fields += [(name, masked(value)) for name, value in credentials if value]
        return self._write(self._url_for(environment), draft, fields)


def _check_urls(config: OAuth2Authorization, compiler: Compiler) -> None:
    for pointer, url in config.all_token_urls().items():
        problem = origin_problem(url)
        if not problem and "{" in url:
            problem = "the token URL cannot hold expressions: write it out"
        if problem:
            compiler.refuse(pointer, "url", problem)
    if Environment.PRODUCTION in config.token_urls:
        detail = "production's token URL is token_url: write it there alone"
        compiler.refuse("/authorization/token_urls/production", "given_twice", detail)


def _refresh_secret(config: OAuth2Authorization) -> str | None:
    """Return the name of the secret that is the refresh token, so that it can be replaced."""
    value = config.refresh_token if isinstance(config, OAuth2RefreshToken) else ""
    if isinstance(value, SecretReference):
        return value.secret
    found = _ONE_SECRET.fullmatch(value.strip())
    return found[1] if found else None


def _grant(config: OAuth2Authorization) -> Iterator[tuple[str, Value, str]]:
    """Yield what the token request says besides the client: name, value, and where that stands."""
    match config:
        case OAuth2ClientCredentials():
            yield "grant_type", "client_credentials", "type"
            yield "scope", config.scope, "scope"
            yield "audience", config.audience, "audience"
        case OAuth2RefreshToken():
            yield "grant_type", "refresh_token", "type"
            yield "refresh_token", config.refresh_token, "refresh_token"
            yield "scope", config.scope, "scope"
    for index, parameter in enumerate(config.parameters):
        yield parameter.name, parameter.value, f"parameters/{index}/value"


def _filled(grant: Sequence[tuple[str, Template]], scope: Scope) -> list[tuple[str, Rendered]]:
    fields = [(name, template.render(scope, limit=MAX_LINE_CHARACTERS)) for name, template in grant]
    return [
        (name, masked(value.sent) if name == "refresh_token" else value)
        for name, value in fields
        if value.sent
    ]


def _parameters(fields: Fields) -> list[Rendered]:
    return [
        value.encoded(percent_encode).after(Rendered.plain(f"{percent_encode(name)}="))
        for name, value in fields
    ]


def _by_form(url: str, draft: Draft, fields: Fields) -> PreparedRequest:
    draft.headers.append(("Content-Type", Rendered.plain("application/x-www-form-urlencoded")))
    parts = _parameters(fields)
    body = Rendered("&".join(part.sent for part in parts), "&".join(part.shown for part in parts))
    return prepare_request(method="POST", url=Rendered.plain(url), draft=draft, body=body)


def _by_json(url: str, draft: Draft, fields: Fields) -> PreparedRequest:
    draft.headers.append(("Content-Type", Rendered.plain("application/json")))
    body = Rendered(
        json_of({name: value.sent for name, value in fields}),
        json_of({name: value.shown for name, value in fields}),
    )
    return prepare_request(method="POST", url=Rendered.plain(url), draft=draft, body=body)


def _by_query(url: str, draft: Draft, fields: Fields) -> PreparedRequest:
    address = with_query(Rendered.plain(url), _parameters(fields))
    return prepare_request(method="GET", url=address, draft=draft, body=Rendered.plain(""))


_WRITERS: Mapping[str, Callable[[str, Draft, Fields], PreparedRequest]] = {
    "form": _by_form,
    "json": _by_json,
    "query": _by_query,
}
