"""From sample answers with their meaning to response rules, as few and general as possible."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connections.drafting.features import Example, Feature, condition_of
from connections.exchange.config import (
    Condition,
    Extract,
    Operator,
    Outcome,
    ResponseRule,
    ResponseSample,
    Source,
)
from connections.exchange.responses import RuleError, classify, compile_rules
from connections.exchange.responses.conditions import compile_condition
from connections.exchange.rule_lint import lint_samples

MOST_SAMPLES = 50
_MOST_TRIED = 200
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ORDER = (Outcome.DUPLICATE, Outcome.RETRY, Outcome.HOLD, Outcome.DELIVERED, Outcome.REJECTED)
"""Rejections come last, so that they may be what is left."""
_WORDS = {outcome: outcome.value.capitalize() for outcome in Outcome}
_REASONS = ("message", "detail", "error", "error_message", "description", "title", "FaultString")
_WHOLE_CLASS = {2: Outcome.DELIVERED, 5: Outcome.RETRY}
"""Classes of statuses that usually mean one thing; one status of 4xx says nothing of another."""


@dataclass(frozen=True, slots=True)
class DraftedRules:
    rules: tuple[ResponseRule, ...]
    problems: tuple[str, ...] = ()
    """What stands against it: samples that contradict each other or cannot be told apart."""


def draft_rules(samples: Sequence[ResponseSample]) -> DraftedRules:
    """Return ordered rules that say of every sample what was said of it.

    Where a status alone decides, a rule asks for the status; else for one more thing, rather a
    code than a message. For samples without a status a rule asks for that thing alone.
    With problems the rules are not good for use.
    """
    examples = [Example(sample) for sample in samples[:MOST_SAMPLES]]
    if contradictions := list(_contradictions(examples)):
        return DraftedRules((), tuple(contradictions))
    table = _Table(examples)
    rules = (*table.specific_rules(), *table.status_rules())
    return DraftedRules(
        rules, tuple(one.detail for one in lint_samples(rules, samples[:MOST_SAMPLES]))
    )


def _contradictions(examples: Sequence[Example]) -> Iterator[str]:
    first: dict[tuple[object, ...], ResponseSample] = {}
    for example in examples:
        sample = example.sample
        key = (sample.status, sample.body.strip(), tuple(sorted(sample.headers.items())))
        known = first.setdefault(key, sample)
        if known.expected_outcome is not sample.expected_outcome:
            yield (
                f'"{known.name}" and "{sample.name}" are the same answer, once'
                f" {known.expected_outcome.value} and once {sample.expected_outcome.value}: correct"
                " one of them."
            )


@dataclass
class _Table:
    """The samples by status, and the rules that are being made of them."""

    examples: list[Example]
    rest: dict[int, Outcome] = field(default_factory=dict)
    """What a status means when no condition on the body has decided."""
    names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        outcomes: dict[int, set[Outcome]] = defaultdict(set)
        for example in self.examples:
            if example.sample.status is not None:
                outcomes[example.sample.status].add(example.sample.expected_outcome)
        # A success status that means no success is not taken at its word.
        self._mixed = {
            status
            for status, meant in outcomes.items()
            if len(meant) > 1 or (status < 300 and meant != {Outcome.DELIVERED})
        }
        for status, meant in outcomes.items():
            if status not in self._mixed:
                self.rest[status] = next(iter(meant))
            elif status >= 300 and Outcome.REJECTED in meant:
                self.rest[status] = Outcome.REJECTED

    def specific_rules(self) -> list[ResponseRule]:
        """Return the rules on the body, for samples without a status and for the statuses that
        mean several things.
        """
        without = [one for one in self.examples if one.sample.status is None]
        mixed = [one for one in self.examples if one.sample.status in self._mixed]
        rules: list[ResponseRule] = []
        for outcome in _ORDER:
            self._add_specific(rules, outcome, without)
            self._add_specific(rules, outcome, mixed)
        return rules

    def _add_specific(
        self, rules: list[ResponseRule], outcome: Outcome, examples: list[Example]
    ) -> None:
        wanted = [one for one in examples if self._needs_rule(one, outcome, rules)]
        others = [one for one in self.examples if one.sample.expected_outcome is not outcome]
        while wanted:
            choice = _best(wanted, others) or self._relaxed(wanted, others, rules)
            if choice is None:
                self._leave_to_status(wanted)
                break
            rules.append(self._rule(outcome, choice))
            wanted = [one for one in wanted if one not in choice.covered]

    def _needs_rule(
        self, example: Example, outcome: Outcome, rules: Sequence[ResponseRule]
    ) -> bool:
        sample = example.sample
        if sample.expected_outcome is not outcome:
            return False
        if sample.status is None:
            return True
        verdict = classify(compile_rules(rules), example.received, now=_NOW)
        is_told = verdict.matched and verdict.outcome is outcome
        return not is_told and self.rest.get(sample.status) is not outcome

    @staticmethod
    def _relaxed(
        wanted: list[Example], others: list[Example], rules: list[ResponseRule]
    ) -> "_Choice | None":
        """Choose among what the rules before leave over; a success is never chosen like that."""
        if wanted[0].sample.expected_outcome is Outcome.DELIVERED:
            return None
        compiled = compile_rules(rules)
        left = [one for one in others if classify(compiled, one.received, now=_NOW).rule is None]
        return _best(wanted, left)

    def _leave_to_status(self, wanted: list[Example]) -> None:
        for example in wanted:
            if example.sample.status is not None:
                self.rest.setdefault(example.sample.status, example.sample.expected_outcome)

    def _rule(self, outcome: Outcome, choice: "_Choice") -> ResponseRule:
        statuses = _statuses(choice.covered)
        value = ", ".join(str(status) for status in sorted(filter(None, statuses)))
        status = Condition(source=Source.STATUS, operator=Operator.IN, value=value)
        what = choice.condition.value
        told = ", ".join(what) if isinstance(what, tuple) else what or choice.condition.path or ""
        return ResponseRule(
            name=self._name(f"{_WORDS[outcome]}: {told}"),
            conditions=(choice.condition,) if None in statuses else (status, choice.condition),
            outcome=outcome,
            reason=_reason(choice.covered, outcome),
        )

    def status_rules(self) -> list[ResponseRule]:
        """Return one rule for each outcome that statuses alone have."""
        rules = []
        for outcome in _ORDER:
            statuses = {status for status, meant in self.rest.items() if meant is outcome}
            if not statuses:
                continue
            value = ", ".join(self._ranges(statuses, outcome))
            condition = Condition(source=Source.STATUS, operator=Operator.IN, value=value)
            covered = [one for one in self.examples if one.sample.status in statuses]
            rules.append(
                ResponseRule(
                    name=self._name(f"{_WORDS[outcome]} ({value})"),
                    conditions=(condition,),
                    outcome=outcome,
                    reason=_reason(covered, outcome),
                )
            )
        return rules

    def _ranges(self, statuses: set[int], outcome: Outcome) -> Iterator[str]:
        """Write 2xx for a success when no success means anything else, and 5xx for a retry."""
        for first, usual in _WHOLE_CLASS.items():
            of_class = {status for status in statuses if status // 100 == first}
            known = set(filter(None, _statuses(self.examples)))
            others = known - statuses | self._mixed
            if of_class and outcome is usual and not {s for s in others if s // 100 == first}:
                yield f"{first}xx"
                statuses = statuses - of_class
        yield from map(str, sorted(statuses))

    def _name(self, wanted: str) -> str:
        wanted = " ".join(wanted.split())[:90]
        numbered = (f"{wanted} {number}" for number in range(2, MOST_SAMPLES + 2))
        name = next(one for one in (wanted, *numbered) if one not in self.names)
        self.names.add(name)
        return name


@dataclass(frozen=True, slots=True)
class _Choice:
    condition: Condition
    covered: tuple[Example, ...]
    cost: int


def _best(wanted: list[Example], others: list[Example]) -> _Choice | None:
    """Return the condition that fits most of the wanted and none of the others."""
    choices = [*_single(wanted, others), *_listed(wanted)]
    choices.sort(key=lambda choice: (-len(choice.covered), choice.cost))
    for choice in choices[:_MOST_TRIED]:
        try:
            test = compile_condition(choice.condition)
        except RuleError:
            continue
        statuses = _statuses(choice.covered)
        rivals = [one for one in others if _meet({one.sample.status}, statuses)]
        if not any(test(one.reading).matched for one in rivals) and all(
            test(one.reading).matched for one in choice.covered
        ):
            return choice
    return None


def _statuses(examples: Iterable[Example]) -> set[int | None]:
    return {example.sample.status for example in examples}


def _meet(statuses: set[int | None], others: set[int | None]) -> bool:
    """Tell whether an answer may have a status of both; None stands for every one."""
    if None in statuses or None in others:
        return bool(statuses and others)
    return not statuses.isdisjoint(others)


_Key = tuple[Source, str | None, Operator, str]


def _key(feature: Feature) -> _Key:
    return feature.source, feature.path, feature.operator, feature.value.casefold()


def _single(wanted: list[Example], others: list[Example]) -> Iterator[_Choice]:
    """One condition with one value that none of the others has, and all examples that it fits."""
    taken: dict[_Key, set[int | None]] = defaultdict(set)
    for example in others:
        for feature in example.features:
            taken[_key(feature)].add(example.sample.status)
    fitting: dict[_Key, dict[Example, Feature]] = defaultdict(dict)
    for example in wanted:
        for feature in example.features:
            fitting[_key(feature)].setdefault(example, feature)
    for key, examples in fitting.items():
        if not _meet(taken[key], _statuses(examples)):
            feature = next(iter(examples.values()))
            yield _Choice(condition_of(feature), tuple(examples), feature.cost)


def _listed(wanted: list[Example]) -> Iterator[_Choice]:
    """One condition with all values that stand at a place."""
    places: dict[tuple[Source, str | None], list[tuple[Example, Feature]]] = defaultdict(list)
    for example in wanted:
        for one in example.features:
            if one.operator is Operator.EQUALS:
                places[one.source, one.path].append((example, one))
    for pairs in places.values():
        values = tuple(dict.fromkeys(feature.value for _, feature in pairs))
        if len(values) > 1:
            cost = max(feature.cost for _, feature in pairs) + 5 * len(values)
            covered = tuple(dict.fromkeys(example for example, _ in pairs))
            yield _Choice(condition_of(pairs[0][1], values), covered, cost)


def _reason(covered: Sequence[Example], outcome: Outcome) -> Extract | None:
    """Return where the answer says why, when all of these do so at the same place."""
    if outcome is Outcome.DELIVERED:
        return None
    shared = set.intersection(
        *(
            {
                (one.source, one.path)
                for one in example.features
                if one.path and one.operator is Operator.EXISTS
            }
            for example in covered
        )
    )
    for name in _REASONS:
        for source, path in sorted(shared):
            if path and path.endswith((f".{name}", f"/{name}")):
                return Extract(source=source, path=path)
    return None
