"""From pasted requests to configurations: attributes, credentials, and what is said of both."""

import json
from urllib.parse import urlencode

import pytest

from connections.drafting.curl import read_curl
from connections.drafting.draft import draft_connection
from connections.drafting.pasted import NotUnderstood, PastedRequest
from connections.drafting.recognition import Certainty
from connections.exchange.config import Encoding, Environment, SecretReference
from connections.exchange.rendering import check_config, compile_config, render
from tests.unit.connections.exchange.examples import make_context

URL = "https://api.example.com/leads"
LEAD = {"email": "grace@example.com", "first_name": 'G"r', "last_name": "Hopper", "age": 85}


def drafted(line):
    draft = draft_connection(read_curl(line))
    assert check_config(draft.config) == []
    return draft


def sent(draft, attributes=LEAD):
    return render(
        compile_config(draft.config),
        environment=Environment.PRODUCTION,
        context=make_context(attributes),
        secrets=draft.secret_values,
    )


def with_json(document):
    return PastedRequest("POST", URL, (("Content-Type", "application/json"),), json.dumps(document))


def template_of(document):
    return json.loads(draft_connection(with_json(document)).config.body.template)


def test_values_become_attributes_and_types_stay():
    draft = draft_connection(
        with_json({"Email": "ada@example.com", "fname": "Ada", "Age": 36, "list": 7, "ok": True})
    )
    body = json.loads(sent(draft).body)
    assert body == {"Email": "grace@example.com", "fname": 'G"r', "Age": 85, "list": 7, "ok": True}
    assert list(body) == ["Email", "fname", "Age", "list", "ok"]


@pytest.mark.parametrize(
    ("name", "value", "template"),
    [
        ("EMAIL", "ada@example.com", "{{ email }}"),
        ("emailAddress", "ada@example.com", "{{ email }}"),
        ("contact_email", "", "{{ email }}"),
        ("whatever", "ada@example.com", "{{ email }}"),
        ("address", "ada@example.com", "{{ email }}"),
        ("email", "[email]", "{{ email }}"),
        ("mail_to", "{{ Email }}", "{{ email }}"),
        ("LNAME", "Lovelace", "{{ last_name }}"),
        ("leadNameFirst", "Ada", "{{ first_name }}"),
        ("first-name", "Ada", "{{ first_name }}"),
        ("full_name", "Ada Lovelace", "{{ first_name }} {{ last_name }}"),
        ("zip", "10001", "{{ postal_code }}"),
        ("postcode", "SW1A 1AA", "{{ postal_code }}"),
        ("Primary_Phone", "+15555550123", "{{ mobile_number }}"),
        ("HomePhone", "2125550123", "{{ mobile_number|digits|last(10) }}"),
        ("ip_signup", "203.0.113.7", "{{ ip_address }}"),
        ("dob", "12/31/1980", '{{ birth_date|date("%m/%d/%Y") }}'),
        ("created_at", "2026-08-20T12:34:56Z", "{{ opted_in_at }}"),
        ("timestamp", "1755693296", '{{ opted_in_at|date("epoch") }}'),
        ("city", "New York", "{{ suburb }}"),
        ("state", "NY", "{{ state }}"),
        ("MobileNo__c", "+15555550123", "{{ mobile_number }}"),
        # A name is not enough when the value is something else.
        ("state", "active", "active"),
        ("title", "Regional Manager", "Regional Manager"),
        ("from", "sales@example.com", "sales@example.com"),
        ("reply_to", "sales@example.com", "sales@example.com"),
        ("email", "yes", "yes"),
        ("ip", "10.0", "10.0"),
        ("status", "subscribed", "subscribed"),
        ("unit", "kg", "kg"),
        ("address", "home", "home"),
        ("street", "123 Fake Street", "{{ address_line_1 }}"),
    ],
)
def test_a_value_is_recognised_by_its_name_and_its_shape(name, value, template):
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    draft = draft_connection(PastedRequest("POST", URL, form, urlencode({name: value})))
    assert draft.config.body.fields[0].value == template


