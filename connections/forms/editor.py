"""The whole editor of a connection: one form, and its way to the configuration and back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connections.exchange.config import ConnectionConfig
from connections.forms.binding import Posted, nearest_field, read, without_blank_rows
from connections.forms.request import (
    AuthorizationForm,
    BodyForm,
    EndpointForm,
    EnvironmentsForm,
    HeaderRow,
    PairRow,
    QueryRow,
    typed_in,
    with_references,
)
from connections.forms.rules import RuleRow
from connections.forms.secrets import SecretForm, TypedSecret
from connections.forms.settings import DeliveryForm, TestCaseRow


@dataclass(frozen=True, slots=True)
class ContactRow:
    name: str = ""
    role: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class DocumentationRow:
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class EditorForm:
    """What stands in the editor; `revision` is the connection's when the page was opened."""

    name: str = ""
    revision: str = ""
    variables: tuple[PairRow, ...] = ()
    method: str = "POST"
    environments: EnvironmentsForm = field(default_factory=EnvironmentsForm)
    query: tuple[QueryRow, ...] = ()
    authorization: AuthorizationForm = field(default_factory=AuthorizationForm)
    secrets: tuple[SecretForm, ...] = ()
    """Those that templates name, each under the index of its name: `secrets.api_key.value`."""
    headers: tuple[HeaderRow, ...] = ()
    body: BodyForm = field(default_factory=BodyForm)
    required_attributes: tuple[str, ...] = ()
    response_rules: tuple[RuleRow, ...] = ()
    test_environment: str = ""
    test_cases: tuple[TestCaseRow, ...] = ()
    delivery: DeliveryForm = field(default_factory=DeliveryForm)
    contacts: tuple[ContactRow, ...] = ()
    documentation: tuple[DocumentationRow, ...] = ()

    @classmethod
    def posted(cls, posted: Posted) -> "EditorForm":
        """Return what was typed, with a name for each new secret."""
        form = read(cls, posted)
        return replace(
            form,
            headers=with_references(form.headers),
            authorization=form.authorization.with_references(),
        )

    @classmethod
    def of(
        cls,
        *,
        name: str,
        revision: int,
        config: ConnectionConfig,
        contacts: Iterable[Mapping[str, str]],
        documentation: Iterable[Mapping[str, str]],
    ) -> "EditorForm":
        urls = {place.value: EndpointForm(at.url) for place, at in config.environments.items()}
        return cls(
            name=name,
            revision=str(revision),
            variables=tuple(PairRow(*pair) for pair in config.variables.items()),
            method=config.method.value,
            environments=EnvironmentsForm(**urls),
            query=tuple(map(QueryRow.of, config.query)),
            authorization=AuthorizationForm.of(config.authorization),
            headers=tuple(map(HeaderRow.of, config.headers)),
            body=BodyForm.of(config.body),
            required_attributes=config.required_attributes,
            response_rules=tuple(map(RuleRow.of, config.response_rules)),
            test_environment=config.test_environment.value if config.test_environment else "",
            test_cases=tuple(map(TestCaseRow.of, config.test_cases)),
            delivery=DeliveryForm.of(config.delivery),
            contacts=tuple(ContactRow(**_texts(contact)) for contact in contacts),
            documentation=tuple(DocumentationRow(**_texts(link)) for link in documentation),
        )

    def tidy(self) -> "EditorForm":
        """Return the form as it is saved: without the rows that were left empty."""
        return without_blank_rows(self)

    def config_document(self) -> dict[str, Any]:
        """Return the configuration, unchecked, in the shape of the REST API."""
        return {
            "method": self.method,
            "variables": {row.name.strip(): row.value for row in self.variables},
            "environments": self.environments.document(),
            "authorization": self.authorization.document(),
            "headers": [row.document() for row in self.headers],
            "query": [row.document() for row in self.query],
            "body": self.body.document(),
            "required_attributes": list(self.required_attributes),
            "response_rules": [row.document() for row in self.response_rules],
            "delivery": self.delivery.document(),
            "test_environment": self.test_environment or None,
            "test_cases": [row.document() for row in self.test_cases],
        }

    def document_over(self, current: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration with what this form does not know as it is in `current`."""
        document = {**current, **self.config_document()}
        for part in ("authorization", "delivery"):
            if current[part].get("type") == document[part].get("type"):
                document[part] = current[part] | document[part]
        return document

    def typed_secrets(self) -> list[TypedSecret]:
        """Return the credentials that were typed, to be kept in the vault."""
        named = [typed for row in self.secrets for typed in row.typed(row.reference)]
        return self.authorization.typed_secrets() + typed_in(self.headers) + named

    def field_at(self, pointer: str) -> str:
        """Return the name of the field that a problem's pointer means, or nothing."""
        parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
        if parts[:1] == ["config"]:
            parts = parts[1:]
        if parts[:1] == ["authorization"] and len(parts) > 1:
            parts[1] = self.authorization.field_called(parts[1])
        if parts[:1] == ["variables"] and len(parts) > 1:
            return self._variable_field(parts[1])
        if parts[:1] == ["secret_values"] and len(parts) > 1:
            return self.secret_field(parts[1])
        return nearest_field(self, parts)

    def _variable_field(self, name: str) -> str:
        names = [row.name.strip() for row in self.variables]
        return f"variables.{names.index(name)}.name" if name in names else ""

    def secret_field(self, name: str) -> str:
        """Return the name of the field in which this secret is typed."""
        return self.credential_field(name) or f"secrets.{name}.value"

    def credential_field(self, name: str) -> str:
        """Return the name of the credential or header that this secret is, or nothing."""
        return next(
            (
                f"headers.{at}.value"
                for at, row in enumerate(self.headers)
                if row.secret and row.reference == name
            ),
            self.authorization.secret_field(name),
        )


def _texts(row: Mapping[str, str]) -> dict[str, str]:
    return {name: text or "" for name, text in row.items()}
