"""What those see of a connection who may look at it but not change it."""

from dataclasses import dataclass
from datetime import datetime

from connections.exchange.config import ConnectionConfig
from connections.models import Connection
from connections.views.editor_page import form_of
from connections.views.fragments import PreviewFragment, previewed


@dataclass(frozen=True, slots=True)
class ShownPage:
    connection: Connection
    config: ConnectionConfig
    preview: PreviewFragment


def shown_page(connection: Connection, *, now: datetime) -> ShownPage:
    version = connection.head_version
    assert version is not None, "a connection has a version from its creation on"
    preview = previewed(connection, form_of(connection), now=now)
    return ShownPage(connection, version.document, preview)
