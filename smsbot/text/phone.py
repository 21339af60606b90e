"""Phone numbers: one spelling inside (E.164), and a mask for logs."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import phonenumbers

from smsbot.errors import PhoneError

# ITU-T E.164 §6.2: at most 15 digits. Below 8 digits no country's subscriber number with its code is possible;
# short codes live there.
_E164 = re.compile(r"\+[1-9][0-9]{7,14}").fullmatch
_SHORTEST = 7
_LONGEST = 20  # digits of anything worth parsing, with international prefixes
_INPUT_LIMIT = 64
_ARROWS = dict.fromkeys(
    map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2060\ufeff\u200b")
)
_FILLING = re.compile(r"[\s().\-/\u00a0\u2010-\u2015\u2212]+")


def parse(raw: str, region: str = "GE") -> str:
    """*raw* as E.164, e.g. `+995599123456`.

    Takes national (`599 12 34 56`, `0599…`) and international forms (`995…`, `+995…`, `00995…`). Raises PhoneError:
    `empty`; `letters` (an alphanumeric sender); `short` (a short code); `invalid`.
    """
    if _E164(raw):
        return raw
    mobile = _mobile(region)
    if mobile is not None and mobile(raw):
        return f"+{raw}"
    return _parse(raw[:_INPUT_LIMIT], region)


@lru_cache(maxsize=8)
def _mobile(region: str) -> Callable[[str], object] | None:
    """Matches what is for sure a mobile number of *region* with its code and without the plus, as most gateways write
    it: what `_national` finds, in a tenth of its time. None where that cannot be told so simply."""
    data: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)  # its types leave everything optional
    mobile = data.mobile if data is not None else None
    if mobile is None or not mobile.national_number_pattern or data.national_prefix_transform_rule:
        return None
    code = str(data.country_code)
    whole = {len(code) + length for length in mobile.possible_length}
    national = {*data.general_desc.possible_length, *data.general_desc.possible_length_local_only}
    if phonenumbers.COUNTRY_CODE_TO_REGION_CODE[data.country_code] != (region,) or whole & national:
        return None
    return re.compile(f"{code}(?:{mobile.national_number_pattern})", re.ASCII).fullmatch


@lru_cache(maxsize=4096)
def _parse(raw: str, region: str) -> str:
    text = raw.translate(_ARROWS).strip()
    if text.lower().startswith("tel:"):
        text = text[4:]
    text = _FILLING.sub("", text)
    if not text:
        raise PhoneError("empty")
    if any(char.isalpha() for char in text):
        raise PhoneError("letters")
    plus = text[0] in "+＋"
    digits = _ascii_digits(text[1:] if plus else text)
    if not plus and digits.startswith("00"):
        plus, digits = True, digits[2:]
    if plus:
        return _international(digits)
    if len(digits) < _SHORTEST:
        raise PhoneError("short")
    if len(digits) > _LONGEST:
        raise PhoneError("invalid")
    return _national(digits, region)


def _ascii_digits(text: str) -> str:
    try:
        return "".join(str(int(char)) for char in text)
    except ValueError as error:
        raise PhoneError("invalid") from error


def _international(digits: str) -> str:
    if len(digits) < _SHORTEST:
        raise PhoneError("short")
    number = f"+{digits}"
    if not _E164(number):
        raise PhoneError("invalid")
    return number


def _national(digits: str, region: str) -> str:
    """Try it as a number of the region, then as one with its country code but without the plus.

    Gateways drop the plus; from 11 digits on, a number of a possible length is then taken even where its range is not
    (yet) in the library's tables.
    """
    for candidate, home in ((digits, region), (f"+{digits}", None)):
        try:
            parsed = phonenumbers.parse(candidate, home)
        except phonenumbers.NumberParseException:
            continue
        known = phonenumbers.is_valid_number(parsed)
        if known or (home is None and len(digits) >= 11 and phonenumbers.is_possible_number(parsed)):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    raise PhoneError("invalid")


def mask(number: str) -> str:
    """*number* for logs: country code and the last three digits, `+995•••••••001`; anything else is all dots."""
    if not _E164(number):
        return "•" * min(len(number), 8)
    code = _country_code(number)
    hidden = len(number) - 1 - len(code) - 3
    return f"+{code}{'•' * hidden}{number[-3:]}"


@lru_cache(maxsize=4096)
def _country_code(number: str) -> str:
    for length in (1, 2, 3):
        if int(number[1 : 1 + length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return number[1 : 1 + length]
    return ""
