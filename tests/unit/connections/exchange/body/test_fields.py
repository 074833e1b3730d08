"""Fields: empty values, documents inside a parameter, XML attributes, and bodies of any shape."""

import json
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from lxml import etree

from connections.exchange.rendering import RenderError, check_config
from tests.unit.connections.exchange.examples import (
    URL,
    make_config,
    make_context,
    render_body,
    render_request,
)

NASTY = {"first_name": "O'Love\"lace & Co <b>\n{{ 7 }}", "email": "ada+1@example.com"}


def field(name, value, **more):
    return {"name": name, "value": value} | more


def body_of(attributes, encoding, *sources, **parts):
    body = {"encoding": encoding, "fields": list(sources)}
    return render_request(attributes, body=body, **parts).body.decode()


@pytest.mark.parametrize(
    ("value", "policy", "sent"),
    [
        ("{{ email }}", {}, {"a": None}),
        ("{{ email }}{{ state }}", {}, {"a": ""}),
        ("{{ email }}", {"empty": "null"}, {"a": None}),
        ("{{ email|default('') }}", {"empty": "null"}, {"a": None}),
        ("{{ email }}", {"empty": "empty"}, {"a": ""}),
        ("{{ email }}", {"empty": "omit"}, {}),
        ("{{ email }}", {"omit_empty": True}, {}),
        ("{{ email }}", {"omit_empty": True, "empty": "omit"}, {}),
        ("{{ test }}", {"empty": "omit"}, {"a": False}),
        ("{{ 0 }}", {"empty": "omit"}, {"a": 0}),
    ],
)
def test_empty_json_field_is_sent_as_asked(value, policy, sent):
    assert json.loads(body_of({}, "json", field("a", value, **policy))) == sent


@pytest.mark.parametrize(
    ("policy", "sent"), [({}, "a="), ({"empty": "empty"}, "a="), ({"empty": "omit"}, "")]
)
def test_empty_form_field_is_sent_as_asked(policy, sent):
    assert body_of({}, "form", field("a", "{{ email }}", **policy)) == sent


@pytest.mark.parametrize("encoding", ["form", "text", "xml"])
def test_null_outside_json_is_refused(encoding):
    config = make_config(body={"encoding": encoding, "fields": [field("a", "x", empty="null")]})
    assert [problem.pointer for problem in check_config(config)] == ["/body/fields/0/empty"]


def test_contradicting_ways_to_be_empty_are_refused():
    with pytest.raises(ValueError, match="contradict"):
        make_config(body={"fields": [field("a", "x", omit_empty=True, empty="null")]})


def test_empty_query_parameter_is_left_out_when_asked():
    request = render_request(
        query=[field("a", "{{ email }}", omit_empty=True), field("b", "{{ email }}")]
    )
    assert request.url == URL + "?b="


@pytest.mark.parametrize("encoding", ["json", "form", "multipart", "text", "xml"])
def test_fields_that_are_too_large_together_end_before_the_next(encoding):
    large = [field(f"lead.a{number}", "{{ state|replace('a', 'bbbb') }}") for number in range(3)]
    empty = field("lead.b", "{{ email }}", required=True)
    with pytest.raises(RenderError, match="the body is larger than 256 KiB"):
        body_of({"state": "a" * 25_000}, encoding, *large, empty)


def test_fields_whose_lists_are_too_large_together_end_before_the_next():
    value = "{{ {'l': state|replace('a', 'bbbb')|split('c')}|default('') }}"
    large = [field(f"a{number}", value) for number in range(3)]
    empty = field("b", "{{ email }}", required=True)
    with pytest.raises(RenderError, match="the body is larger than 256 KiB"):
        body_of({"state": "aaaac" * 6_000}, "json", *large, empty)


DOCUMENT = '{"name": "{{ first_name }}", "key": "{{ secrets.key }}"}'


def test_parameter_that_is_json_keeps_its_shape_whatever_the_data():
    request = render_request(
        NASTY,
        query=[field("q", DOCUMENT, value_encoding="json")],
        body={
            "encoding": "form",
            "fields": [
                field("f", DOCUMENT, value_encoding="json"),
                field("x", "<a b='{{ first_name }}'>{{ first_name }}</a>", value_encoding="xml"),
            ],
        },
        secrets={"key": "s3c&ret"},
    )
    expected = {"name": NASTY["first_name"], "key": "s3c&ret"}
    assert json.loads(parse_qs(urlsplit(request.url).query)["q"][0]) == expected
    form = parse_qs(request.body.decode())
    assert json.loads(form["f"][0]) == expected
    element = etree.fromstring(form["x"][0])
    assert (element.text, element.get("b")) == (NASTY["first_name"],) * 2
    assert "s3c" not in request.shown.url + request.shown.body
    assert "••••" in request.shown.url
    assert "••••" in request.shown.body


