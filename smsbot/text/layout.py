"""Words typed with the keyboard set to another language: `ыещз` is stop, `cnjg` is стоп.

Source: the standard Windows layouts (US, Russian, Georgian QWERTY).
"""

from __future__ import annotations

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбю"
_TO_RUSSIAN = str.maketrans(_LATIN, _RUSSIAN)
_TO_LATIN = str.maketrans(_RUSSIAN, _LATIN)
_TO_GEORGIAN = str.maketrans("abgdevzTiklmnopJrstufqRySCcZwWxjh", "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ")


def slips(word: str, language: str) -> list[str]:
    """What *word* (lowered) of *language* looks like on the other keyboards people here switch between."""
    match language:
        case "en":
            return [word.translate(_TO_RUSSIAN), word.translate(_TO_GEORGIAN)] if word.isascii() else []
        case "ru":
            return [word.translate(_TO_LATIN)] if not word.isascii() else []
        case _:
            return []
