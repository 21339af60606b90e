import pytest

from smsbot.content import Content, load_keywords
from smsbot.errors import ContentError
from smsbot.text.audit import audit, main
from smsbot.text.match import understand
from smsbot.text.understood import Intent
from smsbot.text.vocabulary import Vocabulary
from smsbot.text.words import Named, overlay, parse_words

PUBLISHED = [
    Intent.STOP, Intent.JOIN, Intent.TOPICS, Intent.LEAVE, Intent.HELP, Intent.STATUS, Intent.LANG, Intent.AREA,
    Intent.PAUSE, Intent.RESUME, Intent.DATA, Intent.DELETE, Intent.ALL, Intent.YES, Intent.NO,
]  # fmt: skip
LANGUAGES = ("ka", "en", "ru", "az", "hy")


@pytest.mark.parametrize(
    ("intent", "language", "script", "word"),
    [
        (Intent.STOP, "ka", "", "სტოპ"),
        (Intent.STOP, "ka", "Latn", "STOP"),
        (Intent.TOPICS, "ka", "", "თემები"),
        (Intent.TOPICS, "ka", "Latn", "TEMEBI"),
        (Intent.STATUS, "ka", "Latn", "STATUSI"),
        (Intent.JOIN, "ka", "Latn", "START"),
        (Intent.STOP, "en", "", "STOP"),
        (Intent.HELP, "ru", "", "ПОМОЩЬ"),
        (Intent.HELP, "az", "", "KÖMƏK"),
        (Intent.DELETE, "az", "", "SİL"),
        (Intent.AREA, "az", "", "ƏRAZİ"),
        (Intent.HELP, "hy", "", "ՕԳՆՈՒԹՅՈՒՆ"),
        (Intent.TOPICS, "xx", "", "თემები"),
    ],
)
def test_replies_name_the_first_listed_word(intent, language, script, word, vocabulary):
    assert vocabulary.word(intent, language, script) == word


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("script", ["", "Latn"])
@pytest.mark.parametrize("intent", PUBLISHED)
def test_every_word_we_publish_is_understood_as_itself(intent, language, script, vocabulary):
    assert understand(vocabulary.word(intent, language, script), vocabulary).intent is intent


@pytest.mark.parametrize("entry", load_keywords(None, LANGUAGES), ids=lambda entry: entry.language)
def test_every_listed_word_is_understood_as_listed(entry, vocabulary):
    wrong = [
        (intent.value, word, understand(word, vocabulary).intent.value)
        for listing in (entry.words, entry.typos)
        for intent, listed in listing.items()
        for word in listed
        if understand(word, vocabulary).intent is not intent
    ]
    assert wrong == []


@pytest.mark.parametrize("topic", Content().topics(), ids=lambda topic: topic.code)
def test_every_name_of_a_topic_is_understood(topic, vocabulary):
    for word in (topic.code, *topic.names.values(), *topic.words):
        assert understand(word, vocabulary).topics == (topic.code,), word


def test_the_built_in_words_do_not_collide(capsys):
    assert main([]) == 0
    assert "no collisions" in capsys.readouterr().out


def test_a_word_of_two_commands_is_named_with_file_and_line():
    one = parse_words("en", {"words": {"stop": ["halt"]}}, file="en.yaml", lines={"halt": 3})
    two = parse_words("az", {"words": {"join": ["Halt"]}}, file="az.yaml", lines={"Halt": 7})
    (collision,) = audit([one, two], [], [])
    assert str(collision).startswith("az.yaml:7: 'Halt' (command join, az)")
    assert "en.yaml:3" in str(collision)


def test_a_sound_of_two_commands_in_one_language_is_a_collision():
    words = parse_words("ka", {"words": {"stop": ["თარი"], "join": ["ტარი"]}})
    (collision,) = audit([words], [], [])
    assert collision.how == "sound"


def test_a_topic_named_like_a_command_or_a_place_is_a_collision():
    words = parse_words("en", {"words": {"help": ["help"]}})
    topics = [Named("aid", 1, {"en": "Help"}), Named("parks", 2, {"en": "Green"})]
    places = [Named("green", None, {"en": "Green"})]
    purposes = {(found.first.purpose, found.second.purpose) for found in audit([words], topics, places)}
    assert purposes == {("command help", "topic aid"), ("topic parks", "place green")}


def test_a_harmless_pair_with_its_reason_is_let_pass():
    words = parse_words("en", {"words": {"help": ["help"], "stop": ["help"]}, "harmless": {"help": "an example"}})
    assert audit([words], [], []) == []


