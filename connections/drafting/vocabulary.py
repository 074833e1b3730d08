"""Words that tell what a value of an example request is, written small and without punctuation."""

PREFIXES = (
    "lead", "contact", "customer", "subscriber", "user", "person", "primary", "home", "billing",
    "mailing", "applicant", "consumer", "profile", "personal", "client", "member", "your",
    "default", "recipient", "prospect", "work", "mobile", "attr", "attribute", "sample", "example",
)  # fmt: skip
"""What may stand before a name without changing whose it is."""

FULL_NAMES = frozenset({"name", "fullname", "contactname", "leadname", "customername", "yourname"})
LISTS = frozenset(
    {
        "list", "lists", "campaign", "campaigns", "company", "organization", "organisation",
        "product", "products", "event", "events", "tag", "tags", "segment", "form", "group",
        "groups", "source", "page", "account", "vendor", "offer", "context",
    }
)  # fmt: skip
"""A `name` in one of these is not a person's."""

SENDERS = frozenset({"from", "fromemail", "sender", "senderemail", "replyto", "bcc", "cc", "owner"})
"""An email address under one of these is not the customer's."""

LABELS = frozenset({"name", "key", "field", "fieldname", "attribute", "property", "label"})
CONTENTS = frozenset({"value", "val", "content"})
"""`{"name": "email", "value": "…"}`: the name of the value is the content of its sibling."""

CREDENTIALS = frozenset(
    {
        "apikey", "apitoken", "accesstoken", "authtoken", "secretkey", "apisecret", "privatekey",
        "clientsecret", "password", "passwd", "pwd", "accesskey", "securitytoken", "authkey",
        "apipassword", "sharedsecret", "bearertoken", "xapikey", "signature", "authorization",
        "subscriptionkey", "appkey", "appsecret", "sessiontoken", "refreshtoken", "apiauth",
    }
)  # fmt: skip
CREDENTIALS_OF_PARAMETERS = CREDENTIALS | {"key", "token", "secret", "auth", "pass"}
"""In a form, a query or a header even `key` alone is one; in JSON it may be anything."""

CREDENTIAL_ENDINGS = ("apikey", "token", "secret", "password", "accesskey", "authkey")
NOT_CREDENTIALS = frozenset({"idempotencykey", "nexttoken", "pagetoken", "devicetoken"})
