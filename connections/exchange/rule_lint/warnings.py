"""Each warning about response rules: what is looked for, and the sentence that says so."""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, compress, islice

from connections.exchange.config import (
    Authorization,
    Condition,
    Extract,
    OAuth2Authorization,
    Operator,
    Outcome,
    ResponseRule,
    ResponseSample,
    RulePart,
    Source,
)
from connections.exchange.responses import (
    MAX_BODY_BYTES,
    Reading,
    ReceivedResponse,
    RuleError,
    Verdict,
    check_rules,
    classify,
    compile_rules,
)
from connections.exchange.responses.conditions import as_text, compile_place
from connections.exchange.rule_lint.empty_patterns import matches_nothing
from connections.exchange.rule_lint.implication import implies, statuses_of

MOST_SEEN = 200
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_KNOWN_OPPOSITES = (
    (re.compile(r"success", re.IGNORECASE), "unsuccessful"),
    (re.compile(r"(?:valid|active|correct|complete)\w*", re.IGNORECASE), "in{}"),
    (
        re.compile(
            r"(?:success|subscribed|matched|authori[sz]ed|available|confirmed|known)\w*",
            re.IGNORECASE,
        ),
        "un{}",
    ),
    (re.compile(r"accepted|approved|verified|created|added|delivered|ok", re.IGNORECASE), "not {}"),
)
_OPPOSITE = r"(?:\b(?:in|un|dis|im|non-?)|\b(?P<not>not|never|no)(?P<word>[ _-]\w{1,10})?[ _-])"
_OF_JSON = r"\s*\"?\s*:\s*\"?(?:false|0|no|null)\b"
_ERROR_WORDS = re.compile(
    r"\b(?:errors?|invalid|fail(?:ed|ure)?|reject(?:ed)?|denied"
    r"|not (?:valid|found|allowed|accepted)|unsuccessful|exception|unauthori[sz]ed)\b",
    re.IGNORECASE,
)
_NO_ERROR = re.compile(
    r"\b(?:no|0|without) errors?\b|errors?\"?\s*[:=]\s*(?:\[\s*\]|\{\s*\}|null|false|0\b|\"\")",
    re.IGNORECASE,
)
_MOST_BYTES = 100_000
"""Of all answers together: paths that search cost milliseconds for each thousand."""
_MOST_VALUES = 20
_MOST_READ = 4_096


@dataclass(frozen=True, slots=True)
class RuleWarning:
    """One thing that somebody should look at; `pointer` leads into the configuration."""

    pointer: str
    code: str
    detail: str


def lint_rules(
    rules: Sequence[ResponseRule], *, seen: Sequence[ReceivedResponse]
) -> list[RuleWarning]:
    """Return what is suspicious about rules that `check_rules` accepts, in their order.

    `seen` are answers that came or are documented; what depends on them is left out without. Of
    many and long ones the first are looked at, so that this is quick enough for each read. What
    people there are in them is in no warning: only words that are known here are quoted.
    """
    if check_rules(rules):
        return []
    answers = _Answers(list(_looked_at(seen)))
    return [
        *_unreachable(rules),
        *_conditions_to_look_at(rules, answers),
        *_places_never_seen(rules, answers),
        *_errors_taken_as_delivered(rules, answers.readings),
        *_duplicates_not_told(rules),
    ]


def lint_samples(
    rules: Sequence[ResponseRule], samples: Sequence[ResponseSample]
) -> list[RuleWarning]:
    """Return a warning for each sample of which the rules say something else."""
    warnings = []
    for index, read in enumerate(read_samples(rules, samples)):
        if not read.is_as_said:
            sample, verdict = read.sample, read.verdict
            decided = f'the rule "{verdict.rule}"' if verdict.rule else "no rule"
            detail = (
                f'"{sample.name}" should be {sample.expected_outcome.value}, but {decided} makes'
                f" it {verdict.outcome.value}{_as_what(sample)}."
            )
            warnings.append(RuleWarning(f"/response_samples/{index}", "sample_misread", detail))
    return warnings


def _as_what(sample: ResponseSample) -> str:
    return "" if sample.status else f" (it has no status, and was read as a {sample.tried_status})"


