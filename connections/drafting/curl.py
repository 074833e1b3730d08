"""A cURL command line, read as the request that it sends."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from connections.drafting.pasted import (
    Note,
    NotUnderstood,
    PastedRequest,
    require_readable,
    require_unicode,
)
from connections.drafting.shell import split_words

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_JSON = "application/json"
_MOST_BEFORE_CURL = 3


def read_curl(text: str) -> PastedRequest:
    """Return the request that a cURL line sends; the notes say what of it was left out.

    Raises: NotUnderstood.
    Source: the manual of curl 8, https://curl.se/docs/manpage.html (read 2026-11-23).
    """
    text = require_readable(text)
    if '^"' in text:
        raise NotUnderstood(
            "This line is written for the Windows command prompt (^): copy it as cURL (bash)."
        )
    words, rest = split_words(text)
    line = _Line()
    if rest:
        line.note(rest.split()[0][:10], "What follows the command was left out.")
    _read_words(line, _after_curl(words))
    return line.request()


def _after_curl(words: list[str]) -> list[str]:
    for index, word in enumerate(words[:_MOST_BEFORE_CURL]):
        if re.fullmatch(r"(?:.*[/\\])?curl(?:\.exe)?", word):
            return words[index + 1 :]
    raise NotUnderstood(
        'This starts neither as a cURL line ("curl …") nor as a raw HTTP request'
        ' ("POST /leads HTTP/1.1"): paste all of it.'
    )


@dataclass
class _Line:
    """What the options have said so far."""

    method: str = ""
    url: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    query: list[str] = field(default_factory=list)
    content_type: str = _FORM
    user: tuple[str, str] | None = None
    data_in_query: bool = False
    notes: list[Note] = field(default_factory=list)

    def note(self, place: str, detail: str) -> None:
        self.notes.append(Note(place, detail))

    def request(self) -> PastedRequest:
        if not self.url:
            raise NotUnderstood("There is no URL in this line: paste all of it.")
        data, query = "&".join(self.data), list(self.query)
        if self.data_in_query:
            query, data = [*query, data], ""
        if data and not self._has("content-type"):
            self.headers.append(("Content-Type", self._content_type(data)))
        url, marker, fragment = self.url.partition("#")
        for part in filter(None, query):
            url += ("&" if "?" in url else "?") + part
        method = self.method or ("POST" if self.data and not self.data_in_query else "GET")
        require_unicode(url, data, *(text for pair in self.headers for text in pair))
        headers, notes = tuple(self.headers), tuple(self.notes)
        return PastedRequest(
            method.upper(), url + marker + fragment, headers, data, self.user, notes
        )

    def _has(self, name: str) -> bool:
        return any(header.lower() == name for header, _ in self.headers)

    def _content_type(self, data: str) -> str:
        if self.content_type == _FORM and data.lstrip()[:1] in "{[" and _is_json(data):
            self.note("--data", "This is JSON, though the line says nothing of it: sent as JSON.")
            return _JSON
        return self.content_type


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _read_words(line: _Line, words: list[str]) -> None:
    rest = iter(words)
    for word in rest:
        if word.startswith("--") and len(word) > len("--"):
            name, given, value = word.partition("=")
            _apply(line, name, value if given else None, rest)
        elif word.startswith("-") and len(word) > 1:
            _read_letters(line, word, rest)
        elif not line.url:
            line.url = word
        else:
            line.note(
                "curl", "A word belongs to no option and was left out: check the quotation marks."
            )


def _read_letters(line: _Line, word: str, rest: Iterator[str]) -> None:
    """Read `-sXPOST`: letters without values, then perhaps one with its value."""
    for index, letter in enumerate(word[1:], start=1):
        name = f"-{letter}"
        if _takes_value(name):
            _apply(line, name, word[index + 1 :] or None, rest)
            return
        _apply(line, name, None, rest)


def _takes_value(name: str) -> bool:
    name = _SHORT.get(name, name)
    return name in _WITH_VALUE or name in _IGNORED_WITH_VALUE or name in _REFUSED


def _apply(line: _Line, name: str, value: str | None, rest: Iterator[str]) -> None:
    name = _SHORT.get(name, name)
    if name in _FLAGS:
        _FLAGS[name](line)
    elif _takes_value(name):
        given = next(rest, None) if value is None else value
        if given is None:
            line.note(name, "A value should follow this option; it was left out.")
        elif name in _WITH_VALUE:
            _WITH_VALUE[name](line, given)
        elif name in _REFUSED:
            line.note(name, _REFUSED[name])
    elif name not in _IGNORED:
        line.note(name[:40], "This option is not known and was left out.")


def _header(line: _Line, value: str) -> None:
    name, colon, text = value.partition(":")
    if value.startswith("@"):
        line.note("--header", "A file is named, which we do not have: paste its content.")
    elif not colon and value.endswith(";"):
        line.headers.append((value[:-1].strip(), ""))
    elif not colon:
        line.note(
            "--header", "One is no header, and was left out: a header is written name: value."
        )
    elif text.strip():
        line.headers.append((name.strip(), text.strip()))


def _data(line: _Line, value: str) -> None:
    if value.startswith("@"):
        line.note("--data", "A file is named, which we do not have: paste its content.")
        line.data.append("")
    else:
        line.data.append(value)


def _data_urlencode(line: _Line, value: str) -> None:
    at, equals = value.find("@"), value.find("=")
    if at >= 0 and (equals < 0 or at < equals):
        line.note("--data-urlencode", "A file is named, which we do not have: paste its content.")
        return
    name, sign, content = value.partition("=") if equals >= 0 else ("", "", value)
    line.data.append((f"{name}{sign}" if name else "") + quote_plus(content))


def _json(line: _Line, value: str) -> None:
    _data(line, value)
    line.content_type = _JSON
    if not any(name.lower() == "accept" for name, _ in line.headers):
        line.headers.append(("Accept", _JSON))


def _form(line: _Line, value: str) -> None:
    name, _, content = value.partition("=")
    if content.startswith(("@", "<")):
        line.note("--form", f'The parameter "{name[:40]}" is a file, which cannot be sent.')
        return
    line.content_type = _MULTIPART
    line.data.append(f"{quote_plus(name)}={quote_plus(content)}")


def _user(line: _Line, value: str) -> None:
    name, _, password = value.partition(":")
    line.user = (name, password)


def _url(line: _Line, value: str) -> None:
    line.url = value


def _method(line: _Line, value: str) -> None:
    line.method = value


def _query(line: _Line, value: str) -> None:
    line.query.append(value)


def _get(line: _Line) -> None:
    line.data_in_query = True


def _head(line: _Line) -> None:
    line.method = "HEAD"


_SHORT = {
    "-X": "--request", "-H": "--header", "-d": "--data", "-F": "--form", "-u": "--user",
    "-A": "--user-agent", "-e": "--referer", "-b": "--cookie", "-G": "--get", "-I": "--head",
    "-T": "--upload-file", "-K": "--config", "-E": "--cert", "-x": "--proxy", "-U": "--proxy-user",
    "-o": "--output", "-m": "--max-time", "-w": "--write-out", "-c": "--cookie-jar",
    "-D": "--dump-header", "-y": "--speed-time", "-Y": "--speed-limit", "-z": "--time-cond",
    "-r": "--range", "-s": "--silent", "-S": "--show-error", "-L": "--location", "-k": "--insecure",
    "-i": "--include", "-v": "--verbose", "-f": "--fail", "-g": "--globoff", "-N": "--no-buffer",
    "-j": "--junk-session-cookies", "-O": "--remote-name", "-J": "--remote-header-name",
    "-0": "--http1.0", "-4": "--ipv4", "-6": "--ipv6", "-#": "--progress-bar", "-n": "--netrc",
    "-a": "--append", "-q": "--disable",
}  # fmt: skip
_FLAGS: Mapping[str, Callable[[_Line], None]] = {"--get": _get, "--head": _head}
_WITH_VALUE: Mapping[str, Callable[[_Line, str], None]] = {
    "--request": _method,
    "--url": _url,
    "--url-query": _query,
    "--header": _header,
    "--data": _data,
    "--data-ascii": _data,
    "--data-binary": _data,
    "--data-raw": lambda line, value: line.data.append(value),
    "--data-urlencode": _data_urlencode,
    "--json": _json,
    "--form": _form,
    "--form-string": _form,
    "--user": _user,
    "--user-agent": lambda line, value: line.headers.append(("User-Agent", value)),
    "--referer": lambda line, value: line.headers.append(("Referer", value)),
    "--oauth2-bearer": lambda line, value: line.headers.append(
        ("Authorization", f"Bearer {value}")
    ),
}
_REFUSED = {
    "--cookie": "Cookies are not sent: ask for an API key or a token instead.",
    "--upload-file": "A file cannot be sent: paste its content as --data.",
    "--config": "A file of options is named, which we do not have: paste its content.",
    "--cert": "Client certificates are not offered.",
    "--key": "Client certificates are not offered.",
    "--proxy": "Requests are not sent through a proxy of yours.",
    "--proxy-user": "Requests are not sent through a proxy of yours.",
    "--aws-sigv4": "Signatures of AWS are not offered.",
}
_IGNORED_WITH_VALUE = frozenset(
    {
        "--output", "--max-time", "--write-out", "--cookie-jar", "--dump-header", "--speed-time",
        "--speed-limit", "--time-cond", "--range", "--connect-timeout", "--retry", "--retry-delay",
        "--retry-max-time", "--max-redirs", "--limit-rate", "--cacert", "--capath", "--resolve",
        "--interface", "--ciphers", "--tls-max", "--trace", "--trace-ascii", "--stderr",
        "--connect-to", "--keepalive-time", "--expect100-timeout", "--max-filesize",
    }
)  # fmt: skip
"""What says how curl goes about it, not what it sends."""
_IGNORED = frozenset(
    {
        "--silent", "--show-error", "--location", "--insecure", "--include", "--verbose", "--fail",
        "--fail-with-body", "--globoff", "--no-buffer", "--junk-session-cookies", "--compressed",
        "--remote-name", "--remote-header-name", "--http1.0", "--http1.1", "--http2", "--http3",
        "--http2-prior-knowledge", "--ipv4", "--ipv6", "--progress-bar", "--netrc", "--append",
        "--disable", "--basic", "--no-keepalive", "--tlsv1", "--tlsv1.2", "--tlsv1.3", "--raw",
        "--no-progress-meter", "--location-trusted", "--post301", "--post302", "--post303",
        "--path-as-is", "--tcp-nodelay", "--ssl-reqd", "--retry-all-errors", "--retry-connrefused",
        "--create-dirs", "--no-alpn", "--no-sessionid", "--next",
    }
)  # fmt: skip
