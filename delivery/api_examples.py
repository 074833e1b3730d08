"""Examples for the description of the REST API: one referral, on its whole way."""

REFERRAL_ID = "019ab0c3-1f1a-7d52-8a31-3f4b6c7d8e9f"
DELIVERY_ID = "019ab0c3-1f1b-7e02-9b40-aa55bb66cc77"

REFERRAL = {
    "campaign": "spring-savings",
    "external_id": "tx-123",
    "occurred_at": "2026-11-23T13:30:00Z",
    "attributes": {"email": "jane.citizen@example.com", "first_name": "Jane"},
}
RESULT = {
    "external_id": "tx-123",
    "status": "accepted",
    "id": REFERRAL_ID,
    "deliveries": [DELIVERY_ID],
}
ACCEPTED = {"accepted": 1, "duplicates": 0, "rejected": 0, "results": [RESULT]}
PARTLY_ACCEPTED = {
    "accepted": 1,
    "duplicates": 0,
    "rejected": 1,
    "results": [
        RESULT,
        {
            "external_id": "tx-124",
            "status": "invalid",
            "id": None,
            "deliveries": [],
            "errors": [
                {
                    "pointer": "/attributes/frist_name",
                    "code": "unknown_attribute",
                    "detail": 'there is no attribute "frist_name". Did you mean first_name?',
                }
            ],
        },
    ],
}
SUMMARY = {
    "id": DELIVERY_ID,
    "referral": REFERRAL_ID,
    "external_id": "tx-123",
    "campaign": "019a3f0e-7a55-7c11-9d2c-5e0d9a1b2c3d",
    "connection": "019a3f10-0b3c-7a90-8f21-0d1e2f3a4b5c",
    "status": "delivered",
    "reason": "201 Created",
    "rule": "Created",
    "captures": {"lead_id": "4711"},
    "attempt_count": 1,
    "next_attempt_at": None,
    "created_at": "2026-11-23T13:30:00.120Z",
    "finished_at": "2026-11-23T13:30:00.310Z",
}
ATTEMPT = {
    "number": 1,
    "version": 3,
    "environment": "production",
    "started_at": "2026-11-23T13:30:00.150Z",
    "duration_ms": 148.2,
    "timings": {"dns_ms": 1.1, "connect_ms": 12.4, "tls_ms": 25.0, "first_byte_ms": 104.9},
    "request": {
        "method": "POST",
        "url": "https://api.example.com/v1/subscribers",
        "headers": [["Content-Type", "application/json"], ["Authorization", "Bearer ••••"]],
        "body": '{"email": "••••"}',
    },
    "response": {
        "status": 201,
        "headers": [["Content-Type", "application/json"]],
        "body": '{"id": "••••"}',
        "truncated": False,
    },
    "error": None,
    "verdict": {
        "outcome": "delivered",
        "rule": "Created",
        "matched": True,
        "reason": "201 Created",
        "captures": {"lead_id": "4711"},
        "trace": [
            {
                "rule": "Created",
                "matched": True,
                "conditions": [{"matched": True, "found": "201"}],
            }
        ],
    },
}
DELIVERY = SUMMARY | {"attempts": [ATTEMPT]}
CANCELLED = SUMMARY | {
    "status": "cancelled",
    "reason": 'Cancelled by token "Nightly import".',
    "rule": None,
    "captures": {},
    "attempt_count": 0,
    "attempts": [],
}
REFERRAL_OUT = {
    "id": REFERRAL_ID,
    "external_id": "tx-123",
    "campaign": SUMMARY["campaign"],
    "occurred_at": "2026-11-23T13:30:00Z",
    "received_at": "2026-11-23T13:30:00.120Z",
    "attributes": {"email": "••••", "first_name": "••••"},
    "erased": False,
    "deliveries": [SUMMARY],
}
