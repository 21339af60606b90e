"""Words typed with the keyboard set to another language: `ыещз` is stop, `cnjg` is стоп, `пфгйьуиф` is გაუქმება.

Source: the standard Windows layouts (US, Russian, Georgian QWERTY). A key is named by its letter on the US layout; the
Georgian layout writes T, W, R, S, J, Z and C with the shift key.
"""

from __future__ import annotations

from collections.abc import Iterator

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбю"
_GEORGIAN_KEYS = "abgdevzTiklmnopJrstufqRySCcZwWxjh"
_GEORGIAN = "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"
_RUSSIAN_TO_KEYS = str.maketrans(_RUSSIAN + _RUSSIAN.upper(), _LATIN + _LATIN.upper())
_KEYS_TO_RUSSIAN = str.maketrans(_LATIN, _RUSSIAN)
_GEORGIAN_TO_KEYS = str.maketrans(_GEORGIAN, _GEORGIAN_KEYS)
_KEYS_TO_GEORGIAN = str.maketrans(_GEORGIAN_KEYS, _GEORGIAN)


def retyped(text: str) -> Iterator[str]:
    """What *text* would be with the keyboard set to each of the other languages; case kept where it means a letter."""
    first = next((char for char in text if char.isalpha()), "")
    if "а" <= first.casefold() <= "я" or first in "ёЁ":
        keys = text.translate(_RUSSIAN_TO_KEYS)
        yield keys
        yield keys.translate(_KEYS_TO_GEORGIAN)
        yield keys.lower().translate(_KEYS_TO_GEORGIAN)
    elif "ა" <= first <= "ჰ":
        keys = text.translate(_GEORGIAN_TO_KEYS)
        yield keys
        yield keys.lower().translate(_KEYS_TO_RUSSIAN)
    elif first.isascii():
        yield text.lower().translate(_KEYS_TO_RUSSIAN)
