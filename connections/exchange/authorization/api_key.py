"""A key in a header or a query parameter of any name."""

from connections.exchange.authorization.kind import Sending, credential, masked
from connections.exchange.authorization.place import Place
from connections.exchange.compiler import Compiler
from connections.exchange.config import ApiKeyAuthorization
from connections.exchange.language import Scope
from connections.exchange.request import Draft


class ApiKey:
    def __init__(self, config: ApiKeyAuthorization, compiler: Compiler) -> None:
        self._place = Place(config, compiler)
        self.headers = self._place.headers
        self._value = compiler.template(
            config.value, dialect=self._place.dialect, pointer="/authorization/value"
        )

    def add_to(self, draft: Draft, scope: Scope, sending: Sending) -> None:  # noqa: ARG002
        self._place.put(masked(credential(self._value, scope)), draft, scope)
