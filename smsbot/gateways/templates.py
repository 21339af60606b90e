"""Placeholders of the configurable gateway, and how a value is written into each kind of text. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape as xml_escape

PLACEHOLDERS = (
    "to", "to_no_plus", "to_national9", "from", "text", "text_hex", "id", "status_url", "dlr_url", "encoding", "parts",
    "api_key",
)  # fmt: skip
"""`to_national9`: the nine digits of a Georgian number, as some aggregators want them; a foreign one stays whole, for
its last nine digits are somebody else's number. `text_hex`: UTF-16BE in hexadecimal. `dlr_url`: as `status_url`."""

FIXED = ("id", "api_key")
"""All that a header may hold: a person's text could end the header and begin another."""

PLACEHOLDER = re.compile(r"\{([a-z_0-9]+)\}")
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document can hold (XML 1.0 §2.2)."""


def check(template: str, allowed: tuple[str, ...] = PLACEHOLDERS) -> str:
    """*template* as it is. Raises ValueError that names a placeholder which does not exist."""
    for name in PLACEHOLDER.findall(template):
        if name not in allowed:
            raise ValueError(f"the placeholders {', '.join('{' + known + '}' for known in allowed)}, not {{{name}}}")
    return template


def fill(template: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    """*template* with each placeholder's value, escaped; every other brace stays as it is."""
    return PLACEHOLDER.sub(lambda found: escape(values[found[1]]), template)


def as_is(value: str) -> str:
    return value


def in_url(value: str) -> str:
    return quote(value, safe="")


def in_form(value: str) -> str:
    return quote_plus(value)


def in_json(value: str) -> str:
    """Between the template's own quotation marks."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def in_xml(value: str) -> str:
    return xml_escape(NOT_XML.sub("", value), {'"': "&quot;", "'": "&apos;"})
