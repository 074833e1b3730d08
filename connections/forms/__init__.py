"""The forms of the connection pages: what was typed, on its way to the configuration and back."""

from connections.forms.adding import AddForm
from connections.forms.binding import Field, bind, read, with_row_added, with_row_moved
from connections.forms.editor import EditorForm
from connections.forms.problems import problems_by_field
from connections.forms.secrets import TypedSecret

__all__ = [
    "AddForm",
    "EditorForm",
    "Field",
    "TypedSecret",
    "bind",
    "problems_by_field",
    "read",
    "with_row_added",
    "with_row_moved",
]
