"""What is suspicious about response rules: warnings at save, never refusals."""

from connections.exchange.rule_lint.warnings import (
    ReadSample,
    RuleWarning,
    lint_renewals,
    lint_rules,
    lint_samples,
    read_samples,
    received_sample,
)

__all__ = [
    "ReadSample",
    "RuleWarning",
    "lint_renewals",
    "lint_rules",
    "lint_samples",
    "read_samples",
    "received_sample",
]
