"""From an ordered list of rules and a response to a verdict: the first match decides."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from connections.exchange.config import Condition, Extract, Outcome, ResponseRule, RulePart
from connections.exchange.problems import ConfigProblem
from connections.exchange.responses.bounds import check_bounds
from connections.exchange.responses.conditions import (
    RuleError,
    Test,
    certain_results,
    compile_condition,
    compile_extract,
    shortened,
)
from connections.exchange.responses.received import MAX_BODY_BYTES, Reading, ReceivedResponse
from connections.exchange.responses.verdict import (
    ConditionTrace,
    RuleTrace,
    Verdict,
    parse_retry_after,
)

MAX_REASON_CHARACTERS = 500
MAX_CAPTURE_CHARACTERS = 500
RETRIED_STATUSES = frozenset({408, 425, 429, *range(500, 600)})
HELD_STATUSES = frozenset({401, 403, 404, 405, 410, 415})
_WAITING = frozenset({Outcome.RETRY, Outcome.HOLD})
_HELD = (
    "no rule matched; {} usually means that the address or the credential is wrong:"
    " check the endpoint and the authorization"
)
_REDIRECTED = (
    "the endpoint redirects ({}), and redirects are not followed: enter the address that it"
    " points to"
)
_UNDECIDED = (
    f"no rule matched; only a part of the answer could be read ({MAX_BODY_BYTES // 1024} KiB at"
    ' most), and the rule "{}" needs the rest: put a rule before it that looks at the status, at a'
    " header, or for a text that stands near the beginning"
)

Read = Callable[[Reading], str | None]


@dataclass(frozen=True, slots=True)
class _CompiledRule:
    name: str
    outcome: Outcome
    conditions: tuple[Test, ...]
    certain: tuple[frozenset[bool], ...]
    """For each condition, which of its results no missing rest of a body can change."""
    reason: str | Read
    captures: tuple[tuple[str, Read], ...]
    retry_after: Read | None
    renew_token: bool

    def trace(self, reading: Reading) -> RuleTrace:
        tried = tuple([test(reading) for test in self.conditions])
        if reading.response.truncated:
            return self._trace_in_part(tried)
        matched = True
        for one in tried:
            matched = matched and one.matched
        return RuleTrace(self.name, matched, tried)

    def _trace_in_part(self, tried: tuple[ConditionTrace, ...]) -> RuleTrace:
        known, decided = [], True
        for one, results in zip(tried, self.certain, strict=True):
            is_certain = one.matched in results
            if is_certain and not one.matched:
                return RuleTrace(self.name, matched=False, conditions=tried)
            known.append(one if is_certain else ConditionTrace(matched=False, found=one.found))
            decided = decided and is_certain
        return RuleTrace(self.name, decided, tuple(known), undecided=not decided)

    def verdict(self, reading: Reading, *, now: datetime, trace: list[RuleTrace]) -> Verdict:
        reason = self.reason if isinstance(self.reason, str) else self.reason(reading)
        captures = {name: read(reading) for name, read in self.captures}
        return Verdict(
            outcome=self.outcome,
            rule=self.name,
            matched=True,
            reason=shortened(reason or self.name, MAX_REASON_CHARACTERS),
            captures={
                name: shortened(value, MAX_CAPTURE_CHARACTERS)
                for name, value in captures.items()
                if value is not None
            },
            trace=tuple(trace),
            retry_after_seconds=self._wait(reading, now),
            refuses_token=self.renew_token,
        )

    def _wait(self, reading: Reading, now: datetime) -> float | None:
        if self.outcome not in _WAITING:
            return None
        asked = self.retry_after(reading) if self.retry_after else None
        seconds = parse_retry_after(asked, now=now) if asked else None
        return _header_wait(reading.response, now) if seconds is None else seconds


@dataclass(frozen=True, slots=True)
class CompiledRules:
    rules: tuple[_CompiledRule, ...]


def compile_rules(rules: Sequence[ResponseRule]) -> CompiledRules:
    """Compile the rules once for many responses. *Raises* RuleError; see `check_rules`."""
    return CompiledRules(rules=tuple(_compile_rule(rule) for rule in rules))


def check_rules(rules: Sequence[ResponseRule]) -> list[ConfigProblem]:
    """Return everything that is wrong with the rules, in their order."""
    parts = [
        (f"/response_rules/{index}/{pointer}", part)
        for index, rule in enumerate(rules)
        for pointer, part in rule.parts()
    ]
    errors = [
        ConfigProblem(f"{pointer}/{error.field}", error.code, error.detail)
        for pointer, error in _errors(parts)
    ]
    return [*errors, *_renewals_of_what_is_final(rules), *check_bounds(parts)]


def classify(rules: CompiledRules, response: ReceivedResponse, *, now: datetime) -> Verdict:
    """Return what the response means: by the first rule that matches, else by its status.

    Without a matching rule a response is never a success: some statuses are sent again,
    some are held for a person (a redirect among them, since it is not followed: the
    endpoint's address is wrong), everything else is rejected. So it is when a rule needs more
    of the body than there is: what it might have said must not fall to the rules after it.
    """
    reading = Reading(response)
    trace: list[RuleTrace] = []
    undecided = None
    for rule in rules.rules:
        tried = rule.trace(reading)
        trace.append(tried)
        if tried.matched:
            return rule.verdict(reading, now=now, trace=trace)
        if tried.undecided:
            undecided = _UNDECIDED.format(rule.name)
            break
    outcome, reason = _by_status(response.status)
    if undecided and outcome not in _WAITING:
        reason = undecided
    return Verdict(
        outcome=outcome,
        rule=None,
        matched=False,
        reason=reason,
        trace=tuple(trace),
        retry_after_seconds=_header_wait(response, now) if outcome in _WAITING else None,
    )


def _by_status(status: int) -> tuple[Outcome, str]:
    if status in RETRIED_STATUSES:
        return Outcome.RETRY, f"no rule matched; the endpoint answered {status}"
    if status in HELD_STATUSES:
        return Outcome.HOLD, _HELD.format(status)
    if 300 <= status < 400:
        return Outcome.HOLD, _REDIRECTED.format(status)
    return Outcome.REJECTED, "no rule matched"


def _header_wait(response: ReceivedResponse, now: datetime) -> float | None:
    values = response.header_values("retry-after")
    return parse_retry_after(values[0], now=now) if values else None


def _compile_rule(rule: ResponseRule) -> _CompiledRule:
    reason = rule.reason
    return _CompiledRule(
        name=rule.name,
        outcome=rule.outcome,
        conditions=tuple(map(compile_condition, rule.conditions)),
        certain=tuple(map(certain_results, rule.conditions)),
        reason=compile_extract(reason) if isinstance(reason, Extract) else reason or rule.name,
        captures=tuple((capture.name, compile_extract(capture)) for capture in rule.captures),
        retry_after=compile_extract(rule.retry_after) if rule.retry_after else None,
        renew_token=rule.renew_token,
    )


def _renewals_of_what_is_final(rules: Sequence[ResponseRule]) -> Iterator[ConfigProblem]:
    """Sending again what was delivered would deliver it twice."""
    for index, rule in enumerate(rules):
        if rule.renew_token and rule.outcome not in _WAITING:
            yield ConfigProblem(
                f"/response_rules/{index}/renew_token",
                "final_outcome",
                f"what is {rule.outcome.value} is not sent again with a new token: make the outcome"
                " retry or hold, or leave renew_token out",
            )


def _errors(parts: Sequence[RulePart]) -> Iterator[tuple[str, RuleError]]:
    for pointer, part in parts:
        try:
            if isinstance(part, Condition):
                compile_condition(part)
            else:
                compile_extract(part)
        except RuleError as error:
            yield pointer, error
