"""How webhooks and answers are read, the same in every gateway. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from smsbot.clock import to_ms
from smsbot.errors import GatewayError, HookMalformed, Misconfigured, Refused, Throttled, Unavailable
from smsbot.gateways.base import Balance, Event, Hook, Response, StatusChange
from smsbot.gateways.forms import encoded

OURS = frozenset({"message_id", "token"})
"""What we ourselves put into the query of an address that a provider calls: our message's id, the channel's token."""

LATEST_MS = 253_402_300_799_000
"""9999-12-31T23:59:59Z, the last second that `datetime` can hold."""

LONGEST_WAIT_S = 3_600.0
"""A provider that asks for more is asked again after an hour: messages must not be parked by a mistyped header."""


def clean(text: str) -> str:
    """*text* without what no database stores: NUL is dropped, a lone surrogate (JSON allows it) becomes U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean_part(text: str) -> str:
    """As `clean`, for a part of a longer text: half a letter at its beginning or end stays, as a lone surrogate, since
    the other half comes with the next part (`halves`)."""
    first = text[:1] if "\udc00" <= text[:1] <= "\udfff" else ""
    last = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
    return first + clean(text[len(first) : len(text) - len(last)]) + last


def first_of_each(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The first value of each name, cleaned."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name not in fields:
            fields[name] = clean(value)
    return fields


def needed(fields: Mapping[str, str], name: str) -> str:
    """The value of a field that a webhook cannot do without. Raises `HookMalformed` that names it."""
    value = fields.get(name, "").strip()
    if not value:
        raise HookMalformed(f"The webhook lacks `{name}`.")
    return value


def json_value(body: bytes) -> object:
    """What *body* holds as JSON. Raises `HookMalformed`, whatever *body* is."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise HookMalformed("The webhook's body is not JSON.") from error
    return value


def json_object(body: bytes) -> dict[str, object]:
    """The JSON object in *body*. Raises `HookMalformed`."""
    value = json_value(body)
    if not isinstance(value, dict):
        raise HookMalformed("The webhook's body is no JSON object.")
    return value


def is_json(hook: Hook) -> bool:
    return "json" in hook.headers.get("content-type", "") or hook.body[:1] in {b"{", b"["}


def told(hook: Hook) -> dict[str, str]:
    """The names and values that a provider sent: a form, a JSON object's scalars, or the query where no body came.

    Beside a body the query counts for nothing, since some signatures do not cover it, nor does what we put there
    ourselves. Raises `HookMalformed` for a body that is no JSON and says so.
    """
    if hook.method == "GET" or not hook.body:
        return {name: value for name, value in first_of_each(hook.query).items() if name not in OURS}
    if is_json(hook):
        return {clean(name): word(value) for name, value in json_object(hook.body).items()}
    return first_of_each(hook.form)


def our_id(hook: Hook) -> str | None:
    """Our message's id in the address that a report came to, or None."""
    return first_of_each(hook.query).get("message_id") or None


def inside(document: object, *steps: str | int) -> object:
    """What *steps*, names and positions, lead to in a JSON document; None if they lead nowhere."""
    for step in steps:
        if isinstance(document, dict) and isinstance(step, str):
            document = document.get(step)
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            document = document[step]
        else:
            return None
    return document


def listed(document: object) -> list[object]:
    """*document* where it is a list, else an empty one."""
    return document if isinstance(document, list) else []


def rows(document: Mapping[str, object], name: str) -> list[object]:
    """The list that a webhook holds as *name*. Raises `HookMalformed` where it is none."""
    found = document.get(name)
    if not isinstance(found, list):
        raise HookMalformed(f"The webhook's `{name}` is no list.")
    return found


def batch(items: Sequence[object], read: Callable[[object], Event]) -> list[Event]:
    """The event in each of *items*. One that cannot be read must not keep the others out, since the provider would
    bring all of them again: it becomes a report that is only logged. Raises `HookMalformed` if none can be read."""
    events: list[Event] = []
    complaint: HookMalformed | None = None
    for item in items:
        try:
            events.append(read(item))
        except HookMalformed as error:
            complaint = error
            events.append(StatusChange(None, external_id="unreadable", raw=f"unreadable: {error}"))
    if complaint and all(isinstance(event, StatusChange) and event.external_id == "unreadable" for event in events):
        raise complaint
    return events


def answer_object(response: Response) -> dict[str, object]:
    """The JSON object a provider answered with, or an empty one. Never raises."""
    try:
        return json_object(response.body)
    except HookMalformed:
        return {}


def word(value: object) -> str:
    """A scalar of a JSON document as clean text; None, lists and objects give the empty text."""
    match value:
        case str():
            return clean(value)
        case bool():
            return "true" if value else "false"
        case int():
            try:
                return str(value)
            except ValueError:  # more digits than Python converts (sys.set_int_max_str_digits)
                return ""
        case float():
            return str(value)
    return ""


def instant_ms(written: str) -> int | None:
    """A time as providers write it: ISO 8601 (no offset means UTC), Unix seconds or milliseconds; else None."""
    written = written.strip()
    try:
        if written.isdecimal():
            number = int(written)
            instant = number if number >= 100_000_000_000 else number * 1_000
        else:
            moment = datetime.fromisoformat(written)
            instant = to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
    return instant if 0 <= instant <= LATEST_MS else None


def retry_after_s(response: Response) -> float | None:
    """The wish of a `Retry-After` header in seconds (RFC 9110 §10.2.3), or None.

    A date is measured against the answer's own `Date`, so that no clock is needed and a wrong one does no harm.
    """
    written = response.headers.get("retry-after", "").strip()
    if not written:
        return None
    try:
        wait_s = float(written) if written.isdecimal() else _until(written, response.headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait_s, 0.0), LONGEST_WAIT_S)


def _until(date: str, now: str) -> float:
    return (parsedate_to_datetime(date) - parsedate_to_datetime(now)).total_seconds()


def by_http_status(response: Response, code: str = "", sentence: str = "") -> GatewayError:
    """What an answer that is no success means where the provider's own code tells no more (contract §10, Sending)."""
    status = response.status
    code = code or str(status)
    if status in {401, 403}:
        return Misconfigured(code, sentence or "The gateway does not accept the channel's credentials.")
    if status == 429:
        return Throttled(code, sentence or "The gateway asks for a slower pace.", retry_after_s=retry_after_s(response))
    if status >= 500:
        return Unavailable(code, sentence or "The gateway has a fault of its own.")
    if 300 <= status < 400:
        return Misconfigured(code, sentence or "The gateway sends us to another address: check `base_url`.")
    return Refused(code, sentence or "The gateway refuses the message.")


def balance(response: Response, amount: object, unit: str) -> Balance | GatewayError:
    """What an answer tells to be left: *amount* is a number, or one written out as `1785.50` or `KES 1785.50`."""
    if not 200 <= response.status < 300:
        return by_http_status(response)
    *before, written = word(amount).split() or [""]
    try:
        number = float(written)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        return Unavailable("", "The gateway's answer about the balance cannot be read.")
    return Balance(number, before[0] if before else unit)


def with_query(url: str, extra: Mapping[str, str]) -> str:
    """*url* with *extra* in its query; a name that is there already stays as it is."""
    if "?" not in url and "#" not in url:
        return f"{url}?{encoded(extra.items())}" if extra else url
    scheme, host, path, query, _ = urlsplit(url)
    present = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    added = encoded((name, value) for name, value in extra.items() if name not in present)
    return urlunsplit((scheme, host, path, "&".join(piece for piece in (query, added) if piece), ""))
