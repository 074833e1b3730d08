"""Whatever a configuration says, checking it, rendering it and classifying with it ends soon.

`HYPOTHESIS_EXAMPLES=10000` makes the nightly run of what is 150 examples here.
"""

import json
import os
import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connections.exchange.config import ConnectionConfig, Environment, Operator, Source
from connections.exchange.rendering import RenderError, check_config, compile_config, render
from connections.exchange.responses import ReceivedResponse, check_rules, classify, compile_rules
from tests.unit.connections.exchange.examples import NOW, make_config, make_context

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "150"))
fuzzed = settings(
    max_examples=EXAMPLES, deadline=2_000, suppress_health_check=[HealthCheck.too_slow]
)

SIGNS = """{{ }} {% %} {# #} {%- -%} if elif else endif for endfor in set endset raw endraw now
    test not and or loop loop.last loop.index x y = recursive is defined none true ~ ( ) [ ] { } , : . ' " \\ 0 1.5 -1 999999999999999999 == < > <a> </a>
    <![CDATA[ ]]> <!-- --> <? ?> <!DOCTYPE & &amp; = ? / % + # @ é 😀"""
NAMES = st.sampled_from(
    [
        "email",
        "age",
        "bid_price",
        "birth_date",
        "secrets.key",
        "variables.v",
        "campaign.name",
        "country",
        "environment",
        "nonce",
        "now",
        "request.body",
        "request.url",
    ]
)
FILTERS = """lower date('%Y') date('iso','UTC') date('epoch') default('x') tojson urlencode e e164
    last(3) round(2) cents md5 base64 int bool replace('a','b') title digits plus(1)
    plus(-99999999999999999999) split(',') split('1') join(';') length country_code
    hmac('sha256',secrets.key) hmac('md5',email,'base64url','hex')"""
PIECES = st.sampled_from([*SIGNS.split(), *(f"|{name}" for name in FILTERS.split()), "\n", "\r"])
PIPES = st.lists(st.sampled_from(FILTERS.split()), max_size=3).map(
    lambda names: "".join(f"|{name}" for name in names)
)
PRINTED = st.builds("{{{{ {}{} }}}}".format, NAMES, PIPES)
CHOICES = st.builds("{{% if {}{} %}}{}{{% else %}}x{{% endif %}}".format, NAMES, PIPES, PRINTED)
SEEN = st.sampled_from(["email", "age", "bid_price", "birth_date", "country", "now", "x", "y"])
VALUES = st.builds("{}{}".format, SEEN, PIPES)
LISTS = (
    st.lists(VALUES, max_size=3).map(lambda values: f"[{','.join(values)}]")
    | st.builds("{}|split('{}')".format, SEEN, st.sampled_from([",", "1", "e"]))
    | VALUES
)
SETS = st.builds(
    "{{% set {} = {} %}}".format, st.sampled_from(["x", "y", "z"]), VALUES | LISTS | NAMES
)
BRANCHED_SETS = st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, VALUES, SETS, SETS)
IN_LOOPS = PRINTED | st.sampled_from(
    ["{{ x }}", "{{ loop.last }}", '"{{ y|tojson }}"', "{% if loop.first %},{% endif %}"]
)
LOOPS = st.builds(
    "{{% for {} in {}{} %}}{}{{% else %}}{}{{% endfor %}}".format,
    st.sampled_from(["x", "y", "email", "x, y"]),
    LISTS,
    st.just("") | VALUES.map(" if {}".format),
    IN_LOOPS | st.builds("{{% for y in {} %}}{}{{% endfor %}}".format, LISTS, IN_LOOPS),
    PRINTED,
)
PROGRAMS = st.builds(
    "{{% set x = email %}}{{% set y = [age, x] %}}{}{}".format,
    st.lists(SETS | BRANCHED_SETS, max_size=4).map("".join),
    st.lists(LOOPS | PRINTED, max_size=3).map("".join),
)
TEMPLATES = (
    st.lists(PIECES | NAMES | st.text(max_size=4), max_size=25).map(" ".join)
    | st.lists(PRINTED | CHOICES | PIECES, max_size=6).map("".join)
    | st.lists(PRINTED | CHOICES, max_size=4).map(lambda parts: f"[{','.join(parts)}]")
    | PROGRAMS
)
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "email": st.text(max_size=20),
        "age": st.integers(-(10**18), 10**18),
        "bid_price": st.decimals(allow_nan=True, allow_infinity=True),
        "birth_date": st.sampled_from(["1991-11-27", "", "soon", "9999-12-31"]),
        "country": st.sampled_from(["Australia", "au", "", "Atlantis"]) | st.text(max_size=5),
    },
)


def ends_well(config, attributes):
    """Check, and render what is accepted; only our own error may come."""
    if check_config(config):
        return
    context = make_context(attributes)
    with suppress(RenderError):
        render(
            compile_config(config),
            environment=Environment.PRODUCTION,
            context=context,
            secrets={"key": "s3cret"},
        )


