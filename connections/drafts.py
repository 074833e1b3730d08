"""Drafts of what advertisers sent, made connections; rules from sample answers, kept with them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.access import Actor
from accounts.errors import CorrectInput, Problem
from accounts.models import Account
from connections import services
from connections.documents import MergePatch, dumped
from connections.drafting.curl import read_curl
from connections.drafting.draft import Draft, draft_connection
from connections.drafting.openapi import OpenApiDocument, Operation, draft_operation, read_openapi
from connections.drafting.pasted import NotUnderstood
from connections.drafting.raw_http import looks_like_raw_http, read_raw_http
from connections.drafting.samples import MOST_SAMPLES, draft_rules
from connections.exchange.config import ResponseRule, ResponseSample
from connections.models import Connection
from connections.selectors import connection_of

_OPENAPI = re.compile(r"""^\s*\{?\s*["']?(?:openapi|swagger)["']?\s*:""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RulesDraft:
    """Rules that separate the samples, and the samples with those that were kept before."""

    rules: tuple[ResponseRule, ...]
    samples: tuple[ResponseSample, ...]


def draft_of_request(text: str, *, pointer: str = "/curl") -> Draft:
    """Return the draft of a cURL line or a raw HTTP request. *Raises* CorrectInput."""
    try:
        read = read_raw_http if looks_like_raw_http(text) else read_curl
        return draft_connection(read(text))
    except NotUnderstood as refused:
        raise CorrectInput(Problem(pointer, "not_understood", str(refused))) from refused


def looks_like_openapi(text: str) -> bool:
    return not looks_like_raw_http(text) and _OPENAPI.search(text) is not None


def openapi_document(
    source: str | dict[str, Any], *, pointer: str = "/document"
) -> OpenApiDocument:
    """*Raises* CorrectInput."""
    try:
        return read_openapi(source)
    except NotUnderstood as refused:
        raise CorrectInput(Problem(pointer, "not_understood", str(refused))) from refused


def draft_of_operation(
    document: OpenApiDocument, key: str, *, pointer: str = "/operation"
) -> Draft:
    """Return the draft of the operation with this id, or `POST /path`. *Raises* CorrectInput."""
    try:
        return draft_operation(document, document.chosen(key))
    except NotUnderstood as refused:
        raise CorrectInput(Problem(pointer, "not_understood", str(refused))) from refused


def only_operation(document: OpenApiDocument) -> Operation | None:
    operations = document.operations()
    return operations[0] if len(operations) == 1 else None


def create_from_draft(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    draft: Draft,
    pointer: str,
    name: str | None = None,
) -> Connection:
    """Add the draft as a connection, its secrets sealed; nothing is sent before it is activated.

    *Raises* CorrectInput with `pointer` for whatever is wrong with the draft itself.
    """
    try:
        return services.create_connection(
            account=account,
            actor=actor,
            now=now,
            name=draft.name if name is None else name,
            config=draft.config,
            secret_values=draft.secret_values,
        )
    except CorrectInput as refused:
        raise CorrectInput(
            *(
                one if one.pointer == "/name" else replace(one, pointer=pointer)
                for one in refused.problems
            )
        ) from refused


def rules_from_samples(
    *, account: Account, connection_id: UUID | str, samples: Sequence[ResponseSample]
) -> RulesDraft:
    """Return rules that say of these samples, and of those kept, what was said of them.

    A sample with the name of one that was kept replaces it.

    *Raises* LookElsewhere; CorrectInput when samples contradict each other or cannot be told
    apart.
    """
    head = connection_of(account, connection_id).head_version
    kept = head.document.response_samples if head else ()
    together = tuple({sample.name: sample for sample in (*kept, *samples)}.values())
    if len(together) > MOST_SAMPLES:
        detail = f"With those that are kept these are {len(together)}: {MOST_SAMPLES} is the most."
        raise CorrectInput(Problem("/samples", "too_many", detail))
    return rules_separating(together)


def rules_separating(samples: tuple[ResponseSample, ...]) -> RulesDraft:
    """Return rules that say of these samples what was said of them. *Raises* CorrectInput."""
    drafted = draft_rules(samples)
    if drafted.problems:
        raise CorrectInput(
            *(Problem("/samples", "samples_not_separable", detail) for detail in drafted.problems)
        )
    return RulesDraft(drafted.rules, samples)


def save_rules(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    connection_id: UUID | str,
    drafted: RulesDraft,
    expected_revision: int | None = None,
) -> services.Change:
    """Put the rules in place of the present ones, as a new version that keeps the samples.

    *Raises* LookElsewhere; ReadAgain; ResolveConflict; CorrectInput.
    """
    patch = {
        "response_rules": [dumped(rule) for rule in drafted.rules],
        "response_samples": [dumped(sample) for sample in drafted.samples],
    }
    return services.change_connection(
        account=account,
        actor=actor,
        now=now,
        connection_id=connection_id,
        expected_revision=expected_revision,
        config=MergePatch(patch),
    )


def save_samples(
    *,
    account: Account,
    actor: Actor,
    now: datetime,
    connection_id: UUID | str,
    samples: Sequence[ResponseSample],
    expected_revision: int | None = None,
) -> services.Change:
    """Keep these samples instead of the present ones, and the rules as they are.

    *Raises* LookElsewhere; ReadAgain; ResolveConflict; CorrectInput.
    """
    return services.change_connection(
        account=account,
        actor=actor,
        now=now,
        connection_id=connection_id,
        expected_revision=expected_revision,
        config=MergePatch({"response_samples": [dumped(sample) for sample in samples]}),
    )
