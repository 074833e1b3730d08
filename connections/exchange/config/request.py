"""The request side of the configuration: where it goes, its parameters and its body."""

import json
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from connections.exchange.config.document import Document, Name, Template, Value


def _typed_template(value: object) -> object:
    """Return a number or a truth as the template that makes it, which keeps its type."""
    return f"{{{{ {json.dumps(value)} }}}}" if isinstance(value, bool | int | float) else value


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


class EmptyValue(StrEnum):
    """What is sent for a field whose value is empty."""

    NULL = "null"
    EMPTY = "empty"
    OMIT = "omit"


class NestedEncoding(StrEnum):
    """What a parameter's value may be by itself."""

    JSON = "json"
    XML = "xml"


class Endpoint(Document):
    url: Annotated[str, StringConstraints(min_length=1, max_length=2_048, strip_whitespace=True)]
    """Absolute URL; path and query may hold expressions, scheme, host and port may not."""


class Header(Document):
    name: Name
    value: Value


class Parameter(Document):
    name: Name
    value: Annotated[
        Template,
        BeforeValidator(_typed_template, json_schema_input_type=Template | int | float | bool),
    ]
    """A template; a number or a truth stands for itself, and stays one in JSON."""


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
