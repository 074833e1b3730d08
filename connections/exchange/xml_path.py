"""A small path language for XML answers: steps, `//` in front, `[n]`, `@attribute`, `text()`.

Full XPath can run for minutes on a small document. This language visits each element at
most once per step. Namespaces are ignored: `soap:Body` and `Body` mean the same.

Some receivers answer with a fragment: elements beside each other, text after them. It is read
inside an element of our own, which no path has to name.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from lxml import etree

Element = etree._Element  # noqa: SLF001 - lxml has no public name for it
Find = Callable[[Element], Sequence[str]]

MAX_MATCHES = 1_000
FRAGMENT = "__fragment__"
"""The element that is put around a fragment."""
_NAME = r"(?:[A-Za-z_][\w.\-]*:)?([A-Za-z_][\w.\-]*|\*)"
_STEP = re.compile(rf"{_NAME}(?:\[([1-9][0-9]{{0,5}})\])?")
_ATTRIBUTE = re.compile(rf"@{_NAME}")


class XmlPathError(ValueError):
    """A path that cannot be used; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    index: int | None

    def choose(self, elements: Iterable[Element]) -> list[Element]:
        named = [element for element in elements if self.name in ("*", _local(element.tag))]
        return named if self.index is None else named[self.index - 1 : self.index]


@dataclass(frozen=True, slots=True)
class _Path:
    steps: tuple[_Step, ...]
    anywhere: bool
    """Whether the first step may stand at any depth (`//`)."""
    last: str
    """`@name`, `text()`, or nothing for all the text inside the element."""

    def find(self, root: Element) -> Sequence[str]:
        found = self._first(root)
        for step in self.steps[1:]:
            found = [child for parent in found for child in step.choose(_children(parent))]
        return list(islice(self._texts(found), MAX_MATCHES))

    def _first(self, root: Element) -> list[Element]:
        step = self.steps[0]
        found = step.choose(_children(root) if root.tag == FRAGMENT else [root])
        if self.anywhere:
            for parent in root.iter(etree.Element):
                if parent.tag != FRAGMENT:
                    found += step.choose(_children(parent))
        return found

    def _texts(self, elements: Iterable[Element]) -> Iterator[str]:
        for element in elements:
            if self.last.startswith("@"):
                for name, value in element.attrib.items():
                    if self.last[1:] in ("*", _local(name)):
                        yield str(value)
            elif self.last:
                yield _own_text(element)
            else:
                yield "".join(str(text) for text in element.itertext()).strip()


def compile_xml_path(path: str) -> Find:
    """Return a function from an XML document's root to the texts that the path finds.

    *Raises* XmlPathError for a path that is wrong or not offered.
    """
    anywhere = path.startswith("//")
    parts = path.removeprefix("//" if anywhere else "/").split("/")
    last = ""
    if len(parts) > 1 and (parts[-1] == "text()" or _ATTRIBUTE.fullmatch(parts[-1])):
        last = parts.pop()
        if attribute := _ATTRIBUTE.fullmatch(last):
            last = f"@{attribute[1]}"
    return _Path(tuple(_step(part, path) for part in parts), anywhere, last).find


def _step(part: str, path: str) -> _Step:
    match = _STEP.fullmatch(part)
    if match is None:
        raise XmlPathError(
            f'"{part}" in "{path}" is not understood: write steps like /answer/errors/error[1],'
            " //error in front for any depth, and @name or text() at the end"
        )
    return _Step(match[1], int(match[2]) if match[2] else None)


def _children(element: Element) -> Iterator[Element]:
    return element.iterchildren(etree.Element)


def _own_text(element: Element) -> str:
    return "".join([element.text or "", *(child.tail or "" for child in element)]).strip()


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]
