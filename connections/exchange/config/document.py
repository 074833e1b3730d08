"""What every part of the configuration is made of: names, texts, templates and secrets."""

import json
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

MAX_TEMPLATE_CHARACTERS = 65_536

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
Template = Annotated[str, StringConstraints(max_length=MAX_TEMPLATE_CHARACTERS)]
Scalar = str | int | float | bool | None


def _json_text(value: object) -> object:
    """Return a number or a truth as JSON writes it, and everything else as it is."""
    return json.dumps(value) if isinstance(value, bool | int | float) else value


Text = Annotated[str, BeforeValidator(_json_text, json_schema_input_type=str | int | float | bool)]
"""Text, for which a number or a truth may be given."""


class Document(BaseModel):
    """What every part of the configuration is: frozen, and strict about unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SecretReference(Document):
    """A value that is kept in the vault and named here."""

    secret: Identifier


Value = Template | SecretReference
