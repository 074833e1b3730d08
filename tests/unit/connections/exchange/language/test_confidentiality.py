"""What is made of a secret or of the request stays masked, and decides nothing, by any name."""

import pytest

from connections.exchange.language import Names, TemplateRefused, ValueTemplate
from connections.exchange.request import MASK
from tests.unit.connections.exchange.examples import render_request
from tests.unit.connections.exchange.language.templates import compiled, make_scope, rendered


def refusal(source, **names):
    with pytest.raises(TemplateRefused) as raised:
        compiled(source, **names)
    return raised.value


SECRET = "{% set k = secrets.crm_key %}"


@pytest.mark.parametrize(
    ("source", "sent", "shown"),
    [
        (SECRET + "{{ k }} {{ email }}", "s3cret x", "•••• x"),
        (SECRET + "{% set h = k|sha256 %}{{ h|first(3) }}", "1ec", "••••"),
        (
            "{% set n = 'y' if secrets.crm_key == 's3cret' else 'n' %}{{ n }}",
            "y",
            "••••",
        ),
        ("{% set n = secrets.crm_key and 'y' %}{{ n }}", "y", "••••"),
        ("{% set n = email == secrets.crm_key %}{{ n }}", "false", "••••"),
        ("{% set n = age|default(secrets.crm_key) %}{{ n }}", "s3cret", "••••"),
        ("{% set n = 's' in [secrets.crm_key] %}{{ n }}", "false", "••••"),
        ("{% set n = secrets.crm_key is defined %}{{ n }}", "true", "••••"),
        ("{% set n = secrets.crm_key|length %}{{ n }}", "6", "••••"),
        ("{% set n = email|hmac('md5', secrets.crm_key)|first(1) %}{{ n }}", "2", "••••"),
        # In either branch, taken or not, and before it is set as well.
        ("{% if age %}{% set n = secrets.crm_key %}{% else %}{% set n = 1 %}{% endif %}{{ n }}",
         "1", "••••"),
        ("{% if age %}{% set n = 1 %}{% else %}{% set n = secrets.crm_key %}{% endif %}{{ n }}",
         "s3cret", "••••"),
        ("{% set n = 1 %}{{ n }}{% set n = secrets.crm_key %}{{ n }}", "1s3cret", "••••••••"),
        ("{% set a = 1 %}{% if age %}{% set a = secrets.k %}{% endif %}{% set b = a %}{{ b }}",
         "1", "••••"),
        ("{% set b = 1 %}{% set a = b %}{% set b = secrets.crm_key %}{{ a }}", "1", "••••"),
        ("{{ email }}{% set email = secrets.crm_key %}{{ email }}", "xs3cret", "x••••"),
        (SECRET + "{% for x in [1, 2] %}{{ k }}{{ x }}{% endfor %}", "s3cret1s3cret2",
         "••••1••••2"),
    ],
)  # fmt: skip
def test_what_is_set_to_a_secret_is_masked(source, sent, shown):
    result = rendered(source, {"email": "x"})
    assert (result.sent, result.shown) == (sent, shown)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (SECRET + "{% if k %}{% endif %}", "an if"),
        (SECRET + "{% if age %}{% elif k == 'a' %}{% endif %}", "an if"),
        (SECRET + "{% set h = k|length %}{% if 6 == h %}{% endif %}", "an if"),
        (SECRET + "{% if email in [k] %}{% endif %}", "an if"),
        (SECRET + "{% if age|default(k) %}{% endif %}", "an if"),
        (SECRET + "{% if (1 if k else 2) %}{% endif %}", "an if"),
        (SECRET + "{% for x in k|split('a') %}{% endfor %}", "a loop"),
        (SECRET + "{% set l = [1] if k else [] %}{% for x in l %}{% endfor %}", "a loop"),
        (SECRET + "{% for x in [1] if k %}{% endfor %}", "an if"),
        (SECRET + "{% for x in [1] %}{% if x == k %}{% endif %}{% endfor %}", "an if"),
        ("{% for n, v in [['a', secrets.crm_key]] %}{% endfor %}", "a loop"),
        ("{% set n = 1 %}{% if n %}{% set n = secrets.crm_key %}{% endif %}", "an if"),
    ],
)
def test_nothing_that_is_set_to_a_secret_decides_what_is_printed(source, what):
    refused = refusal(source)
    assert refused.code == "template_secret"
    assert refused.detail == (
        f"a secret can only be printed: {what} cannot look at it, at request.… or at what is set"
        " to them"
    )


def test_request_is_confidential_by_another_name_too():
    source = "{% set b = request.body %}{{ b }}"
    refused = refusal(f"{source}{{% if b %}}{{% endif %}}", sees_request=True)
    assert refused.code == "template_secret"
    prepared = render_request(
        body={"encoding": "text", "template": "body"},
        headers=[{"name": "X-B", "value": source}],
    )
    assert ("X-B", "body") in prepared.headers
    assert ("X-B", MASK) in prepared.shown.headers


def test_secret_in_a_set_is_one_that_the_template_refers_to():
    template = compiled("{% if age %}{% set a = secrets.one %}{% endif %}{{ secrets.two }}")
    assert template.secrets == {"one", "two"}
    field = ValueTemplate("{% set a = secrets.one %}{{ age }}", names=Names(), place="/x")
    assert field.secrets == {"one"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("{% set a = secrets.crm_key %}{{ a|length }}", MASK),
        ("{% set a = secrets.crm_key %}{{ age }}", 5),
        ("{% set a = secrets.crm_key %}{{ age }}{{ a }}", f"5{MASK}"),
    ],
)
def test_field_that_prints_what_is_set_to_a_secret_is_masked(value, shown):
    field = ValueTemplate(value, names=Names(), place="/x")
    assert field.render(make_scope({"age": 5}), limit=100).shown == shown


def test_masked_form_sets_nothing_to_a_secret():
    """It would read the long secret as often again, which is more than one request may."""
    source = SECRET + "{% set a = k|lower %}" * 5 + "{{ a|length }}"
    assert rendered(source, secrets={"crm_key": "a" * 200_000}).shown == MASK
