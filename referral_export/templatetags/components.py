"""The components of every page; each one's contract stands on top of its template."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django import template
from django.forms import BaseForm, BoundField
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide

from connections.forms import Field

register = template.Library()

Option = tuple[str, str]


# Layout


@register.simple_block_tag
def page_header(content: str, title: str, parent: str = "", parent_url: str = "") -> SafeString:
    return _block("page_header", content=content, title=title, parent=parent, parent_url=parent_url)


@register.simple_block_tag
def card(
    content: str, title: str = "", aside: str = "", flush: bool = False, anchor: str = ""
) -> SafeString:
    return _block("card", content=content, title=title, aside=aside, flush=flush, anchor=anchor)


@register.simple_block_tag
def card_header(content: str, title: str) -> SafeString:
    return _block("card_header", content=content, title=title)


@register.simple_block_tag
def banner(content: str, kind: str = "info", title: str = "") -> SafeString:
    icons = {"info": "info", "success": "circle-check", "warning": "triangle-alert"}
    look = STATUS_LOOKS.get(kind)
    shown_icon = look.icon if look else icons.get(kind, "octagon-x")
    tone = look.tone if look else kind
    return _block("banner", content=content, tone=tone, icon=shown_icon, title=title)


@register.simple_block_tag
def disclosure(content: str, label: str, is_open: bool = False) -> SafeString:
    return _block("disclosure", content=content, label=label, is_open=is_open)


@register.simple_block_tag
def empty_state(content: str, sentence: str) -> SafeString:
    return _block("empty_state", content=content, sentence=sentence)


@register.simple_block_tag
def data_table(content: str, label: str, cards: bool = True) -> SafeString:
    return _block("data_table", content=content, label=label, cards=cards)


@register.simple_block_tag
def tabs(content: str, label: str) -> SafeString:
    return _block("tabs", content=content, label=label)


@register.inclusion_tag("components/tab.html")
def tab(
    label: str, url: str, current: bool = False, state: str = "", problems: int = 0
) -> dict[str, object]:
    return {"label": label, "url": url, "current": current, "state": state, "problems": problems}


@register.simple_block_tag
def dialog(content: str, title: str) -> SafeString:
    return _block("dialog", content=content, title=title)


@register.inclusion_tag("components/pagination.html")
def pagination(previous_url: str | None = None, next_url: str | None = None) -> dict[str, object]:
    return {"previous_url": previous_url, "next_url": next_url}


# Actions


@register.inclusion_tag("components/button.html")
def button(
    label: str,
    kind: str = "",
    *,
    icon: str = "",
    small: bool = False,
    spoken: str = "",
    **attributes: object,
) -> dict[str, object]:
    return _action(label, kind, icon, small, spoken, attributes)


@register.inclusion_tag("components/link_button.html")
def link_button(
    label: str,
    url: str,
    kind: str = "",
    *,
    icon: str = "",
    small: bool = False,
    spoken: str = "",
    dialog: bool = False,
    **attributes: object,
) -> dict[str, object]:
    return _action(label, kind, icon, small, spoken, attributes) | {"url": url, "dialog": dialog}


def _action(
    label: str, kind: str, icon: str, small: bool, spoken: str, attributes: dict[str, object]
) -> dict[str, object]:
    return {
        "label": label,
        "classes": f"button{kind and f' button-{kind}'}{' button-small' if small else ''}",
        "icon": icon,
        "spoken": spoken,
        "attributes": {name.replace("_", "-"): value for name, value in attributes.items()},
    }


@register.inclusion_tag("components/copy_button.html")
def copy_button(target: str, label: str = "Copy", spoken: str = "") -> dict[str, object]:
    return {"target": target, "label": label, "spoken": spoken}


# Forms


@register.inclusion_tag("components/text_field.html")
def text_field(
    field: Field,
    label: str,
    hint: str = "",
    optional: bool = False,
    code: bool = False,
    hide_label: bool = False,
    kind: str = "text",
    **attributes: object,
) -> dict[str, object]:
    return {
        "field": field,
        "label": label,
        "hint": hint,
        "optional": optional,
        "code": code,
        "hide_label": hide_label,
        "kind": kind,
        "attributes": {"autocomplete": "off"} | attributes,
    }


@register.inclusion_tag("components/password_field.html")
def password_field(
    field: Field,
    label: str,
    hint: str = "",
    optional: bool = False,
    autocomplete: str = "new-password",
) -> dict[str, object]:
    return {
        "field": field,
        "label": label,
        "hint": hint,
        "optional": optional,
        "autocomplete": autocomplete,
    }


@register.inclusion_tag("components/text_area.html")
def text_area(
    field: Field,
    label: str,
    hint: str = "",
    rows: int = 4,
    optional: bool = False,
    hide_label: bool = False,
) -> dict[str, object]:
    return {
        "field": field,
        "text": f"\n{field.value}",
        "label": label,
        "hint": hint,
        "rows": rows,
        "optional": optional,
        "hide_label": hide_label,
    }


@register.inclusion_tag("components/select_field.html")
def select_field(
    field: Field,
    label: str,
    choices: Sequence[Option],
    hint: str = "",
    hide_label: bool = False,
) -> dict[str, object]:
    return {
        "field": field,
        "label": label,
        "choices": choices,
        "is_other": field.value not in dict(choices),
        "hint": hint,
        "hide_label": hide_label,
    }


@register.inclusion_tag("components/radio_field.html")
def radio_field(field: Field, label: str, choices: Sequence[Option]) -> dict[str, object]:
    return {"field": field, "label": label, "choices": choices}


@register.inclusion_tag("components/tick_field.html")
def tick_field(field: Field, label: str, hint: str = "") -> dict[str, object]:
    return {"field": field, "label": label, "hint": hint}


@register.filter
def control(bound: BoundField) -> Field:
    """Return a field of a Django form as the controls above take it."""
    return Field(bound.html_name, bound.value() or "", tuple(map(str, bound.errors)))


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm) -> dict[str, object]:
    return {"problems": [problem for form in forms for problem in _problems(form)]}


def _problems(form: BaseForm) -> Iterator[dict[str, str]]:
    """Yield the place and the sentence of each problem, in the order of the fields."""
    for sentence in form.non_field_errors():
        yield {"detail": str(sentence)}
    for bound in form:
        for sentence in bound.errors:
            yield {"field_id": bound.id_for_label, "detail": str(sentence)}


# What a status looks like


@dataclass(frozen=True, slots=True)
class Look:
    word: str
    icon: str
    tone: str


STATUS_LOOKS = {
    "pending": Look("Pending", "clock", "pending"),
    "retrying": Look("Retrying", "rotate-cw", "retrying"),
    "delivered": Look("Delivered", "circle-check", "delivered"),
    "duplicate": Look("Duplicate", "copy", "duplicate"),
    "rejected": Look("Rejected", "ban", "rejected"),
    "failed": Look("Failed", "octagon-x", "failed"),
    "cancelled": Look("Cancelled", "circle-slash", "pending"),
    # What a rule can decide besides.
    "retry": Look("Retry", "rotate-cw", "retrying"),
    "hold": Look("Hold", "circle-pause", "retrying"),
    # Test runs.
    "running": Look("Running", "clock", "pending"),
    "passed": Look("Passed", "circle-check", "delivered"),
    # A connection's health, when it is bad.
    "failing": Look("Failing", "triangle-alert", "failed"),
    "misconfigured": Look("Refused", "triangle-alert", "failed"),
}

CONNECTION_LOOKS = {
    "draft": ("Draft", "circle-dashed"),
    "active": ("Live", "circle-dot"),
    "paused": ("Paused", "circle-pause"),
    "archived": ("Archived", "archive"),
}


@register.inclusion_tag("components/status.html")
def status(value: str, word: str = "") -> dict[str, object]:
    look = STATUS_LOOKS[value]
    return {"word": word or look.word, "icon": look.icon, "tone": look.tone}


@register.inclusion_tag("components/state_tag.html")
def state_tag(value: str, version: int | None = None) -> dict[str, object]:
    word, shown_icon = CONNECTION_LOOKS[value]
    return {"word": word, "icon": shown_icon, "version": version}


@register.inclusion_tag("components/env_tag.html")
def env_tag(environment: str) -> dict[str, object]:
    return {"environment": environment}


@register.simple_tag
def icon(name: str, size: int = 16) -> str:
    """Draw a Lucide icon; the word beside it says what it means."""
    return str(lucide(name, size=size, **{"class": "icon", "aria-hidden": "true"}))


@register.simple_tag
def moment(value: datetime | str | None, only: str = "") -> SafeString | str:
    """Show a time in UTC: whole, or `only` its "date" or "time"; the title has milliseconds."""
    if not value:
        return "–"
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    shapes = {"date": "%-d %b %Y", "time": "%H:%M:%S"}
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        when.isoformat(),
        when.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00"),
        when.strftime(shapes.get(only, "%-d %b %Y, %H:%M:%S")),
    )


def _block(name: str, **context: object) -> SafeString:
    return render_to_string(f"components/{name}.html", context)
