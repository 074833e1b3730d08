import pytest

from accounts.tokens import digest, looks_like_token, new_token


def test_new_token_looks_like_one_and_never_comes_twice():
    first, second = new_token(), new_token()
    assert looks_like_token(first)
    assert first != second
    assert digest(first) != digest(second)


@pytest.mark.parametrize(
    "text", ["", "rex_", "rex_" + "a" * 51, new_token()[:-1] + "!", new_token()[4:], "é" * 60]
)
def test_other_text_does_not_look_like_a_token(text):
    assert not looks_like_token(text)
