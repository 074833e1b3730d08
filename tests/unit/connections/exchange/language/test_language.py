"""What templates may say, what filters do, and how a value is written where it stands."""

import re
import time
from decimal import Decimal

import pytest

from connections.exchange.language import TemplateRefused
from connections.exchange.language.dialects import (
    ELEMENT,
    FORM,
    HEADER,
    JSON,
    PARAMETER,
    TEXT,
    URL,
    XML,
)
from connections.exchange.problems import RenderError
from referral_export.environment import CHECKOUT
from tests.unit.connections.exchange.language.templates import compiled, rendered


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{{ frist_name }}", 'there is no attribute called "frist_name". Did you mean first_name?'),
        (
            "\n\n\n{{ emial }}",
            'line 4, column 4: there is no attribute called "emial". Did you mean email?',
        ),
        ("{{ variables.lst_id }}", "add it under Variables. Did you mean list_id?"),
        ("{{ campaign.nam }}", "there is no campaign.nam. Did you mean name?"),
        ("{{ campaign }}", "campaign cannot be used whole: write campaign.id"),
        ("{{ variables }}", "write variables.list_id"),
        ("{{ secrets }}", "write secrets.name"),
        ("{{ secrets.__class__ }}", "names of secrets"),
        ("{{ email.upper }}", "nothing has a part called .upper"),
        ("{{ campaign.name.x }}", "nothing has a part called .x"),
        ("{{ emаil }}", "there is no attribute"),  # a Cyrillic letter
        ("{{ email.upper() }}", "calls are not available"),
        ("{{ email['upper'] }}", "square brackets are not available"),
        ("{{ 'a' * 9 }}", "arithmetic is not available"),
        ("{{ 2 ** 9 }}", "arithmetic is not available"),
        ("{{ -age }}", "arithmetic is not available"),
        ("{{ email[1:] }}", "square brackets are not available"),
        ("{% include 'x' %}", "this tag is not available"),
        ("{% extends 'x' %}", "this tag is not available"),
        ("{% import 'x' as y %}", "this tag is not available"),
        ("{% macro m() %}{% endmacro %}", "this tag is not available"),
        ("{% filter lower %}A{% endfilter %}", "this tag is not available"),
        ("{% with %}{% endwith %}", "this tag is not available"),
        ("{% block b %}{% endblock %}", "this tag is not available"),
        ("{% autoescape false %}{% endautoescape %}", "this tag is not available"),
        ("{% debug %}", "this tag is not available"),
        ("{{ email", "these braces are not closed"),
        ("a\n{{ email|nope }}", "line 2, column 10: there is no filter called nope"),
        ("{{ email|lowr }}", "Did you mean lower?"),
        ("{{ email|attr('x') }}", "there is no filter called attr"),
        ("{{ email|_text }}", "there is no filter called _text"),
        ("{{ email|lower(1) }}", "|lower takes no arguments"),
        ("{{ email|tojson(indent=9) }}", "takes its arguments without names"),
        ("{{ birth_date|date }}", "|date takes 1 to 2 in brackets"),
        ("{{ birth_date|date('%099999999Y') }}", "|date takes a format"),
        ("{{ birth_date|date(email) }}", "|date takes a format"),
        ("{{ email|replace('', 'x') }}", "|replace takes text in quotation marks"),
        ("{{ mobile_number|e164('Atlantis') }}", "|e164 takes a country"),
        ("{{ email is iterable }}", "there is no test called iterable"),
        ("{% if secrets.crm_key == 'a' %}{% endif %}", "a secret can only be printed"),
        ("{{ 9999999999999999 }}", "this number is too large"),
        ("{{ 1e999 }}", "this number is too large"),
        ("{{ [" + "email," * 101 + "]|tojson }}", "more than 100 parts"),
        ("{{ email" + " ~ email" * 100 + " }}", "more than 100 parts"),
        ("{{ {email: 1}|tojson }}", "names of an object in quotation marks"),
        ("a\x00b", "invisible control character"),
        ("x" * 65_537, "longer than 64 KiB"),
        ("{{ age }}" * 2_000, "too many parts"),
        ("{% if age %}" * 50 + "{% endif %}" * 50, "nested too deeply"),
        ("{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}", "nested too deeply"),
        ("{{ " + "not " * 1_500 + "age }}", "nested too deeply"),
        ("{{ a" + ".a" * 1_500 + " }}", "nested too deeply"),
        ("{{ " + "1" * 5_000 + " }}", "this number is too large"),
    ],
)
def test_template_outside_the_language_is_refused(source, sentence):
    began = time.perf_counter()
    with pytest.raises(TemplateRefused) as raised:
        compiled(source)
    assert sentence in str(raised.value)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("nope {{ nope }}", 1, 9),
        ("a\r\nb\rc {{ email }} {{ nope }}", 3, 18),
        ("a  \n  {{- email -}}  \n {{ nope }}", 3, 5),
        ("{# nope #}{% raw %}nope{% endraw %}{{ email|nope }}", 1, 45),
        ("{{ email if nope else age }}", 1, 13),
        ("{{ 'nope' ~ nope }}", 1, 13),
        ("{{\n  nope\n}}", 2, 3),
        ("{{ variables.nope }}", 1, 14),
        ("{{ age is nope }}", 1, 11),
        ("{% if age %}\n  {% for x in [1] recursive %}{% endfor %}{% endif %}", 2, 6),
        ("{{ age * 2 }}", 1, 8),
        ("{{ email[1:] }}", 1, 9),
        ("{{ email.upper() }}", 1, 15),
        ("{% include 'x' %}", 1, 4),
        ("{% set x = email %}{{ campaign.x }}", 1, 32),
        ("é\r\n\tb\x07", 2, 3),
    ],
)
def test_refusal_says_line_and_column(source, line, column):
    with pytest.raises(TemplateRefused) as raised:
        compiled(source)
    assert (raised.value.line, raised.value.column) == (line, column)


