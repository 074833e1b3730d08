"""The collection of documented platforms beside the checkout, as configurations of ours.

Each configuration follows from the vendor's documented request and answers by rewriting names
and notation only, so that a platform which is added to the collection needs no line here.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_plus

FOLDER = Path(__file__).parents[3] / "shared" / "crm" / "fixtures"

# The collection's names for what we call otherwise.
_NAMES = {
    "lead.phone[-10:]": "mobile_number|last(10)",
    "lead.phone": "mobile_number",
    "lead.city": "suburb",
    "lead.ip": "ip_address",
    "lead.external_id": "referral.external_id",
    "lead.": "",
    "cfg.": "variables.",
    "secret.": "secrets.",
}
_ATTRIBUTES = {"phone": "mobile_number", "city": "suburb", "ip": "ip_address"}
_EXPRESSION = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
_BASIC = re.compile(r"\{\{basic\((?P<username>[^,]+),(?P<password>[^)]+)\)\}\}")
_SECRET_AT_THE_END = re.compile(r"(?P<prefix>[^{]*)\{\{secret\.(?P<name>\w+)\}\}")
_OPERATORS = {
    "eq": "equals",
    "ieq": "equals",
    "contains": "contains",
    "in_any": "in",
    "exists": "exists",
    "regex": "matches",
}


@dataclass(frozen=True)
class Request:
    """One documented request."""

    platform: str
    name: str
    config: dict[str, object]
    encoding: str
    attributes: dict[str, str]
    external_id: str
    secrets: dict[str, str]
    expected: dict[str, object]


@dataclass(frozen=True)
class Answer:
    """One documented answer and what it means."""

    platform: str
    name: str
    rules: tuple[dict[str, object], ...]
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    outcome: str
    confirmed: bool


def requests() -> list[Request]:
    return [_request(vendor, variant) for vendor in _vendors() for variant in vendor["variants"]]


def written_as_fields(request: Request) -> dict[str, object] | None:
    """Return the configuration with its body written as fields; None when that cannot be."""
    body = request.config["body"]
    if request.encoding == "form":
        pairs = [pair.partition("=") for pair in body["template"].split("&")]
        fields = [(unquote_plus(name), _unencoded(value)) for name, _, value in pairs]
        if any("{{" in name for name, _ in fields):
            return None  # only a template can make up names
    elif request.encoding == "json":
        text = _EXPRESSION.sub(lambda found: json.dumps(found[0]), body["template"])
        fields = list(_leaves("", json.loads(text)))
    else:
        return None
    documents = [{"name": name, "value": value} for name, value in fields]
    return request.config | {
        "body": {name: value for name, value in body.items() if name != "template"}
        | {"fields": documents}
    }


def _unencoded(value):
    return value.replace("|urlencode", "") if "{{" in value else unquote_plus(value)


def _leaves(name, value):
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from _leaves(f"{name}.{key}" if name else key, child)
    elif isinstance(value, list) and value:
        for child in value:
            yield from _leaves(f"{name}[]", child)
    elif isinstance(value, str) and value.startswith("{{"):
        # What stands in JSON without quotation marks and without |tojson is a number.
        yield name, value.replace("|tojson", "") if "|tojson" in value else value[:-2] + "|int}}"
    else:
        yield name, value if isinstance(value, str) else f"{{{{ {json.dumps(value)} }}}}"


def answers() -> list[Answer]:
    return [_answer(vendor, answer) for vendor in _vendors() for answer in vendor["responses"]]


def _vendors():
    return [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]


def _request(vendor, variant):
    variables = {name: str(value) for name, value in (vendor.get("example_cfg") or {}).items()}
    encoding = _encoding(variant.get("ctype") or "")
    authorization, headers = _authorization(variant.get("headers") or {})
    config = {
        "method": variant["method"],
        "environments": {"production": {"url": _translated(_host(variant["url"], variables))}},
        "variables": variables,
        "authorization": authorization,
        "headers": headers,
        "body": {"encoding": "none"},
        "response_rules": _rules(vendor),
    }
    if encoding != "none" and variant.get("body"):
        config["body"] = {
            "encoding": encoding,
            "content_type": variant["ctype"],
            "template": _translated(variant["body"]),
        }
    lead = dict(vendor["sample_lead"])
    return Request(
        platform=vendor["id"],
        name=variant["id"],
        config=config,
        encoding=encoding,
        external_id=lead.pop("external_id", ""),
        attributes={_ATTRIBUTES.get(name, name): value for name, value in lead.items()},
        secrets={name: str(value) for name, value in (vendor.get("example_secret") or {}).items()},
        expected=variant["rendered"],
    )


def _translated(source):
    return _EXPRESSION.sub(_in_our_names, source)


def _in_our_names(expression):
    text = expression[0]
    for theirs, ours in _NAMES.items():
        text = text.replace(theirs, ours)
    return text


def _host(url, variables):
    """Write the host out, as a connection must."""
    for name, value in variables.items():
        before, found, after = url.partition(f"{{{{cfg.{name}}}}}")
        if found and "/" not in before.removeprefix("https://"):
            url = before + value + after
    return url


def _encoding(content_type):
    for sign, encoding in (("json", "json"), ("xml", "xml"), ("form", "form"), ("text", "text")):
        if sign in content_type:
            return encoding
    return "none"


def _authorization(headers):
    """Return the authorization that the first header with a secret stands for, and the rest."""
    authorization, rest = {"type": "none"}, []
    for name, value in headers.items():
        kind = _kind(name, value)
        if kind and authorization["type"] == "none":
            authorization = kind
        elif name.lower() != "content-type":
            rest.append({"name": name, "value": _translated(value)})
    return authorization, rest


def _kind(header, value):
    if basic := _BASIC.fullmatch(value):
        return {
            "type": "basic",
            "username": _half(basic["username"]),
            "password": _half(basic["password"]),
        }
    if not (credential := _SECRET_AT_THE_END.fullmatch(value)):
        return None
    secret, prefix = {"secret": credential["name"]}, credential["prefix"]
    if (header, prefix) == ("Authorization", "Bearer "):
        return {"type": "bearer", "token": secret}
    return {"type": "api_key", "in": "header", "name": header, "value": secret, "prefix": prefix}


def _half(text):
    return text[1:-1] if text.startswith('"') else {"secret": text.removeprefix("secret.")}


def _answer(vendor, answer):
    headers = dict(answer["headers"] or {})
    if answer["content_type"]:
        headers.setdefault("Content-Type", answer["content_type"])
    body = answer["body"]
    text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
    if answer["body_kind"] == "json":
        text = json.dumps(body)
    return Answer(
        platform=vendor["id"],
        name=answer["case"],
        rules=tuple(_rules(vendor)),
        status=answer["status"],
        headers=tuple(headers.items()),
        body=text.encode(),
        outcome=answer["outcome"],
        confirmed=answer["evidence"] != "unconfirmed",
    )


def _rules(vendor):
    return [
        {
            "name": f"{index}. {rule['status']} {rule['outcome']}",
            "outcome": rule["outcome"],
            "conditions": list(_conditions(rule)),
        }
        for index, rule in enumerate(vendor["rules"], start=1)
    ]


def _conditions(rule):
    status = "100-599" if rule["status"] == "*" else rule["status"]
    yield {"source": "status", "operator": "in", "value": status}
    if test := rule.get("body"):
        yield _condition(test)


def _condition(test):
    if "empty" in test:
        return {"source": "body", "operator": "not_exists" if test["empty"] else "exists"}
    name = test["text"] if "text" in test else test["op"]
    condition = {"operator": _OPERATORS[name], "case_sensitive": name in ("eq", "regex")}
    if condition["operator"] != "exists":
        value = test["value"]
        condition["value"] = value if isinstance(value, str | list) else json.dumps(value)
    return condition | _place(test)


def _place(test):
    if "json" in test:
        path = test["json"]
        return {"source": "json", "path": f"${path}" if path.startswith("[") else f"$.{path}"}
    if "xml" in test:
        path = test["xml"]
        return {"source": "xml", "path": path[1:] if path.startswith(".") else f"/*/{path}"}
    return {"source": "body"}
