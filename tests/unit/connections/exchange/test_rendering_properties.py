"""No value of an attribute can break out of the place where a template prints it."""

import json
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from connections.exchange.rendering import RenderError
from tests.unit.connections.exchange.examples import render_body, render_request

HOSTILE = (
    '"', "'", "\\", '\\"', "\n", "\r\n", "\t", "\x00", "\x1b", "\x7f", "\u2028", "\ud800", "🦆",
    "{{", "{{ age }}", "{% raw %}", "}}", "</a>", "]]>", "<![CDATA[", "<!--", "&amp;", "&", "=",
    "#", "?", "/", "..", ";", "+", "%", "%00", "null", "true", "1e5",
)  # fmt: skip
LONG = ("x" * 10_000, '"' * 10_000)

values = st.lists(
    st.sampled_from(HOSTILE) | st.text(st.characters(), max_size=20), min_size=1, max_size=6
).map("".join)
pairs = st.tuples(values, values)


def hostile(test):
    """Run a test with two values, each of which may be anything."""
    for value in (*HOSTILE, *LONG):
        test = example((value, "]>"))(test)
    return settings(max_examples=60, deadline=None)(given(pairs)(test))


def named(pair):
    return {"first_name": pair[0], "last_name": pair[1]}


def is_unicode(pair):
    return not any("\ud800" <= character <= "\udfff" for value in pair for character in value)


def is_xml(pair):
    return is_unicode(pair) and all(
        character in "\t\n\r" or (character >= " " and character not in "\ufffe\uffff")
        for value in pair
        for character in value
    )


def is_header(pair):
    return all(" " <= character <= "~" for value in pair for character in value)


@hostile
def test_json_template_keeps_every_value_in_its_string(pair):
    template = (
        '{"a{{ first_name }}": "<{{ first_name }}|{{ last_name }}>", "b": {{ last_name|tojson }},'
        ' "c": {{ [first_name, {"d": last_name}]|tojson }}}'
    )
    if not is_unicode(pair):
        with pytest.raises(RenderError):
            render_body("json", template, named(pair))
        return
    first, last = pair
    body = render_body("json", template, named(pair))
    assert json.loads(body) == {
        f"a{first}": f"<{first}|{last}>",
        "b": last,
        "c": [first, {"d": last}],
    }


@hostile
def test_json_value_without_quotes_is_a_number_a_word_or_an_error(pair):
    try:
        body = render_body("json", '{"a": {{ first_name }}, "b": 1}', named(pair))
    except RenderError:
        return
    parsed = json.loads(body)
    assert list(parsed) == ["a", "b"]
    assert parsed["a"] is None or isinstance(parsed["a"], bool | int | float)


@hostile
def test_form_template_keeps_every_value_in_its_parameter(pair):
    template = "a={{ first_name }}&b=x{{ last_name }}{{ first_name|urlencode }}"
    if not is_unicode(pair):
        with pytest.raises(RenderError):
            render_body("form", template, named(pair))
        return
    first, last = pair
    body = render_body("form", template, named(pair))
    assert parse_qsl(body, keep_blank_values=True, strict_parsing=True) == [
        ("a", first),
        ("b", f"x{last}{first}"),
    ]


@hostile
def test_xml_template_keeps_every_value_in_its_text_or_attribute(pair):
    template = (
        """<l a="{{ first_name }}" b='{{ last_name }}'>{{ first_name }}{{ last_name|e }}"""
        "<c><![CDATA[{{ first_name }}{{ last_name }}]]></c></l>"
    )
    if not is_xml(pair):
        with pytest.raises(RenderError):
            render_body("xml", template, named(pair))
        return
    first, last = pair
    root = etree.fromstring(render_body("xml", template, named(pair)).encode())
    assert dict(root.attrib) == {"a": first, "b": last}
    assert (root.text or "") == first + last
    assert [child.tag for child in root] == ["c"]
    assert (root[0].text or "") == first + last


@hostile
def test_text_template_sends_every_value_as_it_is(pair):
    template = "<{{ first_name }}> {{ last_name }}"
    if not is_unicode(pair):
        with pytest.raises(RenderError):
            render_body("text", template, named(pair))
        return
    assert render_body("text", template, named(pair)) == f"<{pair[0]}> {pair[1]}"


@hostile
def test_url_keeps_every_value_in_its_segment_and_parameter(pair):
    url = "https://api.example.com/a/x{{ first_name }}/b?c={{ last_name }}"
    query = [{"name": "d", "value": "{{ first_name }}"}]
    first, last = pair
    try:
        request = render_request(named(pair), url=url, query=query)
    except RenderError as error:
        if error.code != "too_large":
            assert not is_unicode(pair)
        return
    parts = urlsplit(request.url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "api.example.com", "")
    assert [unquote(segment) for segment in parts.path.split("/")] == ["", "a", f"x{first}", "b"]
    assert parse_qsl(parts.query, keep_blank_values=True) == [("c", last), ("d", first)]


@hostile
def test_header_holds_a_printable_line_or_is_refused(pair):
    headers = [{"name": "X-Name", "value": "n={{ first_name }};{{ last_name }}"}]
    try:
        request = render_request(named(pair), headers=headers)
    except RenderError as error:
        if error.code != "too_large":
            assert not is_header(pair)
        return
    assert is_header(pair)
    assert request.headers[0] == ("X-Name", f"n={pair[0]};{pair[1]}".strip())


@hostile
def test_json_fields_keep_every_value(pair):
    body = {
        "encoding": "json",
        "fields": [
            {"name": "a.b", "value": "{{ first_name }}"},
            {"name": "c[]", "value": "<{{ last_name }}>"},
        ],
    }
    if not is_unicode(pair):
        with pytest.raises(RenderError):
            render_request(named(pair), body=body)
        return
    first, last = pair
    assert json.loads(render_request(named(pair), body=body).body) == {
        "a": {"b": first},
        "c": [f"<{last}>"],
    }


@hostile
def test_xml_and_text_fields_keep_every_value(pair):
    fields = [
        {"name": "l.a", "value": "<{{ first_name }}"},
        {"name": "l.b", "value": "{{ last_name }}"},
    ]
    if not is_xml(pair):
        with pytest.raises(RenderError):
            render_request(named(pair), body={"encoding": "xml", "fields": fields})
        return
    xml = render_request(named(pair), body={"encoding": "xml", "fields": fields})
    root = etree.fromstring(xml.body)
    assert [(child.tag, child.text or "") for child in root] == [
        ("a", f"<{pair[0]}"),
        ("b", pair[1]),
    ]
    text = render_request(named(pair), body={"encoding": "text", "fields": fields})
    assert len(text.body.decode().splitlines()) == 2
