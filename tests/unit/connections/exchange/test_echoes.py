"""What of an answer is masked, where there is much to look for."""

import time

import pytest

from connections.exchange.echoes import spoken_secrets, without_secrets
from connections.exchange.rendering import RenderError, check_config
from connections.exchange.request import MASK
from connections.exchange.responses import ReceivedResponse
from tests.unit.connections.exchange.examples import fields, make_config, render_request

SECRETS = {"key": "s3cret/key"}


def hashed(count, value="x ~ secrets.key"):
    """Render a request with so many values that are made of a secret."""
    source = f"{{% for x in ad_response|split(',') %}}{{{{ ({value})|md5 }}}} {{% endfor %}}"
    return render_request(
        {"ad_response": ",".join(map(str, range(count)))},
        secrets=SECRETS,
        body={"encoding": "text", "template": source},
    )


def test_request_with_more_made_of_secrets_than_can_be_masked_is_refused():
    with pytest.raises(RenderError, match="more than 200 different values that are made of sec"):
        hashed(201)


def test_fields_with_more_made_of_secrets_than_can_be_masked_are_found_when_saved():
    values = [(f"a{number}", f"{{{{ (secrets.key ~ '{number}')|md5 }}}}") for number in range(201)]
    problems = check_config(make_config(body=fields(*values)))
    assert [problem.code for problem in problems] == ["too_many_secrets"]


def test_as_many_values_made_of_secrets_as_can_be_masked_are_masked():
    request = hashed(200)
    answer = ReceivedResponse(200, (), request.body)
    masked = without_secrets(answer, spoken_secrets(SECRETS, request)).body.decode()
    assert masked == (MASK + " ") * 200


def test_one_value_made_of_a_secret_may_stand_in_many_places():
    assert hashed(400, "secrets.key").body.count(b" ") == 400


@pytest.mark.parametrize(
    ("body", "masked"),
    [
        ("it is s3cret/ke", f"it is {MASK}"),
        ("it is s3crs3cr", f"it is s3cr{MASK}"),
        ("it is s3c", "it is s3c"),
        ("s3cret", MASK),
    ],
)
def test_secret_that_is_cut_off_is_masked(body, masked):
    answer = ReceivedResponse(200, (), body.encode(), truncated=True)
    assert without_secrets(answer, ["s3cret/key"]).body.decode() == masked


def test_end_of_an_answer_is_searched_soon_for_the_beginning_of_a_long_value():
    answer = ReceivedResponse(200, (), b"ab" * 32_000, truncated=True)
    began = time.process_time()
    without_secrets(answer, [f"key{number}" + "v" * 200_000 for number in range(8)])
    assert time.process_time() - began < 0.2
