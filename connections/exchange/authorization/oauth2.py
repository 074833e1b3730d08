"""OAuth 2.0 client credentials: an access token that is fetched first, RFC 6749 §4.4."""

from base64 import b64encode

from connections.exchange.authorization.kind import AUTHORIZATION, credential, masked
from connections.exchange.compiler import Compiler
from connections.exchange.config import OAuth2ClientCredentials
from connections.exchange.endpoint import origin_problem
from connections.exchange.language import Scope
from connections.exchange.language.dialects import PARAMETER
from connections.exchange.request import (
    MASK,
    MAX_LINE_CHARACTERS,
    USER_AGENT,
    Draft,
    PreparedRequest,
    Rendered,
    prepare_request,
)

_HEADERS = (
    ("Content-Type", Rendered.plain("application/x-www-form-urlencoded")),
    ("Accept", Rendered.plain("application/json")),
    ("Accept-Encoding", Rendered.plain("identity")),
    ("User-Agent", Rendered.plain(USER_AGENT)),
)


class OAuth2:
    header = AUTHORIZATION

    def __init__(self, config: OAuth2ClientCredentials, compiler: Compiler) -> None:
        problem = origin_problem(config.token_url)
        if not problem and "{" in config.token_url:
            problem = "the token URL cannot hold expressions: write it out"
        if problem:
            compiler.refuse("/authorization/token_url", "url", problem)
        self._url = config.token_url
        self._in_header = config.credentials_in == "header"
        self._client_id, self._client_secret, self._scope, self._audience = (
            compiler.template(value, dialect=PARAMETER, pointer=f"/authorization/{name}")
            for name, value in (
                ("client_id", config.client_id),
                ("client_secret", config.client_secret),
                ("scope", config.scope),
                ("audience", config.audience),
            )
        )

    def add_to(self, draft: Draft, scope: Scope, *, access_token: str | None) -> None:  # noqa: ARG002
        """Add the token; without one, as in a preview, only the place where it goes."""
        draft.headers.append((AUTHORIZATION, masked(access_token or "", prefix="Bearer ")))

    def token_request(self, scope: Scope) -> PreparedRequest:
        """Return the request that fetches an access token.

        Raises: RenderError.
        Source: RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
        """
        client_id = credential(self._client_id, scope)
        client_secret = credential(self._client_secret, scope)
        draft = Draft(headers=list(_HEADERS))
        form = [Rendered.plain("grant_type=client_credentials"), *self._grant(scope)]
        if self._in_header:
            pair = b64encode(f"{client_id}:{client_secret}".encode()).decode()
            draft.headers.append((AUTHORIZATION, masked(pair, prefix="Basic ")))
        else:
            form += [
                Rendered(f"client_id={client_id}", f"client_id={MASK}"),
                Rendered(f"client_secret={client_secret}", f"client_secret={MASK}"),
            ]
        body = Rendered("&".join(part.sent for part in form), "&".join(p.shown for p in form))
        return prepare_request(method="POST", url=Rendered.plain(self._url), draft=draft, body=body)

    def _grant(self, scope: Scope) -> list[Rendered]:
        parts = (("scope", self._scope), ("audience", self._audience))
        rendered = [(name, part.render(scope, limit=MAX_LINE_CHARACTERS)) for name, part in parts]
        return [value.after(Rendered.plain(f"{name}=")) for name, value in rendered if value.sent]