def lint_renewals(rules: Sequence[ResponseRule], authorization: Authorization) -> list[RuleWarning]:
    """Return a warning for each rule that renews a token where there is none."""
    if isinstance(authorization, OAuth2Authorization):
        return []
    return [
        RuleWarning(
            f"/response_rules/{index}/renew_token",
            "no_token_to_renew",
            f'"{rule.name}" asks for a new access token, but only OAuth 2.0 has one: choose it'
            " under Authorization, or take that off the rule.",
        )
        for index, rule in enumerate(rules)
        if rule.renew_token
    ]


@dataclass(frozen=True, slots=True)
class ReadSample:
    """A sample, and what rules say of it."""

    sample: ResponseSample
    verdict: Verdict

    @property
    def is_as_said(self) -> bool:
        return self.verdict.outcome is self.sample.expected_outcome


def read_samples(
    rules: Sequence[ResponseRule], samples: Sequence[ResponseSample]
) -> list[ReadSample]:
    """Return each sample with its verdict; none when the rules cannot be used."""
    try:
        compiled = compile_rules(rules)
    except RuleError:
        return []
    return [
        ReadSample(sample, classify(compiled, received_sample(sample), now=_NOW))
        for sample in samples
    ]


def received_sample(sample: ResponseSample) -> ReceivedResponse:
    """Return the sample as if it had come; it is UTF-8, whatever its headers claim."""
    body = codecs.BOM_UTF8 + sample.body.encode("utf-8", "replace")
    return ReceivedResponse(
        status=sample.tried_status,
        headers=tuple(sample.headers.items()),
        body=body[:MAX_BODY_BYTES],
        truncated=len(body) > MAX_BODY_BYTES,
    )


def _looked_at(seen: Sequence[ReceivedResponse]) -> Iterator[Reading]:
    """Yield the answers that there is room for; one that is too long is passed over."""
    room = _MOST_BYTES
    for response in seen[:MOST_SEEN]:
        if len(response.body) <= room:
            room -= len(response.body)
            yield Reading(response)


@dataclass(frozen=True, slots=True)
class _Answers:
    readings: Sequence[Reading]
    _found: dict[tuple[Source, str | None], list[list[str]]] = field(default_factory=dict)

    def texts_at(self, place: Condition | Extract) -> list[list[str]]:
        """Return for each answer the beginnings of what stands there; each place is read once."""
        key = (place.source, place.path)
        if key not in self._found:
            find = compile_place(place)
            self._found[key] = [
                [as_text(value)[:_MOST_READ] for value in islice(find(reading), _MOST_VALUES)]
                for reading in self.readings
            ]
        return self._found[key]


def _unreachable(rules: Sequence[ResponseRule]) -> Iterator[RuleWarning]:
    """A rule is never reached when an earlier one, or several by status alone, match before."""
    settled: frozenset[int] = frozenset()
    for index, rule in enumerate(rules):
        pointer = f"/response_rules/{index}"
        statuses = statuses_of(rule)
        earlier = next((one for one in rules[:index] if implies(rule, one)), None)
        if not statuses:
            detail = f'"{rule.name}" asks for statuses that exclude each other: it never matches.'
            yield RuleWarning(pointer, "rule_never_matches", detail)
        elif earlier:
            detail = f'"{rule.name}" is never reached: "{earlier.name}" matches before it.'
            yield RuleWarning(pointer, "rule_unreachable", f"{detail} Move it up or delete it.")
        elif statuses <= settled:
            detail = f'"{rule.name}" is never reached: the rules before it take all its statuses.'
            yield RuleWarning(pointer, "rule_unreachable", f"{detail} Move it up or delete it.")
        if all(condition.source is Source.STATUS for condition in rule.conditions):
            settled |= statuses


def _conditions_to_look_at(
    rules: Sequence[ResponseRule], answers: _Answers
) -> Iterator[RuleWarning]:
    for index, rule in enumerate(rules):
        for at, condition in enumerate(rule.conditions):
            pointer = f"/response_rules/{index}/conditions/{at}/value"
            value = str(condition.value)
            if condition.operator is Operator.MATCHES and matches_nothing(value):
                detail = (
                    f'No text can match "{value}": what says start or end stands in its middle.'
                )
                yield RuleWarning(pointer, "pattern_matches_nothing", detail)
            is_alone = not _is_prepared(rules[:index], condition)
            if is_alone and (found := _opposite(condition, value, answers)):
                detail = (
                    f'"{value}" stands in "{found}" too: compare the whole value, or put a rule'
                )
                yield RuleWarning(pointer, "contains_opposite", f"{detail} for that in front.")