def test_a_pair_of_name_and_value_is_one_parameter():
    fields = [{"name": "email", "value": "ada@example.com"}, {"name": "lastname", "value": "L"}]
    assert template_of({"fields": fields})["fields"] == [
        {"name": "email", "value": "{{ email }}"},
        {"name": "lastname", "value": "{{ last_name }}"},
    ]


def test_the_name_of_a_list_is_not_a_persons():
    assert template_of({"list": {"name": "Leads"}, "name": "Ada"}) == {
        "list": {"name": "Leads"},
        "name": "{{ first_name }}",
    }


def test_guesses_say_how_sure_they_are():
    draft = draft_connection(with_json({"email": "ada@example.com", "source": "web"}))
    assert [(guess.place, guess.certainty) for guess in draft.guesses] == [
        ("body email", Certainty.CERTAIN),
        ("body source", Certainty.POSSIBLE),
    ]


def test_the_hash_of_an_email_address_is_recognised():
    draft = drafted(
        f"curl -X PUT {URL}/9f9d51bc70ef21ca5c14f307980a29d8 -d email=bob@example.com -d x=1"
    )
    assert draft.config.environments["production"].url.endswith("/9f9d51bc70ef21ca5c14f307980a29d8")
    draft = drafted(f"curl -X PUT {URL}/4b9bb80620f03eb3719e0a061c14283d -d email=Bob@Example.com")
    assert draft.config.environments["production"].url.endswith("/{{ email|trim|lower|md5 }}")


def test_signs_of_the_template_language_print_themselves():
    text = "{{ 7*7 }} {% if %} {# {"
    draft = drafted(f"curl {URL}?q='{{{{x' -H 'X-A: {text}' --json '{{\"a\": \"{text}\"}}'")
    request = sent(draft)
    assert json.loads(request.body) == {"a": text}
    assert dict(request.headers)["X-A"] == text
    assert request.url == f"{URL}?q=%7B%7Bx"


def test_form_bodies_become_fields_in_their_order():
    draft = drafted(
        f'curl {URL} -d \'p[3]=3&email=ada%40example.com&p[3]=4&json={{"mail":"a@b.co"}}\''
    )
    assert draft.config.body.encoding is Encoding.FORM
    assert [(field.name, field.value) for field in draft.config.body.fields] == [
        ("p[3]", "3"),
        ("email", "{{ email }}"),
        ("p[3]", "4"),
        ("json", '{"mail": {{ email|tojson }}}'),
    ]
    assert b"json=%7B%22mail%22%3A%20%22grace%40example.com%22%7D" in sent(draft).body


def test_xml_keeps_its_shape():
    draft = drafted(
        f'curl {URL} -H \'Content-Type: text/xml\' -d \'<?xml version="1.0" encoding="ascii"?>'
        '<l:lead xmlns:l="urn:l" list="7" email="a@b.co"><First>Ada</First><!-- {{ -->'
        "<column><name>EMAIL</name><value>a@b.co</value></column></l:lead>'"
    )
    assert sent(draft).body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<l:lead xmlns:l="urn:l" list="7" email="grace@example.com"><First>G&quot;r</First>'
        "<column><name>EMAIL</name><value>grace@example.com</value></column></l:lead>"
    )


def test_a_body_that_is_not_what_it_says_goes_as_text():
    draft = drafted(f"curl {URL} -H 'Content-Type: application/json' -d '{{\"a\": 1,}}'")
    assert draft.config.body.encoding is Encoding.TEXT
    assert sent(draft).body == b'{"a": 1,}'
    draft = drafted(f"curl {URL} -H 'Content-Type: text/xml' -d '<a><b></a>'")
    assert sent(draft).body == b"<a><b></a>"
    assert "body" in [note.place for note in draft.not_understood]


