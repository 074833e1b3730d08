import os
from uuid import UUID

import pytest

from accounts.vault import CannotOpenError, KeyRing, Vault

HERE = UUID(int=1)
ELSEWHERE = UUID(int=2)


def vault_of(account: UUID, key: bytes = b"k" * 32) -> Vault:
    return Vault(key, account)


def test_vault_opens_what_it_sealed():
    sealed = vault_of(HERE).seal(b"a credential", purpose="secret")
    assert vault_of(HERE).open(sealed, purpose="secret") == b"a credential"
    assert b"a credential" not in sealed


@pytest.mark.parametrize(
    ("opener", "purpose"),
    [
        (vault_of(ELSEWHERE), "secret"),
        (vault_of(HERE), "attempt"),
        (vault_of(HERE, b"x" * 32), "secret"),
    ],
    ids=["another account", "another purpose", "another key"],
)
def test_vault_refuses_what_was_sealed_elsewhere(opener, purpose):
    sealed = vault_of(HERE).seal(b"a credential", purpose="secret")
    with pytest.raises(CannotOpenError):
        opener.open(sealed, purpose=purpose)


def test_vault_refuses_what_was_changed():
    sealed = bytearray(vault_of(HERE).seal(b"a credential", purpose="secret"))
    sealed[-1] ^= 1
    with pytest.raises(CannotOpenError):
        vault_of(HERE).open(bytes(sealed), purpose="secret")


def test_fingerprint_finds_the_same_person_in_one_account_only():
    assert vault_of(HERE).fingerprint(" Jane@Example.com ") == vault_of(HERE).fingerprint(
        "jane@example.com"
    )
    assert vault_of(HERE).fingerprint("jane@example.com") != vault_of(HERE, b"x" * 32).fingerprint(
        "jane@example.com"
    )


def test_key_ring_rotates():
    old, new = os.urandom(32), os.urandom(32)
    wrapped = KeyRing((old,)).new_wrapped_key(HERE)
    data_key = KeyRing((new, old)).unwrap(wrapped, HERE)
    assert KeyRing((new,)).unwrap(KeyRing((new, old)).wrap(data_key, HERE), HERE) == data_key
    with pytest.raises(CannotOpenError, match="ENCRYPTION_KEYS lacks"):
        KeyRing((new,)).unwrap(wrapped, HERE)
    with pytest.raises(CannotOpenError, match="another account"):
        KeyRing((old,)).unwrap(wrapped, ELSEWHERE)
