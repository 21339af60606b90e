"""The dangerous pairs of words, each a row: what is understood, by which rule, and that the explanation agrees."""

import json

import pytest

from smsbot.text.explain import explain
from smsbot.text.match import RULES, understand
from smsbot.text.understood import CONFIDENCE, Intent

# (text, what it is taken for, by which rule): one side of a pair, then the other.
DANGEROUS = [
    # a word and one a letter away that asks for something else
    ("თემები", Intent.TOPICS, "exact"),
    ("თემი", Intent.AREA, "exact"),
    ("temebi", Intent.TOPICS, "exact"),
    ("temi", Intent.AREA, "fold"),
    ("გაგრძელება", Intent.RESUME, "exact"),
    ("განახლება", Intent.OTHER, ""),
    ("განათლება", Intent.TOPIC, "name"),
    ("განათება", Intent.OTHER, ""),
    ("ყველა", Intent.ALL, "exact"),
    ("ყელა", Intent.OTHER, ""),
    ("ara", Intent.NO, "exact"),
    ("area", Intent.AREA, "exact"),
    ("end", Intent.STOP, "exact"),
    ("ena", Intent.LANG, "exact"),
    ("kənd", Intent.AREA, "exact"),
    ("kend", Intent.AREA, "exact"),
    ("lang", Intent.LANG, "exact"),
    ("kang", Intent.STOP, "fold"),
    ("вкл", Intent.JOIN, "exact"),
    ("выкл", Intent.STOP, "exact"),
    ("vkl", Intent.JOIN, "fold"),
    ("vykl", Intent.STOP, "exact"),
    ("vkyl", Intent.MAYBE_STOP, "near"),
    ("село", Intent.AREA, "exact"),
    ("дело", Intent.OTHER, ""),
    ("selo", Intent.AREA, "fold"),
    ("delo", Intent.OTHER, ""),
    ("səs", Intent.OTHER, ""),
    ("yes", Intent.YES, "exact"),
    ("sil", Intent.DELETE, "exact"),
    ("sil 2", Intent.LEAVE, "exact"),
    ("sil 4821", Intent.DELETE, "exact"),
    ("dil", Intent.LANG, "exact"),
    ("sia", Intent.TOPICS, "fold"),
    ("sul", Intent.OTHER, ""),
    ("washla", Intent.DELETE, "exact"),
    ("başla", Intent.JOIN, "exact"),
    ("tashla", Intent.OTHER, "near"),
    ("tema", Intent.TOPICS, "fold"),
    ("temy", Intent.TOPICS, "exact"),
    # a word inside another that means its opposite
    ("subscribe", Intent.JOIN, "exact"),
    ("unsubscribe", Intent.STOP, "exact"),
    ("բաժանորդագրվել", Intent.JOIN, "exact"),
    ("ապաբաժանորդագրվել", Intent.STOP, "exact"),
    ("გამოწერა", Intent.JOIN, "exact"),
    ("გამოწერის გაუქმება", Intent.STOP, "exact"),
    ("დახმარება", Intent.HELP, "exact"),
    ("դադար", Intent.MAYBE_STOP, "courtesy"),
    ("դադարեցնել", Intent.STOP, "exact"),
    # bus stops
    ("stop", Intent.STOP, "exact"),
    ("bus stop", Intent.STOP_SENTENCE, "sentence"),
    ("გაჩერება", Intent.OTHER, ""),
    ("остановка", Intent.OTHER, ""),
    ("остановить", Intent.STOP, "exact"),
    ("dayanacaq", Intent.OTHER, ""),
    ("dayandır", Intent.STOP, "exact"),
    ("կանգառ", Intent.OTHER, ""),
    ("կանգ", Intent.STOP, "exact"),
    # outages are told with the verbs that stop
    ("გამორთეთ", Intent.STOP, "exact"),
    ("შუქი გამორთეს", Intent.OTHER, ""),
    ("წყალი აღარ მოდის", Intent.OTHER, ""),
    ("ავტობუსი გააუქმეს", Intent.OTHER, ""),
    ("გააუქმეს", Intent.MAYBE_STOP, "near"),
    ("დღეს გათიშვა", Intent.MAYBE_STOP, "statement"),
    ("свет отключили", Intent.OTHER, ""),
    ("su kəsilib", Intent.OTHER, ""),
    # help is also welfare, and a cry
    ("help", Intent.HELP, "exact"),
    ("სოციალური დახმარება", Intent.TOPIC, "name"),
    ("материальная помощь", Intent.OTHER, ""),
    ("Help us, the river is rising", Intent.HELP, "sentence"),
    # status, prescription, voice, matter
    ("სტატუსი", Intent.STATUS, "exact"),
    ("სოციალურად დაუცველის სტატუსი", Intent.OTHER, ""),
    ("საქმე", Intent.OTHER, ""),
    ("ხმა არ მაქვს", Intent.OTHER, ""),
    ("ჯარიმა გამომიწერეს", Intent.OTHER, ""),
    # Russian words that begin alike
    ("подписаться", Intent.JOIN, "exact"),
    ("подписать", Intent.OTHER, ""),
    ("подпись", Intent.OTHER, ""),
    ("все", Intent.ALL, "exact"),
    ("всё, хватит", Intent.STOP, "exact"),
    ("отписка", Intent.STOP, "exact"),
    ("прислали отписку", Intent.OTHER, ""),
    # small words of two languages
    ("da", Intent.YES, "exact"),
    ("budget da kultura", Intent.TOPIC, "name"),
    ("ნუ", Intent.OTHER, ""),
    ("nu", Intent.OTHER, ""),
    ("ki", Intent.YES, "exact"),
    ("hə", Intent.YES, "exact"),
    ("he", Intent.YES, "fold"),  # only an answer where a question is pending
    ("dur", Intent.STOP, "exact"),
    # negated
    ("არ გააუქმოთ", Intent.KEEP, "negated"),
    ("ნუ გამორთავთ", Intent.KEEP, "negated"),
    ("не отключайте", Intent.KEEP, "negated"),
    ("don't stop", Intent.KEEP, "negated"),
    ("არ მინდა", Intent.STOP, "phrase"),
    ("ar minda", Intent.STOP, "phrase"),
    ("ra minda", Intent.OTHER, ""),
    ("istəmirəm", Intent.STOP, "phrase"),
    ("istəyirəm", Intent.OTHER, ""),
    ("не пишите", Intent.STOP, "exact"),
    ("не пишете", Intent.OTHER, ""),
    ("пишите", Intent.OTHER, ""),
    # what is reserved by providers
    ("INFO", Intent.HELP, "exact"),
    ("ინფო", Intent.STATUS, "exact"),
    ("cancel", Intent.STOP, "exact"),
    ("ამომშალეთ", Intent.STOP, "exact"),
    ("წამშალეთ", Intent.STOP, "exact"),
    ("წაშალეთ", Intent.DELETE, "exact"),
    # digits and signs
    ("0", Intent.ZERO, "digits"),
    ("O", Intent.MAYBE_STOP, "near"),
    ("1-4", Intent.NUMBERS, "range?"),
    ("🛑", Intent.MAYBE_STOP, "sign"),
    ("👍", Intent.EMPTY, "empty"),
]


