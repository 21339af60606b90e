"""Messages without words: numbers alone, signs alone, and the way out that bulk senders print."""

from __future__ import annotations

import re

from smsbot.text.message import Message
from smsbot.text.understood import Intent, Understood

DIGITS = re.compile(r"[\d\s,.;:+&/()#*_-]+")
_LIKE_DIGITS = re.compile(r"[\dIlOoОо|\s,.;-]+")
_AS_DIGITS = str.maketrans("IlOoОо|", "1100001")
_LONE_ZERO = re.compile(r"\W*[oо]{1,2}\W*", re.IGNORECASE)
_NUMBER_SIGN = re.compile(r"\s*[nN№]\s?\d{1,2}\W*")  # how Georgians write "No."
_NUMBER = re.compile(r"\d+")
_RANGE = re.compile(r"\s*\d+\s*-\s*\d+\s*")
_MINUS = re.compile(r"\s*-\s*\d")
_STOP_SIGNS = frozenset("🛑✋🚫❌⛔📵🔕✖❎🙅")
_SIGNS_LOOKED_AT = 200
# The suffix of Georgian bulk senders, No624To91043, and the same with our own word.
_SHORT_NUMBER = re.compile(r"(?:no|stop|off|smsoff)\s?(?:\d+\s?)?to\s?\d+")
LONGEST_NUMBER = 9  # digits
_LONGEST_PRINTED = 60  # characters of a text that may be such a way out
# A letter that is typed neither for a digit nor as "No."; the last is an о to whoever does not mind the case.
_OTHER_LETTER = re.compile(r"[^\W\d_IlOoОоnN\u1c82]")


def wordless(message: Message) -> Understood | None:
    if message.found:
        return None
    if any(sign in _STOP_SIGNS for sign in message.text[:_SIGNS_LOOKED_AT]):
        return Understood(Intent.MAYBE_STOP, rule="sign")
    if "?" in message.cleaned or "՞" in message.text[:_SIGNS_LOOKED_AT]:
        return Understood(Intent.HELP, keyword="?", rule="exact")
    return Understood(Intent.EMPTY, rule="empty")


def digits(message: Message) -> Understood | None:
    cleaned = message.cleaned
    if _OTHER_LETTER.search(cleaned):
        return None
    if _NUMBER_SIGN.fullmatch(cleaned):
        cleaned = cleaned.strip()[1:]
    if not DIGITS.fullmatch(cleaned):
        if _LONE_ZERO.fullmatch(cleaned):  # a letter for the zero that stops: near, not sure
            return Understood(Intent.MAYBE_STOP, keyword="0", rule="near", argument=cleaned.strip())
        if not (_LIKE_DIGITS.fullmatch(cleaned) and _NUMBER.search(cleaned)):
            return None
        cleaned = cleaned.translate(_AS_DIGITS)
    found = _NUMBER.findall(cleaned)
    numbers = tuple(dict.fromkeys(int(number) for number in found if len(number) <= LONGEST_NUMBER))
    argument = cleaned.strip()
    unknown = any(len(number) > LONGEST_NUMBER for number in found)
    if len(found) == 1 and found[0] in ("0", "00"):
        return Understood(Intent.ZERO, numbers=(0,), argument=argument, rule="digits")
    if _MINUS.match(cleaned):
        return Understood(Intent.LEAVE, numbers=numbers, argument=argument, rule="digits", unknown=unknown)
    if _RANGE.fullmatch(cleaned):
        return Understood(Intent.NUMBERS, numbers=numbers, argument=argument, rule="range?", unknown=True)
    return Understood(Intent.NUMBERS, numbers=numbers, argument=argument, rule="digits", unknown=unknown)


def short_number(message: Message) -> Understood | None:
    joined = message.joined
    if "to" not in joined or len(joined) > _LONGEST_PRINTED or not _SHORT_NUMBER.fullmatch(joined):
        return None
    return Understood(Intent.STOP, language="en", keyword="no", rule="idiom", argument=message.cleaned.strip())
