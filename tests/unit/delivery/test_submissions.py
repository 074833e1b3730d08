"""What a posted body must look like before anybody judges the referrals in it."""

from datetime import UTC, datetime

import orjson
import pytest

from accounts.errors import CorrectInput
from delivery.intake import ReferralIn
from delivery.submissions import NotJsonError, read_json, read_lines

GOOD = {"campaign": "spring", "external_id": "tx-1", "attributes": {"email": "a@example.com"}}


def read(value):
    return read_json(orjson.dumps(value))


def test_one_object_is_single():
    submission = read(GOOD | {"occurred_at": "2026-11-23T15:30:00+02:00"})
    assert submission.is_single
    assert submission.entries == [
        ReferralIn(
            campaign="spring",
            external_id="tx-1",
            attributes={"email": "a@example.com"},
            occurred_at=datetime(2026, 11, 23, 13, 30, tzinfo=UTC),
        )
    ]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"campaign": None}, "/campaign", "required"),
        ({"campaign": 7}, "/campaign", "required"),
        ({"external_id": 7}, "/external_id", "required"),
        ({"attributes": []}, "/attributes", "required"),
        ({"occurred_at": "2026-11-23T15:30:00"}, "/occurred_at", "not_a_time"),
        ({"occurred_at": "yesterday"}, "/occurred_at", "not_a_time"),
        ({"occurred_at": 1_700_000_000}, "/occurred_at", "not_a_time"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "/occurred_at", "not_a_time"),
        ({"ext/id": "x"}, "/ext~1id", "unknown_field"),
    ],
)
def test_wrong_shape_is_refused_with_its_place(change, pointer, code):
    (refused,) = read(GOOD | change).entries
    assert refused.status == "invalid"
    assert [(problem.pointer, problem.code) for problem in refused.errors] == [(pointer, code)]


def test_wrong_entry_does_not_spoil_the_list():
    submission = read([GOOD, 7, {"external_id": "tx-2"}])
    assert not submission.is_single
    good, number, incomplete = submission.entries
    assert isinstance(good, ReferralIn)
    assert number.errors[0].code == "not_an_object"
    assert incomplete.external_id == "tx-2"
    assert {problem.pointer for problem in incomplete.errors} == {"/campaign", "/attributes"}


def test_list_is_bounded():
    assert len(read([GOOD] * 1_000).entries) == 1_000
    with pytest.raises(CorrectInput, match="1,001"):
        read([GOOD] * 1_001)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"nul", b'{"a": NaN}'])
def test_what_is_not_json_says_where(body):
    with pytest.raises(NotJsonError, match="not valid JSON"):
        read_json(body)


@pytest.mark.parametrize("value", [None, 7, "x", True])
def test_other_json_is_refused(value):
    with pytest.raises(CorrectInput, match="an object, or a list"):
        read(value)


def test_lines_are_read_one_by_one():
    body = b"\n".join([orjson.dumps(GOOD), b"", b"{oops", b"7", orjson.dumps(GOOD) + b"\r", b""])
    good, broken, number, last = read_lines(body).entries
    assert isinstance(good, ReferralIn)
    assert "Line 3" in broken.errors[0].detail
    assert number.errors[0].code == "not_an_object"
    assert isinstance(last, ReferralIn)


def test_lines_may_be_many():
    assert len(read_lines((orjson.dumps(GOOD) + b"\n") * 2_500).entries) == 2_500
