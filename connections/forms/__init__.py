"""The forms of the connection pages: what was typed, on its way to the configuration and back."""

from connections.forms.binding import Field, bind, with_row_added, with_row_moved
from connections.forms.editor import EditorForm, problems_by_field
from connections.forms.secrets import TypedSecret

__all__ = [
    "EditorForm",
    "Field",
    "TypedSecret",
    "bind",
    "problems_by_field",
    "with_row_added",
    "with_row_moved",
]
