"""A small path language for XML answers: steps, `//` in front, `[n]`, `@attribute`, `text()`.

A step may ask for what stands in it: `field[@name='email']`, `error[code='7']`. Full XPath can run
for minutes on a small document; this language visits each element at most once per step, and
its children once more where it asks for one. Namespaces are ignored: `soap:Body`, `Body` and
`*[local-name()='Body']` mean the same.

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
MAX_CHARACTERS = 262_144
"""Of all texts together: those of elements inside each other repeat each other."""
FRAGMENT = "__fragment__"
"""The element that is put around a fragment."""
_NAME = r"(?:[A-Za-z_][\w.\-]*:)?([A-Za-z_][\w.\-]*|\*)"
_STEP = re.compile(
    rf"{_NAME}(?:\[(?P<at>@?){_NAME}\s*=\s*(?P<quote>['\"])(?P<value>[^'\"]*)(?P=quote)\])?"
    r"(?:\[(?P<index>[1-9][0-9]{0,5})\])?"
)
_LOCAL_NAME = re.compile(r"""\*\[\s*local-name\(\)\s*=\s*(['"])([\w.\-]+)\1\s*\]""")
_ATTRIBUTE = re.compile(rf"@{_NAME}")
# Many times as fast as walking from here, which counts for elements deep inside each other.
_ALL_TEXT = etree.XPath("string()", smart_strings=False)


class XmlPathError(ValueError):
    """A path that cannot be used; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    wanted: tuple[str, str] | None
    """`@attribute` or child, and the text that one of that name must have."""
    index: int | None

    def choose(self, elements: Iterable[Element]) -> list[Element]:
        named = [element for element in elements if self.name in ("*", _local(element.tag))]
        if self.wanted:
            name, value = self.wanted
            named = [element for element in named if value in _texts_called(name, element)]
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
        return list(_some(self._texts(found)))

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
                yield from _texts_called(self.last, element)
            elif self.last:
                yield _own_text(element)
            else:
                yield str(_ALL_TEXT(element)).strip()


def _some(texts: Iterable[str]) -> Iterator[str]:
    room = MAX_CHARACTERS
    for text in islice(texts, MAX_MATCHES):
        yield text
        room -= len(text)
        if room <= 0:
            return


def is_xml_search(path: str) -> bool:
    """Say whether a path looks at every depth."""
    return path.removeprefix(".").startswith("//")


def compile_xml_path(path: str) -> Find:
    """Return a function from an XML document's root to the texts that the path finds.

    *Raises* XmlPathError for a path that is wrong or not offered.
    """
    path = _LOCAL_NAME.sub(r"\2", path).removeprefix(".")
    anywhere = is_xml_search(path)
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
            " //error in front for any depth, error[@code='7'] or error[code='7'] for one of"
            " them, and @name or text() at the end"
        )
    wanted = (match["at"] + match[3], match["value"]) if match[3] else None
    return _Step(match[1], wanted, int(match["index"]) if match["index"] else None)


def _children(element: Element) -> Iterator[Element]:
    return element.iterchildren(etree.Element)


def _texts_called(name: str, element: Element) -> Iterator[str]:
    """Yield the texts of the attributes (`@name`) or children of an element, `*` for every one."""
    if name.startswith("@"):
        for key, value in element.attrib.items():
            if name[1:] in ("*", _local(key)):
                yield str(value)
    else:
        for child in _children(element):
            if name in ("*", _local(child.tag)):
                yield _own_text(child)  # all of it would read the depths once for each level


def _own_text(element: Element) -> str:
    return "".join([element.text or "", *(child.tail or "" for child in element)]).strip()


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]
