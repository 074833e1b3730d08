"""What the answers of a set-up request give: as much of a connection as they allow."""

import pytest

from connections.exchange.config import SUCCESS_RULE, Encoding, Environment
from connections.exchange.rendering import check_config
from connections.setup_requests.answers import SetupAnswers
from connections.setup_requests.drafting import draft_setup

ENDPOINTS = {"production": "https://api.example.com/leads"}


def drafted(*, has_credential=False, **answers):
    document = SetupAnswers.model_validate({"endpoints": ENDPOINTS} | answers)
    return draft_setup(document, has_credential=has_credential)


def test_without_an_address_there_is_no_draft():
    draft = drafted(endpoints=None, unknown=["endpoints"])
    assert draft.config is None
    assert "Endpoints: they do not know." in draft.missing


def test_address_alone_is_a_draft_that_says_what_it_lacks():
    draft = drafted()
    assert draft.config.environments.keys() == {Environment.PRODUCTION}
    assert draft.config.response_rules == (SUCCESS_RULE,)
    assert len(draft.missing) == 7


@pytest.mark.parametrize(
    ("names", "sent"),
    [
        (["email", "name"], ["lead.email", "lead.name"]),
        (["person.email", "person.name"], ["person.email", "person.name"]),
        (["person", "name"], ["lead.person", "lead.name"]),
    ],
)
def test_xml_gets_one_outermost_element(names, sent):
    rows = [{"attribute": "email", "name": name} for name in names]
    draft = drafted(encoding={"encoding": Encoding.XML}, parameters={"rows": rows})
    assert [field.name for field in draft.config.body.fields] == sent
    assert check_config(draft.config) == []


def test_optional_parameter_is_left_out_when_empty_and_required_one_is_required():
    rows = [
        {"attribute": "email", "name": "mail", "required": True},
        {"attribute": "age", "name": "age"},
    ]
    config = drafted(parameters={"rows": rows}).config
    assert [(field.required, field.empty) for field in config.body.fields] == [
        (True, None),
        (False, "omit"),
    ]
    assert config.required_attributes == ("email",)


def test_responses_that_contradict_each_other_make_no_rules_and_stay_samples():
    rows = [
        {"status": 400, "body": "no", "meaning": "rejected"},
        {"status": 400, "body": "no", "meaning": "duplicate"},
    ]
    config = drafted(responses={"rows": rows}).config
    assert config.response_rules == (SUCCESS_RULE,)
    assert len(config.response_samples) == 2


def test_credential_that_was_not_typed_is_missed():
    sentence = "Authentication: the credential is not set."
    assert sentence in drafted(authentication={"kind": "bearer"}).missing
    assert sentence not in drafted(authentication={"kind": "bearer"}, has_credential=True).missing
    assert sentence not in drafted(authentication={"kind": "none"}).missing


def test_what_was_said_in_words_is_for_a_person_to_read():
    draft = drafted(
        authentication={"kind": "other", "explanation": "A signature of our own."},
        parameters={"remarks": "Send source=rokt."},
    )
    assert "Authentication: it is described in words, set it up by hand." in draft.missing
    assert "Parameters: there are remarks to read." in draft.missing


def test_credential_beside_words_is_named_and_not_missed():
    words = {"kind": "other", "explanation": "A signature of our own."}
    sentence = "Authentication: write {{ secrets.credential }} where their credential belongs."
    assert sentence in drafted(authentication=words, has_credential=True).missing
    without = drafted(authentication=words).missing
    assert not any("credential" in one for one in without)


EXAMPLE = {
    "config": {
        "method": "PUT",
        "environments": {"staging": {"url": "https://staging.example.com/leads"}},
        "authorization": {"type": "bearer", "token": {"secret": "token"}},
        "headers": [{"name": "X-List", "value": "summer"}],
        "body": {"encoding": "json", "template": '{"mail": "{{ email }}"}'},
    },
    "not_understood": ["header Cookie: Cookies are not sent."],
}


def test_example_is_what_answers_are_put_on():
    draft = drafted(example=EXAMPLE)
    assert draft.config.environments.keys() == {Environment.PRODUCTION, Environment.STAGING}
    assert (draft.config.method, draft.config.headers[0].name) == ("PUT", "X-List")
    assert "Example request: header Cookie: Cookies are not sent." in draft.missing
    assert len(draft.missing) == 4, "documentation, contact, responses, and the cookie"


@pytest.mark.parametrize(
    "answers",
    [
        {"parameters": {"remarks": "And a list id."}},
        {"encoding": {"encoding": "json"}},
        {"authentication": {"kind": "other", "explanation": "As in the example."}},
        {"unknown": ["parameters", "authentication", "encoding"]},
    ],
)
def test_answer_that_says_less_than_the_example_takes_nothing_from_it(answers):
    config = drafted(example=EXAMPLE, **answers).config
    assert config.body.template == EXAMPLE["config"]["body"]["template"]
    assert config.authorization.type == "bearer"


@pytest.mark.parametrize(
    ("answers", "encoding"),
    [
        ({"encoding": {"encoding": "form"}}, "form"),
        ({"parameters": {"rows": [{"attribute": "email", "name": "mail"}]}}, "json"),
    ],
)
def test_answer_about_the_body_takes_the_place_of_the_example(answers, encoding):
    body = drafted(example=EXAMPLE, **answers).config.body
    assert (body.template, body.encoding) == (None, encoding)
