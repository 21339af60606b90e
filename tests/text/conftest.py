"""One vocabulary of all built-in languages and topics, with a few places, for every test here."""

from __future__ import annotations

import pytest

from smsbot.content import Content, load_keywords
from smsbot.text.vocabulary import Vocabulary
from smsbot.text.words import Named

PLACES = (
    Named("nikea", None, {"ka": "ნიკეა", "en": "Nikea", "ru": "Никея"}),
    Named("balakhvani", None, {"ka": "ბალახვანი", "en": "Balakhvani"}),
    Named("likhauri", None, {"ka": "ლიხაური", "en": "Likhauri"}),
    Named("zemo-partskhma", 1, {"ka": "ზემო ფარცხმა"}, ("ფარცხმა",)),
    Named("shua-partskhma", 2, {"ka": "შუა ფარცხმა"}, ("ფარცხმა",)),
    Named("akhalsopeli", None, {"ka": "ახალსოფელი"}),
)


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary.build(load_keywords(None, ("ka", "en", "ru", "az", "hy")), Content().topics(), PLACES)
