"""Accounts, the people and tokens that act for them, and the record of what they did."""

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from uuid_utils.compat import uuid7

from accounts.permissions import Permission, Role
from accounts.tenancy import TenantModel
from accounts.vault import Vault, open_vault

MAX_RETENTION_DAYS = 3_650


class Account(models.Model):
    """A tenant: one advertiser."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=100)
    wrapped_key = models.BinaryField()
    retention_days = models.PositiveSmallIntegerField(default=90)
    """How long referrals and what became of them are kept."""
    personal_data_days = models.PositiveSmallIntegerField(default=30)
    """How long the people in them are known; whatever still waits then is given up."""
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(
                    personal_data_days__gte=1,
                    retention_days__gte=models.F("personal_data_days"),
                    retention_days__lte=MAX_RETENTION_DAYS,
                ),
                name="account_keeps_people_no_longer_than_referrals",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def vault(self) -> Vault:
        return open_vault(settings.KEY_RING, bytes(self.wrapped_key), self.id)


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person; logs in by email, and is a member of any number of accounts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Membership(TenantModel):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(role, role.label) for role in Role])
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("account", "user"), name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=[*Role]), name="membership_role_is_known"
            ),
        )


class ApiToken(models.Model):
    """A REST client's right to act, for one account or for all that its user manages."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    digest = models.BinaryField(unique=True)
    scopes = ArrayField(
        models.CharField(max_length=30, choices=[(scope, scope.value) for scope in Permission])
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(account__isnull=False) ^ models.Q(user__isnull=False),
                name="token_is_of_an_account_or_a_user",
            ),
        )

    def __str__(self) -> str:
        return self.name


class AuditEvent(TenantModel):
    """Who did what to which thing, when; never edited. `details` holds no secret and no lead."""

    event = models.CharField(max_length=60)
    actor_user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_token = models.ForeignKey(
        ApiToken, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_label = models.CharField(max_length=150)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=80)
    details = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        indexes = (models.Index(fields=("account", "-id"), name="audit_newest_first"),)


class IdempotentRequest(TenantModel):
    """The answer to a POST that carried an Idempotency-Key, to be given again."""

    key = models.CharField(max_length=255)
    route = models.CharField(max_length=255)
    request_digest = models.BinaryField()
    response_status = models.PositiveSmallIntegerField(null=True)
    response_sealed = models.BinaryField(null=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("account", "key", "route"), name="idempotent_request_once"
            ),
        )
