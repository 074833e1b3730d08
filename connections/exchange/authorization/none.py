"""No authorization, or one that the connection's own headers and parameters carry."""

from connections.exchange.authorization.kind import Sending
from connections.exchange.compiler import Compiler
from connections.exchange.config import NoAuthorization
from connections.exchange.language import Scope
from connections.exchange.request import Draft


class Nothing:
    headers: tuple[str, ...] = ()

    def __init__(self, config: NoAuthorization, compiler: Compiler) -> None:
        pass

    def add_to(self, draft: Draft, scope: Scope, sending: Sending) -> None:
        pass
