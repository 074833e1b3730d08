"""Tenancy, closed by default: a tenant's rows are reached through their account only."""

from typing import NoReturn, Self, TypeVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from uuid_utils.compat import uuid7

from accounts.errors import LookElsewhere

ModelT = TypeVar("ModelT", bound=models.Model)


class AccountNotGivenError(RuntimeError):
    """A query of tenant-owned rows did not say for which account."""


class TenantQuerySet(models.QuerySet[ModelT]):
    def get_or_404(self, **lookup: object) -> ModelT:
        """Return the one row, or raise `LookElsewhere` as if rows of others did not exist."""
        try:
            return self.get(**lookup)
        except (ObjectDoesNotExist, ValidationError, ValueError) as missing:
            name = self.model._meta.verbose_name  # noqa: SLF001  Django's public-by-use API
            raise LookElsewhere(f"There is no such {name} in this account.") from missing


class TenantManager(models.Manager[ModelT]):
    """Refuses every query until `for_account` has said whose rows are meant."""

    def get_queryset(self) -> NoReturn:
        raise AccountNotGivenError(
            f"{self.model.__name__}.objects needs for_account(account) first"
        )

    def for_account(self, account: models.Model) -> TenantQuerySet[ModelT]:
        queryset: TenantQuerySet[ModelT] = TenantQuerySet(self.model, using=self._db)
        return queryset.filter(account_id=account.pk)


class TenantModel(models.Model):
    """A row that belongs to one account.

    `objects` is closed; `unscoped` is for Django itself, the engine's claim and settle,
    and migrations (`tests/unit/test_tenancy.py` holds this).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")

    unscoped = models.Manager[Self]()
    objects = TenantManager[Self]()

    class Meta:
        abstract = True
        base_manager_name = "unscoped"
        default_manager_name = "unscoped"
