"""What a pump needs to send over a connection: compiled once, secrets opened once."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import connection as database

from accounts.models import Account
from connections.exchange.config import Environment
from connections.exchange.rendering import CompiledConfig, compile_config
from connections.models import ConnectionVersion
from connections.selectors import custom_definitions, secret_values
from delivery.queue import Claimed

MAX_CONNECTIONS = 1_024


@dataclass(frozen=True, slots=True)
class Equipment:
    version_number: int
    compiled: CompiledConfig
    secrets: Mapping[str, str]


class EquipmentStore:
    """Keeps what was used last; whoever comes while it is being made waits for the same.

    A version never changes, and every change of a connection, of its secrets and of a custom
    field that it uses raises its revision: so nothing kept here is ever out of date. Only a
    refresh token may have been replaced since; who has its turn looks that up (`GrantKeeper`).
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[UUID, int], asyncio.Task[Equipment]] = OrderedDict()

    async def get(self, claimed: Claimed) -> Equipment:
        key = (claimed.version_id, claimed.connection_revision)
        task = self._kept.get(key)
        if task is None or (task.done() and task.exception()):
            loading = asyncio.to_thread(_load, claimed.account_id, claimed.version_id)
            task = self._kept[key] = asyncio.create_task(loading)
            if len(self._kept) > MAX_CONNECTIONS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return await asyncio.shield(task)


def _load(account_id: UUID, version_id: UUID) -> Equipment:
    try:
        versions = ConnectionVersion.objects.for_account(Account(pk=account_id))
        version = versions.select_related("account").get(pk=version_id)
        return Equipment(
            version.number,
            compile_config(version.document, custom_fields=custom_definitions(version.account)),
            secret_values(version=version, environment=Environment.PRODUCTION),
        )
    finally:
        database.close()  # this thread's own
