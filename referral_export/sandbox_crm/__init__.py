"""A CRM to deliver to, for development and tests: it shows what it received."""

from referral_export.sandbox_crm.app import make_app
from referral_export.sandbox_crm.behaviours import API_KEY, CLIENT_ID, CLIENT_SECRET

__all__ = ["API_KEY", "CLIENT_ID", "CLIENT_SECRET", "make_app"]
