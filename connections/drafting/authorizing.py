"""The authorization of an example request: which kind it is, and what of it is secret."""

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass, field

from connections.drafting.credentials import is_placeholder
from connections.drafting.template_text import as_literal
from connections.drafting.workbench import Workbench

_SCHEME = re.compile(r"(basic|bearer)\s+", re.IGNORECASE)
_KEY_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,30}\s+(?=\S+\Z)")
_LONG_USER = re.compile(r"(?=.*[0-9])[A-Za-z0-9_.:-]{16,}")
_LONGEST_FILLER = 1
"""A password of this length only fills the place: the user name is the credential."""


@dataclass
class Authorizing:
    """The first credential that is found becomes the authorization; `document` is its shape."""

    bench: Workbench
    document: dict[str, object] = field(default_factory=lambda: {"type": "none"})

    @property
    def is_free(self) -> bool:
        return self.document["type"] == "none"

    def header(self, value: str) -> None:
        """Take the value of an Authorization header."""
        scheme = _SCHEME.match(value)
        if not self.is_free:
            self.bench.note("header Authorization", "There is another authorization: it is used.")
        elif scheme is None:
            self.api_key("Authorization", value)
        elif scheme[1].lower() == "basic":
            self._basic(value[scheme.end() :].strip())
        else:
            token = {"secret": self.bench.safe.keep("token", value[scheme.end() :].strip())}
            self.document = {"type": "bearer", "token": token}

    def user(self, name: str, password: str) -> None:
        """Take a user name and a password; an API key may stand in either."""
        keep = self.bench.safe.keep
        is_key = len(password) <= _LONGEST_FILLER
        username: object = as_literal(name)
        if name and (is_key or _LONG_USER.fullmatch(name) or is_placeholder(name)):
            username = {"secret": keep("username", name)}
        filler: object = as_literal(password)
        kept = filler if is_key and name else {"secret": keep("password", password)}
        self.document = {"type": "basic", "username": username, "password": kept}

    def api_key(self, name: str, value: str, *, location: str = "header") -> None:
        """Take a header or a parameter that is a key, perhaps with a word in front."""
        word = _KEY_WORD.match(value) if location == "header" else None
        prefix = word[0] if word else ""
        kept = "api_key" if name.lower() == "authorization" else name
        secret = {"secret": self.bench.safe.keep(kept, value[len(prefix) :])}
        self.document = {
            "type": "api_key",
            "in": location,
            "name": name,
            "value": secret,
            "prefix": as_literal(prefix),
        }

    def _basic(self, encoded: str) -> None:
        try:
            name, _, password = b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            keep = self.bench.safe.keep
            username, secret = {"secret": keep("username", "")}, {"secret": keep("password", "")}
            self.document = {"type": "basic", "username": username, "password": secret}
        else:
            self.user(name, password)
