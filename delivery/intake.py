"""Accepts referrals: once it has answered, each of them is kept and will be delivered."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import connection as database
from django.db import transaction
from django.db.models import Q
from uuid_utils.compat import uuid7

from accounts.errors import CorrectInput, Problem
from accounts.models import Account
from campaigns.models import Campaign, CampaignStatus
from connections.exchange.attributes import AttributeErrors, parse_attributes
from delivery import doorbell, queue
from delivery.sealing import attributes_as_json, seal_attributes

MAX_REFERRALS = 1_000
MAX_EXTERNAL_ID_CHARACTERS = 200
MAX_ATTRIBUTES_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class ReferralIn:
    """One referral as somebody hands it in; nothing of it has been checked."""

    campaign: str
    """The campaign's id, or its reference."""
    external_id: str
    attributes: Mapping[str, object]
    occurred_at: datetime | None = None


class Acceptance(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of one referral that was handed in."""

    external_id: str
    status: Acceptance
    id: UUID | None = None
    """The referral's; of a duplicate, that of the first."""
    deliveries: tuple[UUID, ...] = ()
    errors: tuple[Problem, ...] = ()
    """Why it is invalid; pointers start at the referral."""


Key = tuple[UUID, str]
"""What makes a referral one: its campaign's id and its external id."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A valid referral, ready to be kept."""

    id: UUID
    key: Key
    occurred_at: datetime | None
    attributes_sealed: bytes
    email_fingerprint: bytes | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """A referral that is in the database, with the ids of its deliveries."""

    id: UUID
    deliveries: tuple[UUID, ...]


def accept_referrals(
    *, account: Account, items: Sequence[ReferralIn], now: datetime
) -> list[Accepted]:
    """Keep these referrals and queue one delivery for each live link of their campaigns.

    The same (campaign, external_id) again, in one list or at the same moment, is a duplicate
    and carries the ids of the first. An invalid referral does not spoil the others.

    *Shape*: one entry for each item, in their order.
    *Raises*: CorrectInput when there are more than MAX_REFERRALS.
    *Effects*: rows, in a constant number of statements; then the workers are woken.
    """
    if len(items) > MAX_REFERRALS:
        detail = f"{len(items):,} referrals at once are too many: send {MAX_REFERRALS:,} at most."
        raise CorrectInput(Problem("", "too_many", detail))
    campaigns = _campaigns(account, {item.campaign for item in items})
    checked = [_check(item, account, campaigns.get(item.campaign)) for item in items]
    candidates = [outcome for outcome in checked if isinstance(outcome, _Candidate)]
    kept = _keep(account, candidates, now)
    return [
        outcome if isinstance(outcome, Accepted) else _accepted(outcome, kept[outcome.key])
        for outcome in checked
    ]


def _accepted(candidate: _Candidate, kept: _Kept) -> Accepted:
    status = Acceptance.ACCEPTED if kept.id == candidate.id else Acceptance.DUPLICATE
    return Accepted(candidate.key[1], status, kept.id, kept.deliveries)


def _campaigns(account: Account, named: set[str]) -> dict[str, Campaign]:
    """Return the account's campaigns by what was written, whether id or reference."""
    names = {name for name in named if _is_plain(name)}
    ids = {name: uuid for name in names if (uuid := _uuid(name))}
    found = Campaign.objects.for_account(account).filter(
        Q(reference__in=names) | Q(pk__in=ids.values())
    )
    by_id, by_reference = {}, {}
    for campaign in found:
        by_id[campaign.pk] = by_reference[campaign.reference] = campaign
    campaigns = {name: by_id[uuid] for name, uuid in ids.items() if uuid in by_id}
    return {name: by_reference[name] for name in names if name in by_reference} | campaigns


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _is_plain(text: str) -> bool:
    """Tell whether the text holds no control character and no half of one (a surrogate)."""
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def _check(item: ReferralIn, account: Account, campaign: Campaign | None) -> _Candidate | Accepted:
    problems = [*_campaign_problems(campaign), *_external_id_problems(item.external_id)]
    try:
        attributes = parse_attributes(item.attributes)
    except AttributeErrors as refused:
        problems += [
            Problem(f"/attributes/{_escaped(name)}", code, detail)
            for name, code, detail in refused.problems
        ]
        attributes = {}
    attributes_json = attributes_as_json(attributes)
    if len(attributes_json) > MAX_ATTRIBUTES_BYTES:
        detail = f"The attributes are longer than {MAX_ATTRIBUTES_BYTES:,} bytes: shorten them."
        problems.append(Problem("/attributes", "too_long", detail))
    if problems or campaign is None:
        return Accepted(item.external_id, Acceptance.INVALID, errors=tuple(problems))
    email = attributes.get("email")
    return _Candidate(
        id=uuid7(),
        key=(campaign.pk, item.external_id),
        occurred_at=item.occurred_at,
        attributes_sealed=seal_attributes(account.vault, attributes_json),
        email_fingerprint=account.vault.fingerprint(str(email)) if email else None,
    )


def _campaign_problems(campaign: Campaign | None) -> Iterable[Problem]:
    if campaign is None:
        detail = (
            "There is no such campaign in this account: write the campaign's id or its reference."
        )
        yield Problem("/campaign", "unknown_campaign", detail)
    elif campaign.status == CampaignStatus.ARCHIVED:
        detail = "This campaign is archived: make it live again or send to another one."
        yield Problem("/campaign", "campaign_archived", detail)


def _external_id_problems(external_id: str) -> Iterable[Problem]:
    if not 1 <= len(external_id) <= MAX_EXTERNAL_ID_CHARACTERS:
        detail = f"An external id has 1 to {MAX_EXTERNAL_ID_CHARACTERS} characters."
        yield Problem("/external_id", "wrong_length", detail)
    elif not _is_plain(external_id):
        detail = "An external id holds no control characters: send it without them."
        yield Problem("/external_id", "control_character", detail)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _keep(account: Account, candidates: Sequence[_Candidate], now: datetime) -> dict[Key, _Kept]:
    """Insert what is new and return all of it by key; lanes are rung once it is committed."""
    # In one order for everybody: two lists with the same referrals wait, but never deadlock.
    unique = sorted({c.key: c for c in reversed(candidates)}.values(), key=lambda c: c.key)
    if not unique:
        return {}
    with transaction.atomic():
        links = _live_links({candidate.key[0] for candidate in unique})
        inserted = _insert_referrals(account, unique, now)
        new = [candidate for candidate in unique if candidate.id in inserted]
        deliveries = [
            (uuid7(), candidate.id, candidate.key[0], connection_id)
            for candidate in new
            for connection_id in links.get(candidate.key[0], ())
        ]
        _insert_deliveries(account, deliveries, now)
        known = _known([c.key for c in unique if c.id not in inserted])
        if deliveries:
            connection_ids = {connection_id for *_, connection_id in deliveries}
            transaction.on_commit(lambda: _wake(connection_ids, now), robust=True)
    ids: dict[UUID, list[UUID]] = {}
    for delivery_id, referral_id, *_ in deliveries:
        ids.setdefault(referral_id, []).append(delivery_id)
    return known | {c.key: _Kept(c.id, tuple(ids.get(c.id, ()))) for c in new}


def _wake(connection_ids: set[UUID], now: datetime) -> None:
    queue.ring_lanes(connection_ids, now=now)
    doorbell.ring()


def _live_links(campaign_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Return the connections that each campaign feeds.

    The lock makes an unlinking wait for us: what it then cancels includes what we insert.
    """
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT link.campaign_id, link.connection_id
            FROM campaigns_campaignlink link
            JOIN connections_connection connection ON connection.id = link.connection_id
            WHERE link.campaign_id = ANY(%s) AND link.unlinked_at IS NULL
                AND connection.status <> 'archived'
            ORDER BY link.id
            FOR SHARE OF link
            """,
            [list(campaign_ids)],
        )
        links: dict[UUID, list[UUID]] = {}
        for campaign_id, connection_id in cursor.fetchall():
            links.setdefault(campaign_id, []).append(connection_id)
    return links


def _insert_referrals(
    account: Account, candidates: Sequence[_Candidate], now: datetime
) -> set[UUID]:
    """Insert the referrals and return the ids of those that were not there."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO delivery_referral (account_id, received_at, id, campaign_id, external_id,
                occurred_at, attributes_sealed, email_fingerprint)
            SELECT %s, %s, * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[],
                %s::bytea[], %s::bytea[])
            ON CONFLICT (campaign_id, external_id) DO NOTHING
            RETURNING id
            """,
            [
                account.pk,
                now,
                [candidate.id for candidate in candidates],
                [candidate.key[0] for candidate in candidates],
                [candidate.key[1] for candidate in candidates],
                [candidate.occurred_at for candidate in candidates],
                [candidate.attributes_sealed for candidate in candidates],
                [candidate.email_fingerprint for candidate in candidates],
            ],
        )
        return {referral_id for (referral_id,) in cursor.fetchall()}


