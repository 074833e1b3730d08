"""What deliveries do when a campaign is unlinked, or a connection mended or deleted."""

from datetime import datetime

from django.dispatch import receiver

from accounts.models import Account
from campaigns.models import Campaign
from campaigns.signals import link_ended
from connections.models import Connection, ConnectionStatus
from connections.signals import connection_archived, connection_mended
from delivery import outages, services


@receiver(link_ended)
def cancel_unlinked(
    *, account: Account, campaign: Campaign, connection: Connection, now: datetime, **_: object
) -> None:
    services.cancel_unlinked(account=account, campaign=campaign, connection=connection, now=now)


@receiver(connection_archived)
def cancel_archived(
    *, account: Account, connection: Connection, now: datetime, **_: object
) -> None:
    services.cancel_archived(account=account, connection=connection, now=now)
    outages.forget(connection=connection, now=now)


@receiver(connection_mended)
def try_mended(*, connection: Connection, now: datetime, **_: object) -> None:
    if connection.status != ConnectionStatus.ARCHIVED:
        outages.try_again(connection=connection, now=now)
