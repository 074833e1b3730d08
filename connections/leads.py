"""Leads that are made up: the catalogue's examples, and how a test run keeps its leads."""

from collections.abc import Mapping

import orjson

from accounts.vault import Vault
from connections.exchange.attributes import CATALOGUE, AttributeValue, parse_attributes

PURPOSE = "test lead"

SAMPLE_LEAD: dict[str, AttributeValue] = parse_attributes(
    {attribute.name: attribute.example for attribute in CATALOGUE.values()}
)


def seal_lead(vault: Vault, attributes: Mapping[str, AttributeValue]) -> bytes:
    """Seal the attributes; numbers as text, so that none loses a digit."""
    texts = {name: None if value is None else str(value) for name, value in attributes.items()}
    return vault.seal(orjson.dumps(texts), purpose=PURPOSE)


def open_lead(vault: Vault, sealed: bytes) -> dict[str, AttributeValue]:
    return parse_attributes(orjson.loads(vault.open(sealed, purpose=PURPOSE)))
