"""Places in what people type: tables of spellings, endings, shared names and slips."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smsbot.text.placekeys import MAX_KEYS, begins_as, keys, likely, spoken_head, spoken_stems, stored_stems
from smsbot.text.places import PlaceIndex
from smsbot.text.words import Named

NOUNS = (
    "სოფელი",
    "სოფ",
    "ს",
    "სოფელ",
    "სოფლის",
    "დაბა",
    "ქ",
    "თემი",
    "village",
    "село",
    "с",
    "в",
    "kənd",
    "kəndi",
    "գյուղ",
)


def named(code: str, ka: str, en: str, parent: str | None = None, *words: str) -> Named:
    return Named(code, None, {"ka": ka, "en": en}, words, parent)


PLACES = (
    named("west", "ოზურგეთის მუნიციპალიტეტი", "Ozurgeti Municipality"),
    named("west-town", "ოზურგეთი", "Ozurgeti", "west"),
    named("bakhvi", "ბახვი", "Bakhvi", "west"),
    named("zeda-bakhvi", "ზედა ბახვი", "Zeda Bakhvi", "bakhvi"),
    named("kveda-bakhvi", "ქვედა ბახვი", "Kveda Bakhvi", "bakhvi"),
    named("zemo-natanebi", "ზემო ნატანები", "Zemo Natanebi", "west"),
    named("kvemo-natanebi", "ქვემო ნატანები", "Kvemo Natanebi", "west"),
    named("shroma", "შრომა", "Shroma", "west"),
    named("akhalsopeli-west", "ახალსოფელი", "Akhalsopeli", "west"),
    named("vakijvari", "ვაკიჯვარი", "Vakijvari", "west"),
    named("north", "ლანჩხუთის მუნიციპალიტეტი", "Lanchkhuti Municipality"),
    named("north-town", "ლანჩხუთი", "Lanchkhuti", "north"),
    named("aketi", "აკეთი", "Aketi", "north"),
    named("akhalsopeli-north", "ახალსოფელი", "Akhalsopeli", "north"),
    named("chochkhati", "ჩოჩხათი", "Chochkhati", "north"),
    named("kela", "ყელა", "Kela", "north"),
    named("zemo-surebi", "ზემო სურები", "Zemo Surebi"),
    named("shua-amaghleba", "შუა ამაღლება", "Shua Amaghleba"),
    named("gogolesubani", "გოგოლესუბანი", "Gogolesubani"),
    named("ganakhleba", "განახლება", "Ganakhleba"),
    named("micro-13", "მე-13 მიკრორაიონი", "13th Microdistrict"),
    named("micro-2", "მე-2 მიკრორაიონი", "2nd Microdistrict"),
)


@pytest.fixture(scope="module")
def index() -> PlaceIndex:
    return PlaceIndex.build(PLACES, NOUNS, taken={"განათლება", "ka:ganatleba"})


FOUND = [
    # one village, in every script and in its cases
    ("აკეთი", "aketi", "exact"),
    ("აკეთში", "aketi", "ending"),
    ("აკეთიდან", "aketi", "ending"),
    ("სოფელ აკეთის", "aketi", "ending"),
    ("სოფ. აკეთი", "aketi", "exact"),
    ("ს. აკეთი", "aketi", "exact"),
    ("სოფელში აკეთი", "aketi", "exact"),
    ("ᲐᲙᲔᲗᲘ", "aketi", "exact"),
    ("Aketi", "aketi", "exact"),
    ("AKETI", "aketi", "exact"),
    ("akeTSi", "aketi", "ending"),
    ("aketshi", "aketi", "ending"),
    ("AKETSHI", "aketi", "ending"),
    ("sof. aketi", "aketi", "exact"),
    ("soph aketi", "aketi", "exact"),
    ("village Aketi", "aketi", "exact"),
    ("Акети", "aketi", "exact"),
    ("село Акети", "aketi", "exact"),
    ("в Акети", "aketi", "exact"),
    ("Ակետի", "aketi", "exact"),
    ("Aketi kəndi", "aketi", "exact"),
    ("Чочхати", "chochkhati", "exact"),
    ("Çoçxati", "chochkhati", "exact"),
    ("Չոչխատի", "chochkhati", "exact"),
    ("Čočxatši", "chochkhati", "ending"),
    ("Cocxati", "chochkhati", "coarse"),
    ("Lançxuti", "north-town", "exact"),
    # a vowel falls out: the stem of the genitive is another one
    ("ვაკიჯვრის", "vakijvari", "ending"),
    ("გოგოლესუბნის", "gogolesubani", "ending"),
    ("gogolesubanshi", "gogolesubani", "ending"),
    # the community goes by its villages' name
    ("ბახვი", "bakhvi", "exact"),
    ("ბახვის თემი", "bakhvi", "ending"),
    ("ქვემო ბახვი", "kveda-bakhvi", "qualifier"),
    ("ზემო ბახვში", "zeda-bakhvi", "qualifier"),
    ("zemo bakhvi", "zeda-bakhvi", "qualifier"),
    ("Upper Bakhvi", "zeda-bakhvi", "qualifier"),
    ("Нижний Бахви", "kveda-bakhvi", "qualifier"),
    ("в Верхнем Бахви", "zeda-bakhvi", "qualifier"),
    ("в Нижнем Бахви", "kveda-bakhvi", "qualifier"),
    ("Нижнего Бахви", "kveda-bakhvi", "qualifier"),
    ("ზემოსურები", "zemo-surebi", "exact"),
    ("ზედასურები", "zemo-surebi", "qualifier"),
    ("შუაამაღლება", "shua-amaghleba", "exact"),
    ("შუამაღლება", "shua-amaghleba", "exact"),
    ("სურები", "zemo-surebi", "umbrella"),
    # numbered districts
    ("მე-13 მ/რ", "micro-13", "exact"),
    ("13 მიკრო", "micro-13", "exact"),
    ("13-ე", "micro-13", "exact"),
    ("13-й мкр", "micro-13", "exact"),
    ("13", "micro-13", "exact"),
    ("me-2 mikro", "micro-2", "exact"),
    # one slip
    ("ვაკიჯავრი", "vakijvari", "typo"),
    ("ჩოჩხტი", "chochkhati", "typo"),
    ("chochkati", "chochkhati", "typo"),
    ("ლანჩხთიდან", "north-town", "typo"),
    # among other words, told apart by the municipality's town
    ("ვარ აკეთიდან", "aketi", "within"),
    ("ახალსოფელი ლანჩხუთი", "akhalsopeli-north", "within"),
    ("ლანჩხუთის ახალსოფელი", "akhalsopeli-north", "within"),
    ("Akhalsopeli, Ozurgeti", "akhalsopeli-west", "within"),
    ("ახალსოფელი ოზურგეთის მუნიციპალიტეტი", "akhalsopeli-west", "within"),
    # the town, not its municipality, unless that is said
    ("ოზურგეთი", "west-town", "exact"),
    ("ozurgetshi", "west-town", "ending"),
    ("ოზურგეთის მუნიციპალიტეტი", "west", "exact"),
]


@pytest.mark.parametrize(("text", "code", "rule"), FOUND)
def test_a_place_is_found(index: PlaceIndex, text: str, code: str, rule: str) -> None:
    sighting = index.look(text)
    assert (sighting.codes, sighting.rule) == ((code,), rule)


ASKED = [
    ("ახალსოფელი", ("akhalsopeli-west", "akhalsopeli-north")),
    ("akhalsofelshi", ("akhalsopeli-west", "akhalsopeli-north")),
    ("ნატანები", ("zemo-natanebi", "kvemo-natanebi")),
    ("natanebi", ("zemo-natanebi", "kvemo-natanebi")),
]


@pytest.mark.parametrize(("text", "codes"), ASKED)
def test_several_places_of_one_name_are_all_told(index: PlaceIndex, text: str, codes: tuple[str, ...]) -> None:
    assert index.find(text) == codes


NOWHERE = [
    "", "სოფელი", "village", "99", "გამარჯობა", "შუქი არ არის",
    "განათლება",  # a topic's word, one letter from განახლება
    "ყველა",  # "all", one letter from ყელა: four letters are never a slip
    "თბილისი", "...", "\U0001f600",
]  # fmt: skip


@pytest.mark.parametrize("text", NOWHERE)
def test_what_names_no_place_finds_none(index: PlaceIndex, text: str) -> None:
    assert index.find(text) == ()


def test_a_slip_that_fits_two_places_is_asked() -> None:
    index = PlaceIndex.build([named("a", "მარანი", "Marani"), named("b", "მარათი", "Marati")], ())
    assert index.look("მარაბი").codes == ("a", "b")
    assert not index.look("მარაბი").certain


@pytest.mark.parametrize("short", ["ვანი", "გომი", "აჭი"])
def test_a_name_of_four_letters_is_never_a_slip(short: str) -> None:
    index = PlaceIndex.build([named("it", short, "")], ())
    assert index.find(short) == ("it",)
    assert index.find(short[:-2] + "ზ" + short[-1]) == ()
    assert index.find(short[:-2] + "ზიდან") == ()
    assert index.find(short[:-1] + "იდან") == ("it",)


TOLD = [
    ("niea", "nikea"), ("Nkea", "nikea"), ("нокее", "nikea"), ("ნოკეაში", "nikea"), ("სოფელი ნიკა", "nikea"),
    ("მარში", "marshi"), ("ნიკეა", "nikea"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), TOLD)
def test_a_slip_in_a_short_name_is_one_where_a_place_is_told(text: str, code: str) -> None:
    index = PlaceIndex.build([named("nikea", "ნიკეა", "Nikea"), named("marshi", "მარში", "")], ["სოფელი"])
    assert index.told(text).codes == (code,)


@pytest.mark.parametrize("text", ["nia", "nikolozi", "ვაზი", "მაში", "maria"])
def test_what_is_no_slip_of_a_short_name_is_none_where_a_place_is_told(text: str) -> None:
    index = PlaceIndex.build([named("nikea", "ნიკეა", "Nikea"), named("vani", "ვანი", "Vani")], (), taken={"maria"})
    assert index.told(text).codes == ()


def test_only_a_name_without_a_slip_and_without_other_words_is_certain(index: PlaceIndex) -> None:
    assert index.look("აკეთიდან").certain
    assert not any(index.look(text).certain for text in ("chochkati", "ვარ აკეთიდან", "ახალსოფელი", "ნატანები"))


def test_a_code_names_its_place_only_where_no_place_is_called_so() -> None:
    index = PlaceIndex.build([named("d7", "ჭომა", "Choma"), named("choma", "გორა", "Gora")], ())
    assert index.find("d7") == ("d7",)
    assert index.find("choma") == ("d7",)


def test_a_loop_among_the_places_does_not_hang() -> None:
    index = PlaceIndex.build([named("a", "აკეთი", "Aketi", "b"), named("b", "აკეთი", "Aketi", "a")], ())
    assert index.find("აკეთი") == ()
    assert len(index.ancestors("a")) <= 20


SPELLINGS = [
    ("ჭოლევი", "Cholevi", "Чолеви", "Չոլևի"),
    ("ძიმითი", "Dzimiti", "Дзимити", "Ձիմիթի"),
    ("ჯუმათი", "Jumati", "Джумати", "Ջումաթի"),
    ("წყალწმინდა", "Tskaltsminda", "Цкалцминда", "Ծղալծմինդա"),
    ("ჟონეთი", "Zhoneti", "Жонети", "Ժոնեթի"),
    ("ხევი", "Khevi", "Хеви", "Խևի"),
    ("შრომა", "Shroma", "Шрома", "Շրոմա"),
]


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_one_name_sounds_the_same_in_every_script(spelled: tuple[str, ...]) -> None:
    georgian = set(keys(spelled[0]))
    for other in spelled[1:3]:
        assert georgian & set(keys(other)), other
    assert georgian & set(keys(spelled[3])) or spelled[3] == "Ծղալծմինդա"  # Armenian has no letter for ყ


def test_a_stem_is_found_from_every_case() -> None:
    stored = set(stored_stems("gogolesubani"))
    for written in ("gogolesubani", "gogolesubanSi", "gogolesubnis", "gogolesubnidan", "gogolesubans", "gogolesubanze"):
        assert stored & set(spoken_stems(written)), written


@given(st.text("abeimnstvSkz", min_size=1, max_size=20))
def test_every_stem_of_a_word_begins_as_the_word_does(key: str) -> None:
    head = spoken_head(key)
    assert key.startswith(head)
    assert all(stem.startswith(head) for stem in spoken_stems(key))


WRITTEN = st.text("aeiohksztdcpgwyjqTSRJა თшдзжеռւոեə", min_size=1, max_size=9)


@given(word=WRITTEN)
def test_the_likely_keys_are_the_first_two(word: str) -> None:
    assert likely(word) == keys(word)[:2]


@given(first=WRITTEN.filter(str.isalpha), rest=WRITTEN.filter(str.isalpha))
@example(first="əq", rest="h")
def test_a_word_that_sounds_as_it_does_alone_begins_every_key(first: str, rest: str) -> None:
    own = keys(first)
    if begins_as(first, first + rest) and len(own) < MAX_KEYS:
        assert all(key.startswith(own) for key in keys(first + rest))


def test_the_work_does_not_grow_with_the_number_of_places() -> None:
    """Counted are the tables' probes, not seconds: four thousand places cost what forty do."""

    class Counting(dict[str, tuple[str, ...]]):
        probes = 0

        def get(self, *key: object) -> tuple[str, ...] | None:  # type: ignore[override]  # counts, and does the same
            Counting.probes += 1
            return super().get(*key)  # type: ignore[call-overload,no-any-return]  # passed on as it came

    def probes(count: int) -> int:
        syllables = ("ba", "ge", "di", "vo", "zu", "ta", "ke", "li", "mo", "nu")
        names = ["".join(syllables[int(digit)] for digit in f"{number:04d}") for number in range(count)]
        index = PlaceIndex.build([named(f"p{at}", name, name) for at, name in enumerate(names)], NOUNS)
        for table in ("_exact", "_ending", "_qualifier", "_umbrella", "_coarse", "_near"):
            setattr(index, table, Counting(getattr(index, table)))
        Counting.probes = 0
        for text in ("babagedi", "vozuvotashi", "bbagedi", "რაღაც სხვა სიტყვა აქ", "xxxxxxxx"):
            index.find(text)
        return Counting.probes

    assert probes(4000) < 2 * probes(40)


@given(text=st.text(max_size=300) | st.text(alphabet="აბkwyhქ-' 13თiშ\u0301\u200f", max_size=300))
def test_any_text_is_answered(text: str) -> None:
    index = PlaceIndex.build(PLACES, NOUNS)
    codes = {place.code for place in PLACES}
    assert set(index.find(text)) <= codes


LONG = ["ა" * 10_000, "w" * 10_000, "y h w " * 3_000, "\u0301" * 10_000, "zemo" * 2_500, "13 " * 4_000]


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:6])
def test_a_text_without_end_has_few_keys(index: PlaceIndex, text: str) -> None:
    assert index.find(text) in ((), ("micro-13",))
    assert len(keys(text[:1000])) <= 8


@pytest.mark.parametrize(
    "text", ["ნიკეა", "soFeli nikea", "ქვემო აკეთი", "nikee", "в верхнем бахви", "В ВЕРХНЕМ БАХВИ", "12"]
)
def test_words_that_are_cut_already_name_the_same_place(index: PlaceIndex, text: str) -> None:
    index.forget()
    whole = index.look(text)
    index.forget()
    assert index.look(text, text.split()) == whole
