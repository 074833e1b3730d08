"""Where the fields of a body go: `merge_fields.FNAME` nests, `tags[]` appends."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Path = tuple[str | int, ...]
"""Names lead into objects, numbers into lists."""
Tree = dict[str | int, "Tree | object"]
"""Nested containers; one whose keys are numbers stands for a list."""

_SEGMENT = re.compile(r"(?P<name>(?:\\[.\[\]]|[^\[\].])*)(?P<appends>\[\])?")
_NESTING_DOT = re.compile(r"(?<!\\)\.")
_ESCAPED = re.compile(r"\\([.\[\]])")


class FieldNameProblem(Exception):
    """A name that cannot be read, or that clashes with one before it."""


@dataclass
class FieldPaths:
    """Gives each field its place, in order.

    `data[].Email` starts a new entry of `data` when the last one has an Email already, so that
    fields that follow each other fill the same entry. The places do not depend on the values.
    """

    _leaves: dict[Path, str] = field(default_factory=dict)
    _branches: dict[Path, tuple[type, str]] = field(default_factory=dict)
    _entries: dict[Path, list[set[str]]] = field(default_factory=dict)

    def add(self, name: str) -> Path:
        """Return the place of the next field.

        Raises: FieldNameProblem.
        """
        path: Path = ()
        segments = _NESTING_DOT.split(name)
        for index, segment in enumerate(segments):
            found = _SEGMENT.fullmatch(segment)
            if not found or not (found["name"] or (index == 0 and found["appends"])):
                raise FieldNameProblem(
                    f'the name "{name}" cannot be read: write names like contact.email or tags[],'
                    r" and \. or \[ for a dot or bracket of the name itself"
                )
            if found["name"]:
                path = (*path, _ESCAPED.sub(r"\1", found["name"]))
            if found["appends"]:
                path = (*path, self._entry(path, rest=".".join(segments[index + 1 :])))
        self._occupy(path, name)
        return path

    def _entry(self, path: Path, *, rest: str) -> int:
        entries = self._entries.setdefault(path, [])
        if not entries or not rest or rest in entries[-1]:
            entries.append(set())
        entries[-1].add(rest)
        return len(entries) - 1

    def _occupy(self, path: Path, name: str) -> None:
        for end in range(len(path)):
            kind = type(path[end])
            known, by = self._branches.setdefault(path[:end], (kind, name))
            if path[:end] in self._leaves:
                by = self._leaves[path[:end]]
            if known is not kind or path[:end] in self._leaves:
                raise _clash(by, name)
        if path in self._leaves or path in self._branches:
            raise _clash(self._leaves.get(path) or self._branches[path][1], name)
        self._leaves[path] = name


def _clash(first: str, second: str) -> FieldNameProblem:
    return FieldNameProblem(
        f'"{second}" clashes with "{first}": one place cannot hold both. Rename or remove one'
    )


def build_tree(values: Iterable[tuple[Path, object]]) -> Tree:
    """Return the containers that the paths describe, with the values in them."""
    tree: Tree = {}
    for path, value in values:
        node = tree
        for step in path[:-1]:
            child = node.setdefault(step, {})
            assert isinstance(child, dict)
            node = child
        node[path[-1]] = value
    return tree


def is_list(tree: Mapping[str | int, object]) -> bool:
    return isinstance(next(iter(tree), None), int)


def as_json_value(tree: Tree | object) -> object:
    """Return a tree as objects and lists."""
    if not isinstance(tree, dict):
        return tree
    if is_list(tree):
        return [as_json_value(child) for child in tree.values()]
    return {name: as_json_value(child) for name, child in tree.items()}


def only_root(paths: Sequence[Path]) -> str | None:
    """Return the one name under which all paths stand, or None."""
    roots = {path[0] for path in paths}
    root = roots.pop() if len(roots) == 1 else None
    repeated = any(len(path) > 1 and isinstance(path[1], int) for path in paths)
    return root if isinstance(root, str) and not repeated else None