@pytest.mark.parametrize(
    ("options", "authorization", "secrets"),
    [
        ("-H 'Authorization: Bearer t-1'", {"type": "bearer"}, {"token": "t-1"}),
        ("-u rokt:pa55", {"type": "basic", "username": "rokt"}, {"password": "pa55"}),
        ("-u key-1:", {"type": "basic", "password": ""}, {"username": "key-1"}),
        ("-u key-1:x", {"type": "basic", "password": "x"}, {"username": "key-1"}),
        ("-H 'Authorization: Basic cm9rdDpwYTU1'", {"username": "rokt"}, {"password": "pa55"}),
        (
            "-H 'Authorization: Zoho-oauthtoken 1000.x'",
            {"type": "api_key", "name": "Authorization", "prefix": "Zoho-oauthtoken "},
            {"api_key": "1000.x"},
        ),
        ("-H 'Authorization: k-1'", {"type": "api_key", "prefix": ""}, {"api_key": "k-1"}),
        ("-H 'X-Api-Key: k-1'", {"type": "api_key", "name": "X-Api-Key"}, {"api_key": "k-1"}),
        (
            "-H 'X-Auth-Token: api-key k-1'",
            {"name": "X-Auth-Token", "prefix": "api-key "},
            {"auth_token": "k-1"},
        ),
    ],
)
def test_credentials_become_the_authorization_and_its_secrets(options, authorization, secrets):
    draft = drafted(f"curl {URL} {options} -d a=1")
    shown = draft.config.authorization.model_dump(by_alias=True)
    assert authorization.items() <= shown.items()
    assert draft.secret_values == secrets
    assert not any(value in draft.config.model_dump_json() for value in secrets.values())


def test_a_key_in_the_query_is_the_authorization_and_sent_there():
    draft = drafted(f"curl '{URL}?api_key=k-1&list=7' -d a=1")
    assert draft.config.authorization.location == "query"
    assert sent(draft).url == f"{URL}?list=7&api_key=k-1"


def test_further_credentials_are_secrets_where_they_stand():
    draft = drafted(
        f"curl '{URL}?token=t-2' -u a:pa55 -H 'X-Secret: s-3' "
        """--json '{"auth": {"api_key": "k-4", "key": "not one"}}'"""
    )
    assert draft.secret_values == {
        "password": "pa55", "secret": "s-3", "token": "t-2", "api_key": "k-4",
    }  # fmt: skip
    assert draft.config.headers[0].value == SecretReference(secret="secret")
    assert draft.config.query[0].value == "{{ secrets.token }}"
    request = sent(draft)
    assert json.loads(request.body)["auth"] == {"api_key": "k-4", "key": "not one"}
    assert "k-4" not in request.shown.body


@pytest.mark.parametrize(
    "value",
    ["YOUR_API_KEY", "<token>", "{{token}}", "$TOKEN", "your-token-here", "xxxxxxxx", "..."],
)
def test_a_placeholder_is_no_secret_and_asked_for(value):
    draft = drafted(f"curl {URL} -H 'Authorization: Bearer {value}' -d a=1")
    assert draft.secret_values == {}
    assert "secret token" in [note.place for note in draft.not_understood]


def test_holes_in_the_path_become_variables():
    draft = drafted(f"curl {URL}/{{list_id}}/x/:group/<email>/y -X POST")
    assert draft.config.environments["production"].url == (
        URL + "/{{ variables.list_id }}/x/{{ variables.group }}/{{ email }}/y"
    )
    assert draft.config.variables == {"list_id": "", "group": ""}


