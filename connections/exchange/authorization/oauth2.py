"""OAuth 2.0: an access token that is fetched first, RFC 6749 §4.4 and §6."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from connections.exchange.authorization.kind import AUTHORIZATION, Sending, credential, masked
from connections.exchange.authorization.place import Place
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
from connections.exchange.headers import header_problem
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
from connections.exchange.responses.json_path import Find, JsonPathError, compile_json_path
from connections.exchange.tokens import TokenAnswers

_ONE_SECRET = re.compile(r"\{\{\s*secrets\.(\w+)\s*\}\}")

_CREDENTIALS = frozenset({"client_id", "client_secret", "refresh_token"})

Part = tuple[str, Value, str]
"""A field of the token request: name, value, and where in the configuration that stands."""
Fields = Sequence[tuple[str, Rendered]]

_HEADERS = (
    ("Accept", Rendered.plain("application/json")),
    ("Accept-Encoding", Rendered.plain("identity")),
    ("User-Agent", Rendered.plain(USER_AGENT)),
)


class OAuth2:
    def __init__(self, config: OAuth2Authorization, compiler: Compiler) -> None:
        _check_urls(config, compiler)
        self.refresh_secret = _refresh_secret(config)
        self.answers = _answers(config, compiler)
        self._url_for = config.token_url_for
        self._write = _WRITERS[config.request_format]
        self._place = Place(config, compiler)
        self.headers = self._place.headers
        if config.prefix and not self.headers:
            detail = "a parameter holds the access token alone: make the prefix empty"
            compiler.refuse("/authorization/prefix", "not_used", detail)
        in_header = config.credentials_in == "header"
        self._in_header = _compiled(_client(config), compiler) if in_header else ()
        self._fields = _compiled(_fields(config), compiler)
        self._headers = _headers(config, compiler)

    def add_to(self, draft: Draft, scope: Scope, sending: Sending) -> None:
        """Add the token; without one, as in a preview, only the place where it goes."""
        token = masked(sending.access_token or "")
        if not self.headers:
            token = token.encoded(percent_encode)
        self._place.put(token, draft, scope)

    def token_request(self, scope: Scope, environment: Environment) -> PreparedRequest:
        """Return the request that fetches an access token.

        Raises: RenderError.
        Source: RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
        """
        own = [(name, _line(template, scope)) for name, template in self._headers]
        taken = {name.lower() for name, _ in own}
        ours = [header for header in _HEADERS if header[0].lower() not in taken]
        draft = Draft(headers=ours + own)
        client = [percent_encode(credential(template, scope)) for _, template in self._in_header]
        if any(client):
            encoded = b64encode(":".join(client).encode()).decode()
            draft.headers.append((AUTHORIZATION, masked(encoded, prefix="Basic ")))
        return self._write(self._url_for(environment), draft, _filled(self._fields, scope))


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


def _answers(config: OAuth2Authorization, compiler: Compiler) -> TokenAnswers:
    return TokenAnswers(
        find_token=_path(config.token_path, compiler, "token_path"),
        find_lifetime=_path(config.lifetime_path, compiler, "lifetime_path"),
        token_path=config.token_path,
        is_refresh=isinstance(config, OAuth2RefreshToken),
    )


def _path(path: str, compiler: Compiler, name: str) -> Find:
    try:
        return compile_json_path(path)
    except JsonPathError as error:
        compiler.refuse(f"/authorization/{name}", "json_path", str(error))
        return compile_json_path("$")


def _refresh_secret(config: OAuth2Authorization) -> str | None:
    """Return the name of the secret that is the refresh token, so that it can be replaced."""
    value = config.refresh_token if isinstance(config, OAuth2RefreshToken) else ""
    if isinstance(value, SecretReference):
        return value.secret
    found = _ONE_SECRET.fullmatch(value.strip())
    return found[1] if found else None


def _fields(config: OAuth2Authorization) -> Iterator[Part]:
    """Yield what the token request says; a parameter stands in for ours of the same name."""
    named = {parameter.name for parameter in config.parameters}
    yield from (part for part in _grant(config) if part[0] not in named)
    for index, parameter in enumerate(config.parameters):
        yield parameter.name, parameter.value, f"parameters/{index}/value"
    if config.credentials_in == "body":
        yield from (part for part in _client(config) if part[0] not in named)


def _grant(config: OAuth2Authorization) -> Iterator[Part]:
    match config:
        case OAuth2ClientCredentials():
            yield "grant_type", "client_credentials", "type"
            yield "scope", config.scope, "scope"
            yield "audience", config.audience, "audience"
        case OAuth2RefreshToken():
            yield "grant_type", "refresh_token", "type"
            yield "refresh_token", config.refresh_token, "refresh_token"
            yield "scope", config.scope, "scope"


def _client(config: OAuth2Authorization) -> Iterator[Part]:
    yield "client_id", config.client_id, "client_id"
    yield "client_secret", config.client_secret, "client_secret"


def _compiled(parts: Iterable[Part], compiler: Compiler) -> tuple[tuple[str, Template], ...]:
    return tuple(
        (name, compiler.template(value, dialect=TEXT, pointer=f"/authorization/{place}"))
        for name, value, place in parts
    )


def _headers(config: OAuth2Authorization, compiler: Compiler) -> tuple[tuple[str, Template], ...]:
    taken = {AUTHORIZATION.lower()} if config.credentials_in == "header" else set()
    compiled = []
    for index, header in enumerate(config.headers):
        place = f"/authorization/headers/{index}"
        problem = header_problem(header.name)
        if not problem and header.name.lower() in taken:
            problem = f"{header.name} is set already, here or by the credentials: delete one"
        if problem:
            compiler.refuse(f"{place}/name", "header_name", problem)
        taken.add(header.name.lower())
        template = compiler.template(header.value, dialect=HEADER, pointer=f"{place}/value")
        compiled.append((header.name, template))
    return tuple(compiled)


def _line(template: Template, scope: Scope) -> Rendered:
    return template.render(scope, limit=MAX_LINE_CHARACTERS)


def _filled(parts: Iterable[tuple[str, Template]], scope: Scope) -> Fields:
    """Return the fields without the empty ones, and credentials masked whoever wrote them."""
    fields = [(name, _line(template, scope)) for name, template in parts]
    return [
        (name, masked(value.sent) if name in _CREDENTIALS else value)
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
