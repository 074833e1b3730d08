"""What the editor shows: the form with its problems, the tabs, the secrets that are set."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from accounts.errors import CorrectInput, Problem
from connections import selectors
from connections.documents import parse_rules
from connections.exchange.attributes import CATALOGUE, Attribute, AttributeType
from connections.exchange.config import Environment
from connections.exchange.custom_fields import CustomField
from connections.exchange.rule_lint import ReadSample, read_samples
from connections.forms import (
    SECRET_NAMES,
    EditorChoices,
    EditorForm,
    TryForm,
    bind,
    problems_by_field,
)
from connections.forms.rules import RuleRow
from connections.models import Connection
from connections.rule_warnings import rule_warnings
from connections.selectors import SecretShown
from connections.views.draft_secrets import DraftSecret, draft_secrets
from connections.views.fragments import LinkedProblem, PreviewFragment, TryFragment, linked

SECTIONS = (
    ("general", "General", ("name", "variables")),
    ("endpoint", "Endpoint", ("method", "environments", "query")),
    ("authorization", "Authorization", ("authorization", "secrets")),
    ("headers", "Headers", ("headers",)),
    ("body", "Body", ("body", "required_attributes")),
    ("response-handling", "Response handling", ("response_rules",)),
    ("settings", "Settings", ("test_environment", "test_cases", "delivery")),
    ("contacts", "Contacts and docs", ("contacts", "documentation")),
)
"""Each section's id, its label, and the first names of its fields."""

Saved = Mapping[Environment, SecretShown]


@dataclass(frozen=True, slots=True)
class Tab:
    section: str
    label: str
    problems: int

    @property
    def url(self) -> str:
        return f"#{self.section}"

    @property
    def state(self) -> str:
        return "problem" if self.problems else ""


@dataclass(frozen=True, slots=True)
class EditorPage:
    connection: Connection
    form: Mapping[str, Any]
    tabs: Sequence[Tab]
    problems: Sequence[LinkedProblem]
    is_stale: bool
    """Whether somebody saved a newer version than the one that this form was opened at."""
    has_draft: bool
    """Whether the last rule came from an answer that was looked at, and nobody saved it yet."""
    warnings: Sequence[LinkedProblem]
    """What to look at in the rules as they are saved; nothing of it was refused."""
    samples: Sequence[ReadSample]
    """What the saved rules say of the samples that are kept with them."""
    secrets: Sequence[DraftSecret]
    """What the form names, saved or not."""
    preview: PreviewFragment
    trial: TryFragment
    choices: EditorChoices = field(default_factory=EditorChoices)
    attributes: Sequence[Attribute] = ()
    """What templates can name: the catalogue, then the account's custom fields."""


def form_of(connection: Connection) -> EditorForm:
    """Return the form of what is saved."""
    version = connection.head_version
    assert version is not None, "a connection has a version from its creation on"
    return EditorForm.of(
        name=connection.name,
        revision=connection.revision,
        config=version.document,
        contacts=connection.contacts,
        documentation=connection.documentation,
    )


def with_drafted_rule(form: EditorForm, rule: str) -> tuple[EditorForm, bool]:
    """Put a rule, written as JSON in the page's address, after the others; tell whether it was one.

    No rule before it matched the answer that it was drafted from, so the last place is right.
    """
    try:
        [drafted] = parse_rules([json.loads(rule)])
    except (ValueError, RecursionError, CorrectInput):
        return form, False
    return replace(form, response_rules=(*form.response_rules, RuleRow.of(drafted))), True


def editor_page(
    connection: Connection,
    form: EditorForm,
    *,
    preview: PreviewFragment,
    trial: TryFragment | None = None,
    problems: Sequence[Problem] = (),
    is_stale: bool = False,
    has_draft: bool = False,
) -> EditorPage:
    by_field = problems_by_field(form, problems)
    bound = bind(form, by_field)
    fields = selectors.custom_definitions(connection.account)
    _add_saved_secrets(bound, selectors.secrets_shown(connection), form)
    return EditorPage(
        connection=connection,
        form=bound,
        tabs=tuple(_tab(by_field, *section) for section in SECTIONS),
        problems=linked(form, problems),
        is_stale=is_stale,
        has_draft=has_draft,
        warnings=() if problems or is_stale else linked(form, _warnings(connection)),
        samples=_samples(connection),
        secrets=draft_secrets(connection, form, problems=by_field),
        preview=preview,
        trial=trial or TryFragment(bind(TryForm(), {}, "try")),
        attributes=(*CATALOGUE.values(), *map(_as_attribute, fields)),
    )


def _warnings(connection: Connection) -> Iterable[Problem]:
    for warning in rule_warnings(connection):
        yield Problem(f"/config{warning.pointer}", warning.code, warning.detail)


def _samples(connection: Connection) -> Sequence[ReadSample]:
    version = connection.head_version
    assert version is not None, "a connection has a version from its creation on"
    return read_samples(version.document.response_rules, version.document.response_samples)


def _as_attribute(field: CustomField) -> Attribute:
    """Return a custom field as the palette shows it: an example is what its first value gives."""
    source = CATALOGUE[field.source]
    return Attribute(
        name=field.name,
        label=field.name,
        type=AttributeType.TEXT,
        description=f"Custom field, from {source.label}",
        example=field.mappings[0].value if field.mappings else "",
        pii=source.pii,
    )


def _tab(
    by_field: Mapping[str, Sequence[str]], section: str, label: str, names: Iterable[str]
) -> Tab:
    mine = [name for name in by_field if name.partition(".")[0] in names]
    return Tab(section, label, problems=sum(len(by_field[name]) for name in mine))


def _add_saved_secrets(page: dict[str, Any], shown: Mapping[str, Saved], form: EditorForm) -> None:
    """Put beside each credential what may be known of it: environments, hint, who set it."""
    environments = tuple(map(Environment, form.environments.document()))
    of_tokens = page["authorization"]
    for name, usual in SECRET_NAMES.items():
        credential = of_tokens[name]
        # A template names its secrets itself, and each of those has a field of its own.
        kept = credential["reference"].value or ("" if credential["text"].value else usual)
        _add_saved(credential, shown.get(kept, {}), environments)
    for row in (*page["headers"], *of_tokens["headers"], *of_tokens["parameters"]):
        _add_saved(row, shown.get(row["reference"].value, {}), environments)


def _add_saved(fields: dict[str, Any], saved: Saved, environments: Iterable[Environment]) -> None:
    fields["saved"] = saved
    fields["missing"] = [environment for environment in environments if environment not in saved]
