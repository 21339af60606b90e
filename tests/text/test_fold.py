import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsbot.text.fold import MAX_KEYS, brancher, clean, disguised, fold_of, lower, rewriter, squeeze


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("don’t", "dont"),
        ("s\u200bt\u2060o\ufeffp", "stop"),
        ("\u202estop\u202c", "stop"),
        ("１３", "13"),
        ("٣", "3"),
        ("1\ufe0f\u20e33\ufe0f\u20e3", "1 3 "),
        ("№3", " 3"),
        ("s̷t̴o̵p̶", "stop"),
        ("ⓢⓣⓞⓟ", "stop"),
        ("ＳＴＯＰ", "STOP"),
        ("Ցանկանո՞ւմ", "Ցանկանում"),
        ("1–4", "1-4"),
        ("stop\ud83d", "stop"),
    ],
)
def test_what_keyboards_and_phones_add_is_taken_off(typed, cleaned):
    assert clean(typed) == cleaned


def test_a_pile_of_marks_is_dropped_and_its_length_bounded():
    assert clean("stop" + "\u0301" * 100_000) == "stop"


@pytest.mark.parametrize(("typed", "lowered"), [("ᲡᲢᲝᲞ", "სტოპ"), ("İI", "ii"), ("և", "եւ"), ("СТОП", "стоп")])
def test_capitals_fold_in_every_script(typed, lowered):
    assert lower(typed) == lowered


def test_the_old_georgian_capitals_become_mkhedruli():
    assert clean("ႱႲႭႮ") == "სტოპ"


@pytest.mark.parametrize(
    ("native", "romanised"),
    [
        # national 2002, with and without apostrophes; chat; the fonts' capitals; all capitals
        ("გაუქმება", "gauqmeba gaukmeba GAUQMEBA Gauqmeba"),
        ("შეწყვიტე", "shets'q'vit'e shetsqvite shewyvite shetskvite shecyvite SewyviTe SHEWYVITE"),
        ("გამორთე", "gamorte gamorTe GAMORTE"),
        ("აღარ", "aghar agar aRar AGHAR"),
        ("დაწყება", "dats'q'eba datskeba dacyeba dawyeba"),
        ("დახმარება", "dakhmareba daxmareba dahmareba"),
        ("ჭიათურა", "ch'iatura chiatura WiaTura tchiatura"),
        ("ჟურნალი", "zhurnali jurnali Jurnali"),
        ("ძალა", "dzala Zala zala"),
        ("ჯანდაცვა", "jandatsva jandacva djandacva"),
        ("ფოთი", "poti foti foTi photi"),
        ("ყველა", "q'vela kvela qvela yvela"),
        ("ხმა", "khma xma hma"),
    ],
)
def test_every_romanisation_of_a_georgian_word_shares_its_key(native, romanised):
    fold = fold_of("ka")
    (key,) = fold.keys(native)
    for spelling in romanised.split():
        assert key in fold.keys(clean(spelling)), spelling


def test_lowered_font_spelling_shares_the_coarse_key():
    fold = fold_of("ka")
    assert fold.coarse is not None
    listed, typed = ({fold.coarse(key) for key in fold.keys(word)} for word in ("შეწყვიტე", "sewyvite"))
    assert listed & typed


@pytest.mark.parametrize(
    ("language", "native", "typed"),
    [
        ("ru", "отписаться", "otpisatsya"),
        ("ru", "помощь", "pomosch"),
        ("ru", "ещё", "еще"),
        ("ru", "подписка", "podpiska"),
        ("ru", "язык", "yazyk"),
        ("ru", "хватит", "xvatit"),
        ("az", "dayandırın", "DAYANDIRIN"),
        ("az", "göndərməyin", "gondermeyin"),
        ("az", "KÖMƏK", "komek"),
        ("hy", "օգնություն", "ognutyun"),
        ("hy", "չեղարկել", "chegharkel"),
        ("hy", "ոչ", "voch"),
        ("hy", "հերիք", "heriq"),
    ],
)
def test_other_languages_have_their_own_sounds(language, native, typed):
    fold = fold_of(language)
    assert set(fold.keys(native)) & set(fold.keys(typed))


def test_a_language_without_a_fold_compares_letters():
    assert fold_of("xx").keys("Word") == ("word",)


def test_no_language_reads_a_script_that_is_not_its_own():
    assert fold_of("ka").keys("стоп") == ()
    assert fold_of("ru").keys("სტოპ") == ()
    assert fold_of("hy").keys("сtop") == ()


def test_mixed_scripts_have_a_latin_and_a_cyrillic_reading():
    assert "stop" in disguised("stоp")
    assert disguised("stop") == ()
    assert disguised("стоп") == ()


def test_a_letter_held_down_is_one_letter_or_two():
    assert squeeze("stoooop") == ("stop", "stoop")
    assert squeeze("stoop") == ()


@given(st.text(st.characters(), max_size=300))
def test_cleaning_and_folding_never_fail_and_keys_stay_few(text):
    cleaned = clean(text)
    assert clean(cleaned) == clean(clean(cleaned))
    for language in ("ka", "en", "ru", "az", "hy"):
        assert len(fold_of(language).keys(cleaned[:60])) <= MAX_KEYS + 1


RULES = {"dzh": "j", "dz": "z", "zh": "Z", "z": "s", "h": "", "c": "j", "ts": "c"}


@given(st.text("dzhctsა", max_size=12))
def test_the_longest_group_is_rewritten_first_and_nothing_twice(word):
    expected, rest = "", word
    while rest:
        group = next((rest[:size] for size in (3, 2, 1) if rest[:size] in RULES), "")
        expected, rest = expected + RULES.get(group, rest[:1]), rest[len(group) or 1 :]
    assert rewriter(RULES)(word) == expected


def test_ambiguous_letters_are_read_in_every_way_up_to_the_limit():
    assert brancher({"w": "cv", "y": "ki"})("wy") == ["ck", "ci", "vk", "vi"]
    assert brancher({"w": "cv", "y": "ki"}, limit=2)("awya") == ["acka", "avka"]
    assert brancher({"w": "cv"})("stop") == ["stop"]


@given(st.lists(st.text("abcdghijkoqrstuwxyzABCDHJKSTZW", min_size=1, max_size=12), min_size=1, max_size=5))
def test_latin_words_heard_together_sound_as_each_does_alone(spelled):
    for language in ("ka", "ru", "az", "hy"):
        fold = fold_of(language)
        lowered = [word.lower() for word in spelled]
        sounds = fold.latin(" ".join(lowered)).split(" ")
        heard = [fold.plain(*each) for each in zip(spelled, lowered, sounds, strict=True)]
        assert heard == [fold.keys(word) for word in spelled], language
