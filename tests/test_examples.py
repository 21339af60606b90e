"""The ready examples: whole, without collisions, every place found as people write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsbot.compose import seed_places, seed_topics
from smsbot.content import Content, built_in, load_keywords
from smsbot.errors import ContentError
from smsbot.settings import Settings
from smsbot.text.audit import audit
from smsbot.text.fold import clean, fold_of, words
from smsbot.text.match import understand
from smsbot.text.understood import Intent
from smsbot.text.vocabulary import Vocabulary
from smsbot.text.words import Named

LANGUAGES = ("ka", "en", "ru", "az", "hy")
EXAMPLES = ("guria", "kutaisi")
ROMAN = {
    "ა": "a", "ბ": "b", "გ": "g", "დ": "d", "ე": "e", "ვ": "v", "ზ": "z", "თ": "t", "ი": "i", "კ": "k", "ლ": "l",
    "მ": "m", "ნ": "n", "ო": "o", "პ": "p", "ჟ": "zh", "რ": "r", "ს": "s", "ტ": "t", "უ": "u", "ფ": "p", "ქ": "k",
    "ღ": "gh", "ყ": "q", "შ": "sh", "ჩ": "ch", "ც": "ts", "ძ": "dz", "წ": "ts", "ჭ": "ch", "ხ": "kh", "ჯ": "j",
    "ჰ": "h",
}  # fmt: skip
RUSSIAN = {
    "ა": "а", "ბ": "б", "გ": "г", "დ": "д", "ე": "е", "ვ": "в", "ზ": "з", "თ": "т", "ი": "и", "კ": "к", "ლ": "л",
    "მ": "м", "ნ": "н", "ო": "о", "პ": "п", "ჟ": "ж", "რ": "р", "ს": "с", "ტ": "т", "უ": "у", "ფ": "п", "ქ": "к",
    "ღ": "г", "ყ": "к", "შ": "ш", "ჩ": "ч", "ც": "ц", "ძ": "дз", "წ": "ц", "ჭ": "ч", "ხ": "х", "ჯ": "дж", "ჰ": "х",
}  # fmt: skip


def written(name: str, letters: dict[str, str]) -> str:
    return "".join(letters.get(char, char) for char in name)


def vocabulary(example: str) -> Vocabulary:
    content = Content(None, example)
    return Vocabulary.build(load_keywords(None, LANGUAGES), content.topics(), content.places())


@pytest.fixture(scope="module", params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> tuple[str, Vocabulary]:
    return request.param, vocabulary(request.param)


def homonyms(places: list[Named], place: Named) -> set[str]:
    return {each.code for each in places if each.names["ka"] == place.names["ka"]}


def cases(name: str) -> list[str]:
    """A Georgian name as people put it into a sentence."""
    base = name.removesuffix("ი")
    ends_in_a = name.endswith("ა")
    return [
        f"{base}ში",
        f"{base[:-1] if ends_in_a else base}იდან",
        f"სოფელ {base[:-1] if ends_in_a else base}ის",
        f"სოფ. {name}",
    ]


def test_no_word_of_an_example_means_two_things(example: tuple[str, Vocabulary]) -> None:
    content = Content(None, example[0])
    assert [str(each) for each in audit(load_keywords(None, LANGUAGES), content.topics(), content.places())] == []


def test_every_place_is_found_by_its_names(example: tuple[str, Vocabulary]) -> None:
    places = list(example[1].places.places)
    for place in places:
        for name in (*place.names.values(), written(place.names["ka"], ROMAN), written(place.names["ka"], RUSSIAN)):
            assert set(example[1].places.find(name)) == homonyms(places, place), name


def test_every_place_is_found_in_its_cases(example: tuple[str, Vocabulary]) -> None:
    places = list(example[1].places.places)
    for place in places:
        name = place.names["ka"]
        if name.startswith("სოფელი") or name.endswith("მუნ."):
            continue
        namesakes = homonyms(places, place)
        for case in cases(name):
            village = f"{place.names['en'].lower()}-village"  # a village that has its town's name
            expected = {village} if "სოფ" in case and village in {each.code for each in places} else namesakes
            assert set(example[1].places.find(case)) == expected, case


def test_no_place_is_a_command_or_a_topic_when_its_name_is_texted(example: tuple[str, Vocabulary]) -> None:
    for place in example[1].places.places:
        for name in place.names.values():
            understood = understand(name, example[1])
            allowed = (Intent.AREA,) if name.startswith("სოფელი") else (Intent.OTHER, Intent.AREA)
            assert understood.intent in allowed, name


def test_every_place_is_set_by_the_area_word(example: tuple[str, Vocabulary]) -> None:
    places = list(example[1].places.places)
    for place in places:
        understood = understand(f"უბანი {place.names['ka']}", example[1])
        assert understood.intent is Intent.AREA
        assert set(understood.places) == homonyms(places, place)


def test_homonyms_of_guria_are_asked() -> None:
    found = vocabulary("guria").places.find
    assert found("ახალსოფელი") == ("akhalsopeli-ozurgeti", "akhalsopeli-lanchkhuti")
    assert found("Gantiadi") == ("gantiadi-ozurgeti", "gantiadi-chokhatauri")
    assert found("ახალსოფელი ლანჩხუთი") == ("akhalsopeli-lanchkhuti",)


UMBRELLAS = [
    ("ბახვი", ("bakhvi",)),
    ("აკეთი", ("aketi",)),
    ("ფარცხმა", ("partskhma",)),
    ("ერკეთი", ("erketi",)),
    ("ძიმითი", ("dzimiti",)),
    ("ქვემო ბახვი", ("kveda-bakhvi",)),
    ("ზედა ფარცხმა", ("zemo-partskhma",)),
    ("ზემოსურები", ("zemo-surebi",)),
    ("შუაფარცხმა", ("shua-partskhma",)),
    ("ნატანები", ("zemo-natanebi", "kvemo-natanebi")),
    ("ნარუჯი", ("naruja",)),
    ("ვანზომლეთი", ("van-zomleti",)),
    ("ოზურგეთი", ("ozurgeti-town",)),
    ("ოზურგეთის მუნიციპალიტეტი", ("ozurgeti",)),
    ("სოფ. ოზურგეთი", ("ozurgeti-village",)),
]


@pytest.mark.parametrize(("text", "codes"), UMBRELLAS)
def test_officials_and_people_name_guria_differently(text: str, codes: tuple[str, ...]) -> None:
    assert vocabulary("guria").places.find(text) == codes


VILLAGE_OR_TOWN = [
    ("სოფელი ოზურგეთი", "ozurgeti-village"),
    ("უბანი სოფ. ოზურგეთი", "ozurgeti-village"),
    ("უბანი ოზურგეთი", "ozurgeti-town"),
    ("AREA Ozurgeti", "ozurgeti-town"),
    ("AREA Ozurgeti village", "ozurgeti-village"),
    ("სოფელი აკეთი", "aketi"),
]


@pytest.mark.parametrize(("text", "code"), VILLAGE_OR_TOWN)
def test_a_village_that_has_its_towns_name_is_told_from_it(text: str, code: str) -> None:
    understood = understand(text, vocabulary("guria"))
    assert (understood.intent, understood.place) == (Intent.AREA, code)


def test_where_the_map_and_the_school_list_differ_the_school_list_is_right() -> None:
    index = vocabulary("guria").places
    for code in ("ureki", "ormeti", "silauri", "konchkati"):
        assert index.ancestors(code) == ["ozurgeti"]
    assert index.ancestors("chanchati") == ["lanchkhuti"]
    assert index.find("პაატას სახლი") == ()


def test_names_are_of_one_alphabet_each(example: tuple[str, Vocabulary]) -> None:
    """The source had a Cyrillic M in a Latin name."""
    for place in example[1].places.places:
        assert all("ა" <= char <= "ჰ" or char in " -." for char in place.names["ka"]), place.code
        assert place.names["en"].isascii(), place.code


def test_latin_names_are_the_georgian_ones_by_sound(example: tuple[str, Vocabulary]) -> None:
    fold = fold_of("ka")
    for place in example[1].places.places:
        ka, en = place.names["ka"], place.names["en"]
        if ka.startswith("სოფელი") or ka.endswith("მუნ."):
            continue
        assert set(fold.keys("".join(words(clean(ka))))) & set(fold.keys("".join(words(clean(en))))), place.code


def test_a_part_of_an_example_is_a_municipality_alone() -> None:
    places = Content(None, "guria/lanchkhuti").places()
    assert places[0].code == "lanchkhuti"
    assert places[0].parent is None
    codes = {place.code for place in places}
    assert {"aketi", "kvemo-aketi", "akhalsopeli-lanchkhuti"} <= codes
    assert not codes & {"ozurgeti", "bakhvi", "zoti"}
    assert all(place.parent in codes for place in places[1:])


def test_codes_of_guria_are_as_they_were() -> None:
    """People are registered under them: a code may be added, never renamed."""
    codes = {place.code for place in Content(None, "guria").places()}
    listed = Path(__file__).with_name("example_codes.txt").read_text(encoding="utf-8").split()
    assert set(listed) <= codes


@pytest.mark.parametrize("wrong", ["nowhere", "guria/nowhere", "..", "locales"])
def test_an_example_that_does_not_exist_is_told_with_those_that_do(wrong: str) -> None:
    with pytest.raises(ContentError, match=r"there are: guria, kutaisi|begins with: ozurgeti"):
        Content(None, wrong).places()


def test_settings_take_an_example_and_what_they_list_themselves_goes_first() -> None:
    settings = Settings.model_validate({"service": {"example": "guria/chokhatauri"}})
    assert [topic.code for topic in seed_topics(settings)] == ["ses", "kom", "saq"]
    assert seed_places(settings)[0].code == "chokhatauri"
    own = {"topics": [{"code": "water", "number": 1, "names": {"en": "Water"}}], "service": {"example": "kutaisi"}}
    assert [topic.code for topic in seed_topics(Settings.model_validate(own))] == ["water"]
    assert "nikea" in {place.code for place in seed_places(Settings.model_validate(own))}
    assert seed_places(Settings()) == []


def test_a_folder_of_ones_own_goes_before_the_example(tmp_path: Path) -> None:
    (tmp_path / "locales").mkdir()
    (tmp_path / "locales" / "places.yaml").write_text("places: [{code: home, names: {en: Home}}]", encoding="utf-8")
    content = Content(tmp_path, "guria/ozurgeti")
    assert [place.code for place in content.places()] == ["home"]
    assert [topic.code for topic in content.topics()] == ["ses", "kom", "saq"]


FAULTS = [
    ("places: [{code: a, names: {en: A}}, {code: a, names: {en: B}}]", "stands here twice"),
    ("places: [{code: a, parent: b, names: {en: A}}, {code: b, names: {en: B}}]", "must stand before it"),
    ("places: [{code: 'A b', names: {en: A}}]", "a place needs a code"),
    ("places: [{code: a}]", "a place needs a code"),
    ("places: {a: b}", "a list `places` is expected"),
]


@pytest.mark.parametrize(("body", "sentence"), FAULTS)
def test_what_is_wrong_with_a_list_of_places_is_told(tmp_path: Path, body: str, sentence: str) -> None:
    (tmp_path / "locales").mkdir()
    (tmp_path / "locales" / "places.yaml").write_text(body, encoding="utf-8")
    with pytest.raises(ContentError, match=sentence):
        Content(tmp_path).places()


def test_the_licence_stands_in_the_file_and_beside_it() -> None:
    folder = built_in() / "examples"
    for text in (
        (folder / "guria" / "locales" / "places.yaml").read_text(encoding="utf-8")[:1200],
        (folder / "README.md").read_text(encoding="utf-8"),
    ):
        assert "OpenStreetMap contributors" in text
        assert "odbl/1-0" in text
        assert "MIT" in text
