"""Forgets people when their time is up, and drops what no account keeps any longer.

Personal data goes to the day, in small batches; whole weeks of rows are dropped with their
tables when the account that keeps longest keeps them no longer, up to a week after. Accounts
that keep shorter have theirs deleted to the day. Set-up requests that ended go as well.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from accounts.models import Account
from connections.services import erase_ended_setup_requests
from delivery import partitions, statistics
from delivery.models import (
    CANCELLABLE,
    Attempt,
    Delivery,
    DeliveryStatus,
    Referral,
    ReferralKey,
    Statistic,
)
from delivery.moments import first_id_at

KEY_DAYS = 90
"""How long the same key is a duplicate at least: also after its referral is gone."""
STATISTICS_DAYS = 400
"""Figures name nobody; thirteen months can be compared."""
BATCH_ROWS = 500

ERASED = "erased"
NEVER_SENT = (
    "Its personal data was erased, as the account asks, before it could be sent: hand the"
    " referral in again, under another external id, if it still matters."
)

logger = logging.getLogger(__name__)


def retain(*, now: datetime, is_time_up: Callable[[], bool]) -> None:
    """Make partitions ahead and let go of what is old; what is left is for the next run."""
    partitions.make_partitions(now=now)
    for table in partitions.strays():
        logger.error(
            "the default partition of delivery_%s holds rows: they are safe and found, but"
            " slowly; look whether beat runs, and at the clocks of web and workers",
            table,
        )
    longest = Account.objects.aggregate(longest=Max("retention_days"))["longest"] or KEY_DAYS
    for step in _steps(now, longest):
        while step():
            if is_time_up():
                logger.warning("retention did not come to its end; it goes on the next time")
                return
    partitions.drop_partitions(before=now - timedelta(days=longest))


def _steps(now: datetime, longest: int) -> Iterator[Callable[[], int]]:
    """Yield what is to be called until it finds nothing more."""
    for account in Account.objects.order_by("id"):
        yield lambda account=account: forget_people(account=account, now=now)  # type: ignore[misc]
        if account.retention_days < longest:
            yield lambda account=account: delete_referrals(account=account, now=now)  # type: ignore[misc]
    yield lambda: delete_keys(now=now, days=max(longest, KEY_DAYS))
    for account in Account.objects.order_by("id"):
        yield lambda account=account: delete_statistics(account=account, now=now)  # type: ignore[misc]
        yield lambda account=account: erase_ended_setup_requests(account=account, now=now)  # type: ignore[misc]


@transaction.atomic
def forget_people(*, account: Account, now: datetime) -> int:
    """Empty a batch of the account's referrals and all that was sent and answered of them.

    What still waits is `failed`; what is being sent is left for the next time.

    *Shape*: how many referrals were emptied; 0 when none is left.
    """
    people = (
        Referral.objects.for_account(account)
        .exclude(attributes_sealed=b"")
        .filter(id__lt=_first_kept(account.personal_data_days, now))
        .select_for_update(skip_locked=True)
    )
    ids = list(people.order_by("id").values_list("id", flat=True)[:BATCH_ROWS])
    deliveries = Delivery.objects.for_account(account).filter(referral_id__in=ids)
    found = list(
        deliveries.order_by("id")
        .select_for_update()
        .values_list("id", "referral_id", "lease_expires_at")
    )
    being_sent = {referral for _, referral, lease_expires_at in found if lease_expires_at}
    forgotten = [identifier for identifier in ids if identifier not in being_sent]
    _empty(account, forgotten, [one for one, referral, _ in found if referral not in being_sent])
    waiting = deliveries.filter(CANCELLABLE, referral_id__in=forgotten)
    given_up = list(waiting.values_list("id", flat=True))
    deliveries.filter(id__in=given_up).update(
        status=DeliveryStatus.FAILED, reason=NEVER_SENT, finished_at=now, next_attempt_at=None
    )
    statistics.count_given_up(account, ids=given_up, reason=ERASED, now=now)
    return len(forgotten)


def _empty(account: Account, referrals: list[UUID], deliveries: list[UUID]) -> None:
    Attempt.objects.for_account(account).filter(delivery_id__in=deliveries).update(
        record_sealed=b""
    )
    Delivery.objects.for_account(account).filter(id__in=deliveries).update(
        reason=ERASED, captures={}
    )
    Referral.objects.for_account(account).filter(id__in=referrals).update(
        attributes_sealed=b"", email_fingerprint=None
    )


@transaction.atomic
def delete_referrals(*, account: Account, now: datetime) -> int:
    """Delete a batch of what an account keeps shorter than others; people are forgotten first.

    *Shape*: how many referrals went, each with its deliveries and attempts.
    """
    old = Referral.objects.for_account(account).filter(
        id__lt=_first_kept(account.retention_days, now), attributes_sealed=b""
    )
    ids = list(old.values_list("id", flat=True)[:BATCH_ROWS])
    Referral.objects.for_account(account).filter(id__in=ids).delete()
    return len(ids)


def delete_keys(*, now: datetime, days: int) -> int:
    """Delete a batch of keys that are duplicates no longer; return how many."""
    old = ReferralKey.objects.filter(referral_id__lt=_first_kept(days, now))
    ids = list(old.order_by("referral_id").values_list("referral_id", flat=True)[:BATCH_ROWS])
    ReferralKey.objects.filter(referral_id__in=ids).delete()
    return len(ids)


def delete_statistics(*, account: Account, now: datetime) -> int:
    """Delete a batch of figures that are too old; return how many."""
    old = Statistic.objects.for_account(account).filter(
        hour__lt=now - timedelta(days=STATISTICS_DAYS)
    )
    ids = list(old.values_list("id", flat=True)[:BATCH_ROWS])
    Statistic.objects.for_account(account).filter(id__in=ids).delete()
    return len(ids)


def _first_kept(days: int, now: datetime) -> UUID:
    return first_id_at(now - timedelta(days=days))
