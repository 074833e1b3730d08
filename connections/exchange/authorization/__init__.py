"""How a request proves who sends it: one class for each kind, registered here."""

from collections.abc import Callable, Mapping

from connections.exchange.authorization.api_key import ApiKey
from connections.exchange.authorization.basic import Basic
from connections.exchange.authorization.bearer import Bearer
from connections.exchange.authorization.hmac_signature import Signature
from connections.exchange.authorization.kind import AuthorizationKind, Sending
from connections.exchange.authorization.none import Nothing
from connections.exchange.authorization.oauth2 import OAuth2
from connections.exchange.compiler import Compiler
from connections.exchange.config import Authorization

__all__ = ["KINDS", "AuthorizationKind", "OAuth2", "Sending", "compile_authorization"]

KINDS: Mapping[str, Callable[..., AuthorizationKind]] = {
    "none": Nothing,
    "basic": Basic,
    "bearer": Bearer,
    "api_key": ApiKey,
    "oauth2_client_credentials": OAuth2,
    "oauth2_refresh_token": OAuth2,
    "hmac_signature": Signature,
}


def compile_authorization(config: Authorization, compiler: Compiler) -> AuthorizationKind:
    return KINDS[config.type](config, compiler)
