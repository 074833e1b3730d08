"""OpenAPI documents: what an operation says of its request, its credential and its answers."""

import json
from pathlib import Path

import pytest

from connections.drafting.openapi import draft_operation, read_openapi
from connections.drafting.pasted import NotUnderstood
from connections.exchange.rendering import check_config

SPECS = sorted((Path(__file__).parents[5] / "shared" / "crm" / "specs").glob("*.json"))
DOCUMENT = """
openapi: 3.1.0
info: {title: CRM, version: 2026-01-01}
servers:
  - url: https://{region}.example.com/v1
    variables: {region: {default: eu}}
security: [{key: []}]
paths:
  /lists/{list_id}/leads:
    parameters:
      - {name: list_id, in: path, required: true, schema: {type: string}}
    post:
      operationId: createLead
      summary: Create a lead
      parameters:
        - {name: X-Version, in: header, required: true, schema: {type: string, default: "7"}}
        - {name: mode, in: query, required: true, schema: {type: string, enum: [full, half]}}
        - {name: dry_run, in: query, schema: {type: boolean}}
      requestBody:
        content:
          application/json:
            schema: {$ref: "#/components/schemas/Lead"}
      responses:
        201: {description: Created}
        400: {description: Bad}
        409: {description: The lead already exists}
        429: {description: Slow down}
        4XX: {description: Something}
        default: {description: Anything}
  /leads:
    put:
      security: []
      requestBody:
        content:
          application/x-www-form-urlencoded:
            example: {email: ada@example.com, list: 7}
      responses: {"200": {description: OK}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: Authorization, description: "Write `CRM-Key {api-key}`"}
  schemas:
    Lead:
      allOf:
        - {$ref: "#/components/schemas/Person"}
        - type: object
          required: [consent, plan]
          properties:
            consent: {type: boolean}
            plan: {type: string}
            nickname: {type: string}
            friend: {$ref: "#/components/schemas/Lead"}
    Person:
      type: object
      required: [email]
      properties:
        email: {type: string, format: email}
        lastName: {type: string, example: Lovelace}
        jobTitle: {type: string, example: Countess}
"""


def drafted(key, document=DOCUMENT):
    read = read_openapi(document)
    return draft_operation(read, read.chosen(key))


def test_operations_are_listed_in_their_order():
    assert [(one.key, one.method, one.path) for one in read_openapi(DOCUMENT).operations()] == [
        ("createLead", "POST", "/lists/{list_id}/leads"),
        ("PUT /leads", "PUT", "/leads"),
    ]


@pytest.mark.parametrize("key", ["createLead", "POST /lists/{list_id}/leads"])
def test_an_operation_becomes_a_draft(key):
    config = drafted(key).config
    assert config.environments["production"].url == (
        "https://eu.example.com/v1/lists/{{ variables.list_id }}/leads"
    )
    assert [(one.name, one.value) for one in config.query] == [("mode", "full")]
    assert [(one.name, one.value) for one in config.headers] == [("X-Version", "7")]
    assert json.loads(config.body.template) == {
        "email": "{{ email }}",
        "lastName": "{{ last_name }}",
        "consent": True,
        "plan": "",
    }
    assert config.required_attributes == ("email",)
    assert config.authorization.model_dump(by_alias=True) == {
        "type": "api_key",
        "in": "header",
        "name": "Authorization",
        "value": {"secret": "api_key"},
        "prefix": "CRM-Key ",
    }


def test_only_what_is_documented_of_answers_becomes_rules():
    assert [
        (rule.outcome.value, rule.conditions[0].value)
        for rule in drafted("createLead").config.response_rules
    ] == [("duplicate", "409"), ("retry", "429"), ("delivered", "2xx"), ("rejected", "400")]


def test_what_was_left_out_or_made_up_is_said():
    notes = {note.place: note.detail for note in drafted("createLead").not_understood}
    assert "dry_run" in notes["optional parameters"]
    assert "jobTitle" in notes["optional parameters"]
    assert {
        "servers",
        "path list_id",
        "body plan",
        "body consent",
        "secret api_key",
    } <= notes.keys()


def test_a_form_example_becomes_fields():
    config = drafted("PUT /leads").config
    assert [(one.name, one.value) for one in config.body.fields] == [
        ("email", "{{ email }}"),
        ("list", "7"),
    ]
    assert config.authorization.type == "none"


