"""The one typed document that says how a connection talks to an advertiser's API.

Form, REST API, versions, import and export all read and write this document. It is
frozen; a change is a new document. What can be decided without the template language or
the rule engine is decided here; `rendering.check_config` and `responses.check_rules`
decide the rest when a configuration is saved.
"""

import json
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

MAX_TEMPLATE_CHARACTERS = 65_536

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
Template = Annotated[str, StringConstraints(max_length=MAX_TEMPLATE_CHARACTERS)]
Scalar = str | int | float | bool | None


def _json_text(value: object) -> object:
    """Return a number or a truth as JSON writes it, and everything else as it is."""
    return json.dumps(value) if isinstance(value, bool | int | float) else value


def _typed_template(value: object) -> object:
    """Return a number or a truth as the template that makes it, which keeps its type."""
    return f"{{{{ {json.dumps(value)} }}}}" if isinstance(value, bool | int | float) else value


Text = Annotated[str, BeforeValidator(_json_text, json_schema_input_type=str | int | float | bool)]
"""Text, for which a number or a truth may be given."""


class Document(BaseModel):
    """What every part of the configuration is: frozen, and strict about unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Method(StrEnum):
    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


class Environment(StrEnum):
    """Where a connection sends to: each has its own URL and its own secrets."""

    PRODUCTION = "production"
    STAGING = "staging"
    TESTING = "testing"


class Encoding(StrEnum):
    JSON = "json"
    FORM = "form"
    MULTIPART = "multipart"
    TEXT = "text"
    XML = "xml"
    NONE = "none"


class Outcome(StrEnum):
    """What an answer means for the referral."""

    DELIVERED = "delivered"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    RETRY = "retry"
    HOLD = "hold"


class Source(StrEnum):
    """The part of a response that a condition looks at."""

    STATUS = "status"
    HEADER = "header"
    BODY = "body"
    JSON = "json"
    XML = "xml"


class Operator(StrEnum):
    IN = "in"
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    MATCHES = "matches"
    EXISTS = "exists"
    NOT_EXISTS = "not_exists"


class SecretReference(Document):
    """A value that is kept in the vault and named here."""

    secret: Identifier


Value = Template | SecretReference


class Endpoint(Document):
    url: Annotated[str, StringConstraints(min_length=1, max_length=2_048, strip_whitespace=True)]
    """Absolute URL; path and query may hold expressions, scheme, host and port may not."""


class Parameter(Document):
    name: Name
    value: Annotated[
        Template,
        BeforeValidator(_typed_template, json_schema_input_type=Template | int | float | bool),
    ]
    """A template; a number or a truth stands for itself, and stays one in JSON."""


class EmptyValue(StrEnum):
    """What is sent for a field whose value is empty."""

    NULL = "null"
    EMPTY = "empty"
    OMIT = "omit"


class NestedEncoding(StrEnum):
    """What a parameter's value may be by itself."""

    JSON = "json"
    XML = "xml"


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


class Header(Document):
    name: Name
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


class QueryParameter(Parameter):
    omit_empty: bool = False
    value_encoding: NestedEncoding | None = None
    """Says that the value is a JSON or XML document of its own, escaped and checked as such."""


class BodyField(QueryParameter):
    """One parameter of a body that is written as fields.

    In its name dots nest and `[]` appends: `merge_fields.FNAME`, `tags[]`; a dot that belongs to a
    name is written `\\.`. In XML a last step `@id` is an attribute and `#text` the text beside
    attributes. A form takes every name as it is.
    """

    required: bool = False
    empty: EmptyValue | None = None
    """`omit` means the same as `omit_empty`; without either the value goes out as it is: `null`
    for an attribute that the referral lacks, else empty text."""

    @model_validator(mode="after")
    def one_way_to_be_empty(self) -> Self:
        if self.omit_empty and self.empty not in (None, EmptyValue.OMIT):
            raise ValueError(f"omit_empty and empty={self.empty} contradict: remove one of them")
        return self


class Body(Document):
    """The body, written as a template or as fields."""

    encoding: Encoding = Encoding.JSON
    content_type: Annotated[str, StringConstraints(max_length=200)] | None = None
    template: Template | None = None
    fields: Annotated[tuple[BodyField, ...], Field(max_length=500)] | None = None

    @model_validator(mode="after")
    def one_way_to_write_it(self) -> Self:
        if self.template is not None and self.fields is not None:
            raise ValueError("write the body as a template or as fields, not both")
        if self.encoding is Encoding.NONE and (self.template or self.fields):
            raise ValueError("encoding none has no body: remove the template and the fields")
        if self.encoding is Encoding.MULTIPART and (self.template or self.content_type):
            raise ValueError(
                "multipart is written as fields, and its content type is set by us: remove the"
                " template and the content type"
            )
        return self