def _opposite(condition: Condition, value: str, answers: _Answers) -> str | None:
    """Return a text that contains the value and means the opposite: one that was seen, or known."""
    if condition.operator is not Operator.CONTAINS:
        return None
    if found := _opposite_seen(value, answers.texts_at(condition)):
        return found
    word = value.strip()
    known = (form for pattern, form in _KNOWN_OPPOSITES if pattern.fullmatch(word))
    return next(known, "").format(word.lower()) or None


def _opposite_seen(value: str, answers: Sequence[Sequence[str]]) -> str | None:
    sought, folded = re.escape(value), value.casefold()
    pattern = None
    room = _MOST_READ
    for text in chain.from_iterable(answers):
        if folded in text.casefold():
            pattern = pattern or re.compile(
                f"{_OPPOSITE}{sought}|{sought}{_OF_JSON}", re.IGNORECASE
            )
            if found := pattern.search(text[:room]):
                return f"{found['not']} … {value}" if found["word"] else found[0]
            room -= len(text)
            if room <= 0:
                break
    return None


def _is_prepared(earlier: Sequence[ResponseRule], condition: Condition) -> bool:
    """Tell whether a rule before looks at the same place for a longer text with this one in it."""
    value = str(condition.value).casefold()
    return any(
        other.source is condition.source
        and other.path == condition.path
        and isinstance(other.value, str)
        and value in other.value.casefold()
        and value != other.value.casefold()
        for rule in earlier
        for other in rule.conditions
    )


def _places_never_seen(rules: Sequence[ResponseRule], answers: _Answers) -> Iterator[RuleWarning]:
    """Only answers that the rule may mean count: of its statuses, and of the right kind.

    A path into JSON says nothing of an HTML page, and what is in a refusal not of a success.
    """
    kinds = {
        Source.JSON: [isinstance(one.json, dict | list) for one in answers.readings],
        Source.XML: [one.xml is not None for one in answers.readings],
    }
    for index, rule in enumerate(rules):
        statuses = statuses_of(rule)
        meant = [one.response.status in statuses for one in answers.readings]
        for pointer, place in _places(rule):
            is_asked = map(all, zip(meant, kinds.get(place.source, ()), strict=False))
            asked = list(compress(answers.texts_at(place), is_asked))
            if asked and not any(asked):
                detail = (
                    f"{place.path} stood in none of the {len(asked)} {place.source.value.upper()}"
                    " answers that were looked at: check the spelling."
                )
                at = f"/response_rules/{index}/{pointer}/path"
                yield RuleWarning(at, "path_never_seen", detail)


def _places(rule: ResponseRule) -> Iterator[RulePart]:
    for pointer, part in rule.parts():
        if not (isinstance(part, Condition) and part.operator is Operator.NOT_EXISTS):
            yield pointer, part


def _errors_taken_as_delivered(
    rules: Sequence[ResponseRule], readings: Sequence[Reading]
) -> Iterator[RuleWarning]:
    compiled = compile_rules(rules)
    names = [rule.name for rule in rules]
    told: set[str] = set()
    for reading in readings:
        found = _error_in(reading)
        if found is None:
            continue
        verdict = classify(compiled, reading.response, now=_NOW)
        if verdict.outcome is Outcome.DELIVERED and verdict.rule and verdict.rule not in told:
            told.add(verdict.rule)
            detail = (
                f'"{verdict.rule}" takes an answer as delivered that says "{found}": put a rule for'
                " it in front."
            )
            pointer = f"/response_rules/{names.index(verdict.rule)}"
            yield RuleWarning(pointer, "error_taken_as_delivered", detail)


def _error_in(reading: Reading) -> str | None:
    """Return the word of an answer with which it says that something went wrong."""
    if isinstance(reading.json, dict):
        for name in ("success", "ok", "succeeded"):
            if reading.json.get(name) is False:
                return f"{name}: false"
    text = _NO_ERROR.sub("", reading.text[:_MOST_READ])
    found = _ERROR_WORDS.search(text)
    return found[0] if found else None


def _duplicates_not_told(rules: Sequence[ResponseRule]) -> Iterator[RuleWarning]:
    if rules and not any(rule.outcome is Outcome.DUPLICATE for rule in rules):
        detail = (
            "No rule says how a duplicate is answered: add one, or ask the advertiser whether"
            " theirs tells."
        )
        yield RuleWarning("/response_rules", "no_duplicate_rule", detail)
