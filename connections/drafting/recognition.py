"""Which value of an example request is which attribute, by its name and by its shape."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import unquote

from connections.drafting.vocabulary import FULL_NAMES, LISTS, PREFIXES, SENDERS
from connections.exchange.attributes import ATTRIBUTE_OF


class Certainty(StrEnum):
    """How sure it is that a value is what it is taken for."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Recognised:
    template: str
    certainty: Certainty


Path = Sequence[str]
"""Names from the outermost to that of the value itself."""

_DOMAIN = r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
EMAIL = re.compile(rf"[\w.+'-]{{1,64}}@{_DOMAIN}")
_EMAIL_IN_URL = re.compile(rf"(?:[\w.-]|\+|%2[Bb]){{1,64}}(?:@|%40){_DOMAIN}", re.ASCII)
_PLACEHOLDER = re.compile(
    r"\{\{?\s*([^{}]{1,60}?)\s*\}?\}|<([^<>]{1,60})>|\[([^\[\]]{1,60})\]|\$\{?(\w{1,60})\}?"
    r"|%(\w{1,60})%|:(\w{1,60})|\(([^()]{1,60})\)"
)
FILL_IN = re.compile(
    r"\$\{([A-Za-z_]\w{0,60})\}"
    # Which OData has as parts of a path.
    r"|(?<![A-Za-z0-9])\$(?!(?:metadata|batch|count|value|ref)\b)([A-Za-z_]\w{0,60})"
    r"|\{\{?\s*([A-Za-z][\w .-]{1,60}?)\s*\}?\}|<([A-Za-z][\w .-]{1,60})>"
    r"|\bYOUR[_-]([A-Z0-9_-]{1,60})"
)
_SPLIT_NAME = re.compile(r"[.\[\]/:]+")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_NUMBER_OF_PHONE = re.compile(r"[+(]?[0-9][0-9 ().-]{5,20}(?:\s*(?:x|ext)[. ]*[0-9]{1,6})?")
_NOT_SAID = frozenset({"", "string", "text", "value", "null"})
_STATES_OF_RECORDS = frozenset(
    {"active", "inactive", "new", "open", "pending", "subscribed", "confirmed", "enabled", "live"}
)
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "email": EMAIL,
    "first_name": re.compile(r"[^\W\d_][^\d<>{}@_]{0,59}"),
    "last_name": re.compile(r"[^\W\d_][^\d<>{}@_]{0,59}"),
    "title": re.compile(r"(?:mr|mrs|ms|miss|mx|dr|prof|sir)\.?", re.IGNORECASE),
    "mobile_number": _NUMBER_OF_PHONE,
    "address_line_1": re.compile(r"(?=.*[ 0-9]).{4,200}"),
    "address_line_2": re.compile(r"(?=.*[ 0-9]).{2,200}"),
    "unit_number": re.compile(r"(?=.*[0-9])[\w #/-]{1,12}"),
    "state": re.compile(r"[A-Z]{2,3}|[A-Z][a-z]+(?: [A-Z][a-z]+)*"),
    "postal_code": re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9 -]{3,10}"),
    "country": re.compile(r"[^\W\d_][^\d<>{}@_]{1,59}"),
    "gender": re.compile(r"[A-Za-z -]{1,20}"),
    "age": re.compile(r"[0-9]{1,3}"),
    "language": re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?|[A-Z][a-z]+"),
    "currency": re.compile(r"[A-Z]{3}"),
    "bid_price": re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,4})?"),
}
_DATES = (
    ("%Y-%m-%d", re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]")),
    ("%Y/%m/%d", re.compile(r"[12][0-9]{3}/[01][0-9]/[0-3][0-9]")),
    ("%Y%m%d", re.compile(r"[12][0-9]{3}[01][0-9][0-3][0-9]")),
    ("%m/%d/%Y", re.compile(r"[01][0-9]/[0-3][0-9]/[12][0-9]{3}")),
    ("%d/%m/%Y", re.compile(r"[0-3][0-9]/[01][0-9]/[12][0-9]{3}")),
    ("%d.%m.%Y", re.compile(r"[0-3][0-9]\.[01][0-9]\.[12][0-9]{3}")),
    ("%m/%d", re.compile(r"[01][0-9]/[0-3][0-9]")),
    ("%Y-%m-%d %H:%M:%S", re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")),
)
_CERTAINTY = {
    "email": Certainty.CERTAIN,
    "first_name": Certainty.CERTAIN,
    "last_name": Certainty.CERTAIN,
    "mobile_number": Certainty.CERTAIN,
    "postal_code": Certainty.CERTAIN,
    "source": Certainty.POSSIBLE,
    "currency": Certainty.POSSIBLE,
}
_NATIONAL = re.compile("[2-9][0-9]{9}")
"""Ten digits without the country, as North America writes them."""
_EPOCH = re.compile(r"1[0-9]{9}([0-9]{3})?")
_ISO_MOMENT = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:")
_DIGEST = re.compile("[0-9a-fA-F]{32,64}")
_HASHES = ("md5", "sha1", "sha256")


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Knows the email addresses of the whole request, so that it knows their hashes too."""

    emails: frozenset[str]
    """Those of parameters and body, which are the customer's."""
    hashes: Mapping[str, str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Recogniser":
        """Return one that knows what stands in these texts, which may be percent-encoded."""
        emails = {found[0] for text in texts for found in EMAIL.finditer(unquote(text))}
        hashes: dict[str, str] = {}
        for email in sorted(emails)[:20]:
            for way in _HASHES:
                for text, filters in ((email, ""), (email.strip().lower(), "|trim|lower")):
                    digest = hashlib.new(way, text.encode(), usedforsecurity=False).hexdigest()
                    hashes[digest] = f"{{{{ email{filters}|{way} }}}}"
        return cls(frozenset(emails), hashes)

    def recognise(self, path: Path, value: str) -> Recognised | None:
        """Return what a value is, or None; the value is text, or the text of a number."""
        if digest := self.hashes.get(value.lower()):
            return Recognised(digest, Certainty.CERTAIN)
        names = [part for step in path for part in _SPLIT_NAME.split(step) if part]
        names = [name for name in names if not name.isdigit()]
        name = names[-1] if names else ""
        if _simple(name) in SENDERS:
            return None
        return _by_placeholder(value) or _by_name(names, value) or _by_shape(name, value)

    def in_path(self, path: str) -> list[tuple[int, int, Recognised]]:
        """Return the parts of a percent-encoded URL path that are attributes, with their places."""
        email = Recognised("{{ email }}", Certainty.LIKELY)
        emails = [
            (found.start(), found.end(), email)
            for found in _EMAIL_IN_URL.finditer(path)
            if not self.emails or unquote(found[0]) in self.emails
        ]
        digests = [
            (found.start(), found.end(), Recognised(template, Certainty.CERTAIN))
            for found in _DIGEST.finditer(path)
            if (template := self.hashes.get(found[0].lower()))
        ]
        return emails + digests


def attribute_named(name: str) -> str | None:
    """Return the attribute that a parameter of this name usually means."""
    simple = _simple(name)
    tried = [simple]
    for prefix in PREFIXES:
        if simple.startswith(prefix) and len(simple) > len(prefix):
            tried.append(simple.removeprefix(prefix))
            tried += [tried[-1].removeprefix(second) for second in PREFIXES if tried[-1] != second]
    return next((ATTRIBUTE_OF[one] for one in tried if one in ATTRIBUTE_OF), None)


def placeholder_name(value: str) -> str | None:
    """Return what stands in `{email}`, `<email>`, `$EMAIL`, `[email]` and the like."""
    found = _PLACEHOLDER.fullmatch(value.strip())
    return next((group for group in found.groups() if group), None) if found else None


def fill_in_name(value: str) -> str | None:
    """Return the name of what somebody is to fill in: `$LIST_ID`, `${id}`, `<id>`, `YOUR_ID`.

    Fewer signs than for what has the name of an attribute: a text in brackets may be meant.
    """
    found = FILL_IN.fullmatch(value.strip())
    return next((group for group in found.groups() if group), None) if found else None


def _simple(name: str) -> str:
    name = name.rsplit("}", 1)[-1]
    name = re.sub(r"__c$", "", name)
    simple = re.sub(r"[^a-z0-9]", "", name.lower())
    return simple if simple.startswith("addressline") or len(simple) < 2 else _undigited(simple)


def _undigited(simple: str) -> str:
    """`email1` is email, but `address2` is not address."""
    return simple[:-1] if simple[-1] in "01" and simple[:-1] in ATTRIBUTE_OF else simple


def _by_placeholder(value: str) -> Recognised | None:
    inner = placeholder_name(value)
    if inner is None:
        return None
    attribute = attribute_named(inner)
    if attribute is None and _simple(inner) in FULL_NAMES:
        return Recognised(_FULL_NAME, Certainty.LIKELY)
    return Recognised(_printed(attribute), Certainty.CERTAIN) if attribute else None


_FULL_NAME = "{{ first_name }} {{ last_name }}"


def _by_name(names: Sequence[str], value: str) -> Recognised | None:
    if not names:
        return None
    said = value.strip().lower() not in _NOT_SAID
    if _simple(names[-1]) in FULL_NAMES:
        return _full_name(names, value, said=said)
    attribute = attribute_named(names[-1])
    if attribute is None and names[-1].lower() in ("address", "id", "value") and len(names) > 1:
        # {"email": {"address": …}}
        attribute = "email" if attribute_named(names[-2]) == "email" else None
    if EMAIL.fullmatch(value) and attribute != "email":
        return None
    if attribute is None:
        return None
    if not said:
        return Recognised(_printed(attribute), Certainty.LIKELY)
    return _shaped(attribute, value)


def _full_name(names: Sequence[str], value: str, *, said: bool) -> Recognised | None:
    simple = _simple(names[-1])
    inside = {_simple(name) for name in names[:-1]}
    if inside & LISTS or (said and not _SHAPES["first_name"].fullmatch(value)):
        return None
    if simple != "name":
        return Recognised(_FULL_NAME, Certainty.LIKELY)
    if not said:
        return None
    template = _FULL_NAME if " " in value.strip() else "{{ first_name }}"
    return Recognised(template, Certainty.POSSIBLE)


def _shaped(attribute: str, value: str) -> Recognised | None:
    """Return the attribute when the value looks like one, in the form that it has there."""
    if attribute in ("birth_date", "opted_in_at"):
        return _moment(attribute, value)
    if not _looks_like(attribute, value):
        return None
    if attribute == "mobile_number" and _NATIONAL.fullmatch(value):
        return Recognised(_printed(attribute, "|digits|last(10)"), Certainty.LIKELY)
    return Recognised(_printed(attribute), _CERTAINTY.get(attribute, Certainty.LIKELY))


def _looks_like(attribute: str, value: str) -> bool:
    if attribute == "ip_address":
        return _is_address(value)
    if attribute == "state" and value.lower() in _STATES_OF_RECORDS:
        return False
    shape = _SHAPES.get(attribute)
    return shape is None or shape.fullmatch(value) is not None


def _moment(attribute: str, value: str) -> Recognised | None:
    for form, shape in _DATES:
        if shape.fullmatch(value):
            plain = attribute == "birth_date" and form == "%Y-%m-%d"
            template = _printed(attribute, "" if plain else f'|date("{form}")')
            ambiguous = form in ("%m/%d/%Y", "%d/%m/%Y", "%m/%d")
            return Recognised(template, Certainty.POSSIBLE if ambiguous else Certainty.LIKELY)
    if found := _EPOCH.fullmatch(value):
        form = "epoch_ms" if found[1] else "epoch"
        return Recognised(_printed(attribute, f'|date("{form}")'), Certainty.LIKELY)
    if not _ISO_MOMENT.match(value):
        return None
    return Recognised(_printed(attribute), Certainty.LIKELY)


def _by_shape(name: str, value: str) -> Recognised | None:
    if EMAIL.fullmatch(value):
        return Recognised("{{ email }}", Certainty.LIKELY)
    if _E164.fullmatch(value):
        return Recognised("{{ mobile_number }}", Certainty.LIKELY)
    if "ip" in name.lower() and _is_address(value):
        return Recognised("{{ ip_address }}", Certainty.LIKELY)
    return None


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def _printed(attribute: str, filters: str = "") -> str:
    return f"{{{{ {attribute}{filters} }}}}"