class Condition(Document):
    source: Source
    path: Annotated[str, StringConstraints(max_length=500)] | None = None
    """Header name, JSONPath (RFC 9535) or XML path; only for those three sources."""
    operator: Operator
    value: Text | tuple[Text, ...] | None = None
    """What to compare with, as text: `201`, `true` and `"true"` mean the same here."""
    case_sensitive: bool = False


class Extract(Document):
    """A value that is read from the response."""

    source: Source
    path: Annotated[str, StringConstraints(max_length=500)] | None = None
    """Header name, JSONPath (RFC 9535) or XML path; only for those three sources."""
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    """A regular expression (RE2) that cuts the value out of what stands there: its first group,
    or all that it matches. Case is ignored. Where it does not match there is no value."""


class Capture(Extract):
    name: Identifier


class ResponseRule(Document):
    """Conditions that must all hold, and their meaning; the first rule that matches decides."""

    name: Name
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=20)]
    outcome: Outcome
    reason: Annotated[str, StringConstraints(max_length=500)] | Extract | None = None
    captures: Annotated[tuple[Capture, ...], Field(max_length=20)] = ()
    retry_after: Extract | None = None
    """Where the answer says how many seconds to wait."""
    renew_token: bool = False
    """Whether the answer refuses the access token: it is then sent again at once, a single time,
    with a new one, as after a 401. Only for `retry` and `hold`, which hold when that fails too."""


class DeliveryPolicy(Document):
    timeout_seconds: Annotated[float, Field(ge=1, le=30)] = 10
    """For the whole exchange, from name look-up to the last byte."""
    concurrency: Annotated[int, Field(ge=1, le=512)] = 8
    rate_per_second: Annotated[float, Field(ge=0.01, le=1_000)] | None = None
    """How many requests the receiver gets in a second at most; null: as many as it can take."""
    retry_for_hours: Annotated[float, Field(ge=0, le=168)] = 72
    retry_on_timeout: bool = True
    """Whether to send again when no answer came after the request was written."""


class TestCase(Document):
    """A lead to send with Test, and what should come of it."""

    __test__ = False  # not a class of tests, whatever pytest thinks of its name

    name: Name
    attributes: dict[str, Scalar] = {}
    expected_outcome: Outcome = Outcome.DELIVERED


class ResponseSample(Document):
    """An answer that the receiver gives, and what it means: a test case of the rules."""

    name: Name
    status: Annotated[int, Field(ge=100, le=599)]
    headers: Annotated[dict[str, str], Field(max_length=50)] = {}
    body: Annotated[str, StringConstraints(max_length=65_536)] = ""
    expected_outcome: Outcome


SUCCESS_RULE = ResponseRule(
    name="Success",
    conditions=(Condition(source=Source.STATUS, operator=Operator.IN, value="200-299"),),
    outcome=Outcome.DELIVERED,
)


class ConnectionConfig(Document):
    """Everything of a connection that is versioned; secrets are only named in it."""

    method: Method = Method.POST
    variables: Annotated[dict[Identifier, Text], Field(max_length=100)] = {}
    environments: Annotated[dict[Environment, Endpoint], Field(min_length=1)]
    authorization: Authorization = NoAuthorization()
    headers: Annotated[tuple[Header, ...], Field(max_length=50)] = ()
    query: Annotated[tuple[QueryParameter, ...], Field(max_length=100)] = ()
    body: Body = Body()
    required_attributes: tuple[str, ...] = ()
    response_rules: Annotated[tuple[ResponseRule, ...], Field(max_length=50)] = (SUCCESS_RULE,)
    delivery: DeliveryPolicy = DeliveryPolicy()
    test_environment: Environment | None = None
    """Where Test sends to; null means testing, else staging, else production."""
    test_cases: Annotated[tuple[TestCase, ...], Field(max_length=50)] = ()
    response_samples: Annotated[tuple[ResponseSample, ...], Field(max_length=50)] = ()
    """Answers that the response rules are held to."""

    @model_validator(mode="after")
    def names_stand_once(self) -> Self:
        for what, names in (
            ("response rule", [rule.name for rule in self.response_rules]),
            ("test case", [case.name for case in self.test_cases]),
            ("response sample", [sample.name for sample in self.response_samples]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f'two {what}s are called "{twice[0]}": give each its own name')
        if self.test_environment and self.test_environment not in self.environments:
            raise ValueError(
                f"tests go to {self.test_environment}, which has no endpoint: add its URL or"
                " choose another environment"
            )
        return self

    def environment_for_tests(self) -> Environment:
        """Return where test leads go unless somebody says otherwise."""
        if self.test_environment:
            return self.test_environment
        for environment in (Environment.TESTING, Environment.STAGING, Environment.PRODUCTION):
            if environment in self.environments:
                return environment
        raise AssertionError("a configuration has at least one environment")
