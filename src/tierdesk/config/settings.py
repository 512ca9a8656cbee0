"""Django's settings, all made from the typed environment."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from tierdesk.config.environment import read_environment

TIERDESK = read_environment()
PACKAGE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = TIERDESK.secret_key
DEBUG = False
ALLOWED_HOSTS = ["*"]  # links come from TIERDESK.public_url alone; no page is built from the Host header
DATABASES = {"default": TIERDESK.django_database()}
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "tierdesk.kernel",
    "tierdesk.ui",
    "tierdesk.domain.people",
    "tierdesk.domain.tickets",
    "tierdesk.domain.channels.email",
    "tierdesk.surfaces.desk",
    "tierdesk.surfaces.portal",
    "tierdesk.surfaces.api",
]

MIDDLEWARE = [
    "tierdesk.config.middleware.security_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tierdesk.config.middleware.language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tierdesk.config.middleware.actor",
    "tierdesk.config.middleware.refusals",
]

ROOT_URLCONF = "tierdesk.config.urls"
WSGI_APPLICATION = None
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [PACKAGE_DIR / "ui" / "templates", PACKAGE_DIR / "surfaces" / "desk" / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "tierdesk.ui.jinja.environment",
            "context_processors": ["tierdesk.config.middleware.page_context"],
        },
    },
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ko", _("Korean")), ("ru", _("Russian"))]
LOCALE_PATHS = [PACKAGE_DIR / "ui" / "locale"]
LANGUAGE_COOKIE_NAME = "tierdesk_language"

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE_DIR / "ui" / "static"]

SESSION_COOKIE_NAME = "tierdesk_session"
SESSION_COOKIE_AGE = 14 * 24 * 3600  # seconds; without “remember me” it ends with the browser
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "tierdesk.surfaces.desk.failures.csrf_failure"
_HTTPS = TIERDESK.public_url.startswith("https://")
SESSION_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_SECURE = _HTTPS
SECURE_SSL_REDIRECT = False
CSRF_TRUSTED_ORIGINS = [TIERDESK.public_url]
DATA_UPLOAD_MAX_MEMORY_SIZE = TIERDESK.max_upload_bytes
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

AUTH_USER_MODEL = "people.Login"
AUTHENTICATION_BACKENDS = ["tierdesk.domain.people.web.sign_in.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "tierdesk.domain.people.web.sign_in.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]  # nobody signs up; allauth's checks want it
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_TEMPLATE_EXTENSION = "html"
ACCOUNT_FORMS = {
    "login": "tierdesk.domain.people.web.sign_in.SignInForm",
    "reset_password": "tierdesk.domain.people.web.sign_in.ForgottenForm",
}
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "tierdesk.domain.people.reset_tokens.ResetTokens"  # noqa: S105 - a class
PASSWORD_RESET_TIMEOUT = 3600  # seconds
# An office shares one address, so guesses are counted tightly for the account and loosely for the address.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "100/h/ip,10/h/key",
    "reset_password": "20/h/ip,3/h/key",
    "reset_password_from_key": "20/m/ip",
}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
EMAIL_BACKEND = "tierdesk.domain.channels.email.system_mail.Backend"
DEFAULT_FROM_EMAIL = f"no-reply@{TIERDESK.mail_domain}"

CACHES = {"default": {"BACKEND": "tierdesk.kernel.cache.DatabaseCache", "LOCATION": "kernel_cache"}}

LOGGING_CONFIG = None
SILENCED_SYSTEM_CHECKS: list[str] = []
