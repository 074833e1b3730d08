"""The address that a request goes to: a constant origin, then path and query with expressions."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from connections.exchange.config import ConnectionConfig, Environment, OAuth2Authorization
from connections.exchange.problems import RenderError
from connections.exchange.request import Rendered

_ORIGIN = re.compile(
    r"""(?P<scheme>https?)://
    (?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)
    (?::(?P<port>[0-9]{1,5}))?
    (?=[/?\#]|$)""",
    re.VERBOSE | re.IGNORECASE,
)
_BEFORE_PATH = re.compile(r"(?:[^:/?#]*://)?[^/?#]*")
_DEFAULT_PORTS = {"https": "443", "http": "80"}


@dataclass(frozen=True, slots=True)
class Origin:
    host: str
    port: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def origin_of(url: str) -> Origin | None:
    """Return the constant origin of a URL template, lower-case, or None when it has no such."""
    found = _ORIGIN.match(url)
    if not found:
        return None
    port = found["port"] or _DEFAULT_PORTS[found["scheme"].lower()]
    return Origin(found["host"].lower(), port)


def origin_problem(url: str) -> str | None:
    """Return what is wrong with the part of a URL template before its path."""
    if origin_of(url):
        return None
    before = _BEFORE_PATH.match(url)
    if before and not before[0].isascii():
        return "write the host in its ASCII form, which begins with xn--"
    if before and "{" in before[0]:
        return (
            "scheme, host and port cannot hold expressions, for data could then choose who"
            " receives it: write them out"
        )
    if before and "@" in before[0]:
        return "a URL cannot hold a user name: set it under Authorization"
    return "this is not a whole URL: write it like https://api.example.com/leads"


def secret_hosts(config: ConnectionConfig, environment: Environment) -> tuple[str, ...]:
    """Return the `host:port` that an environment's secrets could be sent to, sorted.

    Shape: lower-case; empty when the environment has no endpoint and there is no token URL.
    """
    endpoint = config.environments.get(environment)
    urls = [endpoint.url] if endpoint else []
    if isinstance(config.authorization, OAuth2Authorization):
        urls.append(config.authorization.token_url_for(environment))
    origins = (origin_of(url) for url in urls)
    return tuple(sorted({str(origin) for origin in origins if origin}))


def with_query(url: Rendered, parameters: list[Rendered]) -> Rendered:
    """Return the URL with parameters after those that it has itself."""
    for parameter in parameters:
        url = Rendered(_joined(url.sent, parameter.sent), _joined(url.shown, parameter.shown))
    return url


def _joined(url: str, parameter: str) -> str:
    if "?" not in url:
        return f"{url}?{parameter}"
    return f"{url}{parameter}" if url[-1] in "?&" else f"{url}&{parameter}"


def check_path(url: str, *, place: str) -> None:
    """Raise RenderError for a path that whoever reads it would shorten to another one."""
    path = url.partition("?")[0]
    if "/." not in path and "%2" not in path:
        return
    if any(unquote(segment) in (".", "..") for segment in path.split("/")):
        raise RenderError(
            "url_path", "a part of the path is just . or .., which leads elsewhere", place=place
        )
