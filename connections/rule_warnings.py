"""What is suspicious about a connection's rules, in the light of the answers that we know."""

import codecs

import orjson

from connections.exchange.responses import ReceivedResponse
from connections.exchange.rule_lint import (
    RuleWarning,
    lint_renewals,
    lint_rules,
    lint_samples,
    received_sample,
)
from connections.models import Connection, TestResult
from connections.production_answers import production_answers
from connections.selectors import ATTEMPT_PURPOSE

MOST_ANSWERS = 20


def rule_warnings(connection: Connection) -> list[RuleWarning]:
    """Return the warnings of the newest version, with pointers into its configuration.

    What is known are the samples that are kept with the rules, and `known_answers`.
    """
    version = connection.head_version
    if version is None:
        return []
    config = version.document
    samples = [received_sample(sample) for sample in config.response_samples]
    seen = [*samples, *known_answers(connection)]
    return [
        *lint_rules(config.response_rules, seen=seen),
        *lint_renewals(config.response_rules, config.authorization),
        *lint_samples(config.response_rules, config.response_samples),
    ]


def known_answers(connection: Connection) -> list[ReceivedResponse]:
    """Return the latest answers that deliveries had, then those of test leads."""
    return [*production_answers(connection), *answers_in_tests(connection)]


def answers_in_tests(connection: Connection) -> list[ReceivedResponse]:
    """Return the answers that test leads had, the newest first."""
    results = (
        TestResult.objects.for_account(connection.account)
        .filter(run__connection=connection, attempt_sealed__isnull=False)
        .order_by("-run_id", "position")[:MOST_ANSWERS]
    )
    vault = connection.account.vault
    attempts = (
        orjson.loads(vault.open(bytes(result.attempt_sealed), purpose=ATTEMPT_PURPOSE))
        for result in results
        if result.attempt_sealed is not None
    )
    return [
        ReceivedResponse(
            status=answer["status"],
            headers=tuple((name, value) for name, value in answer["headers"]),
            # The mark says that these bytes are UTF-8, whatever Content-Type was claimed.
            body=codecs.BOM_UTF8 + answer["body"].encode("utf-8", "replace"),
        )
        for attempt in attempts
        if (answer := attempt["response"])
    ]