def _insert_deliveries(
    account: Account, deliveries: Sequence[tuple[UUID, UUID, UUID, UUID]], now: datetime
) -> None:
    if not deliveries:
        return
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO delivery_delivery (account_id, created_at, next_attempt_at, status, reason,
                captures, attempt_count, lease_expiries, id, referral_id, campaign_id,
                connection_id)
            SELECT %s, %s, %s, 'pending', '', '{}', 0, 0, *
            FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[])
            """,
            [account.pk, now, now, *(list(column) for column in zip(*deliveries, strict=True))],
        )


def _known(keys: Sequence[Key]) -> dict[Key, _Kept]:
    """Return what was there before us; committed by now, since the insert waited for it."""
    if not keys:
        return {}
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT referral.campaign_id, referral.external_id, referral.id,
                ARRAY(SELECT id FROM delivery_delivery WHERE referral_id = referral.id ORDER BY id)
            FROM delivery_referral referral
            JOIN unnest(%s::uuid[], %s::text[]) AS wanted (campaign_id, external_id)
                USING (campaign_id, external_id)
            """,
            [list(column) for column in zip(*keys, strict=True)],
        )
        return {
            (campaign_id, external_id): _Kept(referral_id, tuple(delivery_ids))
            for campaign_id, external_id, referral_id, delivery_ids in cursor.fetchall()
        }
