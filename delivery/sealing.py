"""Personal data at rest: how attributes and records of attempts are sealed and opened."""

from collections.abc import Mapping

import orjson

from accounts.vault import Vault
from connections.exchange.attributes import AttributeValue, parse_attributes

ATTRIBUTES = "referral"
ATTEMPT = "attempt"


def attributes_as_json(attributes: Mapping[str, AttributeValue]) -> bytes:
    """Return the attributes as JSON; numbers as text, so that none loses a digit."""
    return orjson.dumps(
        {name: None if value is None else str(value) for name, value in attributes.items()}
    )


def seal_attributes(vault: Vault, attributes_json: bytes) -> bytes:
    return vault.seal(attributes_json, purpose=ATTRIBUTES)


def open_attributes(vault: Vault, sealed: bytes) -> dict[str, AttributeValue]:
    """Return the attributes; none of a person who was forgotten."""
    if not sealed:
        return {}
    return parse_attributes(orjson.loads(vault.open(sealed, purpose=ATTRIBUTES)))


def seal_attempt(vault: Vault, record: Mapping[str, object]) -> bytes:
    return vault.seal(orjson.dumps(record), purpose=ATTEMPT)


def open_attempt(vault: Vault, sealed: bytes) -> dict[str, object]:
    record: dict[str, object] = orjson.loads(vault.open(sealed, purpose=ATTEMPT))
    return record
