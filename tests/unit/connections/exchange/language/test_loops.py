"""Loops in templates: what they go over, what stands in them, and what their rounds cost."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.exchange.language import TemplateRefused
from connections.exchange.language.dialects import FORM, HEADER, JSON, TEXT, XML
from connections.exchange.problems import RenderError
from connections.exchange.rendering import check_config
from tests.unit.connections.exchange.examples import fields, make_config, render_request
from tests.unit.connections.exchange.language.templates import compiled, make_scope, rendered


def refusal(source, dialect=TEXT):
    with pytest.raises(TemplateRefused) as raised:
        compiled(source, dialect)
    return raised.value


@pytest.mark.parametrize(
    ("source", "attributes", "text"),
    [
        ("{% for x in [1, email] %}<{{ x }}>{% endfor %}", {"email": "a"}, "<1><a>"),
        ("{% for x in (1, 2) %}{{ x }}{% endfor %}", {}, "12"),
        ("{% for x in state|split(';') %}{{ x }}.{% endfor %}", {"state": "a; b"}, "a.b."),
        ("{% for x in state|split(';') %}{{ x }}{% else %}none{% endfor %}", {}, "none"),
        ("{% for x in state|split(';') %}{{ x }}{% else %}none{% endfor %}", {"state": "a"}, "a"),
        ("{% set l = [1, 2] %}{% for x in l %}{{ x }}{% endfor %}{{ l|length }}", {}, "122"),
        ("{% for x in [1, 2, 3] if x > 1 %}{{ x }}{% endfor %}", {}, "23"),
        ("{% for x in [1] if x > 1 %}{{ x }}{% else %}none{% endfor %}", {}, "none"),
        ('{% for n, v in [["e", email], ["s", state]] if v %}{{ n }}={{ v }}&{% endfor %}',
         {"state": "NY"}, "s=NY&"),
        ("{% for x in [[1, 2], [3]] %}{% for y in x %}{{ y }}{% endfor %};{% endfor %}", {},
         "12;3;"),
        ("{% set n = 'n' %}{% for x in [1, 2] %}{{ n }}{{ x }}{% endfor %}", {}, "n1n2"),
        ("{% for x in [1, 2] %}{% if x == 1 %}one{% else %}{{ x }}{% endif %}{% endfor %}", {},
         "one2"),
        ("{% for x in [1] %}{% endfor %}{% for x in [2] %}{{ x }}{% endfor %}", {}, "2"),
    ],
)  # fmt: skip
def test_loop_prints_its_rounds(source, attributes, text):
    assert rendered(source, attributes).sent == text


@pytest.mark.parametrize(
    ("member", "text"),
    [
        ("index", "1 2 3 "),
        ("index0", "0 1 2 "),
        ("first", "true false false "),
        ("last", "false false true "),
        ("length", "3 3 3 "),
        ("revindex", "3 2 1 "),
        ("revindex0", "2 1 0 "),
    ],
)
@pytest.mark.parametrize("entries", ["[7, 8, 9]", "[7, 8, 1, 9] if x > 1", "'7,8,9'|split(',')"])
def test_loop_knows_where_it_is(member, text, entries):
    source = f"{{% for x in {entries} %}}{{{{ loop.{member} }}}} {{% endfor %}}"
    assert rendered(source).sent == text


def test_loop_in_a_loop_has_places_of_its_own():
    source = (
        "{% for x in [1, 2] %}{{ loop.index }}"
        "{% for y in [loop.index, 5] if y == 5 or x == 1 %}{{ loop.index }}{{ y }}"
        "{% endfor %}{% for y in [] %}{% else %}e{{ loop.index }}{% endfor %}{{ loop.index }};"
        "{% endfor %}"
    )
    assert rendered(source).sent == "11125e11;215e22;"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% for email in [1] %}{{ email }}{% endfor %}{{ email }}", "1a"),
        ("{% set x = 's' %}{% for x in [1] %}{{ x }}{% endfor %}{{ x }}", "1s"),
        ("{% for x in [[1], [2]] %}{% for x in x %}{{ x }}{% endfor %}{{ x|length }}{% endfor %}",
         "1121"),
        ("{% for x in [1] %}{% for y in [2] %}{{ x }}{{ y }}{% endfor %}{% endfor %}", "12"),
        ("{% for email in [1] if email %}{{ email }}{% else %}{{ email }}{% endfor %}", "1"),
        ("{% for email in [] %}{{ email }}{% else %}{{ email }}{% endfor %}", "a"),
    ],
)  # fmt: skip
def test_name_of_a_loop_is_there_only_in_its_rounds(source, text):
    assert rendered(source, {"email": "a"}).sent == text


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{% for x in [1] %}{% endfor %}{{ x }}", 'there is no attribute called "x"'),
        ("{% for x in [1] %}{% else %}{{ x }}{% endfor %}", 'there is no attribute called "x"'),
        ("{% for x in [x] %}{% endfor %}", 'there is no attribute called "x"'),
        ("{% for x in [1] recursive %}{% endfor %}", "a loop cannot be recursive"),
        ("{% for x, (y, z) in [] %}{% endfor %}", "a loop takes an entry apart once"),
        ("{% for () in [[]] %}{% endfor %}", "there is no name between the brackets"),
        ("{% for x in [1] %}{{ loop(x) }}{% endfor %}", "calls are not available"),
        ("{% for x in [1] %}{{ loop.cycle(1) }}{% endfor %}", "calls are not available"),
        ("{% for x in [1] %}{{ loop.cycle }}{% endfor %}", "there is no loop.cycle: use index,"),
        ("{% for x in [1] %}{{ loop.previtem }}{% endfor %}", "there is no loop.previtem"),
        ("{% for x in [1] %}{{ loop.depth }}{% endfor %}", "there is no loop.depth"),
        ("{% for x in [1] %}{{ loop.__class__ }}{% endfor %}", "there is no loop.__class__"),
        ("{% for x in [1] %}{{ loop.index.real }}{% endfor %}", "nothing has a part called .real"),
        ("{% for x in [1] %}{{ loop['index'] }}{% endfor %}", "square brackets"),
        ("{% for x in [1] %}{{ loop }}{% endfor %}", "loop cannot be used whole: write loop.index"),
        ("{% for x in [1] %}{% for y in loop %}{% endfor %}{% endfor %}", "used whole"),
        ("{{ loop }}", "loop cannot be used whole"),
        ("{{ loop.index }}", "loop.… is there only inside a loop"),
        ("{% for x in [1] %}{% else %}{{ loop.index }}{% endfor %}", "only inside a loop"),
        ("{% for x in [loop.index] %}{% endfor %}", "only inside a loop"),
        ("{% for x in [1] if loop.first %}{% endfor %}", "not known before a round begins"),
        ("{% for loop in [1] %}{% endfor %}", "loop means something else in templates"),
        ("{% for secrets in [1] %}{% endfor %}", "secrets means something else in templates"),
        ("{% for _x in [1] %}{% endfor %}", "a name is letters, digits and _"),
        (
            f"{'{% for x in [1] %}' * 2}\n{{% for x in [1] %}}{'{% endfor %}' * 3}",
            "line 2, column 4: loops are nested more than 2 deep",
        ),
        ("{% for x in range(9) %}{% endfor %}", "calls are not available"),
        ("{% for x in email.items %}{% endfor %}", "nothing has a part called .items"),
        ("{% for x in [1] %}{% break %}{% endfor %}", "this tag is not available"),
        ("{% for x in [secrets.crm_key] %}{% endfor %}", "a secret can only be printed: a loop"),
        ("{% for x in secrets.crm_key|split(',') %}{% endfor %}", "a secret can only be printed"),
        ("{% for x in [1] if x == secrets.k %}{% endfor %}", "a secret can only be printed: an if"),
    ],
)  # fmt: skip
def test_loop_outside_the_language_is_refused(source, sentence):
    assert sentence in str(refusal(source))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            "\n{% for x in email %}{% endfor %}",
            'this is not a list: write |split(",") after a text',
        ),
        ("\n{% for x in state %}{% endfor %}", "this is not a list"),
        ("\n{% for x in {'a': 1} %}{% endfor %}", "this is not a list"),
        ("\n{% for x in [email]|tojson %}{% endfor %}", "this is not a list"),
        ("\n{% for x, y in ['ab'] %}{% endfor %}", "the entries of this list are not lists of 2"),
        ("\n{% for x, y in [[1]] %}{% endfor %}", "the entries of this list are not lists of 2"),
    ],
)
def test_what_is_not_a_list_is_an_error_with_its_line(source, sentence):
    with pytest.raises(RenderError) as raised:
        rendered(source, {"email": "a@b.c"})
    assert (raised.value.code, raised.value.line) == ("not_a_list", 2)
    assert sentence in raised.value.detail


def test_loop_over_an_attribute_is_found_when_it_is_saved():
    source = "{% for x in email %}{{ x }}{% endfor %}"
    [problem] = check_config(make_config(body={"encoding": "text", "template": source}))
    assert (problem.pointer, problem.code) == ("/body/template", "not_a_list")


# What rounds cost


PADDED_NUMBER = "04915" + " " * 239 + "70156"


def test_custom_field_that_is_called_loop_stands_outside_of_loops():
    source = "{{ loop }}{% for x in [loop, 1] %}{{ x }}{{ loop.index }}{% endfor %}"
    scope = make_scope(custom={"loop": "a"})
    assert compiled(source, custom=["loop"]).render(scope, limit=10).sent == "aa112"


def test_custom_field_that_is_called_loop_is_not_reached_in_a_loop():
    with pytest.raises(TemplateRefused, match="loop cannot be used whole"):
        compiled("{% for x in [1] %}{{ loop }}{% endfor %}", custom=["loop"])


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in LIST %}{% for b in LIST %}{% endfor %}{% endfor %}",
        "{% for a in LIST %}{% for b in LIST if a == b %}{{ b }}{% endfor %}{% endfor %}",
        "{% for a in LIST %}{% for b in LIST %}{{ a|e164('AU')|first(1) }}{% endfor %}{% endfor %}",
        "{% set l = LIST %}{% for a in l %}{% for b in l %}{% for_not %}{% endfor %}{% endfor %}",
        "{% for a in LIST %}{{ (a ~ email ~ email)|first(1) }}{% endfor %}",
        "{% for a in LIST %}{% if a in email %}{% endif %}{% endfor %}",
        "{% for a in LIST %}{% if a in LIST %}{% endif %}{% endfor %}",
        "{% for a in LIST if email == email ~ a %}{% endfor %}",
        "{% for a in LIST if email|replace('a', 'bbbbbbbb') < a %}{% endfor %}",
        "{% for a in LIST %}{% for b in [LIST] %}{% if b == a %}{% endif %}{% endfor %}{% endfor %}",
        "{% for a in LIST %}{{ email|title|first(1) }}{% endfor %}",
        "{% for a in LIST %}{{ state|title|first(1) }}{% endfor %}",
        "{% for a in LIST %}{% if mobile_number|e164('AU') %}{% endif %}{% endfor %}",
        "{% for a in LIST %}{% if [email, email, email]|tojson %}{% endif %}{% endfor %}",
        "{% for a in LIST %}{% if {'a': email, 'b': email}|tojson %}{% endif %}{% endfor %}",
        "{% for a in LIST %}{{ 1 if email ~ email ~ email }}{% endfor %}",
        "{% for a in LIST %}{{ [a, a, a, a, a, a, a, a, a]|tojson|length }}{% endfor %}" * 2,
    ],
)  # fmt: skip
def test_loop_that_does_much_is_stopped_soon(source):
    source = source.replace("LIST", "ad_response|split(',')").replace("{% for_not %}", "")
    attributes = {"ad_response": "0491570156," * 1_480, "email": "a" * 16_384}
    attributes |= {"state": "ŉ " * 8_192, "mobile_number": PADDED_NUMBER}
    template = compiled(source)
    scope = make_scope(attributes)
    began = time.process_time()
    with pytest.raises(RenderError) as raised:
        template.render(scope, limit=262_144)
    assert time.process_time() - began < 0.6
    assert (raised.value.code, raised.value.line) == ("too_large", 1)
    assert "fewer rounds of loops" in raised.value.detail


@pytest.mark.parametrize(
    ("source", "value", "rounds"),
    [
        ("{% if email|e164('AU') %}{% endif %}", PADDED_NUMBER, 66),
        ("{% if email|e164('AU') %}{% endif %}", "0491570156", 6_000),
        ("{% if email|title %}{% endif %}", "é " * 8_192, 84),
    ],
)
def test_dear_filter_has_as_many_rounds_as_its_time_allows(source, value, rounds):
    template = compiled(f"{{% for x in ad_response|split(',') %}}{source}{{% endfor %}}")
    template.render(make_scope({"email": value, "ad_response": "a," * rounds}), limit=10)
    scope = make_scope({"email": value, "ad_response": "a," * (rounds + rounds // 4)})
    with pytest.raises(RenderError, match="fewer rounds of loops"):
        template.render(scope, limit=10)


def test_loop_that_prints_much_ends_at_the_limit():
    source = "{% for x in [1, 2, 3] %}{{ email }}{% endfor %}"
    with pytest.raises(RenderError) as raised:
        rendered(source, {"email": "x" * 4_000})
    assert "is longer than 10,000 characters" in raised.value.detail


def test_rounds_of_all_templates_of_a_request_count_together():
    source = "{% for x in ad_response|split(',') %}{{ x|lower|upper|first(1) }}{% endfor %}"
    scope = make_scope({"ad_response": "a," * 1_000})
    template = compiled(source)
    for _ in range(5):
        template.render(scope, limit=10_000)
    with pytest.raises(RenderError, match="fewer rounds of loops"):
        template.render(scope, limit=10_000)


def test_loop_of_the_size_that_is_wanted_has_room():
    source = (
        '[{% for x in ad_response|split(",") %}{"name": {{ x|title|tojson }}, "n": {{ loop.index }},'
        ' "at": {{ now|date("epoch") }}, "of": "{{ campaign.name|lower }}"}'
        "{% if not loop.last %},{% endif %}{% endfor %}]"
    )
    attributes = {"ad_response": ",".join(["answer"] * 500)}
    assert len(json.loads(rendered(source, attributes, JSON, limit=100_000).sent)) == 500


# Escaping

HOSTILE = '"},{"admin":true,\\<b>&\'#%'


def test_loop_in_json_escapes_what_it_prints():
    source = (
        '{"tags": [{% for x in ad_response|split(",") %}"{{ x }}"{% if not loop.last %}, '
        '{% endif %}{% endfor %}], "fields": { {% for n, v in [["a", email], ["b", state]] %}'
        '"{{ n }}": {{ v|tojson }}{% if not loop.last %},{% endif %}{% endfor %} } }'
    )
    attributes = {"ad_response": HOSTILE.replace(",", ";") + ",b", "email": HOSTILE}
    document = json.loads(rendered(source, attributes, JSON).sent)
    assert document == {
        "tags": [HOSTILE.replace(",", ";"), "b"],
        "fields": {"a": HOSTILE, "b": None},
    }


@pytest.mark.parametrize(
    ("dialect", "body", "text"),
    [
        (XML, "<t a='{{ x }}'>{{ x }}</t>", "<t a='&lt;&amp;'>&lt;&amp;</t><t a='b'>b</t>"),
        (XML, "<![CDATA[{{ x }}]]>", "<![CDATA[]]>&lt;&amp;<![CDATA[]]><![CDATA[b]]>"),
        (FORM, "t[]={{ x }}&", "t[]=%3C%26&t[]=b&"),
        (HEADER, "{{ x }} ", "<& b "),
    ],
)
def test_loop_escapes_for_where_it_stands(dialect, body, text):
    source = f"{{% for x in ad_response|split(',') %}}{body}{{% endfor %}}"
    assert rendered(source, {"ad_response": "<&,b"}, dialect).sent == text


def test_loop_in_a_header_prints_no_line_break():
    source = "{% for x in [email] %}{{ x }}{% endfor %}"
    with pytest.raises(RenderError) as raised:
        rendered(source, {"email": "a\r\nX-Evil: 1"}, HEADER)
    assert raised.value.code == "not_a_header_value"


@given(st.lists(st.text(max_size=8).map(lambda text: text.replace(",", "")), max_size=4))
def test_any_values_of_a_loop_stay_values_in_json(parts):
    source = (
        '[{% for x in ad_response|split(",") %}"{{ x }}"{% if not loop.last %},{% endif %}'
        "{% endfor %}]"
    )
    expected = [part.strip() for part in parts if part.strip()]
    printed = rendered(source, {"ad_response": ",".join(parts)}, JSON).sent
    assert json.loads(printed) == expected


@pytest.mark.parametrize(
    ("dialect", "source"),
    [
        (JSON, '["{% for x in [1] %}{{ x }}"{% endfor %}]'),
        (JSON, '[{% for x in [1] %}"{{ x }}{% endfor %}]'),
        (JSON, '[{% for x in [] %}1{% else %}"{% endfor %}"]'),
        (JSON, '["{% for x in [1] %}\\{% endfor %}n"]'),
        (JSON, '[{% for x in [1] %}{% for y in [1] %}"{% endfor %}{% endfor %}]'),
        (XML, "<a{% for x in [1] %} b='{{ x }}'>{% endfor %}</a>"),
        (XML, "<a>{% for x in [1] %}<!-- {% endfor %} --></a>"),
    ],
)
def test_round_that_ends_at_another_place_than_it_begins_is_refused(dialect, source):
    refused = refusal(source, dialect)
    assert refused.code == "template_place"
    assert "a round of this loop ends at another place than it begins" in refused.detail


def test_place_in_a_loop_that_no_value_can_have_is_found_with_its_column():
    refused = refusal('[{% for x in [1] %}"{{ x|tojson }}"{% endfor %}]', JSON)
    assert (refused.line, refused.column) == (1, 21)


def test_loop_works_in_every_place_of_a_request():
    loop = "{% for x in state|split(',') %}{{ x }}-{% endfor %}"
    prepared = render_request(
        {"state": "a,b"},
        url=f"https://a.example/{loop}",
        query=[{"name": "q", "value": loop}],
        headers=[{"name": "X-E", "value": loop}],
        authorization={"type": "bearer", "token": loop},
        body=fields(("a", loop), ("b", "{{ state|split(',') }}")),
    )
    assert prepared.url == "https://a.example/a-b-?q=a-b-"
    assert {("X-E", "a-b-"), ("Authorization", "Bearer a-b-")} <= set(prepared.headers)
    assert prepared.body == b'{"a":"a-b-","b":["a","b"]}'
