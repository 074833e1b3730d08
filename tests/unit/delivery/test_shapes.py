"""The shape of an answer: what differs between referrals goes, what tells answers apart stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.exchange.responses import ReceivedResponse
from delivery.shapes import MOST_CHARACTERS, shape_of

JANE = {"email": "jane.citizen@example.com", "first_name": "Jane", "last_name": "Citizen"}
OMAR = {"email": "omar@example.org", "first_name": "Omar", "last_name": "de la Cruz"}


def shape(body, attributes=JANE, status=400):
    text = body if isinstance(body, str) else json.dumps(body)
    return shape_of(ReceivedResponse(status=status, body=text.encode()), attributes)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lead 4711 exists", "Lead 0815 exists"),
        ("jane.citizen@example.com is bad", "omar@example.org is bad"),
        ("at 2026-11-23T13:30:00Z", "at 2025-01-02T03:04:05.123+01:00"),
        (
            "request 019ab0c3-1f1b-7e02-9b40-aa55bb66cc77",
            "request 019ab0c3-1f1b-7e02-9b40-aa55bb66cc78",
        ),
        ("etag d41d8cd98f00b204e9800998ecf8427e", "etag 900150983cd24fb0d6963f7d28e17f72"),
        ("trace lead-a1b2", "trace lead-c3d4x"),
        ({"id": 1, "error": "Bad"}, {"id": 22, "error": "Bad"}),
        ({"errors": [{"field": "age"}] * 2}, {"errors": [{"field": "age"}]}),
        ({"b": 1, "a": True}, {"a": True, "b": 2}),
        ("<e><id>12</id><m>No</m></e>", "<e><id>7</id><m>No</m></e>"),
    ],
)
def test_answers_that_differ_in_what_passes_have_one_shape(one, other):
    assert shape(one) == shape(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"error": "Bad age"}, {"error": "Bad email"}),
        ({"error": None}, {"error": True}),
        ({"error": "Bad"}, {"fault": "Bad"}),
        ("Bad age", "Bad email"),
    ],
)
def test_answers_that_say_something_else_have_another_shape(one, other):
    assert shape(one) != shape(other)


def test_status_is_part_of_the_shape():
    assert shape("", status=400) != shape("", status=422)


def test_person_is_not_in_the_shape_by_name_either():
    assert shape("Jane Citizen is known", JANE) == "400 [person] is known"
    assert shape("Omar de la Cruz is known", OMAR) == "400 [person] is known"
    assert shape({"CITIZEN": ["jane"]}, JANE) == '400 {"[person]": ["[person]"]}'


def test_shape_says_what_stood_there():
    body = {"title": "Member Exists", "detail": "jane@x.example is in 12 lists", "status": 400}
    assert shape(body) == (
        '400 {"detail": "[email] is in [number] lists", "status": "[number]",'
        ' "title": "Member Exists"}'
    )


@given(st.text(max_size=300) | st.recursive(st.text(), st.lists, max_leaves=30))
def test_any_body_has_a_bounded_shape(body):
    assert len(shape(body)) <= MOST_CHARACTERS


def test_deep_and_long_bodies_have_a_shape():
    assert shape("[" * 30_000 + "]" * 30_000)
    assert shape('{"a":' * 60 + "1" + "}" * 60)
    assert shape({str(n): n for n in range(5_000)})
    assert shape("a1 " * 20_000)
