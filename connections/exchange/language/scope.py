"""The names that templates may use, and the values that they have in one exchange.

A template says `campaign.name`; once checked, it asks for the flat name `campaign__name`, so
that no object of ours is ever within a template's reach.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from connections.exchange.attributes import CATALOGUE
from connections.exchange.context import Context

VARIABLES = "variables"
SECRETS = "secrets"
REQUEST = "request"
ALONE = ("now", "test", "nonce", "environment")
MEMBERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "referral": ("id", "external_id", "occurred_at"),
        "campaign": ("id", "name", "reference"),
        "connection": ("id", "name"),
    }
)
REQUEST_MEMBERS = ("method", "url", "host", "path", "query", "body")

_NO_ATTRIBUTES: Mapping[str, None] = MappingProxyType(dict.fromkeys(CATALOGUE))


@dataclass(frozen=True, slots=True)
class Names:
    """What the templates of one connection may name; secrets are known only when it is sent."""

    variables: frozenset[str] = frozenset()
    custom: frozenset[str] = frozenset()
    """The account's custom fields, which stand beside the attributes."""
    sees_request: bool = False
    """Whether the rest of the request is made by then, as it is for a header."""

    def roots(self) -> Iterator[str]:
        yield from (VARIABLES, SECRETS, *MEMBERS)
        if self.sees_request:
            yield REQUEST

    def alone(self) -> Iterator[str]:
        yield from (*CATALOGUE, *self.custom, *ALONE)

    def members(self, root: str) -> tuple[str, ...]:
        if root == VARIABLES:
            return tuple(sorted(self.variables))
        return REQUEST_MEMBERS if root == REQUEST else MEMBERS[root]


def flat_name(root: str, member: str) -> str:
    return f"{root}__{member}"


def values_in_scope(
    *,
    context: Context,
    custom: Mapping[str, str | None],
    variables: Mapping[str, str],
    secrets: Mapping[str, str],
    environment: str,
) -> dict[str, object]:
    """Return every value by its flat name; an attribute that the referral lacks is None."""
    values: dict[str, object] = {**_NO_ATTRIBUTES, **context.attributes, **custom}
    values |= {flat_name(VARIABLES, name): value for name, value in variables.items()}
    values |= {flat_name(SECRETS, name): value for name, value in secrets.items()}
    values["referral__id"] = context.referral_id
    values["referral__external_id"] = context.external_id
    values["referral__occurred_at"] = context.occurred_at
    values["campaign__id"] = context.campaign_id
    values["campaign__name"] = context.campaign_name
    values["campaign__reference"] = context.campaign_reference
    values["connection__id"] = context.connection_id
    values["connection__name"] = context.connection_name
    values["now"] = context.now
    values["test"] = context.test
    values["nonce"] = context.nonce
    values["environment"] = environment
    return values


def request_in_scope(*, method: str, url: str, body: str) -> dict[str, object]:
    """Return what a header may say of the request that it stands in, by flat name."""
    parts = urlsplit(url)
    values = (method, url, parts.netloc, parts.path, parts.query, body)
    names = (flat_name(REQUEST, member) for member in REQUEST_MEMBERS)
    return dict(zip(names, values, strict=True))
