"""A signature over the request: Standard Webhooks, so that the receiver knows who sent it."""

import hashlib
import hmac
from base64 import b64decode, b64encode

from connections.exchange.authorization.kind import Sending, credential, masked
from connections.exchange.compiler import Compiler
from connections.exchange.config import HmacSignature
from connections.exchange.language import Scope
from connections.exchange.language.dialects import TEXT
from connections.exchange.problems import RenderError
from connections.exchange.request import Draft, Rendered

_POINTER = "/authorization/key"
_PREFIX = "whsec_"


class Signature:
    headers = ("webhook-id", "webhook-timestamp", "webhook-signature")

    def __init__(self, config: HmacSignature, compiler: Compiler) -> None:
        self._key = compiler.template(config.key, dialect=TEXT, pointer=_POINTER)

    def add_to(self, draft: Draft, scope: Scope, sending: Sending) -> None:
        """Sign id, time and body; the id is that of the delivery, the same on every attempt.

        *Source* github.com/standard-webhooks/standard-webhooks, spec, "Signature scheme".
        """
        seconds = str(int(sending.now.timestamp()))
        signed = f"{sending.delivery_id}.{seconds}.{sending.body}"
        key = _key_bytes(credential(self._key, scope))
        digest = hmac.digest(key, signed.encode(), hashlib.sha256)
        signature = masked(b64encode(digest).decode(), prefix="v1,")
        values = (Rendered.plain(sending.delivery_id), Rendered.plain(seconds), signature)
        draft.headers.extend(zip(self.headers, values, strict=True))


def _key_bytes(key: str) -> bytes:
    if not key.startswith(_PREFIX):
        return key.encode()
    try:
        return b64decode(key.removeprefix(_PREFIX), validate=True)
    except ValueError:
        raise RenderError(
            "authorization_key",
            f"a key that begins with {_PREFIX} goes on in base64: copy it whole",
            place=_POINTER,
        ) from None
