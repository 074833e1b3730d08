"""User name and password: RFC 7617."""

from base64 import b64encode

from connections.exchange.authorization.kind import AUTHORIZATION, Sending, credential, masked
from connections.exchange.compiler import Compiler
from connections.exchange.config import BasicAuthorization
from connections.exchange.language import Scope
from connections.exchange.language.dialects import TEXT
from connections.exchange.problems import RenderError
from connections.exchange.request import Draft


class Basic:
    headers = (AUTHORIZATION,)

    def __init__(self, config: BasicAuthorization, compiler: Compiler) -> None:
        self._username = compiler.template(
            config.username, dialect=TEXT, pointer="/authorization/username"
        )
        self._password = compiler.template(
            config.password, dialect=TEXT, pointer="/authorization/password"
        )

    def add_to(self, draft: Draft, scope: Scope, sending: Sending) -> None:  # noqa: ARG002
        username = credential(self._username, scope)
        if ":" in username:
            raise RenderError(
                "authorization_username",
                "a user name cannot hold a colon: the receiver would read the rest as password",
                place="/authorization/username",
            )
        pair = f"{username}:{credential(self._password, scope)}"
        encoded = b64encode(pair.encode()).decode()
        draft.headers.append((AUTHORIZATION, masked(encoded, prefix="Basic ")))
