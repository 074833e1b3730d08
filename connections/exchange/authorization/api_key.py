"""A key in a header or a query parameter of any name."""

from connections.exchange.authorization.kind import Sending, credential, masked
from connections.exchange.compiler import Compiler
from connections.exchange.config import ApiKeyAuthorization
from connections.exchange.headers import header_problem
from connections.exchange.language import Scope
from connections.exchange.language.dialects import HEADER, PARAMETER
from connections.exchange.language.filters import percent_encode
from connections.exchange.request import MAX_LINE_CHARACTERS, Draft, Rendered


class ApiKey:
    def __init__(self, config: ApiKeyAuthorization, compiler: Compiler) -> None:
        in_header = config.location == "header"
        problem = header_problem(config.name) if in_header else None
        if problem:
            compiler.refuse("/authorization/name", "header_name", problem)
        dialect = HEADER if in_header else PARAMETER
        self.headers = (config.name,) if in_header else ()
        self._parameter = percent_encode(config.name)
        self._prefix = compiler.template(
            config.prefix, dialect=dialect, pointer="/authorization/prefix"
        )
        self._value = compiler.template(
            config.value, dialect=dialect, pointer="/authorization/value"
        )

    def add_to(self, draft: Draft, scope: Scope, sending: Sending) -> None:  # noqa: ARG002
        prefix = self._prefix.render(scope, limit=MAX_LINE_CHARACTERS)
        key = masked(credential(self._value, scope)).after(prefix)
        for header in self.headers:
            draft.headers.append((header, key))
        if not self.headers:
            draft.query.append(key.after(Rendered.plain(f"{self._parameter}=")))
