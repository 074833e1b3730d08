"""What a technical contact answers, item by item."""

from connections.models import SetupRequest

LIST = "/accounts/acme/setup-requests/"
SECRET = "correct horse battery staple"
ANSWERS = {
    "documentation": {"url": "https://developers.acme-crm.com/api"},
    "contact": {"name": "John Smith", "role": "Technical support", "email": "john@acme-crm.com"},
    "endpoints": {
        "production": "https://api.acme-crm.com/leads",
        "staging": "https://staging.acme-crm.com/leads",
    },
    "method": {"method": "POST"},
    "authentication": {"kind": "api_key", "location": "header", "name": "X-Key", "api_key": SECRET},
    "encoding": {"encoding": "json"},
    "parameters": {
        "rows.0.attribute": "email",
        "rows.0.name": "contact.email",
        "rows.0.required": "on",
        "rows.1.attribute": "last_name",
        "rows.1.name": "contact.surname",
        "rows.2.attribute": "country",
        "rows.2.name": "",
    },
    "responses": {
        "rows.0.status": "201",
        "rows.0.body": '{"id": 7}',
        "rows.0.meaning": "delivered",
        "rows.1.status": "400",
        "rows.1.body": '{"error": "exists"}',
        "rows.1.meaning": "duplicate",
        "rows.2.status": "400",
        "rows.2.body": '{"error": "bad email"}',
        "rows.2.meaning": "rejected",
        "rows.3.status": "",
        "rows.3.body": "",
        "rows.3.meaning": "",
    },
}


def setup_of(cast):
    return SetupRequest.objects.for_account(cast.account).get()


def answer(contact, link, **changed):
    for item, typed in (ANSWERS | changed).items():
        saved = contact.post(f"{link}{item}/", typed)
        assert saved.status_code == 302, (item, saved.content)
