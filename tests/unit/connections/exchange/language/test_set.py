"""Names that a template sets: where they may be used, and what they cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.exchange.language import TemplateRefused
from connections.exchange.language.dialects import HEADER, JSON, TEXT, URL, XML
from connections.exchange.problems import RenderError
from connections.exchange.rendering import check_config
from tests.unit.connections.exchange.examples import (
    fields,
    make_config,
    render_body,
    render_request,
)
from tests.unit.connections.exchange.language.templates import compiled, make_scope, rendered


def refusal(source, dialect=TEXT, **names):
    with pytest.raises(TemplateRefused) as raised:
        compiled(source, dialect, **names)
    return raised.value


@pytest.mark.parametrize(
    ("source", "attributes", "text"),
    [
        ("{% set n = email|upper %}{{ n }}{{ n|lower }}", {"email": "aB"}, "ABab"),
        ("{% set email = email|lower %}{{ email }}", {"email": "A"}, "a"),
        ("{{ email }}{% set email = email|lower %}{{ email }}", {"email": "A"}, "Aa"),
        ("{% set n = 1 %}{% set n = n|plus(1) %}{{ n }}", {}, "2"),
        ("{% set l = [email, age] %}{{ l|tojson }}", {"email": "a", "age": 1}, '["a",1]'),
        ("{% set l = state|split(',') %}{{ 'NY' in l }}", {"state": "NY, NJ"}, "true"),
        ("{% set n = age %}{{ n is defined }}", {}, "false"),
        ("{% set in_list = 1 %}{{ in_list }}", {}, "1"),
        ("{% set self = 1 %}{{ self }}", {}, "1"),
        ("{% set l_0_x = 1 %}{% set context = 2 %}{{ l_0_x ~ context }}", {}, "12"),
    ],
)
def test_set_name_stands_for_its_value(source, attributes, text):
    assert rendered(source, attributes).sent == text


BRANCHES = """{% if age == 1 %}{% set n = "one" %}{% elif age == 2 %}{% set n = "two" %}
{%- else %}{% set n = "more" %}{% endif %}{{ n }}"""


@pytest.mark.parametrize(("age", "text"), [(1, "one"), (2, "two"), (3, "more")])
def test_name_that_all_branches_set_can_be_used_after_them(age, text):
    assert rendered(BRANCHES, {"age": age}).sent == text


@pytest.mark.parametrize(("age", "text"), [(1, "one"), (2, "")])
def test_name_that_was_set_before_may_be_set_in_one_branch(age, text):
    source = '{% set n = "" %}{% if age == 1 %}{% set n = "one" %}{% endif %}{{ n }}'
    assert rendered(source, {"age": age}).sent == text


@pytest.mark.parametrize(
    "source",
    [
        "{% if age %}{% set n = 1 %}{% endif %}{{ n }}",
        "{% if age %}{% else %}{% set n = 1 %}{% endif %}{{ n }}",
        "{% if age %}{% set n = 1 %}{% elif email %}{% else %}{% set n = 1 %}{% endif %}{{ n }}",
        "{% if age %}{% set n = 1 %}{% endif %}{% set n = n|plus(1) %}",
        "{% if 1 %}{% if age %}{% set n = 1 %}{% endif %}{% else %}{% set n = 1 %}{% endif %}{{ n }}",
        "{% if age %}{% set n = 1 %}{% endif %}{% if age %}{{ n }}{% endif %}",
        "{% if age %}{% set n = 1 %}{% endif %}{% for x in [1] %}{{ n }}{% endfor %}",
    ],
)
def test_name_that_is_set_in_some_branches_only_is_refused(source):
    refused = refusal(source)
    assert refused.detail == "n is set only in some branches of an if: set it before the if too"


def test_attribute_that_a_branch_sets_is_no_longer_the_attribute():
    refused = refusal("{% if age %}{% set email = 1 %}{% endif %}{{ email }}")
    assert "email is set only in some branches of an if" in str(refused)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{{ n }}{% set n = 1 %}", 'there is no attribute called "n"'),
        ("{% set n = n %}", 'there is no attribute called "n"'),
        ("{% if age %}{% set n = 1 %}{% else %}{{ n }}{% endif %}", "there is no attribute"),
        ("{% if age %}{% set n = 1 %}{% elif n %}{% endif %}", "there is no attribute"),
        ("{% set reward = 1 %}{{ rewrd }}", "Did you mean reward?"),
        ("{% set n %}a{% endset %}", "set without = is not available: write {% set name ="),
        ("{% set a, b = 1, 2 %}", "set gives a value to one name"),
        ("{% set a.b = 1 %}", "set gives a value to one name"),
        ("{% for x in [1] %}{% set n = 1 %}{% endfor %}", "set it before the loop"),
        ("{% for x in [1] %}{% else %}{% set n = 1 %}{% endfor %}", "set it before the loop"),
        (
            "{% for x in [1] %}{% if x %}{% set n = 1 %}{% endif %}{% endfor %}",
            "line 1, column 32: set is not available inside a loop: set it before the loop",
        ),
        ("{% set true = 1 %}", "this cannot be given a value: choose another name"),
        ("{% set _n = 1 %}", "a name is letters, digits and _, begins with a letter"),
        ("{% set _set_n = 1 %}", "a name is letters, digits and _, begins with a letter"),
        ("{% set nаme = 1 %}", "a name is letters, digits and _"),  # a Cyrillic letter
        (f"{{% set {'n' * 65} = 1 %}}", "has at most 64"),
        ("{% set n = 1 %}{{ n.x }}", "nothing has a part called .x"),
        ("{% set n = 1 %}{{ n() }}", "calls are not available"),
        ("{% set n = frist_name %}", "line 1, column 12: there is no attribute"),
    ],
)
def test_set_outside_the_language_is_refused(source, sentence):
    assert sentence in str(refusal(source))


@pytest.mark.parametrize(
    "name",
    ["secrets", "request", "variables", "campaign", "referral", "connection", "loop", "if", "not"],
)
def test_name_that_means_something_else_cannot_be_set(name):
    refused = refusal(f"{{% set {name} = 1 %}}")
    sentence = f"line 1, column 8: {name} means something else in templates: choose another name"
    assert str(refused) == sentence


def test_custom_field_that_is_added_later_does_not_change_what_is_set():
    source = "{% set region = state|lower %}{{ region }}"
    scope = make_scope({"state": "NY"}, custom={"region": "custom"})
    assert compiled(source, custom=["region"]).render(scope, limit=100).sent == "ny"
    scope = make_scope({"state": "NY"}, custom={"region": "custom"})
    assert compiled("{{ region }}", custom=["region"]).render(scope, limit=100).sent == "custom"


def test_telephone_number_is_of_the_country_attribute_whatever_is_set():
    source = '{% set country = "FR" %}{{ mobile_number|e164 }}'
    attributes = {"mobile_number": "0491 570 156", "country": "AU"}
    assert rendered(source, attributes).sent == "+61491570156"


def test_nothing_that_a_template_sets_is_seen_by_the_next():
    scope = make_scope({"email": "a@b.c"})
    first = '{% set email = "set" %}{% set extra = "set" %}{{ email }}'
    assert compiled(first).render(scope, limit=100).sent == "set"
    assert compiled("{{ email }}").render(scope, limit=100).sent == "a@b.c"
    other = "{% if age %}{% set extra = 1 %}{% else %}{% set extra = email %}{% endif %}{{ extra }}"
    assert compiled(other).render(scope, limit=100).sent == "a@b.c"
    assert 'no attribute called "extra"' in str(refusal("{{ extra }}"))


def test_set_works_in_every_place_of_a_request():
    prepared = render_request(
        {"email": "A@b.c"},
        url="https://a.example/{% set e = email|lower %}{{ e }}",
        query=[{"name": "q", "value": "{% set e = email|upper %}{{ e }}"}],
        headers=[{"name": "X-E", "value": "{% set e = email|first(1) %}{{ e }}{{ e }}"}],
        authorization={"type": "basic", "username": "{% set u = email %}{{ u }}", "password": "x"},
        body=fields(("a", "{% set e = email|lower %}{{ e }}")),
    )
    assert prepared.url == "https://a.example/a%40b.c?q=A%40B.C"
    assert ("X-E", "AA") in prepared.headers
    assert ("Authorization", "Basic QUBiLmM6eA==") in prepared.headers
    assert prepared.body == b'{"a":"a@b.c"}'


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ("{% set n = bid_price %}{{ n|cents }}", '{"a":250}'),
        ("{% if age %}{% set n = 1 %}{% else %}{% set n = [email] %}{% endif %}{{ n }}", '{"a":1}'),
        ("{% set n = bid_price|cents %} {{ n }}", '{"a":" 250"}'),
        ("{% if age %}1{% endif %}{{ 2 }}", '{"a":"12"}'),
        ("{% set n = 1 %}", '{"a":""}'),
    ],
)
def test_field_that_prints_one_expression_keeps_its_type(value, body):
    prepared = render_request({"bid_price": "2.50", "age": 1}, body=fields(("a", value)))
    assert prepared.body.decode() == body


# What a name costs


@pytest.mark.parametrize("join", ["{0} ~ {0}", "[{0}, {0}]", '{{"a": {0}, "b": {0}}}'])
def test_growth_by_sets_of_sets_is_refused_at_save(join):
    steps = [f"{{% set n{i} = {join.format(f'n{i - 1}')} %}}" for i in range(1, 30)]
    source = "{% set n0 = email %}" + "".join(steps) + "{{ n29|tojson }}"
    refused = refusal(source)
    assert refused.code == "template_too_large"
    assert "what a name is set to counts wherever the name stands" in refused.detail


def test_growth_counts_the_heaviest_branch():
    heavy = "{% set n = [" + "age, " * 90 + "] %}"
    branches = f"{{% if age %}}{heavy}{{% else %}}{{% set n = 1 %}}{{% endif %}}"
    for source in (branches, branches.replace("{% if", "{% if not")):
        compiled(source + "{{ n|length }}" * 18)
        assert refusal(source + "{{ n|length }}" * 21).code == "template_too_large"


def test_branches_that_are_not_taken_together_do_not_add_up():
    step = "{% if age %}{% set n = n ~ 'a' %}{% else %}{% set n = n ~ 'b' %}{% endif %}"
    assert rendered("{% set n = '' %}" + step * 15 + "{{ n }}", {"age": 1}).sent == "a" * 15


def test_use_of_a_long_value_counts_as_reading_it():
    source = "{% set n = email|replace('b', '" + "a" * 100 + "') %}" + "{{ 'b' in n }}" * 100
    assert len(rendered(source, {"email": "b" * 100}).sent) == 500
    with pytest.raises(RenderError) as raised:
        rendered(source, {"email": "b" * 2_000})
    assert raised.value.code == "too_large"
    assert "templates do more than they may for one request" in raised.value.detail


def test_long_values_that_are_kept_count_though_nothing_reads_them():
    keep = "{{% set n{} = email|replace('b', '" + "a" * 100 + "') %}}"
    source = "".join(keep.format(number) for number in range(20))
    assert rendered(source, {"email": "b" * 100}).sent == ""
    with pytest.raises(RenderError) as raised:
        rendered(source, {"email": "b" * 2_600})
    assert "templates do more than they may for one request" in raised.value.detail


# Escaping


@pytest.mark.parametrize(
    ("dialect", "source", "text"),
    [
        (JSON, '{% set e = email %}{"a": "{{ e }}", "b": {{ e|tojson }}}',
         '{"a": "<\\"&", "b": "<\\"&"}'),
        (JSON, '{% set e = email|tojson %}{"a": {{ e }}}', '{"a": "<\\"&"}'),
        (XML, "{% set e = email %}<a b='{{ e }}'>{{ e }}</a>",
         "<a b='&lt;&quot;&amp;'>&lt;&quot;&amp;</a>"),
        (XML, "{% set e = email|e %}<a>{{ e }}</a>", "<a>&lt;&quot;&amp;</a>"),
        (URL, "https://a.example/{% set e = email %}{{ e }}", "https://a.example/%3C%22%26"),
    ],
)  # fmt: skip
def test_what_is_set_is_escaped_where_it_is_printed(dialect, source, text):
    assert rendered(source, {"email": '<"&'}, dialect).sent == text


def test_line_break_that_is_set_does_not_reach_a_header():
    with pytest.raises(RenderError) as raised:
        rendered("{% set e = email %}{{ e }}", {"email": "a\r\nX-Evil: 1"}, HEADER)
    assert raised.value.code == "not_a_header_value"


def test_place_is_followed_through_branches_that_set():
    source = '"{% if age %}{% set n = 1 %}"{% else %}{% set n = 2 %}{% endif %}{{ n }}'
    assert "end at different places" in str(refusal(source, JSON))


def test_json_web_token_is_made_of_parts_that_are_set():
    source = (
        '{% set head = {"alg": "HS256"}|tojson|base64url %}'
        '{% set claims = {"exp": now|date("epoch")|plus(300)}|tojson|base64url %}'
        '{% set signed = head ~ "." ~ claims %}'
        '{{ signed }}.{{ signed|hmac("sha256", secrets.key, "base64url") }}'
    )
    token = render_body("text", source, secrets={"key": "k"})
    written_out = (
        '{{ {"alg": "HS256"}|tojson|base64url }}.'
        '{{ {"exp": now|date("epoch")|plus(300)}|tojson|base64url }}.'
        '{{ ({"alg": "HS256"}|tojson|base64url ~ "." ~'
        ' {"exp": now|date("epoch")|plus(300)}|tojson|base64url)'
        '|hmac("sha256", secrets.key, "base64url") }}'
    )
    assert token == render_body("text", written_out, secrets={"key": "k"})
    assert token.count(".") == 2


def test_configuration_with_sets_is_accepted():
    source = '{% set name = [first_name, last_name]|join(" ") %}{"name": {{ name|tojson }}}'
    assert check_config(make_config(body={"encoding": "json", "template": source})) == []


# Against the same with every name written out

BOUND = ("email", "age", "one", "two")
FORMS = ("{}|lower", "[{}, source]", "{} ~ 'b'", "{}", "{}|default('x')", "({} if test else 1)")
EXPRESSIONS = st.tuples(st.sampled_from(FORMS), st.sampled_from(BOUND))
STEPS = st.lists(
    st.tuples(st.sampled_from(BOUND), EXPRESSIONS, st.none() | EXPRESSIONS),
    min_size=1,
    max_size=6,
)


@given(STEPS, st.booleans())
def test_template_with_sets_prints_what_it_prints_with_every_name_written_out(steps, known):
    meaning = {"email": "email", "age": "age", "one": "'1'", "two": "'2'"}
    with_sets = "{% set one = '1' %}{% set two = '2' %}"
    written_out = ""
    for name, (form, operand), otherwise in steps:
        is_set = f"{{% set {name} = {form.format(operand)} %}}"
        means = f"({form.format(meaning[operand])})"
        if otherwise:
            other, else_operand = otherwise
            else_set = f"{{% set {name} = {other.format(else_operand)} %}}"
            is_set = f"{{% if state %}}{is_set}{{% else %}}{else_set}{{% endif %}}"
            means = f"({means} if state else ({other.format(meaning[else_operand])}))"
        meaning[name] = means
        with_sets += f"{is_set}{{{{ {name}|tojson }}}}"
        written_out += f"{{{{ {means}|tojson }}}}"
    attributes = {"email": "A@b.c", "age": 7, "state": "NY" if known else None}
    assert ending_of(with_sets, attributes) == ending_of(written_out, attributes)


def ending_of(source, attributes):
    try:
        return rendered(source, attributes).sent
    except RenderError as error:
        return error.code
