"""RapidSMS as an application behind Kannel, in its best durable setting, under gunicorn.

What it runs is `benchmarks.rapidsms_site`. A text makes three rows at most: the person's connection, text and reply in
its log. It keeps no conversation and takes a repeat twice, so it does less than a turn of ours does.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from benchmarks import loops
from benchmarks.loops import Loop
from benchmarks.product import free_port, provider, running
from benchmarks.suite import SQLITE, Bench

VARIABLE = "BENCH_RAPIDSMS"  # the folder of a virtual environment
GUNICORN = ("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--log-level", "warning")
"""Of what was tried the fastest: twice the rate of synchronous workers, which wait for the disk and for Kannel. One
transaction a request is slower than RapidSMS's several, since the lock is then held while the reply is sent."""
ROOT = Path(__file__).parents[1]


def _program() -> Path:
    return Path(os.environ.get(VARIABLE, "/nowhere")) / "bin" / "gunicorn"


def missing() -> str:
    if _program().exists():
        return ""
    return (
        "make a virtual environment, install rapidsms, django<6, gunicorn and psycopg[binary] in it and name its folder"
        f" in {VARIABLE}."
    )


@contextlib.contextmanager
def opened(bench: Bench, engine: str) -> Iterator[Loop]:
    url = None if engine == SQLITE else bench.postgres.fresh()  # with tables of ours, none of whose names it uses
    port, folder = free_port(), bench.place()
    with provider(bench.place()) as gateway:
        variables = {
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "benchmarks.rapidsms_site.settings",
            "BENCH_SENDSMS": f"{gateway.url}/cgi-bin/sendsms",
            **(_database(url) if url else {"BENCH_SQLITE": str(folder / "rapidsms.db")}),
        }
        migrated = subprocess.run(
            [_program().with_name("python"), "-m", "django", "migrate"],
            env=os.environ | variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if migrated.returncode:
            raise RuntimeError(migrated.stderr[-2000:])
        arguments = [*GUNICORN, "--bind", f"127.0.0.1:{port}", "django.core.wsgi:get_wsgi_application()"]
        with running(arguments, port=port, folder=folder, path="/up", program=_program(), variables=variables) as site:
            yield loops.at_provider(site, gateway, _request)
    if url:
        bench.drop(url)


def _request(serial: int, number: str, text: str) -> str:
    return f"/inbound?{urlencode({'id': number, 'text': text})}"


def _database(url: str) -> Mapping[str, str]:
    """The parts of *url* as Django wants them; a Unix socket is in its query."""
    split = urlsplit(url)
    host = parse_qs(split.query).get("host", [split.hostname or ""])[0]
    name, user = split.path.removeprefix("/"), unquote(split.username or "")
    return {"BENCH_DATABASE": name, "BENCH_HOST": host, "BENCH_USER": user}
