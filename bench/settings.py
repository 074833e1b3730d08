"""The product's settings, with the empty view among its routes."""

from referral_export.settings import *  # noqa: F403

ROOT_URLCONF = "bench.empty"
