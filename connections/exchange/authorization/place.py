"""Where a credential goes: a header or a query parameter of any name, after any prefix."""

from connections.exchange.compiler import Compiler
from connections.exchange.config import CredentialPlace
from connections.exchange.headers import header_problem
from connections.exchange.language import Scope
from connections.exchange.language.dialects import HEADER, PARAMETER
from connections.exchange.language.filters import percent_encode
from connections.exchange.request import MAX_LINE_CHARACTERS, Draft, Rendered


class Place:
    def __init__(self, config: CredentialPlace, compiler: Compiler) -> None:
        in_header = config.location == "header"
        problem = header_problem(config.name) if in_header else None
        if problem:
            compiler.refuse("/authorization/name", "header_name", problem)
        self.dialect = HEADER if in_header else PARAMETER
        self.headers = (config.name,) if in_header else ()
        self._parameter = percent_encode(config.name)
        self._prefix = compiler.template(
            config.prefix, dialect=self.dialect, pointer="/authorization/prefix"
        )

    def put(self, credential: Rendered, draft: Draft, scope: Scope) -> None:
        """Add the credential, which is encoded for its place already."""
        prefixed = credential.after(self._prefix.render(scope, limit=MAX_LINE_CHARACTERS))
        for header in self.headers:
            draft.headers.append((header, prefixed))
        if not self.headers:
            draft.query.append(prefixed.after(Rendered.plain(f"{self._parameter}=")))
