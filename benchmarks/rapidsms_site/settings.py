"""Durable, and otherwise as fast as it goes: no log, next to no middleware, connections to the database kept."""

from __future__ import annotations

import os

SECRET_KEY = "only-on-loopback"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "benchmarks.rapidsms_site.urls"
USE_TZ = True
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]  # tells how long an answer is
LOGGING_CONFIG = None

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rapidsms",
    "rapidsms.contrib.messagelog",
    "rapidsms.contrib.handlers",
]
RAPIDSMS_HANDLERS = ["benchmarks.rapidsms_site.handlers.Answer"]
INSTALLED_BACKENDS = {
    "kannel": {
        "ENGINE": "rapidsms.backends.kannel.KannelBackend",
        "sendsms_url": os.environ["BENCH_SENDSMS"],
        "sendsms_params": {"from": "2200", "username": "bench", "password": "secret"},
    }
}

SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": os.environ.get("BENCH_SQLITE", ""),
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 60,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    },
}
POSTGRESQL = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": os.environ.get("BENCH_DATABASE", ""),
    "HOST": os.environ.get("BENCH_HOST", ""),
    "USER": os.environ.get("BENCH_USER", ""),
}
DATABASES = {"default": (SQLITE if SQLITE["NAME"] else POSTGRESQL) | {"CONN_MAX_AGE": None}}