@pytest.mark.parametrize(
    ("dialect", "source", "line", "column"),
    [
        (JSON, '{"a": {{ email|tojson }}, "b": "{{ email|tojson }}"}', 1, 33),
        (JSON, '{% if age %}"{{ email }}"{% else %}\n "{{\nage|tojson }}"{% endif %}', 2, 3),
        (JSON, '{% raw %}{{ x }}{% endraw %}"\\{{ email }}"', 1, 31),
        (XML, "<a>{{ age }}</a>\n<b c={{ age }}/>", 2, 6),
        (XML, "{# {{ #}\n <a>{%- if age -%} <!-- {{ age }} -->{% endif %}</a>", 2, 25),
    ],
)
def test_refusal_of_a_place_says_line_and_column(dialect, source, line, column):
    with pytest.raises(TemplateRefused) as raised:
        compiled(source, dialect)
    assert (raised.value.line, raised.value.column) == (line, column)


@pytest.mark.parametrize(
    ("source", "attributes", "text"),
    [
        ("{{ email }}", {"email": "a@b.c"}, "a@b.c"),
        ("{{ email }}", {}, ""),
        ("{{ bid_price }}", {"bid_price": Decimal("2.50")}, "2.50"),
        ("{{ variables.list_id }} {{ campaign.name }}", {}, "a1b2 Spring & Summer"),
        ("{{ now }} {{ test }}", {}, "2026-11-23T13:00:00Z false"),
        ("{{ referral.occurred_at|date('%d/%m/%Y') }}", {}, "23/11/2026"),
        ("{{ birth_date|date('%d.%m.%y') }}", {"birth_date": "1991-11-27"}, "27.11.91"),
        ("{{ birth_date|date('%Y') }}", {}, ""),
        ("{{ email|default('none') }}", {}, "none"),
        ("{{ email|default('none') }}", {"email": "a@b.c"}, "a@b.c"),
        ("{{ age|default(1, true) }}", {"age": 0}, "1"),
        ("{{ email|trim|lower|md5 }}", {"email": " A@b.c "}, "5d60d4e28066df254d5452f92c910092"),
        ("{{ email|sha1 }}", {"email": "a"}, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ("{{ email|sha256|upper }}", {"email": ""}, ""),
        ("{{ last_name|title }}", {"last_name": "de la o'neil-smith"}, "De La O'neil-Smith"),
        ("{{ mobile_number|digits }}", {"mobile_number": "+61 (0) 4٣"}, "6104"),
        ("{{ mobile_number|e164('AU') }}", {"mobile_number": "0491 570 156"}, "+61491570156"),
        (
            "{{ mobile_number|e164 }}",
            {"mobile_number": "0491 570 156", "country": "australia"},
            "+61491570156",
        ),
        ("{{ mobile_number|e164 }}", {"mobile_number": "+61 491 570 156"}, "+61491570156"),
        ("{{ mobile_number|e164 }}", {}, ""),
        ("{{ email|replace('@', ' at ') }}", {"email": "a@b"}, "a at b"),
        ("{{ postal_code|int }}", {"postal_code": "007"}, "7"),
        ("{{ source|bool }}", {"source": "Yes"}, "true"),
        ("{{ 'adult' if age >= 18 else 'minor' }}", {"age": 18}, "adult"),
        ("{{ 'adult' if age >= 18 }}", {"age": 1}, ""),
        ("{% if email %}y{% else %}n{% endif %}", {}, "n"),
        ("{% if email is defined %}y{% else %}n{% endif %}", {}, "n"),
        ("{% if age == 1 %}a{% elif age == 2 %}b{% else %}c{% endif %}", {"age": 2}, "b"),
        ("{% if country in ('AU', 'NZ') and not test %}y{% endif %}", {"country": "NZ"}, "y"),
        ("{{ -1 }}", {}, "-1"),
        ("{{ email ~ '-' ~ age ~ first_name ~ test }}", {"email": "e", "age": 1}, "e-1false"),
        ("{# a note #}{% raw %}{{ as it is }}{% endraw %}", {}, "{{ as it is }}"),
        ("{{ email }}", {"email": "{{ age }}"}, "{{ age }}"),
    ],
)
def test_template_prints_values_and_filters(source, attributes, text):
    assert rendered(source, attributes).sent == text


@pytest.mark.parametrize(
    ("source", "attributes", "dialect", "code"),
    [
        ("{{ birth_date|date('%Y') }}", {"birth_date": "soon"}, TEXT, "not_a_date"),
        ("{{ mobile_number|e164 }}", {"mobile_number": "0491"}, TEXT, "not_a_telephone_number"),
        ("{{ postal_code|int }}", {"postal_code": "SW1"}, TEXT, "not_a_number"),
        ("{{ postal_code|int }}", {"postal_code": "1e999999"}, TEXT, "not_a_number"),
        ("{{ source|bool }}", {"source": "maybe"}, TEXT, "not_a_bool"),
        ("{{ [email]|lower }}", {}, TEXT, "not_text"),
        ("{{ email|default([age]) }}", {}, JSON, "not_text"),
        ("{{ age > 18 }}", {}, TEXT, "template_value"),
        ("{{ 'a' in email }}", {}, TEXT, "template_value"),
        ("{{ bid_price|tojson }}", {"bid_price": Decimal("NaN")}, JSON, "not_a_number"),
        ("{{ email }}", {"email": "x"}, JSON, "json_needs_quotes"),
        ("{{ email }}", {"email": "\x00"}, XML, "not_xml"),
        ("{{ email }}", {"email": "a\r\nX-Evil: 1"}, HEADER, "not_a_header_value"),
        ("{{ email }}", {"email": "zoë"}, HEADER, "not_a_header_value"),
        ("{{ email }}", {"email": "\ud800"}, URL, "not_unicode"),
        ("{{ email|md5 }}", {"email": "\ud800"}, TEXT, "not_unicode"),
        ("{{ email }}", {"email": "x" * 10_001}, TEXT, "too_large"),
        (
            "{{ email|replace('x', '" + "y" * 100 + "') }}",
            {"email": "x" * 9_999},
            TEXT,
            "too_large",
        ),
        ("{{ email" + " ~ email" * 40 + " }}", {"email": "x" * 9_999}, TEXT, "too_large"),
        ("{{ email" + "|tojson|lower" * 15 + " }}", {"email": '"' * 99}, TEXT, "too_large"),
        ("{{ [" + "email," * 90 + "]|tojson }}", {"email": "x" * 9_999}, TEXT, "too_large"),
    ],
)
def test_template_value_that_does_not_fit_is_an_error_with_its_place(
    source, attributes, dialect, code
):
    with pytest.raises(RenderError) as raised:
        rendered("{#\n#}" + source, attributes, dialect)
    assert (raised.value.code, raised.value.place) == (code, "/body/template")
    assert raised.value.line == (None if raised.value.detail.startswith("what this") else 2)


def test_template_error_does_not_quote_the_value():
    with pytest.raises(RenderError) as raised:
        rendered("{{ postal_code|int }}", {"postal_code": "private"})
    assert "private" not in raised.value.detail


@pytest.mark.parametrize(
    ("dialect", "source", "value", "text"),
    [
        (JSON, '{"a": "{{ email }}"}', 'x"\\\n', '{"a": "x\\"\\\\\\n"}'),
        (JSON, '{"a": {{ email|tojson }}}', 'x"', '{"a": "x\\""}'),
        (JSON, '{"a": {{ (email ~ "!")|tojson }}}', '"', '{"a": "\\"!"}'),
        (JSON, '{"a": {{ email }}}', None, '{"a": null}'),
        (JSON, '{"a": {{ email }}}', "12.5", '{"a": 12.5}'),
        (JSON, '{"a": {{ email }}}', 12, '{"a": 12}'),
        (JSON, '{"a": {{ email }}}', Decimal("1E+2"), '{"a": 100}'),
        (JSON, '{"a": {{ {"b": [email, true]}|tojson }}}', "x", '{"a": {"b":["x",true]}}'),
        (JSON, '{"a\\"": "{{ email }}"}', '"', '{"a\\"": "\\""}'),
        (JSON, '"{{ email|e }}"', '<"', '"&lt;&quot;"'),
        (JSON, '"{{ email|default(age|tojson) }}"', None, '"null"'),
        (XML, "<a>{{ email }}</a>", "<&>\"'", "<a>&lt;&amp;&gt;&quot;&#39;</a>"),
        (XML, "<a b='{{ email }}'/>", "'\n", "<a b='&#39;&#10;'/>"),
        (XML, '<a b="{{ email|e }}"/>', '"', '<a b="&quot;"/>'),
        (XML, "<![CDATA[{{ email }}]]>", "plain", "<![CDATA[plain]]>"),
        (XML, "<![CDATA[{{ email }}]]>", "]]>", "<![CDATA[]]>]]&gt;<![CDATA[]]>"),
        (ELEMENT, "a<{{ email }}", "&", "a&lt;&amp;"),
        (FORM, "a={{ email }}&\n  b=c d\n", "&=", "a=%26%3D&b=c%20d"),
        (FORM, "a={{ email|urlencode }}", "%", "a=%25"),
        (PARAMETER, "a&{{ email }}", "ö+", "a%26%C3%B6%2B"),
        (
            URL,
            "https://a.example/ö/{{ email }}?q={{ email }}",
            "/?",
            "https://a.example/%C3%B6/%2F%3F?q=%2F%3F",
        ),
        (HEADER, "Key {{ email }}", "a b", "Key a b"),
    ],
)
def test_template_writes_a_value_as_its_place_demands(dialect, source, value, text):
    assert rendered(source, {"email": value}, dialect).sent == text


@pytest.mark.parametrize(
    ("dialect", "source", "sentence"),
    [
        (JSON, '{"a": "{{ email|tojson }}"}', "|tojson brings its own quotation marks"),
        (JSON, '{"a": "\\{{ email }}"}', "right after a backslash"),
        (JSON, '{% if age %}"{% endif %}{{ email }}', "end at different places"),
        (JSON, '"{% if age %}a"{% elif test %}b"{% else %}c{% endif %}', "end at different places"),
        (XML, "<!-- {{ email }} -->", "a value cannot stand in a comment"),
        (XML, "<{{ email }}/>", "a value cannot stand in a comment, or inside <…>"),
        (XML, "<a b={{ email }}/>", "without quotation marks"),
        (XML, "<?x {{ email }}?>", "a value cannot stand"),
        (XML, "\n<!DOCTYPE a><a/>", "line 2, column 1: XML may not have a document type"),
        (URL, "https://a.example/#{{ email }}", "has no fragment"),
        (HEADER, "a\nb", "a header is one line"),
    ],
)
def test_template_with_a_value_in_an_impossible_place_is_refused(dialect, source, sentence):
    with pytest.raises(TemplateRefused) as raised:
        compiled(source, dialect)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("dialect", "source", "shown"),
    [
        (TEXT, "a {{ secrets.crm_key }} b {{ email }}", "a •••• b x"),
        (TEXT, "{{ secrets.crm_key|sha256 }}", "••••"),
        (TEXT, "{{ 'y' if secrets.crm_key == 's3cret' else 'n' }}", "••••"),
        (JSON, '{"a": {{ secrets.crm_key|tojson }}}', '{"a": "••••"}'),
        (URL, "https://a.example/?k={{ secrets.crm_key }}", "https://a.example/?k=••••"),
    ],
)
def test_template_shows_bullets_for_a_secret(dialect, source, shown):
    result = rendered(source, {"email": "x"}, dialect)
    assert result.shown == shown
    assert result.sent != shown


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{{ phone }}", "Did you mean mobile_number?"),
        ("{{ attributes.email }}", "email stands by itself: write {{ email }}"),
        ("{{ referral.first_name }}", "first_name stands by itself"),
        ("{{ email|hmac_sha256 }}", "Did you mean hmac?"),
        ("{{ email|reverse }}", "There are default, lower,"),
    ],
)
def test_refusal_says_what_was_probably_meant(source, sentence):
    with pytest.raises(TemplateRefused) as raised:
        compiled(source, TEXT)
    assert sentence in str(raised.value)


GUIDE = (CHECKOUT / "docs" / "templates.md").read_text()


@pytest.mark.parametrize("source", re.findall(r"(?:^    .+\n)+", GUIDE, re.MULTILINE))
def test_example_of_the_guide_renders(source):
    attributes = {"ad_response": "news, offers", "age": 60, "email": "a@b.c"}
    secrets = {"key": "s3cret"}
    assert "{" not in rendered(source, attributes, secrets=secrets).sent
