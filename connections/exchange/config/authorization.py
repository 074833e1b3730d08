"""The kinds of authorization that a configuration can ask for."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from connections.exchange.config.document import Document, Name, Template, Value
from connections.exchange.config.request import Environment, Header


class NoAuthorization(Document):
    type: Literal["none"] = "none"


class BasicAuthorization(Document):
    type: Literal["basic"]
    username: Value = ""
    password: Value = ""


class BearerAuthorization(Document):
    type: Literal["bearer"]
    token: Value


class CredentialPlace(Document):
    """Where a credential goes."""

    location: Literal["header", "query"] = Field(alias="in", default="header")
    name: Name
    """Of the header or the parameter."""
    prefix: Template = ""
    """Put before the credential as it is, for example `Klaviyo-API-Key `."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class ApiKeyAuthorization(CredentialPlace):
    type: Literal["api_key"]
    value: Value


class TokenParameter(Header):
    """What else a token request says."""


JsonPath = Annotated[str, StringConstraints(min_length=1, max_length=500)]
TokenUrl = Annotated[str, StringConstraints(min_length=1, max_length=2_048)]


class OAuth2Authorization(CredentialPlace):
    """What the ways to get an access token share."""

    name: Name = "Authorization"
    """Of the header or the parameter that the access token is sent in."""
    prefix: Template = "Bearer "
    """Put before the access token as it is; empty for one that stands alone."""

    token_url: TokenUrl
    token_urls: dict[Environment, TokenUrl] = {}
    """Where staging or testing has one of its own; `token_url` is production's, and serves what is
    not named here."""
    client_id: Value
    client_secret: Value
    scope: Template = ""
    credentials_in: Literal["header", "body"] = "header"
    request_format: Literal["form", "json", "query"] = "form"
    """How the token is asked for: by POST as a form or as JSON, or by GET."""
    headers: Annotated[tuple[Header, ...], Field(max_length=20)] = ()
    """Of the token request."""
    parameters: Annotated[tuple[TokenParameter, ...], Field(max_length=20)] = ()
    """What else the token address wants to be told. One that is called like a parameter of ours,
    `grant_type` for instance, takes its place; with an empty value it takes it away."""
    token_path: JsonPath = "$.access_token"  # noqa: S105  where a token is, no token
    """Where the answer holds the access token, as a JSONPath (RFC 9535)."""
    lifetime_path: JsonPath = "$.expires_in"
    """Where it says for how many seconds; where it does not, a token is kept for five minutes."""

    def token_url_for(self, environment: Environment) -> str:
        return self.token_urls.get(environment, self.token_url)

    def all_token_urls(self) -> dict[str, str]:
        """Return every token URL by its pointer in the configuration."""
        own = {
            f"/authorization/token_urls/{environment.value}": url
            for environment, url in self.token_urls.items()
        }
        return {"/authorization/token_url": self.token_url} | own


class OAuth2ClientCredentials(OAuth2Authorization):
    type: Literal["oauth2_client_credentials"]
    audience: Template = ""


class OAuth2RefreshToken(OAuth2Authorization):
    type: Literal["oauth2_refresh_token"]
    client_secret: Value = ""
    refresh_token: Value
    """When it is a secret, one that the token address gives instead takes its place."""


class HmacSignature(Document):
    """A signature over id, time and body: Standard Webhooks."""

    type: Literal["hmac_signature"]
    key: Value
    """`whsec_` and base64, or any text, whose bytes are then the key."""


Authorization = Annotated[
    NoAuthorization
    | BasicAuthorization
    | BearerAuthorization
    | ApiKeyAuthorization
    | OAuth2ClientCredentials
    | OAuth2RefreshToken
    | HmacSignature,
    Field(discriminator="type"),
]
