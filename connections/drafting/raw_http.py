"""A raw HTTP request: request line, headers, empty line, body."""

import re

from connections.drafting.pasted import Note, NotUnderstood, PastedRequest, require_readable

_REQUEST_LINE = re.compile(
    r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)[ \t]+(\S+)(?:[ \t]+HTTP/[0-9.]+)?[ \t]*",
    re.IGNORECASE,
)
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*(.*)")


def looks_like_raw_http(text: str) -> bool:
    first = text.strip().partition("\n")[0].strip()
    return _REQUEST_LINE.fullmatch(first) is not None


def read_raw_http(text: str) -> PastedRequest:
    """Return the request that stands there; the notes say what was left out or assumed.

    Raises: NotUnderstood.
    Source: RFC 9112 §3.
    """
    head, _, body = _with_line_feeds(require_readable(text)).partition("\n\n")
    first, *lines = head.split("\n")
    request_line = _REQUEST_LINE.fullmatch(first.strip())
    if request_line is None:
        raise NotUnderstood(
            "The first line is not understood: write it like POST /leads HTTP/1.1, then the"
            " headers, an empty line and the body."
        )
    headers, notes = _read_headers(lines)
    url, assumed = _whole_url(request_line[2], headers)
    return PastedRequest(
        request_line[1].upper(), url, tuple(headers), body, notes=(*notes, *assumed)
    )


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_headers(lines: list[str]) -> tuple[list[tuple[str, str]], list[Note]]:
    headers: list[tuple[str, str]] = []
    notes = []
    for number, line in enumerate(lines, start=2):
        found = _HEADER.fullmatch(line.strip())
        if line[:1] in (" ", "\t") and headers:
            name, value = headers.pop()
            headers.append((name, f"{value} {line.strip()}".strip()))
        elif found:
            headers.append((found[1], found[2].strip()))
        elif line.strip():
            detail = "This is no header: a header is written name: value. It was left out."
            notes.append(Note(f"line {number}", detail))
    return headers, notes


def _whole_url(target: str, headers: list[tuple[str, str]]) -> tuple[str, list[Note]]:
    if "://" in target:
        return target, []
    host = next((value for name, value in headers if name.lower() == "host"), "")
    if not host:
        raise NotUnderstood(
            "The host is missing: add a Host header, or write the whole URL in the first line."
        )
    note = Note("line 1", "The request does not say it, so https:// is assumed.")
    return f"https://{host}/{target.removeprefix('/')}", [note]
