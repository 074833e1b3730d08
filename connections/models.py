"""Connections, their versions, secrets and test runs; custom fields; set-up requests."""

from datetime import datetime

from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Lower

from accounts.tenancy import TenantModel
from connections.exchange.config import ConnectionConfig, Environment, Outcome
from connections.exchange.custom_fields import CustomField as Definition
from connections.setup_requests.answers import SetupAnswers


class ConnectionStatus(models.TextChoices):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class ConnectionHealth(models.TextChoices):
    """How sending fares, whatever the status."""

    HEALTHY = "healthy"
    FAILING = "failing"
    """The endpoint fails; it is asked again by and by."""
    MISCONFIGURED = "misconfigured"
    """The endpoint refuses us; a person must mend the configuration or the credential."""


class Connection(TenantModel):
    """One configured way to reach an API of the advertiser.

    `head_version` is the newest configuration, the one that is edited; `live_version` is
    the one that referrals are sent with. `revision` grows with every change of any kind.
    """

    name = models.CharField(max_length=100)
    status = models.CharField(
        max_length=10, choices=ConnectionStatus.choices, default=ConnectionStatus.DRAFT
    )
    revision = models.PositiveIntegerField(default=1)
    head_version = models.ForeignKey(
        "ConnectionVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    live_version = models.ForeignKey(
        "ConnectionVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    health = models.CharField(
        max_length=15, choices=ConnectionHealth.choices, default=ConnectionHealth.HEALTHY
    )
    """Written by the engine when it changes, and with it since when and why; no revision."""
    health_since = models.DateTimeField(null=True)
    health_reason = models.CharField(max_length=200, blank=True)
    contacts = models.JSONField(default=list)
    documentation = models.JSONField(default=list)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                "account",
                Lower("name"),
                condition=~models.Q(status=ConnectionStatus.ARCHIVED),
                name="connection_name_once",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=ConnectionStatus.values),
                name="connection_status_is_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=("active", "paused"))
                | models.Q(live_version__isnull=False),
                name="connection_in_use_has_a_live_version",
            ),
        )

    def __str__(self) -> str:
        return self.name


class ConnectionVersion(TenantModel):
    """A snapshot of a connection's configuration; the database refuses to change one."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    config = models.JSONField()
    concurrency = models.GeneratedField(
        expression=Cast(KT("config__delivery__concurrency"), models.IntegerField()),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    rate_per_second = models.GeneratedField(
        expression=Cast(KT("config__delivery__rate_per_second"), models.FloatField()),
        output_field=models.FloatField(null=True),
        db_persist=True,
    )
    timeout_seconds = models.GeneratedField(
        expression=Cast(KT("config__delivery__timeout_seconds"), models.FloatField()),
        output_field=models.FloatField(),
        db_persist=True,
    )
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("connection", "number"), name="version_number_once"),
        )

    @property
    def document(self) -> ConnectionConfig:
        return ConnectionConfig.model_validate(self.config)


class CustomField(TenantModel):
    """A value that follows from an attribute; all connections of the account may use it."""

    definition = models.JSONField()
    name = models.GeneratedField(
        expression=KT("definition__name"), output_field=models.TextField(), db_persist=True
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("account", "name"), name="custom_field_name_once"),
        )

    @property
    def document(self) -> Definition:
        return Definition.model_validate(self.definition)


class Secret(TenantModel):
    """A credential for one environment, bound to the hosts that it may be sent to."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=64)
    environment = models.CharField(
        max_length=10, choices=[(name, name.value) for name in Environment]
    )
    hosts = models.TextField()
    """What `rendering.secret_hosts` said when it was set, joined by commas."""
    sealed = models.BinaryField()
    hint = models.CharField(max_length=4, blank=True)
    """Its last four characters, when it is long enough that they tell nothing."""
    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "name", "environment", "hosts"), name="secret_once"
            ),
        )


class TokenGrant(TenantModel):
    """What has become of a refresh token that somebody set: shared by all processes.

    Sealed are the refresh token that took its place and the access token that came with it.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="token_grants"
    )
    address = models.TextField()
    """The `host:port` that the refresh token is sent to."""
    digest = models.BinaryField()
    """Says which refresh token it was, as it was set; see `secrets.grant_digest`."""
    sealed = models.BinaryField()
    busy_until = models.DateTimeField(null=True)
    """Until then whoever wrote this may use the refresh token, and nobody else."""

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "address", "digest"), name="token_grant_once"
            ),
        )


class TestRunStatus(models.TextChoices):
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


class TestRun(TenantModel):
    """Test leads sent with one version to one environment, and what became of them."""

    __test__ = False  # not a class of tests, whatever pytest thinks of its name

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="test_runs")
    version = models.ForeignKey(ConnectionVersion, on_delete=models.CASCADE, related_name="+")
    environment = models.CharField(
        max_length=10, choices=[(name, name.value) for name in Environment]
    )
    status = models.CharField(
        max_length=10, choices=TestRunStatus.choices, default=TestRunStatus.RUNNING
    )
    requested_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = (
            models.Index(fields=("connection", "-id"), name="test_run_newest_first"),
            models.Index(
                fields=("created_at",),
                condition=models.Q(status=TestRunStatus.RUNNING),
                name="test_run_under_way",
            ),
        )


class TestResult(TenantModel):
    """One test case of a run. What is sealed: the lead's attributes, and the attempt."""

    __test__ = False  # as above

    run = models.ForeignKey(TestRun, on_delete=models.CASCADE, related_name="results")
    position = models.PositiveSmallIntegerField()
    test_case = models.CharField(max_length=100)
    expected_outcome = models.CharField(
        max_length=10, choices=[(outcome, outcome.value) for outcome in Outcome]
    )
    attributes_sealed = models.BinaryField()
    passed = models.BooleanField(null=True)
    attempt_sealed = models.BinaryField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("run", "position"), name="test_result_once"),
        )


class SetupRequest(TenantModel):
    """A link by which a technical contact hands the facts of their API over, and the answers.

    Who has the link may answer until it ends; its token is found by its SHA-256, and sealed
    for reminders. Sealed are the credentials too, by name; a draft connection takes them over.
    """

    name = models.CharField(max_length=100)
    digest = models.BinaryField(unique=True)
    token_sealed = models.BinaryField(null=True)
    """While the link is good."""
    answers = models.JSONField(default=dict)
    secrets_sealed = models.BinaryField(null=True)
    example_secrets_sealed = models.BinaryField(null=True)
    """Those of the request that was pasted, apart, since each of both may be replaced."""
    file_name = models.CharField(max_length=200, blank=True)
    file_sealed = models.BinaryField(null=True)
    asked_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    """When the team was told that it was sent; set just before, so that nobody else tells them."""
    reminded_at = models.DateTimeField(null=True)
    reminder_sealed = models.BinaryField(null=True)
    """Address and link of a reminder that waits to be mailed."""
    revoked_at = models.DateTimeField(null=True)
    connection = models.ForeignKey(
        Connection, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return self.name

    @property
    def ends_at(self) -> datetime:
        """When the link ends, or did; a while later all of this is erased."""
        return min(self.revoked_at or self.expires_at, self.expires_at)

    @property
    def document(self) -> SetupAnswers:
        return SetupAnswers.model_validate(self.answers)
