"""What the pages of connections say and ask besides the components: secrets, and words."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from django import template

from connections.exchange.config import Condition
from connections.forms import EditorChoices
from connections.setup_requests.words import CHOICES as SETUP_CHOICES

register = template.Library()

_CHOICES = EditorChoices()
_SUBJECTS = {"status": "status", "header": "header", "body": "body text", "json": "", "xml": ""}


@register.inclusion_tag("connections/fields/secret.html")
def secret_field(secret: Mapping[str, object], label: str, hint: str = "") -> dict[str, object]:
    environments = ("production", "staging", "testing")
    each = [(name.capitalize(), secret[name]) for name in environments]
    return {"secret": secret, "label": label, "hint": hint, "each": each}


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