def test_a_documented_duplicate_separates_it_from_other_answers_with_its_status():
    document = json.dumps(
        {
            "openapi": "3.0.0",
            "servers": [{"url": "https://a.example"}],
            "paths": {
                "/x": {
                    "post": {
                        "responses": {
                            "422": {
                                "content": {
                                    "application/json": {"example": {"code": "duplicate_lead"}}
                                }
                            }
                        }
                    }
                }
            },
        }
    )
    rules = drafted("POST /x", document).config.response_rules
    assert [(rule.outcome.value, len(rule.conditions)) for rule in rules] == [
        ("duplicate", 2),
        ("rejected", 1),
    ]


@pytest.mark.parametrize(
    ("scheme", "kind"),
    [
        ({"type": "http", "scheme": "Basic"}, "basic"),
        ({"type": "http", "scheme": "bearer"}, "bearer"),
        ({"type": "apiKey", "in": "query", "name": "key"}, "api_key"),
        ({"type": "apiKey", "in": "cookie", "name": "key"}, "none"),
        ({"type": "mutualTLS"}, "none"),
        ({"type": "oauth2", "flows": {"implicit": {}}}, "bearer"),
        (
            {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://a.example/t"}}},
            "oauth2_client_credentials",
        ),
    ],
)
def test_security_schemes_become_authorizations(scheme, kind):
    document = {
        "openapi": "3.0.0",
        "servers": [{"url": "https://a.example"}],
        "components": {"securitySchemes": {"one": scheme}},
        "paths": {"/x": {"post": {"security": [{"one": []}], "responses": {}}}},
    }
    draft = drafted("POST /x", document)
    assert draft.config.authorization.type == kind
    assert draft.not_understood


def test_references_in_circles_and_out_of_the_document_are_harmless():
    document = {
        "openapi": "3.0.0",
        "servers": [{"url": "https://a.example"}],
        "paths": {
            "/x": {
                "post": {
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["a", "b", "c"],
                                    "properties": {
                                        "a": {"$ref": "#/components/schemas/A"},
                                        "b": {"$ref": "https://evil.example/b.json"},
                                        "c": {"$ref": "#/components/schemas/C"},
                                    },
                                }
                            }
                        }
                    }
                }
            }
        },
        "components": {
            "schemas": {
                "A": {"$ref": "#/components/schemas/A"},
                "C": {
                    "type": "object",
                    "required": ["c"],
                    "properties": {"c": {"$ref": "#/components/schemas/C"}},
                },
            }
        },
    }
    assert drafted("POST /x", document).config.body.template


def test_a_list_of_operations_says_nothing_of_an_unknown_one():
    with pytest.raises(NotUnderstood, match="no operation"):
        drafted("deleteEverything")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no OpenAPI document"),
        ("[1, 2]", "no OpenAPI document"),
        ("{", "no JSON"),
        ("a: [", "neither JSON nor YAML, at line"),
        ("a: !!python/object/apply:os.system [ls]", "neither JSON nor YAML"),
        ("swagger: '2.0'\npaths: {}", "Swagger 2"),
        ("openapi: 2.0\npaths: {}", "no OpenAPI 3"),
        ("openapi: 3.0.0\npaths: {}", "no operation"),
        ("a: &a [x]\nb: *a", "Aliases"),
        ("[" * 100 + "]" * 100, "nested too deeply"),
        ('{"a":' * 100 + "1" + "}" * 100, "nested too deeply"),
        ('{"a":' * 50_000, "no JSON"),
        ("x" * 3_000_001, "longer than"),
    ],
)
def test_documents_that_cannot_be_read_are_refused_with_a_sentence(text, sentence):
    with pytest.raises(NotUnderstood, match=sentence):
        read_openapi(text)


@pytest.mark.parametrize("servers", [[], [{"url": "/v1"}], [{}]])
def test_a_document_without_a_host_says_what_is_missing(servers):
    document = {"openapi": "3.0.0", "servers": servers, "paths": {"/x": {"post": {}}}}
    with pytest.raises(NotUnderstood, match="which host to call"):
        drafted("POST /x", document)


@pytest.mark.skipif(not SPECS, reason="the collection is not beside the checkout")
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_operation_of_a_vendors_file_becomes_a_draft(path):
    document = read_openapi(path.read_text())
    for operation in document.operations():
        draft = draft_operation(document, operation)
        assert check_config(draft.config) == []
        assert draft.config.method == operation.method
