"""API tokens as text: how they are made, recognised and kept.

A token is `rex_`, 43 characters of randomness and a checksum, so that scanners recognise a
leaked one without false alarms. Only its SHA-256 is stored: 256 random bits need no salt.
"""

import hashlib
import secrets
import zlib

PREFIX = "rex_"
SECRET_CHARACTERS = 43


def new_token() -> str:
    secret = secrets.token_urlsafe(32)
    return f"{PREFIX}{secret}{_checksum(secret)}"


def looks_like_token(text: str) -> bool:
    """Tell whether the text has a token's form and checksum, before any query is made."""
    secret = text[len(PREFIX) : len(PREFIX) + SECRET_CHARACTERS]
    return text.startswith(PREFIX) and text[len(PREFIX) + SECRET_CHARACTERS :] == _checksum(secret)


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _checksum(secret: str) -> str:
    return f"{zlib.crc32(secret.encode()):08x}"
