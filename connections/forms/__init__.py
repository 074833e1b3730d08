"""The forms of the connection pages: what was typed, on its way to the configuration and back."""

from connections.forms.adding import AddForm
from connections.forms.binding import Field, bind, read, with_rows_changed
from connections.forms.choices import EditorChoices
from connections.forms.editor import EditorForm
from connections.forms.preset import PresetForm
from connections.forms.problems import PointedForm, as_sentence, problems_by_field
from connections.forms.request import SECRET_NAMES
from connections.forms.secrets import SecretForm, TypedSecret
from connections.forms.trying import TryForm

__all__ = [
    "SECRET_NAMES",
    "AddForm",
    "EditorChoices",
    "EditorForm",
    "Field",
    "PointedForm",
    "PresetForm",
    "SecretForm",
    "TryForm",
    "TypedSecret",
    "as_sentence",
    "bind",
    "problems_by_field",
    "read",
    "with_rows_changed",
]
