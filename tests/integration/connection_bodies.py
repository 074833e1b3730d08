"""What REST clients send in tests of connections."""

CONNECTIONS = "/accounts/acme/connections"
WHOLE = {
    "name": "Newsletter CRM",
    "config": {
        "method": "POST",
        "variables": {"list_id": "a1b2c3"},
        "environments": {
            "production": {"url": "https://api.example.com/v1"},
            "testing": {
                "url": "https://test.example.com/v1?list={{ campaign.reference|urlencode }}"
            },
        },
        "authorization": {
            "type": "basic",
            "username": "rokt",
            "password": {"secret": "crm_password"},
        },
        "headers": [{"name": "X-Source", "value": "referral"}],
        "body": {
            "encoding": "json",
            "template": '{"email": "{{ email }}", "age": {{ age|tojson }}}',
        },
        "required_attributes": ["email"],
        "response_rules": [
            {
                "name": "Already there",
                "conditions": [
                    {"source": "status", "operator": "in", "value": "400"},
                    {
                        "source": "json",
                        "path": "$.title",
                        "operator": "equals",
                        "value": "Member Exists",
                    },
                ],
                "outcome": "duplicate",
                "reason": {"source": "json", "path": "$.detail"},
            },
            {
                "name": "Created",
                "conditions": [{"source": "status", "operator": "in", "value": "200-299"}],
                "outcome": "delivered",
                "captures": [{"name": "lead_id", "source": "json", "path": "$.id"}],
            },
        ],
        "test_cases": [{"name": "New lead", "attributes": {"email": "new@example.com"}}],
    },
    "contacts": [{"name": "Ana", "role": "IT", "email": "ana@example.com", "phone": ""}],
    "secret_values": {"crm_password": "correct horse battery"},
}


def made(api, token, body=None, **headers):
    return api("post", CONNECTIONS, token, WHOLE if body is None else body, **headers)


def made_id(api, token, body=None):
    answer = made(api, token, body)
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]
