"""What a technical contact answers: one document for each of the eight items."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from connections.documents import Contact, Line
from connections.exchange.attributes import CATALOGUE
from connections.exchange.config import (
    ConnectionConfig,
    Document,
    Encoding,
    Method,
    Name,
    NoAuthorization,
    Outcome,
    Status,
)

Text = Annotated[str, StringConstraints(max_length=10_000)]
Address = Annotated[
    str, StringConstraints(pattern=r"^(https?://\S+)?$", max_length=2_048, strip_whitespace=True)
]


class Item(StrEnum):
    """What is asked, in the order in which it is asked."""

    DOCUMENTATION = "documentation"
    CONTACT = "contact"
    ENDPOINTS = "endpoints"
    METHOD = "method"
    AUTHENTICATION = "authentication"
    ENCODING = "encoding"
    PARAMETERS = "parameters"
    RESPONSES = "responses"


class AuthenticationKind(StrEnum):
    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"
    API_KEY = "api_key"
    OAUTH2 = "oauth2_client_credentials"
    OTHER = "other"


class DocumentationAnswer(Document):
    """Where the API is described: at an address, or in a file, which is kept apart."""

    url: Address = ""


class EndpointsAnswer(Document):
    production: Address = ""
    staging: Address = ""
    testing: Address = ""

    @model_validator(mode="after")
    def is_one_at_least(self) -> Self:
        if not (self.production or self.staging or self.testing):
            raise ValueError("give one address at least, or say that you do not know")
        return self


class MethodAnswer(Document):
    method: Method


class AuthenticationAnswer(Document):
    """How a request proves who sends it; credentials are no part of this."""

    kind: AuthenticationKind
    username: Line = ""
    location: Literal["header", "query"] = "header"
    name: Line = ""
    token_url: Address = ""
    client_id: Line = ""
    scope: Line = ""
    explanation: Text = ""


CREDENTIALS: Mapping[AuthenticationKind, str] = MappingProxyType(
    {
        AuthenticationKind.BASIC: "password",
        AuthenticationKind.BEARER: "token",
        AuthenticationKind.API_KEY: "api_key",
        AuthenticationKind.OAUTH2: "client_secret",
        AuthenticationKind.OTHER: "credential",
    }
)
"""The secret of each kind, under the name that it gets in the configuration.

What is described in words may do without one, and where it belongs a person decides.
"""


class EncodingAnswer(Document):
    encoding: Encoding


class Parameter(Document):
    """One of our attributes under the name that their API gives it."""

    attribute: str
    name: Name
    required: bool = False

    @field_validator("attribute")
    @classmethod
    def is_ours(cls, attribute: str) -> str:
        if attribute not in CATALOGUE:
            raise ValueError("choose one of our attributes")
        return attribute


class ParametersAnswer(Document):
    rows: Annotated[tuple[Parameter, ...], Field(max_length=100)] = ()
    remarks: Text = ""

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not (self.rows or self.remarks.strip()):
            raise ValueError("name one parameter at least, or say that you do not know")
        return self


class ExpectedResponse(Document):
    status: Status | None = None
    """None where the body alone says what it means."""
    body: Annotated[str, StringConstraints(max_length=65_536)] = ""
    meaning: Outcome

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if self.status is None and not self.body.strip():
            raise ValueError("give the status, the body or both")
        return self


class ResponsesAnswer(Document):
    rows: Annotated[tuple[ExpectedResponse, ...], Field(max_length=50)]

    @model_validator(mode="after")
    def is_one_at_least(self) -> Self:
        if not self.rows:
            raise ValueError("give one response at least, or say that you do not know")
        return self


class ExampleAnswer(Document):
    """What a request that was pasted says; credentials are only named in it."""

    config: ConnectionConfig
    not_understood: tuple[str, ...] = ()

    def says(self) -> frozenset[Item]:
        """Return the items that need no answer of their own any more."""
        items = {Item.ENDPOINTS, Item.METHOD, Item.ENCODING}
        if not isinstance(self.config.authorization, NoAuthorization):
            items.add(Item.AUTHENTICATION)
        if self.config.body.fields or self.config.body.template or self.config.query:
            items.add(Item.PARAMETERS)
        return frozenset(items)


class SetupAnswers(Document):
    """All that was answered so far; what was said not to be known stands in `unknown`."""

    documentation: DocumentationAnswer | None = None
    contact: Contact | None = None
    endpoints: EndpointsAnswer | None = None
    method: MethodAnswer | None = None
    authentication: AuthenticationAnswer | None = None
    encoding: EncodingAnswer | None = None
    parameters: ParametersAnswer | None = None
    responses: ResponsesAnswer | None = None
    example: ExampleAnswer | None = None
    """Answers several items at once; what is answered by itself goes before it."""
    unknown: tuple[Item, ...] = ()

    def state_of(self, item: Item) -> "ItemState":
        if getattr(self, item) is not None:
            return ItemState.ANSWERED
        if self.example is not None and item in self.example.says():
            return ItemState.IN_EXAMPLE
        return ItemState.UNKNOWN if item in self.unknown else ItemState.OPEN

    def answered(self) -> int:
        """Return how many items are dealt with; not to know is an answer too."""
        return sum(self.state_of(item) is not ItemState.OPEN for item in Item)


class ItemState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    IN_EXAMPLE = "in_example"
    UNKNOWN = "unknown"


SHAPES: Mapping[Item, type[Document]] = MappingProxyType(
    {
        Item.DOCUMENTATION: DocumentationAnswer,
        Item.CONTACT: Contact,
        Item.ENDPOINTS: EndpointsAnswer,
        Item.METHOD: MethodAnswer,
        Item.AUTHENTICATION: AuthenticationAnswer,
        Item.ENCODING: EncodingAnswer,
        Item.PARAMETERS: ParametersAnswer,
        Item.RESPONSES: ResponsesAnswer,
    }
)
