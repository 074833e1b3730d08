"""The components of every page; each one's contract stands on top of its template."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django import template
from django.forms import BaseForm
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide

register = template.Library()


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


@register.inclusion_tag("components/field.html")
def field(
    bound: object, code: bool = False, hide_label: bool = False, inline: bool = False
) -> dict[str, object]:
    return {"field": bound, "code": code, "hide_label": hide_label, "inline": inline}


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm) -> dict[str, object]:
    return {"errors": [error for form in forms for error in _errors(form)]}


def _errors(form: BaseForm) -> Iterator[tuple[str, str]]:
    """Yield the place and the sentence of each error, in the order of the fields."""
    for sentence in form.non_field_errors():
        yield "", str(sentence)
    for bound in form:
        for sentence in bound.errors:
            # A group of choices has no field of its own to go to: its fieldset has the id.
            yield bound.auto_id if bound.use_fieldset else bound.id_for_label, str(sentence)


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
