"""What is said of a template that cannot stand: where it is wrong, and what to write instead."""

import pytest

from connections.exchange.language import TemplateRefused
from connections.exchange.language.dialects import HEADER, JSON, PARAMETER, TEXT, URL, XML
from connections.exchange.rendering import check_config
from tests.unit.connections.exchange.examples import fields, make_config
from tests.unit.connections.exchange.language.templates import compiled, rendered

NO_SUCH_TAG = (
    "this tag is not available: templates have {{ … }}, {% if … %}, {% set … %}, {% for … %}"
    " and {% raw %}"
)
SET = "set gives a value to one name: write {% set name = expression %}"
LIST = "a list or an object cannot be printed: write |tojson after it"
OTHER_CHARACTER = "a header is one line of ASCII characters: delete the others"


def refusal(source, dialect=TEXT):
    with pytest.raises(TemplateRefused) as raised:
        compiled(source, dialect)
    return str(raised.value)


@pytest.mark.parametrize(
    ("source", "line", "column", "sentence"),
    [
        # Brackets, quotation marks and signs
        ("{{ email } }}", 1, 10,
         "a single } ends nothing here: delete it, or write }} to end an expression"),
        ("{{ email) }}", 1, 9, "this ) ends no bracket: delete it, or open the bracket before it"),
        ("{{ (email }}", 1, 11, "a bracket is still open: write ) before this }"),
        ("a\r\n\té {{ 'x }}", 2, 7,
         "this quotation mark is not closed: write the same one again where the text ends"),
        ('😀{{ email\n  ~ "x }}', 2, 5,
         "this quotation mark is not closed: write the same one again where the text ends"),
        ("é\rü\t{{ email # }}", 2, 12,
         "this character means nothing in braces: delete it, or put text in quotation marks"),
        ("{{ '\\x' }}", 1, 4, r"this text has a \ that is part of no character: write \\"),
        ("{{ ² }}", 1, 4, "a name is letters, digits and _: write it so"),
        # What is left open
        ("a\n {# b", 2, 2, "this comment is not closed: write #} where it ends"),
        ("a {% raw %} b\nc", 1, 3, "{% raw %} is not closed: write {% endraw %} where it ends"),
        ("é\r\n\t{{ email\n", 2, 2,
         "these braces are not closed: write }} where the expression ends"),
        ("x {{ email ~\n", 1, 3, "these braces are not closed: write }} or %} where they end"),
        ("{{ age }}\n{% if email", 2, 1,
         "these braces are not closed: write }} or %} where they end"),
        ("x {%- if age %}\n{% if email %}a{% endif %}", 1, 7,
         "{% if … %} is not closed: write {% endif %} where it ends"),
        ("\u20ac {% for x in [1] %}{{ x }}\n", 1, 6,
         "{% for … %} is not closed: write {% endfor %} where it ends"),
        # Tags
        ("{% if age %}{% for x in [1] %}\n{% endif %}", 2, 4,
         ("{% endif %} cannot stand here: write {% endfor %} first, for the {% for … %} that is"
          " open")),
        ("a{% endif %}", 1, 5, "nothing is open that {% endif %} belongs to: delete it"),
        ("\n\n{% debug %}", 3, 4, NO_SUCH_TAG),
        ("{{ email }} {% include 'x' %}", 1, 16, NO_SUCH_TAG),
        ("{% block b %}", 1, 4, NO_SUCH_TAG),
        ("{% autoescape false %}{% endautoescape %}", 1, 4, NO_SUCH_TAG),
        ("{% %}", 1, 4, "a tag begins with a word: write {% if … %}, {% set … %} or {% for … %}"),
        ("{% if age = 1 %}", 1, 11, "a single = does not compare: write =="),
        ("{% if age 1 %}", 1, 11,
         "the tag ends before this: write and, or or ~ between two values, or %} here"),
        ("{% for x of [1] %}", 1, 10, "a loop goes over a list: write {% for name in list %}"),
        ("a {% set x %}", 1, 6, SET),
        ("{% if age %}\n {% set x %}{% endif %}{% set y = 1 %}", 2, 5, SET),
        ("{% set true = 1 %}", 1, 8,
         "this cannot be given a value: choose another name, of letters, digits and _"),
        # Expressions
        ("{{ }}", 1, 4, "something is missing before }}: write a name, a constant or an expression"),
        ("{% if %}", 1, 7,
         "something is missing before %}: write a name, a constant or an expression"),
        ("{{ first\n name }}", 2, 2,
         "the expression ends before this: write ~ between two values, or }} here"),
        ("{{ email| }}", 1, 11, "a name is missing here: write it, as in email|lower or campaign.id"),
        ("{{ email. }}", 1, 11, "a name is missing here: write it, as in email|lower or campaign.id"),
        ("{{ {'a' 1} }}", 1, 9,
         'an object is written {"name": value}: write : after the name'),
        ("{{ [1 2] }}", 1, 7, "write a comma between two entries, or close the bracket"),
        ("{{ age is defined is defined }}", 1, 19,
         "two tests stand side by side: write and between them"),
        ("{{ ~ age }}", 1, 4,
         ("this cannot stand here: write a name, a constant or a filter, and text in quotation"
          " marks")),
        ("{{ email|lower(a=1,2) }}", 1, 15,
         "this cannot be read: delete it, or write a name, a constant or a filter in its place"),
    ],
)  # fmt: skip
def test_template_that_cannot_be_read_is_refused_where_it_is_wrong(source, line, column, sentence):
    assert refusal(source) == f"line {line}, column {column}: {sentence}"


