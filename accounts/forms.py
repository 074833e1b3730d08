"""Forms of the pages about people."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils import timezone

from accounts.client_address import client_address
from accounts.sign_in_limit import count_attempt, forget_attempts

WRONG = "Email or password is not right. Check both and try again."


class SignInForm(AuthenticationForm):
    """Email and password; one sentence for all causes of a refusal but too many tries."""

    error_messages = {"invalid_login": WRONG, "inactive": WRONG}

    username = forms.CharField(
        max_length=254,
        error_messages={"required": "Enter your email."},
    )
    password = forms.CharField(
        strip=False,
        max_length=1_000,
        error_messages={"required": "Enter your password."},
    )

    def clean(self) -> dict[str, Any]:
        email = self.cleaned_data.get("username")
        if not email or not self.cleaned_data.get("password"):
            return self.cleaned_data
        address = client_address(self.request) if self.request else ""
        wait = count_attempt(email=email, address=address)
        if wait is not None:
            until = timezone.now() + wait
            raise forms.ValidationError(f"Too many tries. You can try again at {until:%H:%M} UTC.")
        cleaned: dict[str, Any] = super().clean()
        forget_attempts(email=email, address=address)
        return cleaned
