"""The page of each item of a set-up request: what was typed, on its way to an answer and back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar, Self

from connections.exchange.config import Document
from connections.forms.binding import Posted, WriteOnly, nearest_field, read
from connections.forms.editor import ContactRow
from connections.forms.samples import status_typed
from connections.setup_requests.answers import CREDENTIALS, AuthenticationKind, Item

COMMON_ATTRIBUTES = ("email", "first_name", "last_name", "source", "country")


@dataclass(frozen=True, slots=True)
class ItemForm:
    """The fields of one item; their names are those of the answer."""

    def tidy(self) -> Self:
        return self

    def refused(self) -> Self:
        """Return the form as its page shows it with what is wrong."""
        return self.tidy()

    def document(self) -> dict[str, Any]:
        """Return the answer, unchecked."""
        return asdict(self)

    def field_at(self, pointer: str) -> str:
        """Return the name of the field that a problem's pointer means, or nothing."""
        return nearest_field(self, pointer.split("/")[1:])


@dataclass(frozen=True, slots=True)
class DocumentationForm(ItemForm):
    url: str = ""

    def field_at(self, pointer: str) -> str:
        return "file" if pointer == "/file" else "url"


@dataclass(frozen=True, slots=True)
class ContactForm(ContactRow, ItemForm):
    pass


@dataclass(frozen=True, slots=True)
class EndpointsForm(ItemForm):
    production: str = ""
    staging: str = ""
    testing: str = ""

    def field_at(self, pointer: str) -> str:
        return pointer.removeprefix("/") or "production"


@dataclass(frozen=True, slots=True)
class MethodForm(ItemForm):
    method: str = ""


@dataclass(frozen=True, slots=True)
class AuthenticationForm(WriteOnly, ItemForm):
    """The credentials go to the vault; they are in no answer, and never on a page again."""

    kind: str = ""
    username: str = ""
    location: str = "header"
    name: str = ""
    token_url: str = ""
    client_id: str = ""
    scope: str = ""
    explanation: str = ""
    password: str = ""
    token: str = ""
    api_key: str = ""
    client_secret: str = ""
    credential: str = ""

    _SECRETS: ClassVar = tuple(CREDENTIALS.values())

    def __repr__(self) -> str:
        return f"AuthenticationForm({self.kind})"

    def shown(self) -> Self:
        return replace(self, **dict.fromkeys(self._SECRETS, ""))

    def document(self) -> dict[str, Any]:
        answer = {name: text for name, text in asdict(self).items() if name not in self._SECRETS}
        return answer | {"location": self.location or "header"}

    def typed_secrets(self) -> dict[str, str]:
        """Return the credential of the kind that was chosen, when it was typed."""
        name = CREDENTIALS.get(AuthenticationKind(self.kind), "")
        return {name: getattr(self, name)} if name and getattr(self, name) else {}


@dataclass(frozen=True, slots=True)
class EncodingForm(ItemForm):
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class ParameterRow:
    attribute: str = ""
    name: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class ParametersForm(ItemForm):
    rows: tuple[ParameterRow, ...] = tuple(ParameterRow(name) for name in COMMON_ATTRIBUTES)
    remarks: str = ""

    def tidy(self) -> Self:
        """Return the form without the attributes that were given no name."""
        return replace(self, rows=tuple(row for row in self.rows if row.name.strip()))

    def refused(self) -> Self:
        return self.tidy() if self.tidy().rows else self

    def field_at(self, pointer: str) -> str:
        return nearest_field(self, pointer.split("/")[1:]) or "remarks"


@dataclass(frozen=True, slots=True)
class ResponseRow:
    status: str = ""
    body: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class ResponsesForm(ItemForm):
    rows: tuple[ResponseRow, ...] = (ResponseRow(), ResponseRow())

    def tidy(self) -> Self:
        return replace(self, rows=tuple(row for row in self.rows if row != ResponseRow()))

    def refused(self) -> Self:
        return self.tidy() if self.tidy().rows else type(self)()

    def document(self) -> dict[str, Any]:
        return {"rows": [asdict(row) | {"status": status_typed(row.status)} for row in self.rows]}

    def field_at(self, pointer: str) -> str:
        return nearest_field(self.refused(), pointer.split("/")[1:]) or "rows.0.status"


@dataclass(frozen=True, slots=True)
class ExampleForm:
    """A request that works, as it is pasted, and where its address leads to."""

    text: str = ""
    environment: str = "production"

    def field_at(self, pointer: str) -> str:
        return "environment" if pointer == "/environment" else "text"


FORMS: Mapping[Item, type[ItemForm]] = MappingProxyType(
    {
        Item.DOCUMENTATION: DocumentationForm,
        Item.CONTACT: ContactForm,
        Item.ENDPOINTS: EndpointsForm,
        Item.METHOD: MethodForm,
        Item.AUTHENTICATION: AuthenticationForm,
        Item.ENCODING: EncodingForm,
        Item.PARAMETERS: ParametersForm,
        Item.RESPONSES: ResponsesForm,
    }
)
_ROWS: Mapping[Item, type[ParameterRow | ResponseRow]] = MappingProxyType(
    {Item.PARAMETERS: ParameterRow, Item.RESPONSES: ResponseRow}
)


def item_form(item: Item, answer: Document | None) -> ItemForm:
    """Return the form as it stands: with the answer that was given, or empty."""
    if answer is None:
        return FORMS[item]()
    values: dict[str, Any] = answer.model_dump(mode="json")
    if row := _ROWS.get(item):
        values["rows"] = tuple(row(**_texts(one)) for one in values["rows"])
    return FORMS[item](**_texts(values))


def posted_form(item: Item, posted: Posted) -> ItemForm:
    return read(FORMS[item], posted)


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> Any:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
