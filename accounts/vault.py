"""Encryption at rest: one data key per account, wrapped by a key from the environment.

AES-256-GCM; what is sealed is bound to its account and its purpose, so that a value copied
to another row or tenant does not open. Deleting an account's wrapped key shreds all of it.
"""

import hashlib
import hmac
import os
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_ID_BYTES = 4


class CannotOpenError(Exception):
    """The value was sealed with another key, for another account or for another purpose."""


class KeyRing:
    """The keys of the environment: the first wraps, all unwrap."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._first = _key_id(keys[0])
        self._keys = {_key_id(key): AESGCM(key) for key in keys}

    def new_wrapped_key(self, account_id: UUID) -> bytes:
        return self.wrap(os.urandom(32), account_id)

    def wrap(self, data_key: bytes, account_id: UUID) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._keys[self._first].encrypt(nonce, data_key, account_id.bytes)
        return self._first + nonce + sealed

    def unwrap(self, wrapped: bytes, account_id: UUID) -> bytes:
        """Return the data key. Raises `CannotOpenError` when no key of the ring fits."""
        cipher = self._keys.get(wrapped[:KEY_ID_BYTES])
        if cipher is None:
            raise CannotOpenError("this data key was wrapped by a key that ENCRYPTION_KEYS lacks")
        nonce = wrapped[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES]
        try:
            return cipher.decrypt(nonce, wrapped[KEY_ID_BYTES + NONCE_BYTES :], account_id.bytes)
        except InvalidTag as refused:
            raise CannotOpenError("this data key belongs to another account") from refused


class Vault:
    """Seals and opens the values of one account."""

    __slots__ = ("_account", "_cipher", "_fingerprint_key")

    def __init__(self, data_key: bytes, account_id: UUID) -> None:
        self._account = account_id.bytes
        self._cipher = AESGCM(data_key)
        self._fingerprint_key = hmac.digest(data_key, b"fingerprint", "sha256")

    def seal(self, plaintext: bytes, *, purpose: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext, self._account + purpose.encode())

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        """Return the plaintext. Raises `CannotOpenError` when it was sealed for something else."""
        try:
            return self._cipher.decrypt(
                bytes(sealed[:NONCE_BYTES]),
                bytes(sealed[NONCE_BYTES:]),
                self._account + purpose.encode(),
            )
        except InvalidTag as refused:
            raise CannotOpenError(f"this is not a {purpose} of this account") from refused

    def fingerprint(self, text: str) -> bytes:
        """Return 32 bytes that are equal for equal texts of this account only.

        Case and surrounding space do not matter, so that one person's email finds itself.
        """
        return hmac.digest(self._fingerprint_key, text.strip().lower().encode(), "sha256")


@lru_cache(maxsize=4_096)
def open_vault(ring: KeyRing, wrapped_key: bytes, account_id: UUID) -> Vault:
    """Return the account's vault; unwrapping is remembered for as long as the process lives."""
    return Vault(ring.unwrap(wrapped_key, account_id), account_id)


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id" + key).digest()[:KEY_ID_BYTES]
