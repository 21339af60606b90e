"""`GET /data/`: what the figures are, and each set as CSV and as JSON (contract §6)."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smsbot.store import open_data
from smsbot.store.exports import cell
from smsbot.store.open_data import SMALLEST_CELL, Circumstances, Rows, Set
from smsbot.web.markup import document
from smsbot.web.ports import Service
from smsbot.web.public.data_words import WORDS, Words
from smsbot.web.public.page import chosen_language, language_links, service_name

LONG_S = 0.25
REST = 20
"""A set that took longer than `LONG_S` to count is kept for so many times as long: whoever asks again and again takes
no more of the database than that."""

MEDIA = {"csv": "text/csv; charset=utf-8; header=present", "json": "application/json"}


@dataclass(slots=True)
class _Kept:
    alone: asyncio.Lock = field(default_factory=asyncio.Lock)
    rows: Rows | None = None
    until_s: float = 0.0


class Shelf:
    """The sets as they were counted last. *monotonic* is in seconds."""

    def __init__(self, service: Service, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._monotonic = monotonic
        self._kept = {each: _Kept() for each in Set}

    async def get(self, which: Set) -> Rows:
        """Raises `StoreError`."""
        kept = self._kept[which]
        async with kept.alone:
            began_s = self._monotonic()
            if kept.rows is None or began_s >= kept.until_s:
                settings = self._service.settings.service
                given = Circumstances(settings.languages, settings.zone, self._service.clock())
                kept.rows = await self._service.store.look(lambda c: open_data.read(c, which, given))
                took_s = self._monotonic() - began_s
                kept.until_s = began_s + took_s + (REST * took_s if took_s > LONG_S else 0.0)
            return kept.rows


def pages(service: Service) -> list[Route]:
    shelf = Shelf(service)

    async def index(request: Request) -> Response:
        language = chosen_language(service, request)
        words = WORDS[language]
        title = f"{words.title} – {service_name(service, language)}"
        response = document(title, body(service, language, words), language=language, styles=("/static/site.css",))
        response.headers["Vary"] = "Accept-Language"
        return response

    async def table(request: Request) -> Response:
        try:
            which, form = Set(request.path_params["name"]), request.path_params["form"]
            media = MEDIA[form]
        except (ValueError, KeyError):
            raise HTTPException(404) from None
        rows = await shelf.get(which)
        text = as_csv(rows) if form == "csv" else as_json(which, rows)
        headers = {"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"}
        return Response(text, media_type=media, headers=headers)

    return [Route("/data", index), Route("/data/", index), Route("/data/{name}.{form}", table)]


def as_csv(rows: Rows) -> str:
    """RFC 4180. A cell that may not be told is empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(rows.columns)
    for row in rows.rows:
        writer.writerow([cell(column, value) for column, value in zip(rows.columns, row, strict=True)])
    return stream.getvalue()


def as_json(which: Set, rows: Rows) -> str:
    """A cell that may not be told is null."""
    items = [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]
    whole = {"set": which, "fewest_told": SMALLEST_CELL, "columns": rows.columns, "items": items}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def body(service: Service, language: str, words: Words) -> str:
    name = service_name(service, language)
    sets = "".join(
        f"<article><h2>{escape(title)}</h2><p>{escape(about)}</p>"
        f'<p class="files"><a href="/data/{which}.csv">{which}.csv</a>'
        f' <a href="/data/{which}.json">{which}.json</a></p></article>'
        for which, (title, about) in words.sets.items()
    )
    return (
        f"<header>{language_links(service, language, '/data/')}<h1>{escape(words.title)}</h1>"
        f'<p class="lead">{escape(words.lead)}</p></header><main id="main">{sets}<p>{escape(words.few)}</p></main>'
        f'<footer><p><a href="/?lang={language}">{escape(name)}</a></p></footer>'
    )
