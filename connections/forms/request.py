"""The sections Endpoint, Authorization, Headers and Body of the editor."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Any

from connections.exchange.config import (
    Authorization,
    Body,
    BodyField,
    EmptyValue,
    Encoding,
    Environment,
    Header,
    QueryParameter,
    SecretReference,
    Value,
)
from connections.forms.binding import WriteOnly
from connections.forms.secrets import SecretForm, TypedSecret


@dataclass(frozen=True, slots=True)
class PairRow:
    """A name and a value: a variable."""

    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class QueryRow:
    name: str = ""
    value: str = ""
    omit_empty: bool = False
    value_encoding: str = ""

    @classmethod
    def of(cls, parameter: QueryParameter) -> "QueryRow":
        encoding = parameter.value_encoding
        return cls(parameter.name, parameter.value, parameter.omit_empty, encoding or "")

    def document(self) -> dict[str, object]:
        return {
            "name": self.name,
            "value": self.value,
            "omit_empty": self.omit_empty,
            "value_encoding": self.value_encoding or None,
        }


@dataclass(frozen=True, slots=True)
class EndpointForm:
    url: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentsForm:
    production: EndpointForm = EndpointForm()
    staging: EndpointForm = EndpointForm()
    testing: EndpointForm = EndpointForm()

    def document(self) -> dict[str, object]:
        urls = {place.value: getattr(self, place.value).url.strip() for place in Environment}
        return {place: {"url": url} for place, url in urls.items() if url}


@dataclass(frozen=True, slots=True)
class TokenUrlsForm:
    """Token addresses of the environments that have one of their own."""

    staging: str = ""
    testing: str = ""

    @classmethod
    def of(cls, urls: Mapping[Environment, str]) -> "TokenUrlsForm":
        return cls(urls.get(Environment.STAGING, ""), urls.get(Environment.TESTING, ""))

    def document(self) -> dict[str, object]:
        urls = {"staging": self.staging.strip(), "testing": self.testing.strip()}
        return {name: url for name, url in urls.items() if url}


SECRET_NAMES = {
    "password": "password",
    "token": "token",
    "value": "api_key",
    "client_secret": "client_secret",
    "refresh_token": "refresh_token",
    "key": "signing_key",
}
"""What we call a credential that the configuration has not named yet, by its field."""

_MAY_BE_EMPTY = {("basic", "password"), ("oauth2_refresh_token", "client_secret")}

_OF_TOKENS = (
    "token_url",
    "token_urls",
    "client_id",
    "client_secret",
    "scope",
    "credentials_in",
    "request_format",
    "headers",
    "parameters",
    "token_path",
    "lifetime_path",
    "sent_as",
    "sent_name",
    "sent_prefix",
)
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "basic": ("username", "password"),
    "bearer": ("token",),
    "api_key": ("location", "name", "value", "prefix"),
    "oauth2_client_credentials": (*_OF_TOKENS, "audience"),
    "oauth2_refresh_token": (*_OF_TOKENS, "refresh_token"),
    "hmac_signature": ("key",),
}
"""The fields of each type."""

_ATTRIBUTES = {"sent_as": "location", "sent_name": "name", "sent_prefix": "prefix"}
"""What the configuration calls a field of which an API key has one too, with another default."""
_CALLED = _ATTRIBUTES | {"location": "in", "sent_as": "in"}
"""And what it is called in JSON."""


@dataclass(frozen=True, slots=True)
class AuthorizationForm:
    """The fields of all types, so that changing the type back loses nothing typed."""

    type: str = "none"
    username: str = ""
    password: SecretForm = field(default_factory=SecretForm)
    token: SecretForm = field(default_factory=SecretForm)
    location: str = "header"
    name: str = ""
    prefix: str = ""
    value: SecretForm = field(default_factory=SecretForm)
    token_url: str = ""
    token_urls: TokenUrlsForm = TokenUrlsForm()
    client_id: str = ""
    client_secret: SecretForm = field(default_factory=SecretForm)
    refresh_token: SecretForm = field(default_factory=SecretForm)
    scope: str = ""
    audience: str = ""
    credentials_in: str = "header"
    request_format: str = "form"
    headers: "tuple[HeaderRow, ...]" = ()
    parameters: "tuple[HeaderRow, ...]" = ()
    token_path: str = "$.access_token"  # noqa: S105  where a token is, no token
    lifetime_path: str = "$.expires_in"
    sent_as: str = "header"
    sent_name: str = "Authorization"
    sent_prefix: str = "Bearer "
    key: SecretForm = field(default_factory=SecretForm)

    @classmethod
    def of(cls, authorization: Authorization) -> "AuthorizationForm":
        values = {
            name: getattr(authorization, _ATTRIBUTES.get(name, name))
            for name in _FIELDS.get(authorization.type, ())
        }
        shown: dict[str, Any] = {name: _shown(name, value) for name, value in values.items()}
        return cls(type=authorization.type, **shown)

    def document(self) -> dict[str, object]:
        document: dict[str, object] = {"type": self.type}
        for name in _FIELDS.get(self.type, ()):
            value = getattr(self, name)
            if isinstance(value, SecretForm):
                value = self._credential(name)
            elif isinstance(value, TokenUrlsForm):
                value = value.document()
            elif isinstance(value, tuple):
                value = [row.document() for row in value]
            document[_CALLED.get(name, name)] = value
        return document

    def _credential(self, name: str) -> object:
        credential: SecretForm = getattr(self, name)
        may_be_empty = (self.type, name) in _MAY_BE_EMPTY
        return credential.document(SECRET_NAMES[name], may_be_empty=may_be_empty)

    def field_called(self, called: str) -> str:
        """Return the field of this type that the configuration calls so, or the same name."""
        fields = _FIELDS.get(self.type, ())
        return next((name for name in fields if _CALLED.get(name, name) == called), called)

    def with_references(self) -> "AuthorizationForm":
        """Return the form with a name for each secret of its rows that has none yet."""
        return replace(
            self,
            headers=with_references(self.headers, prefix="token_header"),
            parameters=with_references(self.parameters, prefix="token"),
        )

    def typed_secrets(self) -> list[TypedSecret]:
        fields = [
            typed
            for name in _FIELDS.get(self.type, ())
            if name in SECRET_NAMES
            for typed in getattr(self, name).typed(SECRET_NAMES[name])
        ]
        rows = [row for name in self._rows() for row in getattr(self, name)]
        return fields + typed_in(rows)

    def _rows(self) -> list[str]:
        return [name for name in ("headers", "parameters") if name in _FIELDS.get(self.type, ())]

    def secret_field(self, secret: str) -> str:
        """Return the name of the field in which this secret is typed, or nothing."""
        for name in self._rows():
            for at, row in enumerate(getattr(self, name)):
                if row.secret and row.reference == secret:
                    return f"authorization.{name}.{at}.value"
        return next(
            (
                f"authorization.{name}.value"
                for name in _FIELDS.get(self.type, ())
                if name in SECRET_NAMES and self._credential(name) == {"secret": secret}
            ),
            "",
        )


def _shown(name: str, value: Any) -> object:
    if name == "token_urls":
        return TokenUrlsForm.of(value)
    if name in ("headers", "parameters"):
        return tuple(map(HeaderRow.of, value))
    return SecretForm.of(value) if name in SECRET_NAMES else _text(value)


def _text(value: Value) -> str:
    """A user name may be a secret too; in a text field it is written as its template."""
    return f"{{{{ secrets.{value.secret} }}}}" if isinstance(value, SecretReference) else value


@dataclass(frozen=True, slots=True)
class HeaderRow(WriteOnly):
    """A header, or a parameter of the token request.

    When it is secret, `value` is only ever a new value and goes to the vault.
    """

    name: str = ""
    value: str = ""
    secret: bool = False
    reference: str = ""

    @classmethod
    def of(cls, header: Header) -> "HeaderRow":
        if isinstance(header.value, SecretReference):
            return cls(header.name, secret=True, reference=header.value.secret)
        return cls(header.name, header.value)

    def shown(self) -> "HeaderRow":
        return replace(self, value="") if self.secret else self

    def document(self) -> dict[str, object]:
        value = {"secret": self.reference} if self.secret else self.value
        return {"name": self.name, "value": value}


def typed_in(rows: Iterable[HeaderRow]) -> list[TypedSecret]:
    return [TypedSecret(row.reference, row.value, None) for row in rows if row.secret and row.value]


def with_references(
    headers: Iterable[HeaderRow], *, prefix: str = "header"
) -> tuple[HeaderRow, ...]:
    """Return the rows with a name for each secret that has none yet."""
    rows = list(headers)
    taken = {row.reference for row in rows if row.secret}
    for position, row in enumerate(rows):
        if row.secret and not row.reference:
            reference = _free_name(prefix, row.name, taken)
            taken.add(reference)
            rows[position] = replace(row, reference=reference)
    return tuple(rows)


def _free_name(prefix: str, header: str, taken: set[str]) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")
    name = f"{prefix}_{words}"[:60].rstrip("_")
    numbered = (f"{name}_{number}" for number in count(2))
    return next(candidate for candidate in chain([name], numbered) if candidate not in taken)


@dataclass(frozen=True, slots=True)
class BodyFieldRow:
    """One field of the body; `empty` says what is sent when its value is empty."""

    name: str = ""
    value: str = ""
    required: bool = False
    empty: str = ""
    value_encoding: str = ""

    @classmethod
    def of(cls, field: BodyField) -> "BodyFieldRow":
        return cls(
            name=field.name,
            value=field.value,
            required=field.required,
            empty=EmptyValue.OMIT if field.omit_empty else field.empty or "",
            value_encoding=field.value_encoding or "",
        )

    def document(self) -> dict[str, object]:
        is_omitted = self.empty == EmptyValue.OMIT
        return {
            "name": self.name,
            "value": self.value,
            "required": self.required,
            "omit_empty": is_omitted,
            "empty": None if is_omitted else self.empty or None,
            "value_encoding": self.value_encoding or None,
        }


@dataclass(frozen=True, slots=True)
class BodyForm:
    """The body; what was typed in the way that is not chosen stays on the page until saved."""

    encoding: str = "json"
    content_type: str = ""
    mode: str = "template"
    template: str = ""
    fields: tuple[BodyFieldRow, ...] = ()

    @classmethod
    def of(cls, body: Body) -> "BodyForm":
        return cls(
            encoding=body.encoding.value,
            content_type=body.content_type or "",
            mode="template" if body.fields is None else "fields",
            template=body.template or "",
            fields=tuple(map(BodyFieldRow.of, body.fields or ())),
        )

    def document(self) -> dict[str, object]:
        document: dict[str, object] = {"encoding": self.encoding}
        if self.content_type.strip():
            document["content_type"] = self.content_type.strip()
        if self.encoding == Encoding.NONE:
            return document
        if self.mode == "fields":
            document["fields"] = [row.document() for row in self.fields]
        elif self.template:
            document["template"] = self.template
        return document
