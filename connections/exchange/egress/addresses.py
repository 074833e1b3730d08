"""Where requests may go: one strict reader of URLs, and the addresses that are allowed.

Allowed are public addresses of both families, by a short list of what is not public;
special blocks that carry another address inside (6to4, Teredo, NAT64) are refused as
blocks. Source: IANA special-purpose address registries, read November 2026.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import idna

MAX_URL_CHARACTERS = 8_192
ALLOWED_PORTS = frozenset({443, 8443})

_BLOCKED_IPV4 = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host agent: public by every classifier
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
_GLOBAL_IPV6 = ip_network("2000::/3")
_BLOCKED_IPV6 = tuple(
    ip_network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_ISATAP = (0x00005EFE, 0x02005EFE)

_RESERVED_SUFFIXES = frozenset(
    {
        *("alt", "arpa", "corp", "example", "home", "internal", "intranet", "invalid", "lan"),
        *("local", "localdomain", "localhost", "onion", "private", "svc", "test"),
    }
)
_URL = re.compile(r"(?P<scheme>[A-Za-z]+)://(?P<authority>[^/?#]*)(?P<target>[^#]*)", re.DOTALL)
_BRACKETED = re.compile(r"\[(?P<host>[0-9A-Fa-f:.]+)\](?::(?P<port>[0-9]{0,5}))?")
_NAMED = re.compile(r"(?P<host>[^\[\]:@%]+)(?::(?P<port>[0-9]{0,5}))?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_TARGET = re.compile(r"[!-~]*")
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_PATH_OR_QUERY = re.compile(r"[/?]")
_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})


class UrlError(ValueError):
    """A URL or an address that nothing is sent to; the message is a sentence for the user."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL after the strict reading; `origin + target` is what is requested."""

    origin: str
    """Scheme, host and port in their one canonical form: `https://api.example.com:8443`."""
    host: str
    """Lower-case ASCII name without a trailing dot, or an address without brackets."""
    target: str
    """Path and query, exactly as written."""


def is_allowed(address: str, *, allow_loopback: bool) -> bool:
    """Tell whether a connection to this address may be made; false for what is no address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if ip.is_loopback and "%" not in address:
        return allow_loopback
    if isinstance(ip, IPv4Address):
        return not any(ip in block for block in _BLOCKED_IPV4)
    return (
        ip in _GLOBAL_IPV6
        and ip.scope_id is None
        and (int(ip) >> 32) & 0xFFFFFFFF not in _ISATAP
        and not any(ip in block for block in _BLOCKED_IPV6)
    )


def check_url(url: str, *, allow_loopback: bool) -> None:
    """Check the URL of a configuration, where path and query may hold expressions.

    *Raises* UrlError with what to change.
    """
    if "{" in _PATH_OR_QUERY.split(url.partition("://")[2], maxsplit=1)[0]:
        raise UrlError(
            "invalid_url", "scheme, host and port of a URL are fixed: move {{ }} behind the host"
        )
    parse_url(_EXPRESSION.sub("x", url), allow_loopback=allow_loopback)


def parse_url(url: str, *, allow_loopback: bool) -> Destination:
    """Read an absolute URL in the one way in which it will be requested.

    `allow_loopback` (development and tests) permits http, any port and this machine itself.

    *Raises* UrlError for everything that two readers could read differently, and for
    hosts that are not public.
    """
    if not url or len(url) > MAX_URL_CHARACTERS:
        raise UrlError("invalid_url", f"a URL has 1 to {MAX_URL_CHARACTERS} characters")
    match = _URL.fullmatch(url)
    if match is None:
        raise UrlError(
            "invalid_url", "write the whole address, https://host/path, without a # part"
        )
    target = match["target"]
    if _TARGET.fullmatch(target) is None or "\\" in target:
        raise UrlError(
            "invalid_url",
            "the path or query holds a space, a backslash or a character that must be written"
            " percent-encoded",
        )
    origin, host = _read_origin(match["scheme"].lower(), match["authority"], allow_loopback)
    if not target.startswith("/"):
        target = f"/{target}"
    return Destination(origin, host, target)


@lru_cache(maxsize=4_096)
def _read_origin(scheme: str, authority: str, allow_loopback: bool) -> tuple[str, str]:
    if scheme != "https" and not (scheme == "http" and allow_loopback):
        raise UrlError("invalid_url", "the address must start with https://")
    if "@" in authority:
        raise UrlError("invalid_url", "a URL holds no user name or password: use Authorization")
    match = _BRACKETED.fullmatch(authority) or _NAMED.fullmatch(authority)
    if match is None:
        raise UrlError("invalid_url", f'"{_quoted(authority)}" is not a host')
    host = _read_host(match["host"], is_literal=authority.startswith("["))
    _check_host(host, allow_loopback=allow_loopback)
    default = 443 if scheme == "https" else 80
    port = int(match["port"] or default)
    if not allow_loopback and port not in ALLOWED_PORTS:
        raise UrlError("invalid_url", f"port {port} is not offered: use 443 or 8443")
    if not 0 < port < 65_536:
        raise UrlError("invalid_url", f"there is no port {port}")
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" + (f":{port}" if port != default else ""), host


def _read_host(text: str, *, is_literal: bool) -> str:
    if is_literal:
        try:
            return str(IPv6Address(text))
        except ValueError as error:
            raise UrlError("invalid_url", f'"[{text}]" is not an IPv6 address') from error
    if any(unicodedata.category(character) in _INVISIBLE for character in text):
        raise UrlError("invalid_url", "the host holds a space or an invisible character")
    host = _to_ascii(text).removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise UrlError("invalid_url", f'"{_quoted(text)}" is not a host name')
    if _NUMERIC.fullmatch(labels[-1]):
        return _strict_ipv4(host)
    return host


def _to_ascii(text: str) -> str:
    lowered = text.lower()
    try:
        if not text.isascii():
            return idna.encode(lowered, uts46=True, std3_rules=True).decode("ascii")
        if "xn--" in lowered:
            idna.decode(lowered)
    except (idna.IDNAError, UnicodeError, IndexError) as error:
        raise UrlError("invalid_url", f'"{_quoted(text)}" is not a host name') from error
    return lowered


def _strict_ipv4(host: str) -> str:
    try:
        return str(IPv4Address(host))
    except ValueError as error:
        raise UrlError(
            "invalid_url", f'"{_quoted(host)}" is not an IPv4 address: write four decimal numbers'
        ) from error


def _check_host(host: str, *, allow_loopback: bool) -> None:
    if ":" in host or host.rpartition(".")[2].isdigit():
        if not is_allowed(host, allow_loopback=allow_loopback):
            raise UrlError("blocked_address", "this address is not on the public internet")
        return
    labels = host.split(".")
    if labels[-1] == "localhost" and allow_loopback:
        return
    if len(labels) < 2:
        raise UrlError("blocked_address", f'"{host}" needs its full name, like api.{host}.com')
    if labels[-1] in _RESERVED_SUFFIXES:
        raise UrlError(
            "blocked_address", f"names that end in .{labels[-1]} are not on the public internet"
        )


def _quoted(text: str) -> str:
    return ascii(text[:100])[1:-1]