def test_document_stands_inside_xml_and_json_as_text():
    xml = body_of(NASTY, "xml", field("lead.data", '["{{ first_name }}"]', value_encoding="json"))
    assert json.loads(etree.fromstring(xml.encode()).findtext("data")) == [NASTY["first_name"]]
    nested = body_of(NASTY, "json", field("data", "<a>{{ first_name }}</a>", value_encoding="xml"))
    assert etree.fromstring(json.loads(nested)["data"]).text == NASTY["first_name"]


@pytest.mark.parametrize(
    ("value", "encoding", "code"),
    [
        ('{"a": }', "json", "body_not_json"),
        ("<a>", "xml", "body_not_xml"),
        ("{{ x }}", "json", "template_name"),
    ],
)
def test_parameter_that_is_no_document_is_refused_at_save(value, encoding, code):
    config = make_config(query=[field("q", value, value_encoding=encoding)])
    assert [(one.pointer, one.code) for one in check_config(config)] == [("/query/0/value", code)]


def test_xml_fields_write_attributes_text_and_namespaces():
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    text = body_of(
        NASTY,
        "xml",
        field("soap:Envelope.@xmlns:soap", soap),
        field("soap:Envelope.soap:Body.lead.@source", "{{ first_name }}"),
        field("soap:Envelope.soap:Body.lead.field[].@name", "email"),
        field("soap:Envelope.soap:Body.lead.field[].#text", "{{ email }}"),
        field("soap:Envelope.soap:Body.lead.field[].@name", "name"),
        field("soap:Envelope.soap:Body.lead.field[].#text", "{{ first_name }}"),
    )
    root = etree.fromstring(text.encode())
    assert root.tag == f"{{{soap}}}Envelope"
    lead = root.find(f"{{{soap}}}Body/lead")
    assert lead.get("source") == NASTY["first_name"]
    assert [(one.get("name"), one.text) for one in lead] == [
        ("email", NASTY["email"]),
        ("name", NASTY["first_name"]),
    ]


@pytest.mark.parametrize(
    ("names", "pointer"),
    [
        (["@a"], "/body/fields/0/name"),
        (["#text"], "/body/fields/0/name"),
        (["a.@b.c"], "/body/fields/0/name"),
        (["a.@b[]"], "/body/fields/0/name"),
        (["a.b c"], "/body/fields/0/name"),
        (["a.@b>"], "/body/fields/0/name"),
        (["no:a.b"], "/body/fields"),
    ],
)
def test_xml_names_that_cannot_be_are_refused(names, pointer):
    body = {"encoding": "xml", "fields": [field(name, "x") for name in names]}
    assert [problem.pointer for problem in check_config(make_config(body=body))] == [pointer]


def test_form_fields_may_repeat_and_nest():
    text = body_of(
        NASTY,
        "form",
        field("tags[]", "a"),
        field("tags[]", "b"),
        field("contact[email]", "{{ email }}"),
        field("field[%NAME%,0]", "{{ first_name }}"),
    )
    assert parse_qsl(text) == [
        ("tags[]", "a"),
        ("tags[]", "b"),
        ("contact[email]", NASTY["email"]),
        ("field[%NAME%,0]", NASTY["first_name"]),
    ]


def test_json_fields_may_have_names_of_any_characters():
    text = body_of(NASTY, "json", field("@type", "Lead"), field("$set.$email", "{{ email }}"))
    assert json.loads(text) == {"@type": "Lead", "$set": {"$email": NASTY["email"]}}


@pytest.mark.parametrize(
    ("template", "sent"),
    [
        ('[{"Email": "{{ email }}"}]', [{"Email": NASTY["email"]}]),
        ('"{{ first_name }}"', NASTY["first_name"]),
        ("{{ first_name|tojson }}", NASTY["first_name"]),
        ("{}", {}),
        ("[]", []),
        ("{{ test }}", False),
    ],
)
def test_json_body_may_be_any_value(template, sent):
    assert json.loads(render_body("json", template, NASTY)) == sent