@pytest.mark.parametrize(("text", "intent", "rule"), DANGEROUS, ids=[text for text, _, _ in DANGEROUS])
def test_a_dangerous_word_is_taken_for_what_it_is_and_the_explanation_says_by_which_rule(
    text, intent, rule, vocabulary
):
    explanation = explain(text, vocabulary)
    assert (explanation.result.intent, explanation.result.rule) == (intent, rule)
    assert explanation.result == understand(text, vocabulary)
    if intent is not Intent.OTHER:
        assert str(intent) in explanation.steps[-1].verdict
        assert not any(step.verdict for step in explanation.steps[:-1])


def test_an_explanation_shows_the_normal_form_the_keys_and_every_rule_tried(vocabulary):
    explanation = explain("gauqmeba, GTXOVT!", vocabulary)
    assert (explanation.cleaned, explanation.joined) == ("gauqmeba, GTXOVT!", "gauqmeba gtxovt")
    assert explanation.words[0].keys["ka"] == ("gaukmeba",)
    assert explanation.parts[0].meanings[0].startswith("command stop (ka გაუქმება")
    assert [step.rule for step in explanation.steps] == [rule.name for rule in RULES[: len(explanation.steps)]]
    lines = list(explanation.lines())
    assert lines[0] == "text        'gauqmeba, GTXOVT!'"
    assert lines[-1].startswith("result      stop by rule courtesy")


def test_an_explanation_can_be_written_as_json(vocabulary):
    told = json.loads(json.dumps(explain("ნუ მიგზანით", vocabulary).as_data(), ensure_ascii=False))
    assert told["result"]["intent"] == "stop"
    assert told["steps"][-1]["rule"] == "mended"


def test_a_strange_word_shows_what_it_is_near(vocabulary):
    (word,) = explain("topixcs", vocabulary).words
    assert "command topics (en topics)" in word.slips


def test_a_free_text_says_no_for_every_rule(vocabulary):
    explanation = explain("The street light at my house is broken", vocabulary)
    assert len(explanation.steps) == len(RULES)
    assert (explanation.result.intent, explanation.result.confidence) == (Intent.OTHER, 0.0)


def test_what_is_asked_is_less_sure_than_what_is_acted_on(vocabulary):
    assert understand("STOP", vocabulary).confidence == 1.0
    assert 0.5 < understand("unsubscrube", vocabulary).confidence < 1.0
    for text in ("გააუქმეს", "🛑", "STOP START", "this is the end"):
        assert understand(text, vocabulary).confidence < 0.5
    assert all(0.0 <= sure <= 1.0 for sure in CONFIDENCE.values())


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("TOPICS STATUS", (Intent.TOPICS, Intent.STATUS)),
        ("status topics", (Intent.TOPICS, Intent.STATUS)),
        ("lang or area please", (Intent.LANG, Intent.AREA)),
        ("help status", ()),
        ("JOIN ALL", ()),
        ("თემები სტატუსი", (Intent.TOPICS, Intent.STATUS)),
        ("daxmarebbaa", ()),
    ],
)
def test_two_commands_in_reach_are_candidates_for_a_question(text, candidates, vocabulary):
    found = understand(text, vocabulary)
    assert found.candidates == candidates
    assert found.intent is Intent.OTHER or not candidates


def test_a_word_two_slips_off_is_asked_about_and_never_acted_on(vocabulary):
    found = understand("subszrbe", vocabulary)
    assert (found.intent, found.candidates) == (Intent.OTHER, (Intent.JOIN,))
    found = understand("unsubszrbe", vocabulary)
    assert (found.intent, found.candidates) == (Intent.MAYBE_STOP, (Intent.STOP,))
