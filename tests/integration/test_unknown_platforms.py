"""Platforms that nobody prepared for: connected by REST alone, as their documentation says.

Each file of `unknown_platforms` holds what a client posts (`connection`, `referral`), the request
that the documentation asks for, and the answers that it tells of with what they mean. All of them
go through the product together: created, tested, activated, linked, and one referral delivered
for each answer.
"""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
import yaml
from django.core.management import call_command
from django.test import Client, override_settings
from django.utils import timezone
from lxml import etree

from connections import runner
from tests.cast import make_cast
from tests.delivery_stage import pump
from tests.loopback import Heard, listening

FOLDER = Path(__file__).parent / "unknown_platforms"
ORIGIN = re.compile(r"https?://[^/?]+")
STATUS_OF = {"retry": "retrying", "hold": "retrying"}
OURS = {
    "accept", "accept-encoding", "connection", "content-length", "host", "idempotency-key",
    "user-agent",
}  # fmt: skip
TOKEN = {"access_token": "token-from-the-receiver", "token_type": "Bearer", "expires_in": 3600}


@dataclass(frozen=True)
class Platform:
    """One platform as its documentation describes it, and how a client of ours connects it."""

    slug: str
    connection: dict
    referral: dict
    request: dict
    answers: dict

    @property
    def token_path(self):
        return urlsplit(
            self.connection["config"].get("authorization", {}).get("token_url", "")
        ).path


@dataclass
class Trial:
    """What the receivers heard and what the product recorded, by platform and answer."""

    refused: dict = field(default_factory=dict)
    """By platform, what the product said when it could not be connected."""
    heard: dict = field(default_factory=dict)
    deliveries: dict = field(default_factory=dict)


def load(path):
    with path.open(encoding="utf-8") as file:
        platform = yaml.safe_load(file)
    assert platform.pop("documentation")
    assert platform.pop("facts")
    return Platform(slug=path.stem, **platform)


PLATFORMS = [load(path) for path in sorted(FOLDER.glob("*.yaml"))]
ANSWERS = [
    pytest.param(platform, name, id=f"{platform.slug}-{name}")
    for platform in PLATFORMS
    for name in platform.answers
]


class Refused(Exception):
    """The product did not do what a client asked of it."""


class Stage:
    """A client with a token, and receivers that answer as the platforms' documentation says."""

    def __init__(self):
        self.cast = make_cast()
        self.headers = {"authorization": f"Bearer {self.cast.token()}"}
        self.client = Client()
        self.sender = runner.Sender()
        self.answers = {}
        self.heard = {}

    def call(self, method, path, body=None, *, status):
        answer = getattr(self.client, method)(
            f"/api/v1/accounts/acme{path}",
            data=body,
            content_type="application/json",
            headers=self.headers,
        )
        if answer.status_code != status:
            raise Refused(path, answer.content.decode())
        return answer.json() if answer.content else None

    def answer(self, platform, heard: Heard):
        if heard.path == platform.token_path:
            return 200, {"Content-Type": "application/json"}, json.dumps(TOKEN)
        key = heard.headers["idempotency-key"]
        self.heard[key] = heard
        told = self.answers.get(key) or next(iter(platform.answers.values()))
        return told["status"], told.get("headers", {}), told.get("body", "")

    def connect(self, platform, origin):
        """Do what an integrator does: create, test, activate, link."""
        body = with_origin(platform.connection, origin)
        made = self.call("post", "/connections", body, status=201)
        path = f"/connections/{made['id']}"
        self.test(platform, path)
        self.call("post", f"{path}/activate", {}, status=200)
        campaign = {"name": platform.slug, "reference": platform.slug}
        self.call("post", "/campaigns", campaign, status=201)
        self.call("put", f"{path}/campaigns/{platform.slug}", status=204)

    def test(self, platform, path):
        lead = {"attributes": platform.referral["attributes"], "confirm_production": True}
        started = self.call("post", f"{path}/tests", lead, status=202)
        runner.run_test(UUID(started["id"]), sender=self.sender, now=timezone.now())
        run = self.call("get", f"{path}/tests/{started['id']}", status=200)
        if run["status"] != "passed":
            raise Refused(path, run["results"])

    def submit(self, pairs):
        """Send one referral for each platform and answer; return its delivery."""
        referrals = [
            platform.referral
            | {"campaign": platform.slug, "external_id": f"{platform.slug}-{name}"}
            for platform, name in pairs
        ]
        accepted = self.call("post", "/referrals", referrals, status=202)
        deliveries = {}
        for (platform, name), result in zip(pairs, accepted["results"], strict=True):
            (delivery,) = result["deliveries"]
            self.answers[delivery] = platform.answers[name]
            deliveries[platform.slug, name] = delivery
        return deliveries


