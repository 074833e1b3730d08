"""Writes the fields of a body in its encoding, each value encoded already where that is text."""

import re
from collections.abc import Iterator, Sequence

from connections.exchange.body.field_paths import Path, Tree, as_json_value, build_tree, is_list
from connections.exchange.language.filters import percent_encode
from connections.exchange.language.values import json_of

Placed = Sequence[tuple[Path, object]]
"""Values and where they go; without nesting a path is just the name."""

ATTRIBUTE = "@"
TEXT = "#text"

_ELEMENT = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_.-]*:)?[A-Za-z_][A-Za-z0-9_.-]*")


def write_json(values: Placed) -> str:
    return json_of(as_json_value(build_tree(values)))


def write_form(values: Placed) -> str:
    return "&".join(f"{percent_encode(str(name))}={value}" for (name,), value in values)


def write_multipart(values: Placed, *, boundary: str) -> str:
    """One part for each value, names escaped as browsers do."""
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_part_name(str(name))}"'
        f"\r\n\r\n{value}\r\n"
        for (name,), value in values
    )
    return "".join(parts) + f"--{boundary}--\r\n"


def _part_name(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def write_text(values: Placed) -> str:
    """One `name=value` on each line; line breaks inside a value become spaces."""
    return "\n".join(f"{name}={' '.join(str(value).splitlines())}" for (name,), value in values)


def write_xml(values: Placed) -> str:
    elements = "".join(_elements(build_tree(values)))
    return f'<?xml version="1.0" encoding="UTF-8"?>{elements}'


def _elements(tree: Tree) -> Iterator[str]:
    for name, content in tree.items():
        if not isinstance(content, dict):
            yield str(content) if name == TEXT else f"<{name}>{content}</{name}>"
        elif is_list(content):
            for item in content.values():
                yield from _elements({name: item})
        else:
            yield _element(str(name), content)


def _element(name: str, content: Tree) -> str:
    attributes = "".join(
        f' {str(key)[1:]}="{value}"' for key, value in content.items() if _is_attribute(key)
    )
    inner = {key: value for key, value in content.items() if not _is_attribute(key)}
    return f"<{name}{attributes}>{''.join(_elements(inner))}</{name}>"


def _is_attribute(step: str | int) -> bool:
    return isinstance(step, str) and step.startswith(ATTRIBUTE)


def xml_name_problem(path: Path) -> str | None:
    """Return what is wrong with a path as the place of an XML element or attribute."""
    steps = [step for step in path if isinstance(step, str)]
    if len(steps) > 1 and isinstance(path[-1], str):
        steps[-1] = "text" if steps[-1] == TEXT else steps[-1].removeprefix(ATTRIBUTE)
    wrong = next((step for step in steps if not _ELEMENT.fullmatch(step)), None)
    if wrong is None:
        return None
    return f'"{wrong}" cannot name an element: use letters, digits, _, - and dots'
