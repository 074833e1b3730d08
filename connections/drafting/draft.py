"""From a pasted request to a draft: the configuration, and its secrets apart from it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from pydantic import ValidationError

from connections.drafting.authorizing import Authorizing
from connections.drafting.bodies import draft_body, parse_parameters, plain_body
from connections.drafting.credentials import is_credential
from connections.drafting.pasted import Note, NotUnderstood, PastedRequest
from connections.drafting.recognition import FILL_IN, Recogniser
from connections.drafting.template_text import as_literal
from connections.drafting.workbench import Guess, Workbench
from connections.exchange.config import ConnectionConfig, Method
from connections.exchange.headers import header_problem
from connections.exchange.rendering import check_config, referenced_secrets

_ORIGIN = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL
)
_OF_EVERY_CLIENT = frozenset({"host", "content-length", "connection", "accept-encoding"})
_SEGMENT_HOLE = re.compile(
    r"/:(?P<colon>[A-Za-z_]\w{0,60})(?=/|\Z)|(?<!\$)\{\{?(?P<brace>[^{}/]{1,60})\}?\}"
    rf"|<(?P<angle>[^<>/]{{1,60}})>|{FILL_IN.pattern}"
)
_KNOWN_DOMAIN = re.compile(r"[\w.${}<>-]*[A-Za-z0-9-]+\.[A-Za-z]{2,}(?::\d+)?", re.ASCII)
_NO_HOST = "your-host.invalid"
"""Where nothing is ever reached (RFC 6761), for a line that does not say whose system it is."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A configuration that can be saved, and what to tell the account manager about it."""

    name: str
    config: ConnectionConfig
    secret_values: Mapping[str, str]
    guesses: tuple[Guess, ...] = ()
    not_understood: tuple[Note, ...] = ()


def draft_connection(request: PastedRequest) -> Draft:
    """Return the draft of a connection that sends such requests.

    Credentials become secrets, what looks like an attribute becomes one, everything else stays
    as it was pasted.

    Raises: NotUnderstood.
    """
    if request.method not in list(Method):
        raise NotUnderstood(
            f"{request.method[:20]} is not offered: use GET, POST, PUT, PATCH or DELETE."
        )
    recogniser = Recogniser.of((request.url.partition("?")[2], request.body))
    drafter = _Drafter(request, Workbench(recogniser))
    return drafter.draft()