def with_origin(value, origin):
    """Return the configuration with the documented host exchanged for a receiver of ours."""
    if isinstance(value, dict):
        return {
            name: ORIGIN.sub(origin, inner, count=1)
            if name in ("url", "token_url")
            else with_origin(inner, origin)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [with_origin(inner, origin) for inner in value]
    return value


@pytest.fixture(scope="module")
def trial(django_db_setup, django_db_blocker):
    """Connect all platforms, and let each give each of its answers to one referral."""
    with django_db_blocker.unblock():
        try:
            yield perform_trial()
        finally:
            call_command(
                "flush",
                verbosity=0,
                interactive=False,
                reset_sequences=False,
                inhibit_post_migrate=True,
            )


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
def perform_trial():
    stage, trial = Stage(), Trial()
    answering = [
        lambda heard, platform=platform: stage.answer(platform, heard) for platform in PLATFORMS
    ]
    with listening(answering) as origins:
        for platform, origin in zip(PLATFORMS, origins, strict=True):
            try:
                stage.connect(platform, origin)
            except Refused as refused:
                trial.refused[platform.slug] = refused
        connected = [one for one in PLATFORMS if one.slug not in trial.refused]
        ids = stage.submit([(one, name) for one in connected for name in one.answers])
        pump()
    stage.sender.close()
    for one, delivery in ids.items():
        trial.heard[one] = stage.heard.get(delivery)
        trial.deliveries[one] = stage.call("get", f"/deliveries/{delivery}", status=200)
    return trial


def form(heard):
    return [list(pair) for pair in parse_qsl(heard.body, keep_blank_values=True)]


def multipart(heard):
    """Parse the body as receivers do."""
    head = f"Content-Type: {heard.headers['content-type']}\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes((head + heard.body).encode())
    return [
        [
            part.get_param("name", header="content-disposition"),
            part.get_payload(decode=True).decode(),
        ]
        for part in message.iter_parts()
    ]


def canonical(text):
    """Return XML without the white space and the notation that mean nothing."""
    return etree.canonicalize(re.sub(r">\s+<", "><", text.strip()))


READ = {
    "json": lambda heard: json.loads(heard.body),
    "form": form,
    "multipart": multipart,
    "xml": lambda heard: canonical(heard.body),
    "text": lambda heard: heard.body,
}


def is_expected(found, expected):
    if isinstance(expected, dict):
        return found is not None and re.fullmatch(expected["matches"], found) is not None
    return found == expected


def key_of(signature):
    if "key_hex" in signature:
        return bytes.fromhex(signature["key_hex"])
    return signature["key"].encode()


def digest_of(signature, parts):
    """Work out a signature from what arrived, the way its documentation has it."""
    data = signature["over"].format(**parts).encode()
    name = signature["algorithm"].removeprefix("hmac-")
    if signature["algorithm"].startswith("hmac-"):
        raw = hmac.digest(key_of(signature), data, name)
    else:
        raw = hashlib.new(name, data).digest()
    written = {
        "hex": raw.hex(),
        "base64": base64.b64encode(raw).decode(),
        "base64url": base64.urlsafe_b64encode(raw).decode().rstrip("="),
        "base64 of hex": base64.b64encode(raw.hex().encode()).decode(),
    }
    return written[signature["written"]]


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.slug)
def test_platform_is_connected_by_rest_alone(trial, platform):
    assert platform.slug not in trial.refused, trial.refused[platform.slug]


def check_headers(heard, documented):
    headers = {name.lower(): value for name, value in documented.items()}
    for name, value in headers.items():
        assert is_expected(heard.headers.get(name), value), (name, heard.headers.get(name))
    assert heard.headers.keys() - OURS <= headers.keys()


def check_body(heard, documented):
    for kind in READ.keys() & documented.keys():
        wanted = documented[kind]
        assert READ[kind](heard) == (canonical(wanted) if kind == "xml" else wanted)
    for name, text in documented.get("elements", {}).items():
        (element,) = etree.fromstring(heard.body.encode()).iterfind(f".//{{*}}{name}")
        assert element.text == text
    for part in documented.get("contains", []):
        assert part in heard.body


def check_signature(heard, signature):
    parts = {"method": heard.method, "body": heard.body, "headers": heard.headers}
    found = re.search(signature["pattern"], signature["in"].format(**parts)).groupdict()
    for name in signature.get("in_base64", []):
        found[name] = base64.b64decode(found[name]).decode()
    assert found["digest"] == digest_of(signature, parts | found)


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.slug)
def test_request_is_as_documented(trial, platform):
    heard = trial.heard[platform.slug, next(iter(platform.answers))]
    documented = platform.request
    target = urlsplit(documented["target"])
    assert (heard.method, heard.path) == (documented["method"], target.path)
    assert parse_qsl(heard.query, True) == parse_qsl(target.query, True)
    check_headers(heard, documented.get("headers", {}))
    check_body(heard, documented)
    for signature in documented.get("signatures", []):
        check_signature(heard, signature)


@pytest.mark.parametrize(("platform", "name"), ANSWERS)
def test_answer_is_read_as_documented(trial, platform, name):
    answer, delivery = platform.answers[name], trial.deliveries[platform.slug, name]
    verdict = delivery["attempts"][0]["verdict"]
    matched = not answer.get("by_status", False)
    assert (verdict["outcome"], verdict["matched"]) == (answer["outcome"], matched), verdict
    assert delivery["status"] == STATUS_OF.get(answer["outcome"], answer["outcome"])
    assert verdict["captures"] == answer.get("captures", {})
    if "reason" in answer:
        assert verdict["reason"] == answer["reason"]
    if "waits_seconds" in answer:
        # Waits are spread a little, so that not all come back at once.
        assert 0.9 < (waited(delivery) + 30) / (answer["waits_seconds"] + 30) < 1.25


def waited(delivery):
    now = datetime.now(UTC)
    return (datetime.fromisoformat(delivery["next_attempt_at"]) - now).total_seconds()


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.slug)
def test_no_secret_is_shown(trial, platform):
    recorded = json.dumps([trial.deliveries[platform.slug, name] for name in platform.answers])
    secrets = platform.connection.get("secret_values", {})
    assert [name for name, value in secrets.items() if value in recorded] == []
