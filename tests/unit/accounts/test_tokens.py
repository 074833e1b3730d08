import pytest

from accounts.tokens import digest, looks_like_token, new_token


def test_new_token_looks_like_one_and_never_comes_twice():
    first, second = new_token(), new_token()
    assert looks_like_token(first)
    assert first != second
    assert digest(first) != digest(second)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _token: "",
        lambda _token: "rex_",
        lambda _token: "rex_" + "a" * 51,
        lambda token: token[:-1] + "!",
        lambda token: token[4:],
        lambda _token: "é" * 60,
    ],
)
def test_other_text_does_not_look_like_a_token(spoil):
    assert not looks_like_token(spoil(new_token()))
