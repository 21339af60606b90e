"""HTML documents without a template engine: few pages, no inline script, no inline style."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from starlette.responses import HTMLResponse, Response

STATIC = Path(__file__).parent / "static"


def document(
    title: str, body: str, *, language: str, styles: Sequence[str] = (), scripts: Sequence[str] = (), status: int = 200
) -> Response:
    """*body* is markup already; *title* is escaped here."""
    links = "".join(f'<link rel="stylesheet" href="{escape(style)}">' for style in styles)
    code = "".join(f'<script src="{escape(script)}" defer></script>' for script in scripts)
    return HTMLResponse(
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(title)}</title>'
        f'<link rel="icon" href="/static/icon.svg" type="image/svg+xml">{links}{code}</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n",
        status,
        {"Cache-Control": "no-cache"},
    )
