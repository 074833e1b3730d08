"""What happens when a campaign is unlinked, a connection mended or deleted, a database migrated."""

from datetime import datetime

from django.apps.registry import Apps
from django.apps.registry import apps as current_apps
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import Account
from campaigns.models import Campaign
from campaigns.signals import link_ended
from connections.models import Connection
from connections.signals import connection_archived, connection_mended, connection_proven
from delivery import outages, partitions, queue, services


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
def try_mended(*, connection: Connection, **_: object) -> None:
    outages.try_again(connection=connection, now=queue.database_now())


@receiver(connection_proven)
def close_proven(*, connection: Connection, **_: object) -> None:
    outages.close_proven(connection=connection, now=queue.database_now())


def make_partitions(*, using: str, apps: Apps = current_apps, **_: object) -> None:
    """Let a start after a long rest find the partitions of today."""
    if "referralkey" not in apps.all_models["delivery"]:
        return  # migrated to a state of before there were any
    partitions.make_partitions(now=timezone.now(), using=using)
