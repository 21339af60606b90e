import pytest
from sqlalchemy import Connection

from smsbot.store import sql
from smsbot.store.audience import Audience, count, from_json
from smsbot.store.database import Store
from smsbot.testing.population import populate, settle_directory

NOW = 1_800_000_000_000
TREE = {"city": None, "west": "city", "nikea": "west", "east": "city"}


@pytest.fixture
def town(store: Store) -> Store:
    """12 people: ka, en and none in turn; odd ids budget, even culture, every third both."""

    def build(connection: Connection) -> None:
        settle_directory(connection, ("culture", "budget"), TREE)
        populate(connection, 12, languages=("ka", "en"))
        sql.run(connection, "UPDATE contact SET language = NULL WHERE id IN (1, 2)")
        sql.run(connection, "UPDATE contact SET state = 'stopped' WHERE id = 12")
        sql.run(connection, "UPDATE contact SET state = 'paused', paused_until_ms = ? WHERE id = 11", (NOW + 1,))
        sql.run(connection, "UPDATE contact SET state = 'paused', paused_until_ms = ? WHERE id = 10", (NOW,))
        sql.run(connection, "UPDATE contact SET promotion = ? WHERE id IN (3, 4)", (True,))
        for place, people in ((1, 5), (2, 6), (3, 7), (4, 8)):
            sql.run(connection, "UPDATE contact SET place_id = ? WHERE id = ?", (place, people))

    store.write(build)
    return store


CASES = [
    # audience, texts, who gets what
    (Audience(everyone=True), ["ka", "en"], {"ka": 6, "en": 4}),
    (Audience(everyone=True), ["en"], {"en": 10}),
    (Audience(everyone=True), ["ru", "en"], {"ru": 6, "en": 4}),
    (Audience(everyone=True, default_language="en"), ["ka", "en"], {"ka": 4, "en": 6}),
    (Audience(everyone=True, missing_translation="skip"), ["ka"], {"ka": 6}),
    (Audience(everyone=True, languages=("en",)), ["ka", "en"], {"en": 4}),
    (Audience(everyone=True, languages=("en",), missing_translation="skip"), ["ka"], {}),
    (Audience(everyone=True, promotion=True), ["ka", "en"], {"ka": 1, "en": 1}),
    (Audience(topics=("budget",)), ["ka"], {"ka": 6}),
    (Audience(topics=("culture",)), ["ka"], {"ka": 7}),
    (Audience(topics=("budget", "culture")), ["ka"], {"ka": 10}),
    (Audience(places=("west",)), ["ka"], {"ka": 2}),
    (Audience(places=("city",)), ["ka"], {"ka": 4}),
    (Audience(places=("nikea", "east")), ["ka"], {"ka": 2}),
    (Audience(topics=("budget",), places=("west",)), ["ka"], {"ka": 2}),
    (Audience(topics=("gone",)), ["ka"], {}),
    (Audience(places=("gone",)), ["ka"], {}),
]


@pytest.mark.parametrize(("audience", "texts", "expected"), CASES)
def test_an_audience_reaches_whom_it_names(
    town: Store, audience: Audience, texts: list[str], expected: dict[str, int]
) -> None:
    assert town.read(lambda c: count(c, audience, texts, NOW)) == expected


def test_an_audience_survives_being_written_down() -> None:
    whole = Audience(("a", "b"), ("c",), False, ("ka",), "skip", "en", True, 7)
    assert from_json(whole.to_json(), "promotion") == whole
