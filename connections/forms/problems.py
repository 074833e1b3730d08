"""What is wrong, sorted by the field that it is about."""

from collections.abc import Iterable
from typing import Protocol

from accounts.errors import Problem


class PointedForm(Protocol):
    def field_at(self, pointer: str) -> str:
        """Return the name of the field that a problem's pointer means, or nothing."""


def problems_by_field(form: PointedForm, problems: Iterable[Problem]) -> dict[str, list[str]]:
    """Return the sentences by the name of their field; under "" those without a field."""
    by_field: dict[str, list[str]] = {}
    for problem in problems:
        by_field.setdefault(form.field_at(problem.pointer), []).append(as_sentence(problem.detail))
    return by_field


def as_sentence(detail: str) -> str:
    """Return the detail as it stands alone: with a capital, and a full stop."""
    end = "" if detail.endswith((".", "?", "!")) else "."
    return f"{detail[:1].upper()}{detail[1:]}{end}"
