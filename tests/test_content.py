import pytest

from smsbot.content import Content, load_keywords, read_yaml
from smsbot.errors import ContentError
from smsbot.text.understood import Intent


def test_every_language_has_keywords():
    assert set(Content().languages()) >= {"ka", "en", "ru", "az", "hy"}


def test_the_built_in_topics_are_the_eight_of_the_contract():
    topics = Content().topics()
    assert [(topic.number, topic.code) for topic in topics] == [
        (1, "budget"), (2, "social"), (3, "planning"), (4, "culture"), (5, "education"),
        (6, "roads"), (7, "advisors"), (8, "other"),
    ]  # fmt: skip
    assert all(set(topic.names) == {"ka", "en", "ru", "az", "hy"} for topic in topics)


def test_an_overlay_replaces_flows_and_adds_keywords(tmp_path):
    (tmp_path / "flows" / "transcripts" / "ka").mkdir(parents=True)
    (tmp_path / "flows" / "own.yaml").write_text("flow: own\n", encoding="utf-8")
    (tmp_path / "flows" / "transcripts" / "ka" / "own.txt").write_text("> JOIN\n", encoding="utf-8")
    (tmp_path / "locales" / "xx" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "locales" / "xx" / "LC_MESSAGES" / "smsbot.po").write_text("", encoding="utf-8")
    (tmp_path / "locales" / "topics.yaml").write_text(
        "topics: [{code: ses, number: 1, names: {en: Sessions}, words: [SES]}]\n", encoding="utf-8"
    )
    content = Content(tmp_path)
    assert content.flow_files()["own"] == tmp_path / "flows" / "own.yaml"
    assert tmp_path / "flows" / "transcripts" / "ka" / "own.txt" in content.transcript_files()
    assert content.catalogue_files()["xx"] == [tmp_path / "locales" / "xx" / "LC_MESSAGES" / "smsbot.po"]
    assert [topic.code for topic in content.topics()] == ["ses"]
    assert "ka" in content.keyword_files()


def test_words_that_yaml_takes_for_truth_values_stay_words(tmp_path):
    path = tmp_path / "keywords.yaml"
    path.write_text("words:\n  no: [no, off]\n", encoding="utf-8")
    data, lines = read_yaml(path)
    assert data == {"words": {"no": ["no", "off"]}}
    assert lines["off"] == 2


def test_keywords_know_the_lines_they_stand_on():
    (english,) = load_keywords(None, ("en",))
    assert english.words[Intent.NO][0] == "no"
    assert english.lines["unsubscribe"] > 1


@pytest.mark.parametrize("text", ["a: [", "- a", "\t:"])
def test_a_broken_file_is_named(tmp_path, text):
    path = tmp_path / "keywords.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as refused:
        read_yaml(path)
    assert refused.value.file == str(path)


def test_a_topic_without_a_number_is_refused(tmp_path):
    (tmp_path / "locales").mkdir()
    (tmp_path / "locales" / "topics.yaml").write_text("topics:\n  - code: ses\n", encoding="utf-8")
    with pytest.raises(ContentError, match="number") as refused:
        Content(tmp_path).topics()
    assert refused.value.line == 2
