"""The body of an example request, as a template or as fields."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from connections.drafting.pasted import NotUnderstood
from connections.drafting.template_text import as_literal, secret_template
from connections.drafting.vocabulary import CONTENTS, LABELS
from connections.drafting.workbench import Workbench
from connections.exchange.config import Encoding

_WHERE = "body"
_MOST_PARAMETERS = 200
_MOST_LEVELS = 40
_KINDS = (
    (re.compile(r"[/+]json\b"), Encoding.JSON),
    (re.compile(r"[/+]xml\b"), Encoding.XML),
    (re.compile(r"x-www-form-urlencoded"), Encoding.FORM),
    # Without a boundary there is none in the text: it is written as a form here.
    (re.compile(r"multipart/form-data$"), Encoding.MULTIPART),
)
_USUAL = {
    Encoding.JSON: "application/json",
    Encoding.FORM: "application/x-www-form-urlencoded",
    Encoding.MULTIPART: "multipart/form-data",
}
_LABEL = re.compile(r"[\w .-]{1,60}")
_XML_ENCODING = re.compile(r"""(<\?xml[^>]*\bencoding\s*=\s*)["'][\w.-]+["']""")
_XML_PART = re.compile(
    r"""<(?P<leaf>[\w:.-]{1,100})(?P<attributes>(?:\s[^<>]*)?)>(?P<text>[^<>]*)</(?P=leaf)\s*>"""
    r"""|(?<=\s)(?P<name>[\w:.-]{1,100})\s*=\s*"(?P<value>[^"<>]*)"(?=[^<>]{0,2000}>)"""
)


def draft_body(text: str, content_type: str, bench: Workbench) -> dict[str, object]:
    """Return the body in the shape of the configuration."""
    if not text.strip():
        return {"encoding": Encoding.NONE.value}
    encoding = _encoding(text, content_type)
    given = content_type.strip()
    usual = given.partition(";")[0].strip().lower() == _USUAL.get(encoding)
    body: dict[str, object] = {"encoding": encoding.value}
    if given and not usual:
        body["content_type"] = given[:200]
    match encoding:
        case Encoding.JSON:
            return body | {"template": _json_template(text, bench)}
        case Encoding.FORM | Encoding.MULTIPART:
            return body | {"fields": _form_fields(text, bench)}
        case Encoding.XML:
            return body | {"template": _xml_template(text, bench)}
    return body | {"template": as_literal(text)}


def plain_body(text: str, content_type: str, bench: Workbench) -> dict[str, object]:
    """Return the body as text that is sent as it is, for what is not what it says it is."""
    detail = f"This is no {content_type or 'body of a known kind'}: it is sent as it stands."
    bench.note(_WHERE, detail)
    template = as_literal(text)
    for name, value in bench.safe.values.items():
        template = template.replace(as_literal(value), secret_template(name))
    given = {"content_type": content_type[:200]} if content_type else {}
    return {"encoding": Encoding.TEXT.value, "template": template, **given}


def _encoding(text: str, content_type: str) -> Encoding:
    said = next((kind for sign, kind in _KINDS if sign.search(content_type.lower())), None)
    start = text.lstrip()[:1]
    if said is Encoding.JSON or (said is None and start in "{[" and _parsed(text) is not None):
        return Encoding.JSON if _parsed(text) is not None else Encoding.TEXT
    if (
        said is None
        and start == "<"
        and not text.lstrip()[:9].lower().startswith(("<!doctype", "<html"))
    ):
        return Encoding.XML
    if said is None and not content_type and re.match(r"[^=\s]+=", text):
        return Encoding.FORM
    return said or Encoding.TEXT


@dataclass(frozen=True, slots=True)
class _Number:
    """A number in the digits that it was written in."""

    digits: str


@dataclass(frozen=True, slots=True)
class _Object:
    members: tuple[tuple[str, object], ...]


_DECODER = json.JSONDecoder(
    object_pairs_hook=lambda pairs: _Object(tuple(pairs)),
    parse_int=_Number,
    parse_float=_Number,
    parse_constant=_Number,
    strict=False,
)
_NOTHING = object()


def _parsed(text: str) -> object:
    try:
        document: object = _DECODER.decode(text.strip())
    except (ValueError, RecursionError):
        return None
    return _NOTHING if document is None else document


def _json_template(text: str, bench: Workbench) -> str:
    document = _parsed(text)
    return _JsonWriter(bench, printed=False).write(None if document is _NOTHING else document)


@dataclass(frozen=True, slots=True)
class _JsonWriter:
    """Writes parsed JSON as a template that keeps types, order and digits."""

    bench: Workbench
    printed: bool
    """Whether the JSON is a parameter's value, where every value must be a literal of its own."""

    def write(self, value: object, path: tuple[str, ...] = ()) -> str:
        if len(path) > _MOST_LEVELS:
            raise NotUnderstood(f"The body is nested more than {_MOST_LEVELS} levels deep.")
        margin = "" if self.printed else "\n" + "  " * len(path)
        match value:
            case _Object(members):
                written = [
                    f"{self._quoted(name)}: {self.write(child, (*path, label))}"
                    for name, child, label in _labelled(members)
                ]
                return self._between("{", written, "}", margin)
            case list():
                written = [self.write(child, (*path, str(at))) for at, child in enumerate(value)]
                return self._between("[", written, "]", margin)
            case _:
                return self._leaf(value, path)

    def _between(self, start: str, written: list[str], end: str, margin: str) -> str:
        if not written:
            return start + end
        if self.printed:
            return start + ", ".join(written) + end
        inner = margin + "  "
        return start + inner + f",{inner}".join(written) + margin + end

    def _leaf(self, value: object, path: tuple[str, ...]) -> str:
        if isinstance(value, _Number):
            template = self._recognised(path, value.digits)
            return template.replace(" }}", "|int }}") if template else value.digits
        if isinstance(value, str):
            template = self._recognised(path, value)
            if template is None:
                return self._quoted(value)
            return _as_json(template) if self.printed else f'"{template}"'
        return json.dumps(value)

    def _recognised(self, path: tuple[str, ...], text: str) -> str | None:
        return self.bench.value(path, text, where=_WHERE, parameter=False)

    def _quoted(self, text: str) -> str:
        return as_literal(json.dumps(text, ensure_ascii=False))


def _labelled(members: tuple[tuple[str, object], ...]) -> Iterator[tuple[str, object, str]]:
    """Give each member the name that says what it is: `{"key": "email", "value": …}`."""
    label = next(
        (
            value
            for name, value in members
            if name.lower() in LABELS and isinstance(value, str) and _LABEL.fullmatch(value)
        ),
        "",
    )
    has_content = any(name.lower() in CONTENTS for name, _ in members)
    for name, value in members:
        if not (label and has_content):
            yield name, value, name
        elif name.lower() in CONTENTS:
            yield name, value, label
        else:
            yield name, value, f"{name}_of_{label}"


def _as_json(template: str) -> str:
    """`{{ first_name }} {{ last_name }}` becomes one literal: `{{ (first_name ~ …)|tojson }}`."""
    inner = ' ~ " " ~ '.join(re.findall(r"\{\{ (.*?) \}\}", template))
    return f"{{{{ ({inner})|tojson }}}}" if "~" in inner else f"{{{{ {inner}|tojson }}}}"


def _form_fields(text: str, bench: Workbench) -> list[dict[str, object]]:
    pairs = parse_parameters(text.strip())
    fields: list[dict[str, object]] = []
    for name, value in pairs:
        if not 1 <= len(name.strip()) <= 100:
            bench.note(f"{_WHERE} {name[:40]}", "A parameter's name has 1 to 100 characters.")
        else:
            fields.append({"name": name, "value": _form_value(name, value, bench)})
    return fields


def parse_parameters(text: str) -> list[tuple[str, str]]:
    """Return names and values of a form or a query. *Raises* NotUnderstood when too many."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise NotUnderstood(f"There are more than {_MOST_PARAMETERS} parameters.") from None


def _form_value(name: str, value: str, bench: Workbench) -> str:
    document = _parsed(value) if value.lstrip()[:1] in ("{", "[") else None
    if isinstance(document, _Object | list):
        return _JsonWriter(bench, printed=True).write(document, (name,))
    return bench.parameter(name, value, where=_WHERE)


def _xml_template(text: str, bench: Workbench) -> str:
    """Replace what elements and attributes hold; everything else stays as it was written."""
    text = _XML_ENCODING.sub(r'\1"UTF-8"', _without_comments(text))
    parts = [_XmlPart.of(found) for found in _XML_PART.finditer(text)]
    pieces, position = [], 0
    for index, part in enumerate(parts):
        before, after = parts[index - 1 : index], parts[index + 1 : index + 2]
        labelled = part.is_content and before and before[0].is_label
        name = before[0].value if labelled else part.name
        if not part.value or (part.is_label and after and after[0].is_content):
            continue
        if template := bench.value([name], part.value, where=_WHERE, parameter=False):
            pieces += [as_literal(text[position : part.start]), template]
            position = part.end
    return "".join([*pieces, as_literal(text[position:])])


def _without_comments(text: str) -> str:
    """Comments mean nothing to a receiver, and no expression can stand in one."""
    first, *rest = text.split("<!--")
    return first + "".join(
        part.partition("-->")[2] if "-->" in part else f"<!--{part}" for part in rest
    )


@dataclass(frozen=True, slots=True)
class _XmlPart:
    """An element without children, or an attribute."""

    name: str
    value: str
    start: int
    end: int

    @classmethod
    def of(cls, found: re.Match[str]) -> "_XmlPart":
        group = "text" if found["leaf"] else "value"
        name = (found["leaf"] or found["name"]).rsplit(":", 1)[-1]
        return cls(name, html.unescape(found[group]).strip(), found.start(group), found.end(group))

    @property
    def is_label(self) -> bool:
        return self.name.lower() in LABELS

    @property
    def is_content(self) -> bool:
        return self.name.lower() in CONTENTS
