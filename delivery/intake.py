"""Accepts referrals: once it has answered, each of them is kept and will be delivered."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db import transaction
from psycopg import Cursor

from accounts.errors import CorrectInput, Problem
from accounts.models import Account
from campaigns.models import CampaignStatus
from connections.exchange.attributes import AttributeErrors, parse_attributes
from delivery import doorbell, queue
from delivery.moments import id_at
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


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A referral that was looked at, ready to be kept if nothing is wrong with it."""

    id: UUID
    item: ReferralIn
    problems: tuple[Problem, ...]
    attributes_sealed: bytes = b""
    email_fingerprint: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the database says of a candidate; the ids are of whichever came first."""

    campaign_status: str | None
    """None: the account has no such campaign."""
    referral_id: UUID | None
    delivery_ids: list[UUID] | None
    seconds_to_claim: float | None
    """How soon a lane is to be looked at that was not before this statement; None: no lane is."""


def accept_referrals(
    *, account: Account, items: Sequence[ReferralIn], now: datetime
) -> list[Accepted]:
    """Keep these referrals and queue one delivery for each live link of their campaigns.

    The same (campaign, external_id) again, in one list, at the same moment, or as long as its
    `ReferralKey` is kept, is a duplicate and carries the ids of the first. An invalid referral
    does not spoil the others.

    *Shape*: one entry for each item, in their order.
    *Raises*: CorrectInput when there are more than MAX_REFERRALS.
    *Effects*: rows and rung lanes, in one statement; then the workers are woken.
    """
    if len(items) > MAX_REFERRALS:
        detail = f"{len(items):,} referrals at once are too many: send {MAX_REFERRALS:,} at most."
        raise CorrectInput(Problem("", "too_many", detail))
    if not items:
        return []
    candidates = [_check(item, account, now) for item in items]
    kept = _keep(account, candidates, now)
    if kept[0].seconds_to_claim is not None:
        ring = partial(doorbell.ring, in_seconds=kept[0].seconds_to_claim)
        transaction.on_commit(ring, robust=True)
    return [_accepted(candidate, one) for candidate, one in zip(candidates, kept, strict=True)]


def _accepted(candidate: _Candidate, kept: _Kept) -> Accepted:
    external_id = candidate.item.external_id
    problems = (*_campaign_problems(kept.campaign_status), *candidate.problems)
    if problems:
        return Accepted(external_id, Acceptance.INVALID, errors=problems)
    is_first = kept.referral_id == candidate.id
    status = Acceptance.ACCEPTED if is_first else Acceptance.DUPLICATE
    return Accepted(external_id, status, kept.referral_id, tuple(kept.delivery_ids or ()))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _is_plain(text: str) -> bool:
    """Tell whether the text holds no control character and no half of one (a surrogate)."""
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def _check(item: ReferralIn, account: Account, now: datetime) -> _Candidate:
    problems = [*_external_id_problems(item.external_id)]
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
    if problems:
        return _Candidate(id_at(now), item, tuple(problems))
    email = attributes.get("email")
    return _Candidate(
        id=id_at(now),
        item=item,
        problems=(),
        attributes_sealed=seal_attributes(account.vault, attributes_json),
        email_fingerprint=account.vault.fingerprint(str(email)) if email else None,
    )


def _campaign_problems(status: str | None) -> Iterable[Problem]:
    if status is None:
        detail = (
            "There is no such campaign in this account: write the campaign's id or its reference."
        )
        yield Problem("/campaign", "unknown_campaign", detail)
    elif status == CampaignStatus.ARCHIVED:
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


# In one statement: a round trip, a plan and a commit for however many. Keys are inserted in one
# order by everybody, so two lists with the same referrals wait for each other and never
# deadlock; a key that is there is written again as it was, since only so is it read as it is
# after that wait. The lock on links makes an unlinking wait for us: what it then cancels
# includes what we insert. Lanes come last, and it is what they are fed by that sees to it.
_KEEP = """
WITH item AS MATERIALIZED (
    SELECT * FROM unnest(
        %(id)s::uuid[], %(is_valid)s::bool[], %(campaign)s::text[], %(external_id)s::text[],
        %(occurred_at)s::timestamptz[], %(attributes_sealed)s::bytea[],
        %(email_fingerprint)s::bytea[]
    ) WITH ORDINALITY AS item (id, is_valid, campaign, external_id, occurred_at,
        attributes_sealed, email_fingerprint, position)
), campaign AS MATERIALIZED (
    -- Named by its id or, where that names none, by its reference.
    SELECT DISTINCT ON (named.name) named.name, campaign.id, campaign.status
    FROM unnest(%(names)s::text[], %(name_ids)s::uuid[]) AS named (name, id)
    JOIN campaigns_campaign campaign ON campaign.account_id = %(account)s
        AND (campaign.id = named.id OR campaign.reference = named.name)
    ORDER BY named.name, campaign.id = named.id DESC NULLS LAST
), link AS MATERIALIZED (
    SELECT link.campaign_id, link.connection_id
    FROM campaigns_campaignlink link
    JOIN connections_connection connection ON connection.id = link.connection_id
    WHERE link.campaign_id IN (SELECT id FROM campaign WHERE status <> 'archived')
        AND link.unlinked_at IS NULL AND connection.status <> 'archived'
    ORDER BY link.id
    FOR SHARE OF link
), unique_item AS MATERIALIZED (
    SELECT DISTINCT ON (campaign.id, item.external_id) item.*, campaign.id AS campaign_id
    FROM item JOIN campaign ON campaign.name = item.campaign
    WHERE item.is_valid AND campaign.status <> 'archived'
    ORDER BY campaign.id, item.external_id, item.position
), planned AS MATERIALIZED (
    SELECT uuidv7(%(now)s - clock_timestamp()) AS id, unique_item.id AS referral_id,
        link.campaign_id, link.connection_id
    FROM unique_item JOIN link USING (campaign_id)
), key AS (
    INSERT INTO delivery_referralkey AS known (campaign_id, external_id, referral_id, delivery_ids)
    SELECT campaign_id, external_id, unique_item.id, COALESCE(planned.ids, '{}')
    FROM unique_item LEFT JOIN (
        SELECT referral_id, array_agg(id ORDER BY id) AS ids FROM planned GROUP BY referral_id
    ) planned ON planned.referral_id = unique_item.id
    ORDER BY campaign_id, external_id
    ON CONFLICT (campaign_id, external_id) DO UPDATE SET referral_id = known.referral_id
    RETURNING campaign_id, external_id, referral_id, delivery_ids
), referral AS (
    INSERT INTO delivery_referral (id, account_id, campaign_id, external_id, occurred_at,
        attributes_sealed, email_fingerprint, received_at)
    SELECT id, %(account)s, campaign_id, external_id, occurred_at, attributes_sealed,
        email_fingerprint, %(now)s
    FROM unique_item WHERE id IN (SELECT referral_id FROM key)
), changed AS (
    INSERT INTO delivery_delivery (id, account_id, referral_id, campaign_id, connection_id,
        status, reason, captures, attempt_count, lease_expiries, created_at, next_attempt_at)
    SELECT id, %(account)s, referral_id, campaign_id, connection_id, 'pending', '', '{}', 0, 0,
        %(now)s, %(now)s
    FROM planned WHERE referral_id IN (SELECT referral_id FROM key)
    RETURNING connection_id
), lane AS (
"""
# Not longer than a lane ever waits, should our clock be behind the pumps'.
_RETURN_IN_ORDER = f"""
    RETURNING ready_at
)
SELECT campaign.status, key.referral_id, key.delivery_ids,
    (SELECT min(LEAST(extract(epoch FROM ready_at - %(now)s), {queue.COMPANY_SECONDS}))::float8
        FROM lane)
