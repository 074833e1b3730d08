"""Django's settings, all from the environment that `environment.py` has checked."""

import os
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.conf.global_settings import PASSWORD_HASHERS as _PASSWORD_HASHERS
from django.contrib.messages import constants as message_levels

from accounts.vault import KeyRing
from referral_export.addresses import celery_broker_url, database_address
from referral_export.environment import Mode, read_environment
from referral_export.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = read_environment(os.environ)
PRODUCTION = ENVIRONMENT.mode is Mode.PRODUCTION

SECRET_KEY = ENVIRONMENT.secret_key
KEY_RING = KeyRing(ENVIRONMENT.encryption_keys)
DEBUG = False
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies
ALLOW_LOOPBACK_EGRESS = ENVIRONMENT.allow_loopback_egress

INSTALLED_APPS = [
    "referral_export.apps.ReferralExportConfig",
    "accounts",
    "connections",
    "campaigns",
    "delivery",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "csp",
    "lucide",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "referral_export.requests.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "referral_export.urls"
WSGI_APPLICATION = "referral_export.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            # The words that our templates are written in; none has to load them.
            "builtins": [
                "template_partials.templatetags.partials",
                "referral_export.templatetags.components",
                "referral_export.templatetags.exchanges",
                "referral_export.templatetags.shell",
            ],
        },
    },
]


def _database(url: str) -> dict[str, object]:
    address = database_address(url)
    return {
        "ENGINE": "referral_export.postgresql",
        "NAME": address.name,
        "USER": address.user,
        "PASSWORD": address.password,
        "HOST": address.host,
        "PORT": address.port,
        # Django turns prepared statements off; it uses none, but intake does.
        "OPTIONS": {"connect_timeout": "5", "prepare_threshold": 5} | address.options,
        # Each thread keeps its connection, except that tests make and drop databases. A pool
        # would try what is stale one by one, and wait ever longer in between.
        "CONN_MAX_AGE": 0 if ENVIRONMENT.mode is Mode.TEST else None,
        "CONN_HEALTH_CHECKS": True,
    }


# Two roles: the application's owns nothing; `migrate --database owner` uses the other.
DATABASES = {"default": _database(ENVIRONMENT.database_url)}
if ENVIRONMENT.database_owner_url:
    DATABASES["owner"] = _database(ENVIRONMENT.database_owner_url) | {"TEST": {"MIRROR": "default"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = ENVIRONMENT.redis_url

CELERY_BROKER_URL = celery_broker_url(ENVIRONMENT.redis_url)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A publish that finds Redis away gives up at once: the sweep does its work.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "visibility_timeout": 300,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ROUTES = {"delivery.pump": {"queue": "deliveries"}}
# Cheap looks at what nobody was told of; one that comes too late is followed by the next. The
# worker judges by its own clock, which may be minutes ahead of beat's.
_SWEEPS_EXPIRE = {"expires": 600}
CELERY_BEAT_SCHEDULE = {
    "sweep deliveries": {"task": "delivery.sweep", "schedule": 1.0, "options": _SWEEPS_EXPIRE},
    "sweep test runs": {
        "task": "connections.sweep_test_runs",
        "schedule": 5.0,
        "options": _SWEEPS_EXPIRE,
    },
    "mail of set-ups": {
        "task": "connections.mail_setup_requests",
        "schedule": 60.0,
        "options": _SWEEPS_EXPIRE,
    },
    "tell of outages": {
        "task": "delivery.tell_outages",
        "schedule": 60.0,
        "options": _SWEEPS_EXPIRE,
    },
    "retain": {"task": "delivery.retain", "schedule": 600.0, "options": {"expires": 600}},
}

DEFAULT_FROM_EMAIL = ENVIRONMENT.email_from
EMAIL_TIMEOUT = 10
if _MAIL_SERVER := ENVIRONMENT.mail_server:
    EMAIL_HOST = _MAIL_SERVER.host
    EMAIL_PORT = _MAIL_SERVER.port
    EMAIL_HOST_USER = _MAIL_SERVER.user
    EMAIL_HOST_PASSWORD = _MAIL_SERVER.password
    EMAIL_USE_SSL = _MAIL_SERVER.is_tls
    EMAIL_USE_TLS = not _MAIL_SERVER.is_tls
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = ENVIRONMENT.var_directory / "mail"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "accounts:home"
LOGOUT_REDIRECT_URL = "accounts:login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    *[hasher for hasher in _PASSWORD_HASHERS if "Argon2" not in hasher],
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = ENVIRONMENT.var_directory / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
# A developer's change is there at the next request, and nothing is collected before a start.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION

# The word that our banners have for it.
MESSAGE_TAGS = {message_levels.ERROR: "problem"}

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else f"session_{ENVIRONMENT.port}"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else f"csrf_{ENVIRONMENT.port}"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "referral_export.pages.csrf_failure"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
# Files stay in memory until they are sealed: none lies on disk as it came, a larger one is dropped.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024 + 65_536

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.TokenAuthentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "accounts.problem_details.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Referral Export",
    "DESCRIPTION": (
        "Delivers each referral to the advertiser's CRM the moment it exists, and records the"
        " truth. Ids are opaque strings, times are ISO 8601 in UTC, unknown fields are an error."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1/(accounts/{account}/)?",
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_NAME_OVERRIDES": {
        "CampaignStatus": "campaigns.models.CampaignStatus",
        "ConnectionStatus": "connections.models.ConnectionStatus",
        "TestRunStatus": "connections.models.TestRunStatus",
        "DeliveryStatus": "delivery.models.DeliveryStatus",
        "VerdictOutcome": "referral_export.api_document.OUTCOMES",
        "Acceptance": "referral_export.api_document.ACCEPTANCES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "referral_export.api_document.describe_problems",
        "referral_export.api_document.describe_configurations",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOGGING = logging_settings(ENVIRONMENT.mode)

METRICS_TOKEN = ENVIRONMENT.metrics_token
OTLP_ENDPOINT = ENVIRONMENT.otlp_endpoint