@pytest.mark.parametrize(
    ("written", "expression"),
    [
        ("$LIST_ID", "{{ variables.LIST_ID }}"),
        ("${list_id}", "{{ variables.list_id }}"),
        ("<list id>", "{{ variables.list_id }}"),
        ("YOUR_LIST_ID", "{{ variables.LIST_ID }}"),
        ("$EMAIL", "{{ email }}"),
    ],
)
def test_what_a_line_leaves_to_fill_in_is_a_variable_wherever_it_stands(written, expression):
    line = (
        f'curl "https://api.example.com/lists/{written}/members?list={written}"'
        f""" -H "X-List: {written}" --json '{{"list": "{written}"}}'"""
    )
    config = draft_connection(read_curl(line)).config
    url = config.environments[Environment.PRODUCTION].url
    assert url == f"https://api.example.com/lists/{expression}/members"
    assert config.query[0].value == expression
    assert f'"{expression}"' in config.body.template
    if "variables" in expression:
        assert config.headers[0].value == expression
        assert list(config.variables.values()) == [""]


def test_what_is_to_be_filled_in_is_told_once_by_name():
    draft = draft_connection(read_curl(f"curl '{URL}/$LIST_ID?again=$LIST_ID'"))
    [note] = draft.not_understood
    assert note.detail == 'Give the variable "LIST_ID" its value.'


@pytest.mark.parametrize(
    "path", ["/odata/Leads/$count", "/your-offers/leads", "/$batch", "/a$b", "/price-$5"]
)
def test_path_that_only_looks_to_be_filled_in_stays(path):
    draft = draft_connection(read_curl(f"curl 'https://api.example.com{path}'"))
    url = draft.config.environments[Environment.PRODUCTION].url
    assert url == f"https://api.example.com{path}"


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("${dc}.api.mailchimp.com", "your-dc.api.mailchimp.com"),
        ("$DC.api.mailchimp.com", "your-dc.api.mailchimp.com"),
        ("<dc>.api.mailchimp.com", "your-dc.api.mailchimp.com"),
        ("{dc}.api.mailchimp.com:8443", "your-dc.api.mailchimp.com:8443"),
        ("YOUR_DOMAIN.my.salesforce.com", "your-domain.my.salesforce.com"),
        ("api.$DOMAIN.com", "your-host.invalid"),
        ("$HOST", "your-host.invalid"),
        ("localhost:$PORT", "your-host.invalid"),
    ],
)
def test_host_that_is_not_complete_is_told_and_the_rest_drafted(written, host):
    draft = draft_connection(read_curl(f'curl "https://{written}/3.0/lists" -d "email=a@b.de"'))
    assert draft.config.environments[Environment.PRODUCTION].url == f"https://{host}/3.0/lists"
    assert draft.config.body.fields[0].value == "{{ email }}"
    [note] = draft.not_understood
    assert note.detail.endswith(f"write your own in place of {host}.")


def test_what_we_set_ourselves_is_left_out():
    draft = drafted(
        f"curl {URL} -d a=1 -H 'Host: x' -H 'Accept: */*' -H 'User-Agent: curl/8' -H 'Expect: 1'"
        " -H 'Cookie: a=b' -H 'Content-Length: 3'"
    )
    assert draft.config.headers == ()
    assert [note.place for note in draft.not_understood] == ["header Expect", "header Cookie"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("curl -I https://api.example.com", "HEAD is not offered"),
        ("curl ftp://api.example.com", "not a web address"),
        ("curl https://$(hostname).example.com", "not complete"),
        ("curl https://exämple.com", "ASCII"),
        (f"curl {URL} --json '{'[' * 50 + ']' * 50}'", "levels deep"),
        (f"curl {URL} -d '{'a=1&' * 300}'", "more than 200 parameters"),
    ],
)
def test_what_cannot_become_a_connection_is_refused_with_a_sentence(line, sentence):
    with pytest.raises(NotUnderstood, match=sentence):
        draft_connection(read_curl(line))


def test_multipart_lines_stay_multipart():
    draft = drafted(f"curl {URL} -F email=ada@example.com -F tag=a")
    assert draft.config.body.encoding is Encoding.MULTIPART
    assert b'name="email"\r\n\r\ngrace@example.com\r\n' in sent(draft).body
