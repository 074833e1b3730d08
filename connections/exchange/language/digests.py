"""Hashes and signatures: what `|sha256` and `|hmac` make, and how their bytes are written."""

import hashlib
import hmac
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from types import MappingProxyType

from connections.exchange.language.values import ValueProblem, is_empty, not_unicode, text_of

HASHES = ("md5", "sha1", "sha256", "sha512")


def base64url(data: bytes) -> str:
    """Return base64 in the alphabet of URLs, without padding: RFC 7515 §2."""
    return urlsafe_b64encode(data).decode().rstrip("=")


DIGEST_FORMS: Mapping[str, Callable[[bytes], str]] = MappingProxyType(
    {
        "hex": bytes.hex,
        "base64": lambda data: b64encode(data).decode(),
        "base64url": base64url,
    }
)
KEY_FORMS: Mapping[str, Callable[[str], bytes]] = MappingProxyType(
    {
        "text": str.encode,
        "hex": bytes.fromhex,
        "base64": lambda text: b64decode(text, validate=True),
    }
)


def hashing(algorithm: str) -> Callable[..., object]:
    """Return the filter that hashes the UTF-8 text; what is empty stays empty."""

    def apply(value: object, form: str = "hex") -> object:
        if is_empty(value):
            return value
        digest = hashlib.new(algorithm, _bytes(value), usedforsecurity=False)
        return DIGEST_FORMS[form](digest.digest())

    return apply


def signature(
    value: object, algorithm: str, key: object, form: str = "hex", key_form: str = "text"
) -> str:
    """Return the HMAC (RFC 2104) of the UTF-8 text, of an empty one too."""
    return DIGEST_FORMS[form](hmac.digest(_key(key, key_form), _bytes(value), algorithm))


def _key(key: object, form: str) -> bytes:
    text = text_of(key)
    if not text:
        raise ValueProblem("key_missing", "the key of this signature is empty: set its secret")
    try:
        return KEY_FORMS[form](text)
    except UnicodeEncodeError:
        raise not_unicode() from None
    except ValueError:
        detail = f"the key of this signature is not {form}: correct the secret, or how |hmac reads"
        raise ValueProblem("key_unreadable", f"{detail} it") from None


def _bytes(value: object) -> bytes:
    try:
        return text_of(value).encode()
    except UnicodeEncodeError:
        raise not_unicode() from None
