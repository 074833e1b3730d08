"""From the security schemes of an OpenAPI operation to an authorization."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connections.drafting.openapi.document import OpenApiDocument, as_list, as_mapping
from connections.drafting.pasted import Note

_PREFIX = (
    re.compile(r"[`'\"]([A-Za-z][\w-]{1,40}) [{<\[]?[\w -]{0,40}(?:key|token)", re.IGNORECASE),
    re.compile(r"prefixed with [`'\"]?([A-Za-z][\w-]{1,40})", re.IGNORECASE),
)
_MOST_DESCRIPTION = 2_000


@dataclass(frozen=True, slots=True)
class Security:
    authorization: Mapping[str, object]
    headers: tuple[Mapping[str, object], ...] = ()
    """Further keys that have to be sent beside it."""
    notes: tuple[Note, ...] = field(default=())


def security_of(document: OpenApiDocument, details: Mapping[str, Any]) -> Security:
    """Return the first of the operation's alternatives that we can do."""
    demanded = details.get("security", document.root.get("security"))
    alternatives = [as_mapping(one) for one in as_list(demanded)]
    schemes = as_mapping(as_mapping(document.root.get("components")).get("securitySchemes"))
    if not alternatives or {} in alternatives:
        note = Note("security", "The document asks for no authorization: check that it is so.")
        return Security({"type": "none"}, notes=(note,))
    offered = [list(_kinds(document, schemes, one)) for one in alternatives]
    done = [kinds for kinds in offered if kinds and None not in kinds]
    if not done:
        names = ", ".join(str(name) for one in alternatives for name in one)[:200]
        detail = f"This authorization is not offered: {names}. Choose one under Authorization."
        return Security({"type": "none"}, notes=(Note("security", detail),))
    first, *rest = [kind for kind in done[0] if kind]
    headers = tuple(
        {"name": kind["name"], "value": kind["value"]}
        for kind in rest
        if kind.get("in") == "header"
    )
    return Security(first, headers, tuple(_notes(first)))


def _notes(kind: Mapping[str, object]) -> Iterator[Note]:
    secrets = [value["secret"] for value in kind.values() if isinstance(value, Mapping)]
    for name in secrets:
        yield Note(f"secret {name}", f'Set the secret "{name}".')
    if kind.get("prefix"):
        detail = f'The key is sent after "{kind["prefix"]}", as its description says: check it.'
        yield Note("security", detail)


def _kinds(
    document: OpenApiDocument, schemes: Mapping[str, Any], alternative: Mapping[str, Any]
) -> Iterator[Mapping[str, object] | None]:
    for name in alternative:
        yield _kind(as_mapping(document.followed(schemes.get(name))))


def _kind(scheme: Mapping[str, Any]) -> Mapping[str, object] | None:
    match scheme.get("type"), str(scheme.get("scheme", "")).lower(), scheme.get("in"):
        case "http", "basic", _:
            return {
                "type": "basic",
                "username": _secret("username"),
                "password": _secret("password"),
            }
        case "http", "bearer", _:
            return {"type": "bearer", "token": _secret("token")}
        case "apiKey", _, ("header" | "query") as location:
            name = str(scheme.get("name", ""))[:100] or "api_key"
            kind = {"type": "api_key", "in": location, "name": name, "value": _secret("api_key")}
            return kind | ({"prefix": _prefix(scheme)} if location == "header" else {})
        case "oauth2", _, _:
            return _oauth2(scheme)
    return None


def _oauth2(scheme: Mapping[str, Any]) -> Mapping[str, object]:
    """Client credentials where they are offered; else a token that somebody gives us."""
    flow = as_mapping(as_mapping(scheme.get("flows")).get("clientCredentials"))
    url = str(flow.get("tokenUrl", ""))
    if not re.match(r"https?://[^{}\s]+\Z", url):
        return {"type": "bearer", "token": _secret("token")}
    return {
        "type": "oauth2_client_credentials",
        "token_url": url,
        "client_id": _secret("client_id"),
        "client_secret": _secret("client_secret"),
    }


def _prefix(scheme: Mapping[str, Any]) -> str:
    description = str(scheme.get("description", ""))[:_MOST_DESCRIPTION]
    found = next((match for sign in _PREFIX if (match := sign.search(description))), None)
    return f"{found[1]} " if found else ""


def _secret(name: str) -> dict[str, str]:
    return {"secret": name}
