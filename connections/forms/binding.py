"""Between a posted form and frozen dataclasses: a field's name is its path, `headers.2.name`.

A form is a dataclass whose fields are `str`, `bool`, `tuple[str, ...]` (several ticks), another
form, or a tuple of forms (rows). Nothing here knows what the fields mean.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, NamedTuple, Protocol, Self, TypeVar, cast, get_args, get_type_hints

Form = TypeVar("Form")


class Posted(Protocol):
    """What is read of Django's QueryDict: names in the order in which they were posted."""

    def __contains__(self, name: object) -> bool: ...
    def __iter__(self) -> Any: ...
    def get(self, name: str, default: str, /) -> Any: ...
    def getlist(self, name: str, /) -> Sequence[Any]: ...


class Field(NamedTuple):
    """One control of a page: what it is called, what stands in it, what is wrong with it."""

    name: str
    value: Any
    problems: Sequence[str] = ()

    @property
    def id(self) -> str:
        return f"id_{self.name.replace('.', '-')}"


class WriteOnly:
    """A form that holds secrets; what is put on a page is what `shown` returns."""

    __slots__ = ()

    def shown(self) -> Self:
        raise NotImplementedError


def read(shape: type[Form], posted: Posted, prefix: str = "") -> Form:
    """Return the form as it was posted, with its rows in the order of the page."""
    kinds = _kinds(shape)
    return shape(**{name: _read(kind, posted, prefix + name) for name, kind in kinds.items()})


def _read(kind: Any, posted: Posted, path: str) -> object:
    if kind is str:
        return str(posted.get(path, "")).replace("\r\n", "\n")
    if kind is bool:
        return path in posted
    if is_dataclass(kind):
        return read(cast("type[object]", kind), posted, f"{path}.")
    row = get_args(kind)[0]
    if row is str:
        return tuple(map(str, posted.getlist(path)))
    return tuple(read(row, posted, f"{path}.{index}.") for index in _indexes(posted, f"{path}."))


def _indexes(posted: Posted, prefix: str) -> list[str]:
    start = len(prefix)
    return list(
        dict.fromkeys(name[start:].partition(".")[0] for name in posted if name.startswith(prefix))
    )


def without_blank_rows(form: Form) -> Form:
    """Return the form without the rows in which nobody wrote anything."""
    changes: dict[str, object] = {}
    for name, value in _values(form):
        if is_dataclass(value):
            changes[name] = without_blank_rows(value)
        elif _has_rows(value):
            changes[name] = tuple(without_blank_rows(row) for row in value if not _is_blank(row))
    return _changed(form, changes)


def _changed(form: Form, changes: Mapping[str, object]) -> Form:
    return cast("Form", replace(cast("Any", form), **changes))


def _is_blank(row: Any) -> bool:
    return bool(row == type(row)())


def with_rows_changed(form: Form, action: str, path: str) -> Form:
    """Return the form with a row added, taken out, or moved up or down.

    Shape: `path` is of the rows to add to, or of the row; of none there is: nothing changes.
    """
    places = {"remove": None, "up": -1, "down": 1}
    try:
        if action == "add":
            return _with_row_added(form, path)
        return _with_row_moved(form, path, places[action])
    except (LookupError, AttributeError, TypeError, ValueError):
        return form


def _with_row_added(form: Form, path: str) -> Form:
    name, _, rest = path.partition(".")
    if rest:
        return _descend(form, name, rest, _with_row_added)
    row = _row_shape(form, name)
    return _changed(form, {name: (*getattr(form, name), row())})


def _with_row_moved(form: Form, path: str, places: int | None) -> Form:
    name, _, rest = path.partition(".")
    if not rest.isdecimal():
        return _descend(form, name, rest, lambda inner, at: _with_row_moved(inner, at, places))
    rows = list(getattr(form, name))
    position = int(rest)
    row = rows.pop(position)
    if places is not None:
        rows.insert(max(0, position + places), row)
    return _changed(form, {name: tuple(rows)})


def _descend(form: Form, name: str, rest: str, change: Any) -> Form:
    inner = getattr(form, name)
    if is_dataclass(inner):
        return _changed(form, {name: change(inner, rest)})
    index, _, rest = rest.partition(".")
    rows = list(inner)
    rows[int(index)] = change(rows[int(index)], rest)
    return _changed(form, {name: tuple(rows)})


def bind(form: object, problems: Mapping[str, Sequence[str]], path: str = "") -> dict[str, Any]:
    """Return the form as nested dictionaries and lists of fields, for a template to walk.

    Shape: besides its fields each form has `at`, its own path, and for rows called `headers` an
    empty row `blank_headers` under the index `__headers__`, for a page to copy.
    """
    shown = form.shown() if isinstance(form, WriteOnly) else form
    page: dict[str, Any] = {"at": path}
    for name, value in _values(shown):
        inner = f"{path}.{name}" if path else name
        row = _row_shape(form, name)
        if row is not None:
            page[name] = [bind(one, problems, f"{inner}.{i}") for i, one in enumerate(value)]
            page[f"blank_{name}"] = bind(row(), {}, f"{inner}.__{name}__")
        elif is_dataclass(value):
            page[name] = bind(value, problems, inner)
        else:
            page[name] = Field(inner, value, problems.get(inner, ()))
    return page


def _row_shape(form: object, name: str) -> Any:
    arguments = get_args(_kinds(type(form))[name])
    return arguments[0] if arguments and arguments[0] is not str else None


def nearest_field(form: object, parts: Sequence[str]) -> str:
    """Return the name of the field at `parts`, or of the first field below or near it.

    Shape: empty when there is no field on the way.
    """
    path: list[str] = []
    value: Any = form
    for part in parts:
        inner = _inner(value, part)
        if inner is None:
            break
        path.append(part)
        value = inner
    return ".".join(path + _first_leaf(value)) if path else ""


def _inner(value: Any, part: str) -> Any:
    if _has_rows(value):
        return value[int(part)] if part.isdecimal() and int(part) < len(value) else None
    return (
        getattr(value, part, None) if is_dataclass(value) and part in _kinds(type(value)) else None
    )


def _first_leaf(value: Any) -> list[str]:
    if _has_rows(value):
        return ["0", *_first_leaf(value[0])]
    if is_dataclass(value):
        name, inner = next(_values(value))
        return [name, *_first_leaf(inner)]
    return []


def _has_rows(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and is_dataclass(value[0])


def _values(form: object) -> Any:
    return ((field.name, getattr(form, field.name)) for field in fields(cast("Any", form)))


def _kinds(shape: Any) -> dict[str, Any]:
    return _hints(cast("Hashable", shape))


@cache
def _hints(shape: Hashable) -> dict[str, Any]:
    hints = get_type_hints(cast("Any", shape))
    return {field.name: hints[field.name] for field in fields(cast("Any", shape))}
