"""Components that show one HTTP exchange: request, response, the rules in order, the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from connections.exchange.config import Condition, Operator, ResponseRule, Source

register = template.Library()

MASK = "••••"
PHASES = {
    "dns_ms": "Name look-up",
    "connect_ms": "Connect",
    "tls_ms": "TLS",
    "first_byte_ms": "First byte",
}


@register.inclusion_tag("components/code_block.html")
def code_block(text: str, label: str, anchor: str = "", copy: bool = False) -> dict[str, object]:
    return {"text": text, "label": label, "anchor": anchor, "copy": copy}


@register.inclusion_tag("components/http_request.html")
def http_request(
    request: Mapping[str, object] | None, anchor: str = "request"
) -> dict[str, object]:
    return {"request": request, "anchor": anchor}


@register.inclusion_tag("components/http_response.html")
def http_response(
    response: Mapping[str, object] | None,
    error: Mapping[str, object] | None = None,
    anchor: str = "response",
) -> dict[str, object]:
    body = str(response["body"]) if response else ""
    # What is masked no longer has its length.
    size_bytes = 0 if MASK in body else len(body.encode())
    return {"response": response, "error": error, "anchor": anchor, "size_bytes": size_bytes}


@register.filter
def masked(text: object) -> SafeString:
    """Escape a text, and set off what stands for a secret in it."""
    parts = str(text).split(MASK)
    mark = format_html('<span class="mask">{}</span>', MASK)
    return format_html_join(mark, "{}", ((part,) for part in parts))


@register.filter
def milliseconds(value: float | None) -> str:
    """Show `842 ms`, and `1.4 s` from a second on."""
    if value is None:
        return "–"
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"


# Rules in order


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """One condition as a sentence, and what stood there."""

    subject: str
    path: str
    test: str
    value: str
    found: str | None
    is_tried: bool


@dataclass(frozen=True, slots=True)
class RuleLine:
    name: str
    outcome: str
    is_match: bool
    is_tried: bool
    conditions: tuple[ConditionLine, ...]


@register.inclusion_tag("components/rule_trace.html")
def rule_trace(
    verdict: Mapping[str, object] | None, rules: Sequence[ResponseRule] = ()
) -> dict[str, object]:
    trace = verdict["trace"] if verdict else []
    assert isinstance(trace, list)
    lines = [
        _rule_line(rule, trace[position] if position < len(trace) else None)
        for position, rule in enumerate(rules)
    ]
    why = str(verdict["reason"]).removeprefix("no rule matched").lstrip("; ") if verdict else ""
    return {"verdict": verdict, "lines": lines, "why": why}


def _rule_line(rule: ResponseRule, traced: Mapping[str, object] | None) -> RuleLine:
    found = traced["conditions"] if traced else []
    assert isinstance(found, list)
    return RuleLine(
        name=rule.name,
        outcome=rule.outcome.value,
        is_match=bool(traced and traced["matched"]),
        is_tried=traced is not None,
        conditions=tuple(
            _condition_line(condition, found[position] if position < len(found) else None)
            for position, condition in enumerate(rule.conditions)
        ),
    )


def _condition_line(condition: Condition, traced: Mapping[str, object] | None) -> ConditionLine:
    tests = {
        Operator.IN: "is",
        Operator.EQUALS: "is",
        Operator.NOT_EQUALS: "is not",
        Operator.CONTAINS: "contains",
        Operator.NOT_CONTAINS: "does not contain",
        Operator.MATCHES: "matches",
        Operator.EXISTS: "exists",
        Operator.NOT_EXISTS: "does not exist",
    }
    subjects = {Source.STATUS: "status", Source.HEADER: "header", Source.BODY: "body"}
    value = condition.value or ""
    return ConditionLine(
        subject=subjects.get(condition.source, ""),
        path=condition.path or "",
        test=tests[condition.operator],
        value=value if isinstance(value, str) else " or ".join(value),
        found=None if traced is None or traced["found"] is None else str(traced["found"]),
        is_tried=traced is not None,
    )


# Time


@dataclass(frozen=True, slots=True)
class TimingLine:
    """One phase; `start` and `width` are per cent of the whole."""

    label: str
    duration_ms: float
    start: float
    width: float
    is_theirs: bool


@register.inclusion_tag("components/timing_bar.html")
def timing_bar(timings: Mapping[str, float | None] | None, duration_ms: float) -> dict[str, object]:
    return {"lines": _timing_lines(timings or {}, duration_ms), "duration_ms": duration_ms}


def _timing_lines(timings: Mapping[str, float | None], duration_ms: float) -> list[TimingLine]:
    whole = max(duration_ms, 0.001)
    lines = []
    start_ms = 0.0
    for key, label in PHASES.items():
        phase_ms = timings.get(key)
        if phase_ms is None:
            continue
        lines.append(
            TimingLine(
                label=label,
                duration_ms=phase_ms,
                start=100 * start_ms / whole,
                width=max(100 * phase_ms / whole, 0.5),
                is_theirs=key == "first_byte_ms",
            )
        )
        start_ms += phase_ms
    return lines
