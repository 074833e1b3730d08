"""The named facts that a referral can carry: their catalogue, and how they are read."""

from connections.exchange.attributes.catalogue import CATALOGUE, Attribute, AttributeType
from connections.exchange.attributes.reading import (
    AttributeErrors,
    AttributeProblem,
    AttributeValue,
    attribute_hint,
    parse_attributes,
)
from connections.exchange.attributes.synonyms import ATTRIBUTE_OF

__all__ = [
    "ATTRIBUTE_OF",
    "CATALOGUE",
    "Attribute",
    "AttributeErrors",
    "AttributeProblem",
    "AttributeType",
    "AttributeValue",
    "attribute_hint",
    "parse_attributes",
]
