"""The sandbox CRM understands every encoding and invents nothing."""

from datetime import UTC, datetime

import pytest

from referral_export.sandbox_crm.lead import Lead, understand


@pytest.mark.parametrize(
    ("content_type", "body", "understood"),
    [
        ("application/json", b'{"email": "\xc3\xa9@x.example"}', {"email": "é@x.example"}),
        ("application/vnd.api+json", b"[1, null]", [1, None]),
        ("application/json", b'{"email": ', '{"email": '),
        (
            "application/x-www-form-urlencoded",
            b"email=a%40x.example&tags=1&tags=2&empty=",
            {"email": "a@x.example", "tags": ["1", "2"], "empty": ""},
        ),
        (
            "application/xml",
            b'<lead source="web"><email>a@x.example</email><tag>1</tag><tag>2</tag></lead>',
            {"lead": {"@source": "web", "email": "a@x.example", "tag": ["1", "2"]}},
        ),
        ("text/xml", b'<lead id="1">Ada</lead>', {"lead": {"@id": "1", "text": "Ada"}}),
        ("text/xml", b"<lead>", "<lead>"),
        ("text/xml", b'<?xml version="1.0" encoding="no-such"?><a/>', None),
        ("text/plain", b"email: a@x.example", "email: a@x.example"),
        ("application/octet-stream", b"", ""),
    ],
)
def test_understand(content_type, body, understood):
    expected = body.decode() if understood is None else understood

    assert understand(content_type, body) == expected


def test_understand_xml_with_an_entity_does_not_read_files(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    body = f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{secret}">]><a>&e;</a>'.encode()

    assert "secret" not in str(understand("application/xml", body)).replace(str(secret), "")


@pytest.mark.parametrize(
    ("understood", "query", "email"),
    [
        ({"email": " Ada@X.example "}, {}, "ada@x.example"),
        ({"data": [{"attributes": {"email_address": "ada@x.example"}}]}, {}, "ada@x.example"),
        ({"Lead": {"EmailAddress": "ada@x.example"}}, {}, "ada@x.example"),
        ({"email": {"value": "nobody@x.example"}}, {}, None),
        ({"email": ""}, {"email": "ada@x.example"}, "ada@x.example"),
        ("ada@x.example", {}, None),
    ],
)
def test_email_is_found_however_deep(understood, query, email):
    lead = Lead(
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="POST",
        path="/crm/smart",
        behaviour="smart",
        query=query,
        headers={},
        body="",
        understood=understood,
    )

    assert lead.email == email
