"""Changes campaigns and their links: transaction, audit, and word to the apps above."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.access import Actor
from accounts.errors import CorrectInput, Problem, ResolveConflict
from accounts.models import Account
from accounts.services import record_event
from campaigns.models import Campaign, CampaignLink, CampaignStatus
from campaigns.selectors import campaign_of, campaigns_of, live_link
from campaigns.signals import link_ended
from connections.models import Connection, ConnectionStatus

MAX_CHARACTERS = 100


@transaction.atomic
def create_campaign(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    name: str,
    reference: str,
    status: CampaignStatus = CampaignStatus.LIVE,
) -> Campaign:
    """Add a campaign. Raises: CorrectInput (empty or too long; a reference that is taken)."""
    campaign = Campaign(account=account, name=name, reference=reference, status=status)
    campaign.created_at = now
    _save(campaign)
    record_event(
        account=account,
        actor=actor,
        event="campaign.created",
        subject=campaign,
        details={"name": campaign.name, "reference": campaign.reference},
        now=now,
    )
    return campaign


@transaction.atomic
def change_campaign(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    campaign_id: UUID | str,
    name: str | None = None,
    reference: str | None = None,
    status: CampaignStatus | None = None,
) -> Campaign:
    """Change what is given; a change to what it already is leaves no trace.

    Raises: LookElsewhere; CorrectInput.
    """
    campaign = _locked_campaign(account, campaign_id)
    given = {"name": name, "reference": reference, "status": status}
    changed = {
        field: value
        for field, value in given.items()
        if value is not None and value != getattr(campaign, field)
    }
    if not changed:
        return campaign
    before = {field: str(getattr(campaign, field)) for field in changed}
    for field, value in changed.items():
        setattr(campaign, field, value)
    _save(campaign)
    record_event(
        account=account,
        actor=actor,
        event="campaign.changed",
        subject=campaign,
        details={"before": before, "after": changed},
        now=now,
    )
    return campaign


@transaction.atomic
def link_campaign(
    *, account: Account, actor: Actor, now: datetime, connection_id: UUID, campaign_id: UUID | str
) -> CampaignLink:
    """Let the campaign feed the connection; linked already is well too.

    Raises: LookElsewhere; ResolveConflict when one of the two is archived.
    """
    connection, campaign = _locked_pair(account, connection_id, campaign_id)
    link = live_link(account, campaign, connection)
    if link is not None:
        return link
    _refuse_archived(connection, campaign)
    link = CampaignLink.objects.for_account(account).create(
        account=account,
        campaign=campaign,
        connection=connection,
        linked_at=now,
        linked_by=actor.label,
    )
    _record_link(link, account=account, actor=actor, event="campaign.linked", now=now)
    return link


@transaction.atomic
def unlink_campaign(
    *, account: Account, actor: Actor, now: datetime, connection_id: UUID, campaign_id: UUID | str
) -> CampaignLink | None:
    """End the link; return None when there is none, which is well too.

    Raises: LookElsewhere.
    Effects: deliveries over this link that were not sent yet are cancelled by `link_ended`.
    """
    connection, campaign = _locked_pair(account, connection_id, campaign_id)
    link = live_link(account, campaign, connection)
    if link is None:
        return None
    link.campaign, link.connection = campaign, connection
    link.unlinked_at = now
    link.unlinked_by = actor.label
    link.save(update_fields=["unlinked_at", "unlinked_by"])
    _record_link(link, account=account, actor=actor, event="campaign.unlinked", now=now)
    link_ended.send(
        CampaignLink, account=account, campaign=campaign, connection=connection, now=now
    )
    return link


def _locked_campaign(account: Account, key: UUID | str) -> Campaign:
    """Lock the row against other changes, but not against referrals that name it."""
    found = campaign_of(account, key)
    return campaigns_of(account).select_for_update(no_key=True).get(id=found.id)


def _locked_pair(
    account: Account, connection_id: UUID, campaign_id: UUID | str
) -> tuple[Connection, Campaign]:
    """Lock both, the connection first: whoever archives it waits for us, and we for them."""
    connections = Connection.objects.for_account(account).select_for_update(no_key=True)
    connection = connections.get_or_404(id=connection_id)
    return connection, _locked_campaign(account, campaign_id)


def _refuse_archived(connection: Connection, campaign: Campaign) -> None:
    if connection.status == ConnectionStatus.ARCHIVED:
        raise ResolveConflict(
            f"The connection {connection.name} is archived: link {campaign.name} to another one."
        )
    if campaign.status == CampaignStatus.ARCHIVED:
        raise ResolveConflict(
            f"The campaign {campaign.name} is archived: set its status to live, then link it."
        )


def _record_link(
    link: CampaignLink, *, account: Account, actor: Actor, event: str, now: datetime
) -> None:
    record_event(
        account=account,
        actor=actor,
        event=event,
        subject=link.campaign,
        details={"connection": str(link.connection_id), "connection_name": link.connection.name},
        now=now,
    )


def _save(campaign: Campaign) -> None:
    campaign.name = campaign.name.strip()
    campaign.reference = campaign.reference.strip()
    problems = [*_text_problems("name", campaign.name)]
    problems += _text_problems("reference", campaign.reference)
    if problems:
        raise CorrectInput(*problems)
    try:
        with transaction.atomic():
            campaign.save()
    except IntegrityError as taken:
        raise CorrectInput(
            Problem(
                "/reference",
                "reference_taken",
                f"Another campaign of this account has the reference {campaign.reference}:"
                " choose another.",
            )
        ) from taken


def _text_problems(field: str, text: str) -> list[Problem]:
    if not text:
        return [Problem(f"/{field}", "required", f"The campaign needs a {field}.")]
    if len(text) > MAX_CHARACTERS:
        detail = f"The {field} has {len(text)} characters: {MAX_CHARACTERS} is the most."
        return [Problem(f"/{field}", "too_long", detail)]
    if not text.isprintable():
        detail = f"The {field} holds a character that cannot be shown: remove it."
        return [Problem(f"/{field}", "control_character", detail)]
    return []
