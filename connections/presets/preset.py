"""What a preset says of a platform: what to ask for, the configuration, and where it is from."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, HttpUrl, StringConstraints, model_validator

from connections.exchange.config import (
    ConnectionConfig,
    Document,
    Endpoint,
    Identifier,
    OAuth2Authorization,
)

Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
_PLACE = re.compile(r"<(\w+)>")


class Category(StrEnum):
    CRM = "crm"
    EMAIL = "email"
    AUTOMATION = "automation"
    MESSAGING = "messaging"
    FORM = "form"


class InputKind(StrEnum):
    VARIABLE = "variable"
    SECRET = "secret"  # noqa: S105  a kind of input, no secret
    ADDRESS = "address"
    """A part of a host name, which no template may write."""


class PresetInput(Document):
    """One thing that differs from one customer of the platform to the next."""

    name: Identifier
    kind: InputKind
    label: Line
    hint: str = ""
    example: Line


class Source(Document):
    """What the preset was written from, and when that was read."""

    url: HttpUrl
    read_on: date


class Preset(Document):
    """A platform, as its data file describes it.

    In URLs of the configuration `<name>` stands for an input of the kind address.
    """

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: Line
    category: Category
    summary: Line
    documentation: HttpUrl
    """The vendor's page, for people to read."""
    source: Source
    inputs: Annotated[tuple[PresetInput, ...], Field(max_length=20)] = ()
    notes: tuple[Line, ...] = ()
    """What a person should know who sends referrals there."""
    config: ConnectionConfig

    @model_validator(mode="after")
    def addresses_are_asked_for(self) -> Self:
        asked = {one.name for one in self.inputs_of(InputKind.ADDRESS)}
        placed = {name for url in _urls(self.config) for name in _PLACE.findall(url)}
        if asked != placed:
            raise ValueError(f"inputs of the kind address {asked} differ from the URLs' {placed}")
        return self

    def inputs_of(self, kind: InputKind) -> Iterator[PresetInput]:
        return (one for one in self.inputs if one.kind is kind)

    def examples(self) -> dict[str, str]:
        return {one.name: one.example for one in self.inputs}

    def filled(self, values: Mapping[str, str]) -> ConnectionConfig:
        """Return the configuration with these values for its inputs; secrets are no part of it.

        *Raises* pydantic's ValidationError when the values make it impossible, like a URL that
        becomes too long.
        """
        addresses = {one.name: values[one.name] for one in self.inputs_of(InputKind.ADDRESS)}
        given = {one.name: values[one.name] for one in self.inputs_of(InputKind.VARIABLE)}
        authorization = self.config.authorization
        if isinstance(authorization, OAuth2Authorization):
            urls = {
                "token_url": _placed(authorization.token_url, addresses),
                "token_urls": {
                    name: _placed(url, addresses) for name, url in authorization.token_urls.items()
                },
            }
            authorization = authorization.model_copy(update=urls)
        filled = self.config.model_copy(
            update={
                "variables": self.config.variables | given,
                "authorization": authorization,
                "environments": {
                    name: Endpoint(url=_placed(endpoint.url, addresses))
                    for name, endpoint in self.config.environments.items()
                },
            }
        )
        return ConnectionConfig.model_validate(filled.model_dump(by_alias=True))

    def pointers(self, one: PresetInput) -> list[str]:
        """Return where in the body of a new connection the value of an input goes."""
        if one.kind is InputKind.VARIABLE:
            return [f"/config/variables/{one.name}"]
        if one.kind is InputKind.SECRET:
            return [f"/secret_values/{one.name}"]
        return [pointer for pointer, url in _placed_urls(self.config) if f"<{one.name}>" in url]


def _urls(config: ConnectionConfig) -> Iterator[str]:
    return (url for _, url in _placed_urls(config))


def _placed_urls(config: ConnectionConfig) -> Iterator[tuple[str, str]]:
    for name, endpoint in config.environments.items():
        yield f"/config/environments/{name.value}/url", endpoint.url
    if isinstance(config.authorization, OAuth2Authorization):
        for pointer, url in config.authorization.all_token_urls().items():
            yield f"/config{pointer}", url


def _placed(url: str, addresses: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: addresses[place[1]], url)
