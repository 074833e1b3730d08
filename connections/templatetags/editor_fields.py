"""The controls of the connection editor; each takes a `forms.Field` and draws it with its label.

They look like `{% field %}` of the components, which draws a Django form's fields.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from django import template

from connections.exchange.config import Condition
from connections.forms import EditorChoices, Field
from connections.setup_requests.words import CHOICES as SETUP_CHOICES

register = template.Library()

_CHOICES = EditorChoices()
_SUBJECTS = {"status": "status", "header": "header", "body": "body text", "json": "", "xml": ""}
Option = tuple[str, str]


@register.inclusion_tag("connections/fields/text.html")
def text_field(
    field: Field,
    label: str,
    hint: str = "",
    optional: bool = False,
    code: bool = False,
    hide_label: bool = False,
    kind: str = "text",
    placeholder: str = "",
) -> dict[str, object]:
    return {
        "field": field,
        "label": label,
        "hint": hint,
        "optional": optional,
        "code": code,
        "hide_label": hide_label,
        "kind": kind,
        "placeholder": placeholder,
    }


@register.inclusion_tag("connections/fields/password.html")
def password_field(field: Field, label: str, hint: str = "") -> dict[str, object]:
    return {"field": field, "label": label, "hint": hint}


@register.inclusion_tag("connections/fields/text_area.html")
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


@register.inclusion_tag("connections/fields/select.html")
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


@register.inclusion_tag("connections/fields/radios.html")
def radio_field(field: Field, label: str, choices: Sequence[Option]) -> dict[str, object]:
    return {"field": field, "label": label, "choices": choices}


@register.inclusion_tag("connections/fields/tick.html")
def tick_field(field: Field, label: str, hint: str = "") -> dict[str, object]:
    return {"field": field, "label": label, "hint": hint}


@register.inclusion_tag("connections/fields/secret.html")
def secret_field(secret: Mapping[str, object], label: str) -> dict[str, object]:
    environments = ("production", "staging", "testing")
    each = [(name.capitalize(), secret[name]) for name in environments]
    return {"secret": secret, "label": label, "each": each}


@register.filter
def condition_in_words(condition: Condition) -> str:
    """Return `status is one of 200-299`, `$.title is "Member Exists"`."""
    value = condition.value or ""
    words = (
        _SUBJECTS[condition.source.value],
        condition.path or "",
        dict(_CHOICES.operators)[condition.operator.value],
        value if isinstance(value, str) else ", ".join(value),
    )
    return " ".join(filter(None, words))


@register.filter
def setup_kind(kind: str) -> str:
    return dict(SETUP_CHOICES.kinds)[kind]


@register.filter
def setup_encoding(encoding: str) -> str:
    return dict(SETUP_CHOICES.encodings)[encoding]


@register.filter
def host(url: str) -> str:
    return urlsplit(url).netloc


@register.filter
def authorization_in_words(kind: str) -> str:
    return dict(_CHOICES.authorization_types).get(kind, kind)