@pytest.mark.parametrize(
    ("dialect", "source", "line", "column", "sentence"),
    [
        (XML, "<a>é\r\n\t<!-- {{ age }} --></a>", 2, 7,
         "a value cannot stand in a comment, or inside <…> without quotation marks"),
        (XML, "é{{ age }}\r\n\t<!DOCTYPE a>", 2, 2,
         "XML may not have a document type (<!DOCTYPE …): delete it"),
        (URL, "https://a.example/{{ email -}}  é#x", 1, 34,
         "a URL that is sent has no fragment: delete # and what follows, or write %23"),
        (HEADER, "{{ age }} é", 1, 11, OTHER_CHARACTER),
        (HEADER, "a\r\nb", 1, 2, OTHER_CHARACTER),
        (JSON, '["é",\n{% if age %}1{% endif %} {% if age %}"{% endif %}]', 2, 29,
         ("the ways through this if end at different places: open and close quotation marks and"
          " tags in the same part of it")),
        (JSON, '[\n {% for x in [1] %}"{% endfor %}]', 2, 5,
         ("a round of this loop ends at another place than it begins: open and close quotation"
          " marks and tags in the same round")),
        (JSON, '"😀\\{{ email }}"', 1, 4,
         "a value cannot stand right after a backslash: delete the backslash"),
    ],
)  # fmt: skip
def test_text_or_value_in_an_impossible_place_is_refused_there(
    dialect, source, line, column, sentence
):
    assert refusal(source, dialect) == f"line {line}, column {column}: {sentence}"


@pytest.mark.parametrize("dialect", [TEXT, HEADER, URL, PARAMETER, JSON, XML])
@pytest.mark.parametrize("value", ["[1, 2]", "(1, 2)", "{}", "email|split(',')"])
def test_list_or_object_that_is_printed_is_refused(dialect, value):
    assert refusal(f"{{{{\n1 }}}} {{{{ {value} }}}}", dialect) == f"line 2, column 6: {LIST}"


@pytest.mark.parametrize(
    "source",
    [
        "{% set l = [email] %}{{ l }}",
        "{% set l = [email] %}{% set m = l %}{{ m }}",
        "{% set l = 1 %}{% if age %}{% set l = [1] %}{% else %}{% set l = {} %}{% endif %}{{ l }}",
        "{% set l = [1] %}{% if age %}{% set m = 1 %}{% endif %}{{ l }}",
        "{% set l = [1] %}{% for x in l %}{{ l }}{% endfor %}",
        "{% if age %}{{ [1] if email else {} }}{% endif %}",
    ],
)
def test_list_that_is_printed_in_a_roundabout_way_is_refused(source):
    assert LIST in refusal(source)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% set l = [1] %}{% set l = 2 %}{{ l }}", "2"),
        ("{% set l = [1] %}{% if not age %}{% set l = 2 %}{% endif %}{{ l }}", "2"),
        ("{% set l = [1] %}{{ l|tojson }}{{ l|length }}{{ l|join(',') }}", "[1]11"),
        ("{% for l in [1] %}{{ l }}{% endfor %}", "1"),
        ("{{ [1] if age else 'none' }}", "none"),
        ("{{ 1 in [1] }}", "true"),
    ],
)
def test_what_may_be_printable_is_accepted(source, text):
    assert rendered(source).sent == text


def test_field_of_json_may_be_a_list():
    body = fields(("a", "{% set l = [1] %}{{ l }}"), ("b", "{{ {} }}"))
    assert check_config(make_config(body=body)) == []


def test_list_that_only_the_example_shows_is_refused():
    body = {"encoding": "text", "template": "{{ email|default([1])|default(1) }}"}
    assert check_config(make_config(body=body)) == []
    body = {"encoding": "text", "template": "\n{{ email if not email else [1] }}"}
    problems = check_config(make_config(body=body))
    assert [(one.code, one.detail) for one in problems] == [("not_text", f"line 2: {LIST}")]
