"""Reading a response: ordered rules, a verdict, and the trace of how it came about."""

from connections.exchange.responses.conditions import RuleError
from connections.exchange.responses.received import (
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    Reading,
    ReceivedResponse,
)
from connections.exchange.responses.rules import CompiledRules, check_rules, classify, compile_rules
from connections.exchange.responses.verdict import (
    ConditionTrace,
    RuleTrace,
    Verdict,
    parse_retry_after,
    unmatched,
)

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_HEADER_BYTES",
    "CompiledRules",
    "ConditionTrace",
    "Reading",
    "ReceivedResponse",
    "RuleError",
    "RuleTrace",
    "Verdict",
    "check_rules",
    "classify",
    "compile_rules",
    "parse_retry_after",
    "unmatched",
]