FROM item
LEFT JOIN campaign ON campaign.name = item.campaign
LEFT JOIN key ON item.is_valid AND key.campaign_id = campaign.id
    AND key.external_id = item.external_id
ORDER BY item.position
"""  # noqa: S608  our own text
_STATEMENT = _KEEP + queue.RING_UNLESS_FULL + _RETURN_IN_ORDER


def _keep(account: Account, candidates: Sequence[_Candidate], now: datetime) -> list[_Kept]:
    """Insert what is new; return what is there now, in the order of the candidates."""
    names = {one.item.campaign for one in candidates if _is_plain(one.item.campaign)}
    parameters: dict[str, Any] = {
        "account": account.pk,
        "now": now,
        "names": list(names),
        "name_ids": [_uuid(name) for name in names],
        "id": [one.id for one in candidates],
        "is_valid": [not one.problems for one in candidates],
        "campaign": [
            one.item.campaign if one.item.campaign in names else None for one in candidates
        ],
        "external_id": [None if one.problems else one.item.external_id for one in candidates],
        "occurred_at": [one.item.occurred_at for one in candidates],
        "attributes_sealed": [one.attributes_sealed for one in candidates],
        "email_fingerprint": [one.email_fingerprint for one in candidates],
    }
    # Prepared, which Django's own cursors never are: planning it takes longer than running it.
    with database.cursor() as own, database.wrap_database_errors, Cursor(own.connection) as cursor:
        cursor.execute(_STATEMENT, parameters, prepare=True)
        return [_Kept(*row) for row in cursor.fetchall()]
