"""A token that whoever bears it may use: RFC 6750."""

from connections.exchange.authorization.kind import AUTHORIZATION, Sending, credential, masked
from connections.exchange.compiler import Compiler
from connections.exchange.config import BearerAuthorization
from connections.exchange.language import Scope
from connections.exchange.language.dialects import HEADER
from connections.exchange.request import Draft


class Bearer:
    headers = (AUTHORIZATION,)

    def __init__(self, config: BearerAuthorization, compiler: Compiler) -> None:
        self._token = compiler.template(
            config.token, dialect=HEADER, pointer="/authorization/token"
        )

    def add_to(self, draft: Draft, scope: Scope, sending: Sending) -> None:  # noqa: ARG002
        token = credential(self._token, scope).strip()
        draft.headers.append((AUTHORIZATION, masked(token, prefix="Bearer ")))
