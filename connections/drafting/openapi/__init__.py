"""From an OpenAPI document of an advertiser to the draft of one of its operations."""

from connections.drafting.openapi.document import (
    MAX_DOCUMENT_CHARACTERS,
    OpenApiDocument,
    Operation,
    read_openapi,
)
from connections.drafting.openapi.operation import draft_operation

__all__ = [
    "MAX_DOCUMENT_CHARACTERS",
    "OpenApiDocument",
    "Operation",
    "draft_operation",
    "read_openapi",
]