@fuzzed
@given(st.sampled_from(["json", "form", "multipart", "text", "xml"]), TEMPLATES, ATTRIBUTES)
def test_any_body_template_ends_well(encoding, template, attributes):
    body = {"encoding": encoding, "template": template}
    try:
        config = make_config(variables={"v": "1"}, body=body)
    except ValueError:
        return  # the type says no
    ends_well(config, attributes)


@fuzzed
@given(TEMPLATES, TEMPLATES, TEMPLATES, ATTRIBUTES)
def test_any_template_of_url_query_and_header_ends_well(path, query, header, attributes):
    config = make_config(
        url=f"https://api.example.com/{path}",
        variables={"v": "1"},
        query=[
            {"name": "q", "value": query},
            {"name": "j", "value": query, "value_encoding": "json"},
        ],
        headers=[{"name": "X-Header", "value": header}],
        authorization={"type": "basic", "username": header, "password": query},
    )
    ends_well(config, attributes)


FIELD = st.fixed_dictionaries(
    {"name": st.text('.[]@#ab:\\"\n', min_size=1, max_size=8), "value": TEMPLATES},
    optional={
        "required": st.booleans(),
        "empty": st.sampled_from([None, "null", "empty", "omit"]),
        "value_encoding": st.sampled_from([None, "json", "xml"]),
    },
)


@fuzzed
@given(
    st.sampled_from(["json", "form", "multipart", "text", "xml"]),
    st.lists(FIELD, max_size=4),
    ATTRIBUTES,
)
def test_any_fields_end_well(encoding, fields, attributes):
    body = {"encoding": encoding, "fields": fields}
    try:
        config = make_config(variables={"v": "1"}, body=body)
    except ValueError:
        return  # the type says no
    ends_well(config, attributes)


STEPS = """$ .a .b ['a'] [0] [*] .* .. // / a b * @a text() [?@.a] [?@.a==1] [1:] [::-1] , ( )
    length( match( count(@..a) [ ] ? ' \" [@a='1'] [b='x'] [b] *[local-name()='a'] .//a"""
PATHS = st.lists(st.sampled_from(STEPS.split()), max_size=7).map("".join)
CONDITION = st.fixed_dictionaries(
    {
        "source": st.sampled_from([one.value for one in Source]),
        "operator": st.sampled_from([one.value for one in Operator]),
    },
    optional={
        "path": PATHS,
        "value": st.text(max_size=12)
        | st.sampled_from(["200-299", "4xx", "(a+)+$", "(?i)x{1000}", "(?<=a)b", "\\p{L}+"])
        | st.lists(st.text(max_size=4), max_size=3),
        "case_sensitive": st.booleans(),
    },
)
PATTERNS = st.sampled_from(["(a+)+$", "(", "([0-9]+)|b", "(?i)x{1000}", "(?<=a)b", "", "."])
EXTRACT = st.fixed_dictionaries(
    {"source": st.sampled_from(["json", "xml", "body"]), "path": PATHS},
    optional={"pattern": PATTERNS},
)
DOCUMENT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=30,
)
BODIES = (
    DOCUMENT.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=60)
    | st.lists(
        st.sampled_from(["<a>", "</a>", "<b a='1'/>", "x", "<!DOCTYPE a>", "&#0;"]), max_size=8
    ).map(lambda parts: "".join(parts).encode())
)


@fuzzed
@given(st.lists(CONDITION, min_size=1, max_size=3), EXTRACT, st.integers(100, 599), BODIES)
def test_any_rule_ends_well(conditions, extract, status, body):
    rule = {
        "name": "rule",
        "conditions": conditions,
        "outcome": "retry",
        "reason": extract,
        "retry_after": extract,
        "captures": [{"name": "c"} | extract],
    }
    try:
        rules = make_config(response_rules=[rule]).response_rules
    except ValueError:
        return  # the type says no
    if check_rules(rules):
        return
    response = ReceivedResponse(status, (("Content-Type", "text/html"),), body)
    assert classify(compile_rules(rules), response, now=NOW).reason


def test_templates_of_a_configuration_have_one_bound():
    large = "{{email|lower}}" * 600
    headers = [{"name": f"X-{number}", "value": large} for number in range(50)]
    began = time.process_time()
    problems = check_config(make_config(headers=headers))
    assert time.process_time() - began < 2
    assert {problem.code for problem in problems} == {"template_too_large"}


@pytest.mark.parametrize(
    ("encoding", "source"),
    [
        ("form", "a=" + " " * 65_000 + "b"),
        ("form", "a=" + "\n" * 65_000 + "b"),
        ("xml", "<?xml encoding" * 4_000),
        ("xml", "<?xml encoding" + " " * 65_000),
    ],
)
def test_body_of_the_largest_size_is_checked_soon(encoding, source):
    began = time.process_time()
    check_config(make_config(body={"encoding": encoding, "template": source}))
    assert time.process_time() - began < 0.5


def test_fields_of_a_body_have_a_bound():
    fields = [{"name": f"a{number}", "value": "1"} for number in range(501)]
    with pytest.raises(ValueError, match="at most 500"):
        ConnectionConfig.model_validate(
            {
                "environments": {"production": {"url": "https://a.example"}},
                "body": {"fields": fields},
            }
        )


