"""Examples for the description of the REST API: one connection, on its whole way."""

CONFIG = {
    "method": "POST",
    "variables": {"list_id": "a1b2c3"},
    "environments": {
        "production": {"url": "https://api.example.com/v1/subscribers"},
        "testing": {
            "url": "https://staging.example.com/v1/subscribers?list={{ variables.list_id }}"
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
    "test_cases": [
        {
            "name": "New lead",
            "attributes": {"email": "new@example.com", "age": 25},
            "expected_outcome": "delivered",
        }
    ],
}
CONTACT = {"name": "Ana Reyes", "role": "IT", "email": "ana@example.com", "phone": ""}
CONNECTION_IN = {
    "name": "Newsletter CRM",
    "config": CONFIG,
    "contacts": [CONTACT],
    "secret_values": {"crm_password": "correct horse battery staple"},
}
SMALLEST_IN = {
    "name": "Newsletter CRM",
    "config": {"environments": {"production": {"url": "https://api.example.com/v1/subscribers"}}},
}
SECRET = {"set_at": "2026-11-23T13:30:00Z", "set_by": "Ana Reyes", "hint": "aple"}
CONNECTION = {
    "id": "019a3f10-0b3c-7a90-8f21-0d1e2f3a4b5c",
    "name": "Newsletter CRM",
    "status": "active",
    "version": 3,
    "live_version": 3,
    "health": "healthy",
    "tested": True,
    "config": CONFIG,
    "secrets": {"crm_password": {"production": SECRET, "testing": SECRET}},
    "contacts": [CONTACT],
    "documentation": [{"title": "API", "url": "https://developer.example.com"}],
    "created_at": "2026-11-23T13:20:00Z",
    "updated_at": "2026-11-23T13:30:00Z",
}
CHANGED = CONNECTION | {"dropped_secrets": ["crm_password"]}
PREVIEW = {
    "method": "POST",
    "url": "https://api.example.com/v1/subscribers",
    "headers": [
        ["Authorization", "Basic ••••"],
        ["X-Source", "referral"],
        ["Content-Type", "application/json"],
    ],
    "body": '{"email": "jane.citizen@example.com", "age": 25}',
}
VERDICT = {
    "outcome": "duplicate",
    "rule": "Already there",
    "matched": True,
    "reason": "jane.citizen@example.com is already a list member.",
    "captures": {},
    "trace": [
        {
            "rule": "Already there",
            "matched": True,
            "conditions": [
                {"matched": True, "found": "400"},
                {"matched": True, "found": "Member Exists"},
            ],
        }
    ],
}
CREATED_VERDICT = {
    "outcome": "delivered",
    "rule": "Created",
    "matched": True,
    "reason": "Created",
    "captures": {"lead_id": "4711"},
    "trace": [
        {
            "rule": "Already there",
            "matched": False,
            "conditions": [
                {"matched": False, "found": "201"},
                {"matched": False, "found": None},
            ],
        },
        {"rule": "Created", "matched": True, "conditions": [{"matched": True, "found": "201"}]},
    ],
}
RUN = {
    "id": "019ab0c3-2a1a-7d52-8a31-3f4b6c7d8e9f",
    "status": "running",
    "version": 3,
    "environment": "testing",
    "requested_by": "Ana Reyes",
    "created_at": "2026-11-23T13:30:00Z",
    "started_at": None,
    "finished_at": None,
    "results": [
        {
            "test_case": "New lead",
            "expected_outcome": "delivered",
            "passed": None,
            "attempt": None,
            "verdict": None,
        }
    ],
}
FINISHED_RUN = RUN | {
    "status": "passed",
    "started_at": "2026-11-23T13:30:00.080Z",
    "finished_at": "2026-11-23T13:30:00.310Z",
    "results": [
        {
            "test_case": "New lead",
            "expected_outcome": "delivered",
            "passed": True,
            "attempt": {
                "number": 1,
                "version": 3,
                "environment": "testing",
                "started_at": "2026-11-23T13:30:00.100Z",
                "duration_ms": 148.2,
                "timings": {
                    "dns_ms": 1.1,
                    "connect_ms": 12.4,
                    "tls_ms": 25.0,
                    "first_byte_ms": 104.9,
                },
                "request": PREVIEW,
                "response": {
                    "status": 201,
                    "headers": [["Content-Type", "application/json"]],
                    "body": '{"id": 4711}',
                    "truncated": False,
                },
                "error": None,
                "verdict": CREATED_VERDICT,
            },
            "verdict": CREATED_VERDICT,
        }
    ],
}
VERSION = {
    "number": 3,
    "config": CONFIG,
    "created_by": "Ana Reyes",
    "created_at": "2026-11-23T13:30:00Z",
    "is_live": True,
}
RUN_SUMMARY = FINISHED_RUN | {
    "results": [{"test_case": "New lead", "expected_outcome": "delivered", "passed": True}]
}