def test_a_municipality_adds_words_and_loses_none(tmp_path):
    folder = tmp_path / "locales" / "en"
    folder.mkdir(parents=True)
    (folder / "keywords.yaml").write_text("words:\n  stop: [enough]\n  'no': [never]\n", encoding="utf-8")
    vocabulary = Vocabulary.build(load_keywords(tmp_path, LANGUAGES))
    assert understand("enough", vocabulary).intent is Intent.STOP
    assert understand("STOP", vocabulary).intent is Intent.STOP
    assert vocabulary.word(Intent.STOP, "en") == "STOP"


def test_a_municipalitys_own_words_are_audited_with_all_others(tmp_path, capsys):
    folder = tmp_path / "locales" / "en"
    folder.mkdir(parents=True)
    (folder / "keywords.yaml").write_text(
        "words:\n  stop: [enough]\n  join:\n    - halt\n    - STOP\n", encoding="utf-8"
    )
    assert main(["--content", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert f"{folder}/keywords.yaml:5: 'STOP' (command join, en) is the same word as" in told
    assert len(told.splitlines()) == 1


def test_a_topic_of_a_municipality_may_not_be_named_like_a_command(tmp_path, capsys):
    (tmp_path / "locales").mkdir()
    (tmp_path / "locales" / "topics.yaml").write_text(
        "topics:\n  - {code: aid, number: 1, names: {ka: დახმარება, en: Aid}, words: []}\n", encoding="utf-8"
    )
    assert main(["--content", str(tmp_path)]) == 1
    assert "'დახმარება' (topic aid, ka) is the same word as" in capsys.readouterr().out


def test_a_language_of_its_own_works_from_data_alone():
    extra = parse_words("tr", {"words": {"stop": ["iptal"], "join": ["başla"]}, "courtesy": ["lütfen"]})
    vocabulary = Vocabulary.build([*load_keywords(None, ("ka", "en")), extra])
    assert understand("lütfen iptal", vocabulary).intent is Intent.STOP
    assert understand("iptl", vocabulary).intent is Intent.MAYBE_STOP  # four letters: asked, never acted on
    assert vocabulary.word(Intent.JOIN, "tr") == "BAŞLA"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"word": {}}, "unknown section 'word'"),
        ({"words": {"stopp": ["x"]}}, "unknown command 'stopp'"),
        ({"words": ["x"]}, "a mapping is expected"),
        ({"courtesy": {"a": "b"}}, "courtesy: a list of words is expected"),
        ({"numbers": {"one": ["x"]}}, "'one' is no number"),
    ],
)
def test_a_wrong_keyword_file_is_refused_with_its_place(content, complaint):
    with pytest.raises(ContentError, match=complaint) as refused:
        parse_words("en", content, file="keywords.yaml", lines=dict.fromkeys(["word", "stopp", "one"], 4))
    assert refused.value.file == "keywords.yaml"


def test_an_overlay_keeps_the_first_word_first():
    base = parse_words("en", {"words": {"stop": ["stop"]}})
    extra = parse_words("en", {"words": {"stop": ["halt", "stop"]}})
    assert overlay(base, extra).words[Intent.STOP] == ("stop", "halt")


def test_nothing_that_was_read_stays_after_forgetting(vocabulary):
    understand("zxqv nikeashi stpo", vocabulary)
    assert "zxqv" in vocabulary.lexicon._cache
    before = understand("nikeashi", vocabulary)
    vocabulary.forget()
    kept = (vocabulary.remembered, vocabulary._alone, vocabulary._slips, vocabulary.lexicon._cache)
    assert not any(kept)
    assert not vocabulary.places._heard
    assert understand("nikeashi", vocabulary) == before


@pytest.mark.parametrize(
    "text",
    ["shuqi gatishet nikeashi", "Chartet SHUQI", "gaauqmet biujeti", "ııı stop сtop 5t0p stooop", "tshsh SHch j"],
)
def test_words_of_one_message_are_the_words_they_are_alone(text, vocabulary):
    vocabulary.forget()
    together = vocabulary.lexicon.tokens(text)
    alone = []
    for word in text.split():
        vocabulary.forget()
        alone += vocabulary.lexicon.tokens(word)
    assert together == alone


@pytest.mark.parametrize("word", ["stop", "ыещз", "სტოპ", "gaauqmet", "сtop", "5t0p", "stooop", "жщшт", "qwrt", "გშგშ"])
def test_a_word_is_known_whether_or_not_it_is_kept(word, vocabulary):
    vocabulary.forget()
    known = vocabulary.lexicon.knows(word)
    assert known == bool(vocabulary.lexicon.token(word).folded)
    assert known == vocabulary.lexicon.knows(word)
