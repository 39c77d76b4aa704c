"""What both sites have in common. The folder `EXAMPLE_FOLDER` holds what they keep; `EXAMPLE_URL` is their address."""

import os
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("EXAMPLE_FOLDER", HERE.parent / "kept"))
SITE_URL = os.environ.get("EXAMPLE_URL", "http://127.0.0.1:8000")

SECRET_KEY = os.environ.get("EXAMPLE_SECRET_KEY", "of no worth: the example runs on this machine only")
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
SITE_ID = 1
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "example_site.urls"
STATIC_URL = "/static/"
MEDIA_URL = "/media/"
MEDIA_ROOT = FOLDER / "media"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/account/"
LOGOUT_REDIRECT_URL = "/"
X_FRAME_OPTIONS = "SAMEORIGIN"
# The example's people have passwords that are in the tests; a real site leaves this line out.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "site.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA synchronous=OFF;"},
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": FOLDER / "cache"}}

APPS = [
    "example_site",
    "helpdesk_shell.django",
    "django_comments",
    "oauth2_provider",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
PROCESSORS = [
    "django.template.context_processors.request",
    "django.template.context_processors.i18n",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": PROCESSORS},
    }
]
HELPDESK_MIDDLEWARE = ["helpdesk_shell.django.middleware.HelpdeskMiddleware"]
HELPDESK = {
    "EMAIL_VERIFIED": "example_site.account.is_verified",
    "ACCOUNT_DATA": "example_site.account.data",
}

# The site is an OpenID provider as well, for the plugin `helpdesk-oidc`.
KEY = FOLDER / "oidc.pem"
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": KEY.exists(),
    "OIDC_RSA_PRIVATE_KEY": KEY.read_text() if KEY.exists() else "",
    "OIDC_ISS_ENDPOINT": f"{SITE_URL}/o",
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
    "OIDC_RP_INITIATED_LOGOUT_ALWAYS_PROMPT": False,
    "OAUTH2_VALIDATOR_CLASS": "example_site.account.Claims",
    "SCOPES": {"openid": "Who you are", "profile": "Your name", "email": "Your address"},
    "PKCE_REQUIRED": True,
}
