"""The short way through a JSONPath finds what the library finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.exchange.responses.json_path import (
    _ENVIRONMENT,
    _SIMPLE,
    _SIMPLE_FOR_EVERY,
    MAX_MATCHES,
    compile_json_path,
)

_STEPS = ["[*]", ".*", ".a", "['b']", "[0]", "[-1]", "[5]"]
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "*"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.lists(st.sampled_from(_STEPS), max_size=4), DOCUMENTS)
def test_short_way_agrees_with_the_library(steps, document):
    path = "$" + "".join(steps)
    assert _SIMPLE.fullmatch(path) or _SIMPLE_FOR_EVERY.fullmatch(path)
    if isinstance(document, dict | list):
        expected = [match.obj for match in _ENVIRONMENT.compile(path).finditer(document)]
        assert list(compile_json_path(path)(document)) == expected


@pytest.mark.parametrize(
    ("path", "values"),
    [("$['*']", [1]), ('$["a.b"]', [2]), ("$.*", [1, 2, [3, 4]]), ("$.c[*]", [3, 4])],
)
def test_names_in_quotes_are_names(path, values):
    assert list(compile_json_path(path)({"*": 1, "a.b": 2, "c": [3, 4]})) == values


def test_matches_are_bounded():
    assert len(compile_json_path("$[*][*]")([[1] * 100] * 100)) == MAX_MATCHES
