"""The secrets that a draft names: where, for which environments they are set, and their fields."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.errors import CorrectInput
from connections import selectors
from connections.documents import parse_config
from connections.exchange.config import Environment
from connections.exchange.rendering import secret_places
from connections.forms import EditorForm, Field, SecretForm, bind
from connections.models import Connection
from connections.selectors import SecretShown

_PLACES = {
    "environments": "URL",
    "query": "Query parameters",
    "authorization": "Authorization",
    "headers": "Headers",
    "body": "Body",
}
_OF_TOKENS = {"token_url", "token_urls", "parameters", "headers"}
"""What of an authorization is the request for a token."""


@dataclass(frozen=True, slots=True)
class DraftSecret:
    name: str
    used_in: Sequence[str]
    """The parts of the editor, in the order of a request; empty when the draft cannot be read."""
    saved: Mapping[Environment, SecretShown]
    missing: Sequence[Environment]
    """For which environments of the draft it is neither set nor typed."""
    field_name: str
    is_credential: bool
    """Whether it is typed in a field of Authorization or Headers, or in one of its own."""
    problems: Mapping[str, Sequence[str]]

    @property
    def field_id(self) -> str:
        return Field(self.field_name, "").id

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return the fields of its own, empty; what is saved is beside them, never in them."""
        fields = bind(SecretForm(reference=self.name), self.problems, f"secrets.{self.name}")
        return fields | {"saved": self.saved, "missing": self.missing}

    @property
    def lack(self) -> str:
        """Return the sentence that says what has to be set, and where."""
        used = f" ({', '.join(self.used_in)})" if self.used_in else ""
        places = " and ".join(environment.value for environment in self.missing)
        part = "Headers" if self.field_name.startswith("headers.") else "Authorization"
        return f"The secret “{self.name}”{used} has no value for {places}: set it under {part}."


def draft_secrets(
    connection: Connection, form: EditorForm, *, problems: Mapping[str, Sequence[str]] | None = None
) -> Sequence[DraftSecret]:
    """Return the secrets that the form names as it stands, saved or not."""
    shown = selectors.secrets_shown(connection)
    environments = tuple(map(Environment, form.environments.document()))
    typed = {(one.name, one.environment) for one in form.typed_secrets()}
    return [
        DraftSecret(
            name=name,
            used_in=_parts(pointers),
            saved=shown.get(name, {}),
            missing=[
                environment
                for environment in environments
                if environment not in shown.get(name, {})
                and not {(name, None), (name, environment)} & typed
            ],
            field_name=form.secret_field(name),
            is_credential=bool(form.credential_field(name)),
            problems=problems or {},
        )
        for name, pointers in _places(connection, form).items()
    ]


def _places(connection: Connection, form: EditorForm) -> Mapping[str, Sequence[str]]:
    try:
        config = parse_config(form.config_document())
    except CorrectInput:
        return {row.reference: () for row in form.secrets}
    fields = selectors.custom_definitions(connection.account)
    return secret_places(config, custom_fields=fields)


def _parts(pointers: Iterable[str]) -> Sequence[str]:
    return list(dict.fromkeys(map(_part, pointers)))


def _part(pointer: str) -> str:
    first, inner = pointer.split("/")[1:3]
    is_token_request = first == "authorization" and inner in _OF_TOKENS
    return "Token request" if is_token_request else _PLACES[first]