def test_json_may_stand_in_a_text_of_json():
    template = '{"values": "{{ {"name": first_name}|tojson ~ "" }}"}'
    values = json.loads(render_body("json", template, NASTY))["values"]
    assert json.loads(values) == {"name": NASTY["first_name"]}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_any_method_may_go_without_a_body(method):
    request = render_request(
        NASTY, method=method, url=URL + "/{{ email }}", body={"encoding": "none"}
    )
    assert (request.method, request.body) == (method, b"")
    assert request.url == URL + "/ada%2B1%40example.com"
    assert "Content-Type" not in dict(request.headers)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_patch_and_delete_may_have_a_body(method):
    request = render_request(NASTY, method=method, body={"template": '{"email": "{{ email }}"}'})
    assert json.loads(request.body) == {"email": NASTY["email"]}


def test_xml_body_may_be_a_fragment():
    template = '<lead id="1">{{ first_name }}</lead>\n<source/>'
    root = etree.fromstring(f"<x>{render_body('xml', template, NASTY)}</x>")
    assert [(one.tag, one.text) for one in root] == [
        ("lead", NASTY["first_name"]),
        ("source", None),
    ]


@pytest.mark.parametrize("template", ["<a/>text", "text", "<a/></fragment><fragment>", "<a/><b>"])
def test_xml_body_that_is_neither_document_nor_fragment_is_not_sent(template):
    with pytest.raises(RenderError) as raised:
        render_body("xml", template)
    assert raised.value.code == "body_not_xml"


def test_credential_stands_in_a_form_field_and_in_xml():
    form = render_request(
        body={"encoding": "form", "fields": [field("key", "{{ secrets.key }}")]},
        secrets={"key": "a&b"},
    )
    assert (form.body, form.shown.body) == (b"key=a%26b", "key=••••")
    xml = render_request(
        body={"encoding": "xml", "template": "<a key='{{ secrets.key }}'/>"},
        secrets={"key": "a&b"},
    )
    assert (xml.body, xml.shown.body) == (b"<a key='a&amp;b'/>", "<a key='••••'/>")


def test_backslash_makes_a_dot_or_bracket_part_of_the_name():
    sources = [
        field(r"custom\.score", "1"),
        field(r"custom\.list[].owner@odata\.bind", "2"),
        field(r"fields\[NAME\]", "3"),
        field(r"back\slash", "4"),
    ]
    assert json.loads(body_of({}, "json", *sources)) == {
        "custom.score": "1",
        "custom.list": [{"owner@odata.bind": "2"}],
        "fields[NAME]": "3",
        r"back\slash": "4",
    }
    assert body_of({}, "xml", field(r"Lead.Home\.Phone", "5")).endswith(
        "<Lead><Home.Phone>5</Home.Phone></Lead>"
    )


def test_number_or_truth_keeps_its_type_in_json_and_is_text_elsewhere():
    sources = [field("a", 3), field("b", True), field("c", -1.5), field("d", "3")]
    assert json.loads(body_of({}, "json", *sources)) == {"a": 3, "b": True, "c": -1.5, "d": "3"}
    assert body_of({}, "form", *sources) == "a=3&b=true&c=-1.5&d=3"


def parts_of(sent):
    """Parse a multipart body as receivers do."""
    content_type = dict(sent.headers)["Content-Type"]
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + sent.body)
    return [
        (part.get_param("name", header="content-disposition"), part.get_payload(decode=True))
        for part in message.iter_parts()
    ]


def test_multipart_carries_every_value_as_it_is():
    sources = [
        field("first name", "{{ first_name }}"),
        field("tags[]", "a"),
        field("tags[]", 7),
        field("note", "{{ state }}", empty="omit"),
        field("data", '{"mail": "{{ email }}"}', value_encoding="json"),
    ]
    sent = render_request(NASTY, body={"encoding": "multipart", "fields": sources})
    assert parts_of(sent) == [
        ("first name", NASTY["first_name"].encode()),
        ("tags[]", b"a"),
        ("tags[]", b"7"),
        ("data", b'{"mail": "ada+1@example.com"}'),
    ]
    assert sent.body.endswith(b"--\r\n")


def test_multipart_has_another_boundary_each_time():
    body = {"encoding": "multipart", "fields": [field("a", "{{ email }}")]}
    first, second = (
        render_request(context=make_context({}, delivery_id=name), body=body) for name in "ab"
    )
    assert first.body != second.body


@pytest.mark.parametrize("more", [{"template": "a=b"}, {"content_type": "multipart/mixed"}])
def test_multipart_is_written_as_fields_alone(more):
    with pytest.raises(ValueError, match="multipart is written as fields"):
        make_config(body={"encoding": "multipart"} | more)