def conditions(*found):
    """Return as many rules as these conditions need."""
    return [
        {"name": f"rule {start}", "outcome": "retry", "conditions": list(found[start : start + 20])}
        for start in range(0, len(found), 20)
    ]


def condition(source, operator, value=None, path=None):
    return {"source": source, "operator": operator, "value": value, "path": path}


@pytest.mark.parametrize(
    ("make", "limit", "part"),
    [
        (lambda number: condition("body", "matches", f"(a|b)*{number}"), 50, "value"),
        (lambda number: condition("json", "exists", path=f"$..a{number}"), 10, "path"),
        (lambda number: condition("xml", "exists", path=f"//a{number}"), 30, "path"),
        (lambda number: condition("xml", "exists", path=f"/a{number}"), 100, "source"),
        (lambda number: condition("json", "exists", path=f"$[*].a{number}"), 100, "source"),
    ],
)
def test_rules_of_a_configuration_have_bounds(make, limit, part):
    most = [make(number) for number in range(limit)]
    twice = conditions(*most, *most)
    assert check_rules(make_config(response_rules=twice).response_rules) == []
    over = conditions(*most, *most, make(limit), make(limit + 1))
    [problem] = check_rules(make_config(response_rules=over).response_rules)
    rule, place = divmod(2 * limit, 20)
    pointer = f"/response_rules/{rule}/conditions/{place}/{part}"
    assert (problem.pointer, problem.code) == (pointer, "too_many")


def test_patterns_have_a_bound_on_what_they_come_to_wherever_they_are_used():
    pattern = r"(?:a|b)*a(?:a|b){60}"
    few = conditions(*[condition("body", "matches", pattern)] * 7)
    assert check_rules(make_config(response_rules=few).response_rules) == []
    capture = {"name": "c", "source": "body", "pattern": "(.{0,1000})(.{0,1000})c"}
    for rules in (conditions(*few[0]["conditions"] * 6), [few[0] | {"captures": [capture]}]):
        [problem] = check_rules(make_config(response_rules=rules).response_rules)
        assert problem.code == "too_many"
        assert "2,000 steps" in problem.detail


NESTED = "[" + ",".join(["[" * 240 + "]" * 240] * 130) + "]"
WITHIN = f"{'<a>' * 250}{'<b/>' * 15_000}{'</a>' * 250}"


@pytest.mark.parametrize(
    ("places", "answer"),
    [
        ([("json", "exists", f"$..[*,*]{'.*' * 14}[{n}]") for n in range(10)], NESTED),
        ([("json", "exists", f"$..[?count(@{'.*' * 14})>{n}]") for n in range(10)], NESTED),
        ([("xml", "exists", f"//*{'/*' * n}") for n in range(30)], WITHIN),
        ([("xml", "exists", f"/a{'/*' * n}[b='x']") for n in range(99)], WITHIN),
        ([("body", "matches", "(?:[ab]{0,990}c)")], "ab" * 32_768),
    ],
)
def test_rules_that_are_accepted_end_soon_on_the_worst_answer(places, answer):
    found = [
        condition(source, operator, *([rest] if source == "body" else [None, rest]))
        for source, operator, rest in places
    ]
    rules = make_config(response_rules=conditions(*found)).response_rules
    assert check_rules(rules) == []
    compiled = compile_rules(rules)
    began = time.process_time()
    classify(compiled, ReceivedResponse(200, (), answer.encode()[:65_536]), now=NOW)
    assert time.process_time() - began < 5


def test_path_that_searches_has_a_bound_of_steps():
    path = f"$..{'*.' * 100}a"
    rules = make_config(response_rules=conditions(condition("json", "exists", path=path)))
    [problem] = check_rules(rules.response_rules)
    assert "20 steps" in problem.detail


@pytest.mark.parametrize(
    ("make", "limit", "body"),
    [
        (
            lambda number: condition("body", "matches", f"(?:a|b)*a(?:a|b){{12}}c{number}"),
            50,
            b"ab" * 32_000,
        ),
        (
            lambda number: condition("json", "exists", path=f"$..[?@.a=={number}]"),
            10,
            b"[" + b",".join([b"[" * 20 + b"]" * 20] * 1_500) + b"]",
        ),
        (
            lambda number: condition("json", "contains", f"{number}", path=f"$..*[{number}:]"),
            10,
            b"[" * 900 + b",".join([b"1"] * 30_000) + b"]" * 900,
        ),
        (
            lambda number: condition("xml", "exists", path=f"//a/b{number}"),
            100,
            b"<a>" + b"<b/>" * 16_000 + b"</a>",
        ),
    ],
)
def test_most_costly_rules_end_soon_on_the_worst_answer(make, limit, body):
    rules = conditions(*(make(number) for number in range(limit)))
    compiled = compile_rules(make_config(response_rules=rules).response_rules)
    began = time.process_time()
    classify(compiled, ReceivedResponse(200, (), body), now=NOW)
    assert time.process_time() - began < 5
