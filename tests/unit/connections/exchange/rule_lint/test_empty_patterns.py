"""Patterns that can match nothing are told; those that can are left alone."""

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from connections.exchange.rule_lint.empty_patterns import matches_nothing


@pytest.mark.parametrize(
    "pattern",
    [
        "a^b",
        "$x",
        "ok$ .*",
        "(a|b)^c",
        r"[^\s\S]",
        r"a\Ab",
        "(x$)y",
        "a^b|$c",
        "(?:a^)+",
        "(a{2})^",
    ],
)
def test_a_pattern_without_any_text_is_told(pattern):
    assert matches_nothing(pattern)
    for text in ("a", "ab", "a\nb", "x", "xy", "a^b", "$x", "aa", ""):
        assert re2.search(pattern, text) is None


@pytest.mark.parametrize(
    "pattern",
    ["^a", "a$", "a?^b", "^$", "$^", "(^a|b)c?", "a^b|c", r"[^\s]", "(?m)a\n^b", r"a\b", "(", "a*$",
     r"\pL", "(a^b)?c", "x*^y", r"\z"],
)  # fmt: skip
def test_a_pattern_that_can_match_or_cannot_be_read_is_left_alone(pattern):
    assert not matches_nothing(pattern)


@given(
    pattern=st.text(alphabet="ab^$|()?*+.", max_size=8),
    text=st.text(alphabet="ab\n", max_size=6),
)
@settings(deadline=None)
def test_no_pattern_that_matched_is_called_empty(pattern, text):
    try:
        matched = re2.search(pattern, text)
    except re2.error:
        return
    assert not (matched and matches_nothing(pattern))