class _Drafter:
    def __init__(self, request: PastedRequest, bench: Workbench) -> None:
        self._request = request
        self._bench = bench
        self._authorizing = Authorizing(bench)
        self._content_type = ""
        bench.notes += request.notes

    def draft(self) -> Draft:
        scheme, authority, rest = self._split_url()
        if self._request.user:
            self._authorizing.user(*self._request.user)
        headers = self._headers()
        path, _, query = rest.partition("?")
        parts: dict[str, object] = {
            "method": self._request.method,
            "query": self._query(query),
            "environments": {"production": {"url": f"{scheme}://{authority}{self._path(path)}"}},
            "headers": headers,
        }
        config = self._finished(parts)
        referenced = referenced_secrets(config)
        for name in referenced.intersection(self._bench.safe.unset):
            self._bench.note(f"secret {name}", f'Set the secret "{name}": no value was given.')
        return Draft(
            name=authority.partition(":")[0][:100],
            config=config,
            secret_values={
                name: value for name, value in self._bench.safe.values.items() if name in referenced
            },
            guesses=tuple(self._bench.guesses),
            not_understood=tuple(self._bench.notes),
        )

    def _finished(self, parts: dict[str, object]) -> ConnectionConfig:
        """Return the checked configuration; a body that is not what it claims goes as text."""
        text = self._request.body
        if self._request.method == Method.GET and text.strip():
            self._bench.note("body", "A GET has no body: it was left out.")
            text = ""
        parts["body"] = draft_body(text, self._content_type, self._bench)
        parts |= {"authorization": self._authorizing.document, "variables": self._bench.variables}
        config, problem = _checked(parts)
        if problem and problem[0].startswith("/body"):
            parts["body"] = plain_body(text, self._content_type, self._bench)
            config, problem = _checked(parts)
        if problem or config is None:
            raise NotUnderstood(problem[1] if problem else "This cannot be made a connection.")
        return config

    def _split_url(self) -> tuple[str, str, str]:
        url = self._request.url.strip()
        if "://" not in url.partition("?")[0]:
            self._bench.note("URL", "It does not say how, so https:// is assumed.")
            url = f"https://{url.removeprefix('//')}"
        found = _ORIGIN.fullmatch(url.partition("#")[0])
        if found is None or found["scheme"].lower() not in ("http", "https"):
            raise NotUnderstood(f"This is not a web address: {url[:80]}")
        credentials, at, authority = found["authority"].rpartition("@")
        if at:
            name, _, password = credentials.partition(":")
            self._authorizing.user(unquote(name), unquote(password))
        authority = self._host(authority)
        if re.search(r"[{}<>$%\[\]]", authority) and not re.fullmatch(
            r"\[[0-9a-fA-F:.]+\](:\d+)?", authority
        ):
            raise NotUnderstood(
                f'The host "{authority[:80]}" is not complete: write your own into it.'
            )
        return found["scheme"].lower(), authority, found["rest"]

    def _host(self, authority: str) -> str:
        """Put words where a part of the host is to be filled in: it can hold no variable."""
        names = [next(filter(None, found.groups())) for found in FILL_IN.finditer(authority)]
        if not names:
            return authority
        filled = FILL_IN.sub(
            lambda found: f"your-{_label(next(filter(None, found.groups())))}", authority
        )
        tail = ".".join(authority.rsplit(".", 2)[-2:])
        host = _NO_HOST if FILL_IN.search(tail) or not _KNOWN_DOMAIN.fullmatch(filled) else filled
        what = " and ".join(f'"{name}"' for name in names)
        self._bench.note(
            "URL", f"Its host is not complete ({what}): write your own in place of {host}."
        )
        return host

    def _path(self, path: str) -> str:
        """Replace email addresses, their hashes, and holes like {list_id}."""
        pieces, position = [], 0
        for start, end, template in sorted(self._replacements(path)):
            if start >= position:
                pieces += [as_literal(_quoted(path[position:start])), template]
                position = end
        return "".join([*pieces, as_literal(_quoted(path[position:]))])

    def _replacements(self, path: str) -> list[tuple[int, int, str]]:
        found = []
        for start, end, recognised in self._bench.recogniser.in_path(path):
            self._bench.guesses.append(Guess("path", recognised.template, recognised.certainty))
            found.append((start, end, recognised.template))
        for hole in _SEGMENT_HOLE.finditer(path):
            name = next(group for group in hole.groups() if group)
            recognised_hole = self._bench.recogniser.recognise((), f"{{{name}}}")
            template = (
                recognised_hole.template
                if recognised_hole
                else self._bench.variable(name, place=f"path {name}")
            )
            start = hole.start() + (1 if hole["colon"] else 0)
            found.append((start, hole.end(), template))
        return found

    def _query(self, text: str) -> list[dict[str, object]]:
        query: list[dict[str, object]] = []
        for name, value in parse_parameters(text):
            if not 1 <= len(name.strip()) <= 100:
                self._bench.note(
                    f"query {name[:40]}", "A parameter's name has 1 to 100 characters."
                )
            elif self._authorizing.is_free and is_credential(name, parameter=True):
                self._authorizing.api_key(name, value, location="query")
            else:
                template = self._bench.parameter(name, value, where="query")
                query.append({"name": name, "value": template})
        return query

    def _headers(self) -> list[dict[str, object]]:
        headers: list[dict[str, object]] = []
        taken: set[str] = set()
        by_rank = sorted(self._request.headers, key=lambda pair: pair[0].lower() != "authorization")
        for name, value in by_rank:
            lowered = name.lower()
            if lowered == "content-type":
                self._content_type = value
            elif lowered == "authorization":
                self._authorizing.header(value)
            elif problem := self._header_problem(name, value):
                self._bench.note(f"header {name[:40]}", problem)
            elif not self._is_common(lowered, value) and lowered not in taken:
                taken.add(lowered)
                headers += self._header(name, value)
        return headers

    @staticmethod
    def _is_common(lowered: str, value: str) -> bool:
        """Tell what every client sends, and we in our own way."""
        if lowered == "user-agent":
            return value.lower().startswith(("curl/", "mozilla/", "postman"))
        return lowered in _OF_EVERY_CLIENT or (lowered, value) == ("accept", "*/*")

    @staticmethod
    def _header_problem(name: str, value: str) -> str | None:
        lowered = name.lower()
        if lowered in _OF_EVERY_CLIENT:
            return None
        if lowered == "cookie":
            return "Cookies are not sent: ask for an API key or a token instead."
        if problem := header_problem(name):
            return f"{problem[:1].upper()}{problem[1:]}. It was left out."
        if re.search(r"[^\x20-\x7e]", value):
            return "A header is one line of ASCII characters: it was left out."
        return None

    def _header(self, name: str, value: str) -> list[dict[str, object]]:
        if not is_credential(name, parameter=True):
            filled = self._bench.fill_in(value, place=f"header {name[:40]}")
            return [{"name": name, "value": filled or as_literal(value)}]
        if not self._authorizing.is_free:
            return [{"name": name, "value": {"secret": self._bench.safe.keep(name, value)}}]
        self._authorizing.api_key(name, value)
        return []


def _label(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "host"


def _quoted(path: str) -> str:
    """Encode what a path cannot hold as it is, and keep what is encoded already."""
    return quote(path, safe="%:/?#[]@!$&'()*+,;={}")


def _checked(parts: Mapping[str, object]) -> tuple[ConnectionConfig | None, tuple[str, str] | None]:
    """Return the configuration, or the place and the sentence of its first problem."""
    try:
        config = ConnectionConfig.model_validate(parts)
    except ValidationError as refused:
        first = refused.errors()[0]
        pointer = "".join(f"/{step}" for step in first["loc"])
        return None, (pointer, f"{pointer[1:] or 'This'}: {first['msg']}.")
    if problems := check_config(config):
        return None, (problems[0].pointer, f"{problems[0].pointer[1:]}: {problems[0].detail}")
    return config, None
