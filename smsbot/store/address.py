"""Where the database is, as its driver wants to be told."""

from __future__ import annotations

from sqlalchemy import URL, make_url

PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "20",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "30000",
}
"""Of libpq. Without these a server that vanishes without a word (no power, a cut network) is waited for during a
quarter of an hour by whoever writes, and for two hours by whoever only listens."""


def patient(url: str) -> URL:
    """*url* with what it does not say itself of `PATIENCE`."""
    address = make_url(url)
    return address.update_query_dict({name: value for name, value in PATIENCE.items() if name not in address.query})


def normal(url: str) -> str:
    """psycopg 3 for every PostgreSQL address; an absolute path for SQLite."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url
