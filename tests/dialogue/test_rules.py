"""The behaviours that a citizen may rely on, each test named by the rule it holds (civic rules 2-30)."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsbot.clock import DAY_MS, HOUR_MS, MINUTE_MS
from smsbot.dialogue.model import Contact, Inbound, State
from smsbot.text import gsm7
from tests.dialogue.bot import LANGUAGES, NOW_MS, NUMBER, PLACES, Phone, blueprint, engine, topics
from tests.dialogue.test_engine import WORDS


def joined(*topics: str) -> Phone:
    phone = Phone()
    phone.send("JOIN " + " ".join(topics))
    assert phone.contact.state is State.ACTIVE
    return phone


def stopped(*topics: str) -> Phone:
    phone = joined(*topics)
    phone.send("STOP")
    assert phone.contact.state is State.STOPPED
    return phone


def test_rule_02_stop_ends_all_topics_the_dialogue_and_what_is_queued() -> None:
    phone = joined("budget", "culture")
    phone.send("TOPICS")
    assert phone.conversation is not None
    outcome = phone.send("STOP")
    assert outcome.contact.topics == frozenset()
    assert outcome.conversation is None
    assert outcome.suppress
    assert outcome.left == ()
    assert outcome.contact.former == ("budget", "culture")


def test_rule_02_stop_ends_a_pause_and_what_paused_it() -> None:
    phone = joined("budget")
    phone.send("PAUSE")
    phone.send("STOP")
    assert phone.contact.state is State.STOPPED
    assert phone.contact.paused_until_ms is None


@pytest.mark.parametrize("text", ["STOP 3", "LEAVE 3", "-3", "STOP PLANNING", "სტოპ 3", "LEAVE PLANNING"])
def test_rule_03_stop_with_a_topic_of_theirs_takes_that_topic_only(text: str) -> None:
    phone = joined("budget", "planning", "culture")
    outcome = phone.send(text)
    assert outcome.contact.topics == {"budget", "culture"}
    assert outcome.suppress
    assert outcome.left == ("planning",)
    assert [(fact.action, fact.scope) for fact in outcome.facts] == [("leave", "topic:planning")]
    assert "2 topics remain" in outcome.replies[0]


@pytest.mark.parametrize("text", ["STOP 3", "LEAVE PLANNING", "NO 624", "STOP 77"])
def test_rule_03_stop_with_another_topic_stops_all_and_says_so(text: str) -> None:
    phone = joined("budget")
    outcome = phone.send(text)
    assert outcome.contact.state is State.STOPPED
    assert "did not have that topic" in outcome.replies[0]
    assert "START" in outcome.replies[0]


def test_rule_03_leaving_the_last_topic_leaves_active_without_topics() -> None:
    phone = joined("budget")
    reply = phone.says("LEAVE 1")
    assert phone.contact.state is State.ACTIVE
    assert "No topics remain" in reply


@pytest.mark.parametrize("text", ["please stop sending me sms, thanks", "STOP!!", "stop now", "Stop. Thank you"])
def test_rule_04_courtesy_around_stop_changes_nothing(text: str) -> None:
    phone = joined("budget")
    phone.send(text)
    assert phone.contact.state is State.STOPPED


@pytest.mark.parametrize("text", ["Stop the landfill in Likhauri", "the bus does not stop here"])
def test_rule_04_stop_in_a_sentence_goes_to_staff_and_is_told_once(text: str) -> None:
    phone = joined("budget")
    outcome = phone.send(text)
    assert outcome.contact.state is State.ACTIVE
    assert outcome.inbox == "stop_sentence"
    assert "STOP" in outcome.replies[0]
    assert phone.send(text + " again").replies == ()


@pytest.mark.parametrize("text", ["don't stop", "please do not stop", "არ გააუქმოთ"])
def test_rule_04_a_negated_stop_never_stops(text: str) -> None:
    phone = joined("budget")
    outcome = phone.send(text)
    assert outcome.contact.state is State.ACTIVE
    assert outcome.inbox == "keep"


@pytest.mark.parametrize("question", ["JOIN", "AREA", "LANG", "DELETE", "NO"])
def test_rule_05_stop_outranks_every_question(question: str) -> None:
    phone = joined("budget")
    phone.send(question)
    assert phone.conversation is not None
    outcome = phone.send("STOP")
    assert outcome.contact.state is State.STOPPED
    assert outcome.conversation is None


@pytest.mark.parametrize("language, name", [("en", "Kutaisi City Hall"), ("ka", "ქუთაისის მერია")])
def test_rule_06_one_confirmation_of_one_part_names_us_and_start(language: str, name: str) -> None:
    phone = joined("budget")
    phone.contact = dataclasses.replace(phone.contact, language=language)
    reply = phone.says("STOP")
    assert gsm7.measure(reply).parts == 1
    assert name in reply
    assert "START" in reply


def test_rule_07_a_second_stop_is_silent_for_a_day_then_confirmed_once() -> None:
    phone = stopped("budget")
    second = phone.send("STOP")
    assert (second.replies, second.facts) == ((), ())
    phone.wait(DAY_MS - 10_000)
    assert phone.send("STOP").replies == ()
    phone.wait(20_000)
    assert len(phone.send("STOP").replies) == 1
    assert phone.send("STOP").replies == ()


def test_rule_07_start_and_stop_again_is_confirmed_again() -> None:
    phone = stopped("budget")
    phone.send("START")
    assert len(phone.send("STOP").replies) == 1
    assert phone.contact.former == ("budget",)


def test_rule_08_a_strangers_stop_makes_no_profile() -> None:
    phone = Phone()
    outcome = phone.send("STOP")
    assert outcome.contact.state is State.STOPPED
    assert not outcome.contact.known
    assert outcome.suppress
    assert [(fact.action, fact.scope) for fact in outcome.facts] == [("stop", "all")]
    assert len(outcome.replies) == 1


def test_rule_08_any_other_first_text_makes_a_profile() -> None:
    for text in ("HELP", "hello", "STATUS", ""):
        assert Phone().send(text).contact.known, text


def test_rule_09_start_restores_nothing_by_itself() -> None:
    phone = stopped("budget", "social")
    reply = phone.says("START")
    assert phone.contact.state is State.ACTIVE
    assert phone.contact.topics == frozenset()
    assert "Budget, Social" in reply
    phone.send("1")
    assert phone.contact.topics == {"budget", "social"}


def test_rule_09_start_then_two_opens_the_menu() -> None:
    phone = stopped("budget")
    phone.send("START")
    assert "9 All" in phone.says("2")
    assert phone.contact.topics == frozenset()


@pytest.mark.parametrize("word", ["JOIN", "START", "subscribe", "დაწყება", "unstop"])
def test_rule_09_every_join_word_acts_like_start(word: str) -> None:
    phone = stopped("budget")
    outcome = phone.send(word)
    assert outcome.contact.state is State.ACTIVE
    assert outcome.contact.topics == frozenset()
    assert [fact.action for fact in outcome.facts] == ["start"]


@pytest.mark.parametrize(
    "text", ["STATUS", "HELP", "RESUME", "PAUSE", "1", "all", "when is it?", "RU", "AREA NIKEA", "TOPICS", "DATA", ""]
)
def test_rule_09_no_other_word_resubscribes(text: str) -> None:
    phone = stopped("budget")
    outcome = phone.send(text)
    assert outcome.contact.state is State.STOPPED
    assert outcome.contact.topics == frozenset()
    assert outcome.facts == ()


@pytest.mark.parametrize("text", ["CULTURE", "JOIN CULTURE", "კულტურა", "JOIN 4"])
def test_rule_09_a_topic_lifts_the_stop_and_subscribes_to_it(text: str) -> None:
    phone = stopped("budget")
    outcome = phone.send(text)
    assert outcome.contact.state is State.ACTIVE
    assert outcome.contact.topics == {"culture"}
    assert [fact.action for fact in outcome.facts] == ["start", "subscribe"]


def test_rule_09_a_text_from_a_stopped_number_goes_to_staff_and_the_hint_names_start() -> None:
    phone = stopped("budget")
    outcome = phone.send("when is the next meeting")
    assert outcome.inbox == "stopped"
    assert "START" in outcome.replies[0]
    assert phone.send("and where").replies == ()


def test_rule_09_whoever_has_stopped_is_not_pressed_for_an_answer() -> None:
    phone = stopped("budget")
    phone.send("TOPICS")
    outcome = phone.send("when is the next meeting")
    assert outcome.inbox == "stopped"
    assert "START" in outcome.replies[0]


def test_rule_10_help_is_answered_to_a_stopped_number_too() -> None:
    phone = stopped("budget")
    for _ in range(2):
        reply = phone.says("HELP")
        assert "Kutaisi City Hall" in reply
        assert "+995431230000" in reply
        assert "STOP" in reply
        assert "START" in reply
    assert phone.contact.state is State.STOPPED


@pytest.mark.parametrize("text", ["SOS", "sos!!!", "112", "112!", "102", "СОС", "სოს"])
def test_rule_10_an_emergency_is_sent_to_112_and_read_by_staff(text: str) -> None:
    outcome = joined("budget").send(text)
    assert "112" in outcome.replies[0]
    assert outcome.inbox == "emergency"


def test_rule_10_help_names_us_the_number_and_stop() -> None:
    reply = Phone().says("HELP")
    assert all(word in reply for word in ("Kutaisi City Hall", "+995431230000", "STOP", "112"))


@pytest.mark.parametrize("text", ["YES", "კი", "да"])
def test_rule_11_yes_from_a_stopped_number_is_no_start(text: str) -> None:
    phone = stopped("budget")
    phone.send(text)
    assert phone.contact.state is State.STOPPED


def test_rule_11_a_gateways_start_for_yes_is_none_either() -> None:
    phone = stopped("budget")
    phone.send("YES", optout="start")
    assert phone.contact.state is State.STOPPED


def test_rule_14_a_stop_that_the_gateway_took_is_ours_too_and_silent() -> None:
    phone = joined("budget")
    outcome = phone.send("STOP", optout="stop")
    assert outcome.contact.state is State.STOPPED
    assert outcome.suppress
    assert outcome.replies == ()
    assert [(fact.action, fact.source) for fact in outcome.facts] == [("stop", "gateway")]


@pytest.mark.parametrize("text, optout", [("START", "start"), ("HELP", "help")])
def test_rule_14_what_the_gateway_answered_is_not_answered_twice(text: str, optout: str) -> None:
    phone = stopped("budget")
    outcome = phone.send(text, optout=optout)
    assert outcome.replies == ()
    assert (outcome.contact.state is State.ACTIVE) == (optout == "start")


def test_rule_16_the_same_text_is_answered_three_times_in_ten_minutes() -> None:
    phone = Phone()
    assert [len(phone.send("HELP").replies) for _ in range(5)] == [1, 1, 1, 0, 0]
    phone.wait(10 * MINUTE_MS)
    assert len(phone.send("HELP").replies) == 1


def test_rule_16_the_guard_holds_back_replies_not_effects() -> None:
    phone = joined("budget")
    for _ in range(3):
        phone.send("culture")
        phone.send("LEAVE CULTURE")
    for _ in range(4):
        phone.send("culture")
    assert phone.send("culture").replies == ()
    assert "culture" in phone.contact.topics


def test_rule_16_an_hours_replies_are_limited_but_not_stop() -> None:
    phone = Phone(replies_per_hour=5)
    answered = sum(len(phone.send(f"STATUS {'' if at % 2 else '?'}").replies) for at in range(12))
    assert answered == 5
    outcome = phone.send("STOP")
    assert outcome.contact.state is State.STOPPED
    assert len(outcome.replies) == 1
    phone.wait(HOUR_MS)
    assert len(phone.send("HELP").replies) == 1


def test_rule_18_a_join_sent_before_the_stop_does_not_resubscribe() -> None:
    phone = joined("budget")
    phone.send("STOP", sent_ms=phone.now_ms + 2_000)
    for sent_ms in (phone.now_ms - 5_000, phone.contact.stopped_sent_ms):  # earlier, and at the same instant
        outcome = phone.send("JOIN", sent_ms=sent_ms)
        assert outcome.contact.state is State.STOPPED
        assert outcome.replies == ()
    assert phone.send("culture", sent_ms=phone.now_ms - 60_000).contact.state is State.STOPPED
    assert phone.send("JOIN", sent_ms=phone.now_ms + 60_000).contact.state is State.ACTIVE


def test_rule_18_without_both_times_the_order_of_arrival_counts() -> None:
    phone = stopped("budget")
    assert phone.send("JOIN", sent_ms=1).contact.state is State.ACTIVE


def test_rule_18_an_older_stop_does_not_turn_the_clock_back() -> None:
    phone = Phone()
    phone.send("STOP", sent_ms=2_000_000)
    phone.send("STOP", sent_ms=1_000_000)
    assert phone.contact.stopped_sent_ms == 2_000_000


def test_rule_25_the_first_words_name_us_and_stop() -> None:
    for text in ("JOIN", "budget", "1 3", "TOPICS", "JOIN CULTURE"):
        reply = Phone().says(text)
        assert reply.startswith(("Kutaisi City Hall", "ქუთაისის მერია")), text
        assert "STOP" in reply or "სტოპ" in reply


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("intent", ["help", "status", "lang", "area", "pause", "resume", "data", "delete", "no"])
def test_rule_25_whatever_a_person_sends_first_the_answer_names_us_and_the_way_out(intent: str, language: str) -> None:
    bot = engine()
    words = {"no": {"en": "NO", "ka": "არა", "ru": "нет", "az": "yox", "hy": "ոչ"}}
    word = words.get(intent, {}).get(language) or bot.directory.reader.published(language, intent)
    phone = Phone()
    reply = phone.says(word)
    told = phone.contact.language or language
    assert bot.directory.service(told) in reply
    assert any(bot.directory.reader.published(told, way) in reply for way in ("stop", "start"))


def test_rule_25_only_the_first_words_introduce_us() -> None:
    phone = Phone()
    assert phone.says("LANG").startswith("Kutaisi City Hall: Choose: 1")
    assert phone.says("LANG").startswith("Choose: 1")


def test_rule_25_a_gateways_own_answer_is_not_introduced() -> None:
    assert Phone().send("HELP", optout="help").replies == ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WORDS, min_size=10, max_size=30))
def test_rule_25_of_ten_replies_in_a_row_one_names_the_way_out(texts: list[str]) -> None:
    phone = Phone()
    since = 0
    for text in texts:
        for reply in phone.wait(HOUR_MS).send(text).replies:
            named = any(word in reply for word in ("STOP", "START", "სტოპ", "СТОП", "ՍՏՈՊ"))
            since = 0 if named else since + 1
            assert since < 10


def test_rule_24_help_names_the_free_way_out_where_there_is_one() -> None:
    exits = {"en": "Free of charge: 0 800 000 000", "ka": "უფასოდ: 0 800 000 000"}
    bot = dataclasses.replace(blueprint(), exits=exits).engine(topics(), PLACES)
    for word, told in (("HELP", exits["en"]), ("დახმარება", exits["ka"]), ("daxmareba", "upasod: 0 800 000 000")):
        (reply,) = bot.step(Contact(NUMBER), None, Inbound(word, NOW_MS), code=lambda: "0000").replies
        assert reply.endswith(told), reply
    assert "800" not in Phone().says("HELP")


@pytest.mark.parametrize("text", ["SIGN 27", "VOTE 3", "ხელმოწერა 27", "ГОЛОС 3", "UNSIGN 27"])
def test_rule_12_what_we_do_not_offer_is_read_by_staff_and_resubscribes_nobody(text: str) -> None:
    phone = stopped("budget")
    outcome = phone.send(text)
    assert outcome.contact.state is State.STOPPED
    assert outcome.inbox == "stopped"
    assert outcome.facts == ()


def test_rule_13_a_code_reaches_a_stopped_number() -> None:
    phone = stopped("budget")
    assert "DELETE 4821" in phone.says("DELETE")
    assert phone.send("DELETE 4821").erase


def test_rule_21_a_reply_names_no_person_and_no_other_number() -> None:
    phone = joined("budget")
    for text in ("STATUS", "DATA", "HELP"):
        reply = phone.says(text).replace("+995431230000", "")
        assert NUMBER not in reply
        assert "995" not in reply


def test_rule_29_nothing_of_a_person_holds_a_birth_date() -> None:
    assert not [field.name for field in dataclasses.fields(Contact) if "birth" in field.name or field.name == "age"]


def test_rule_27_data_sums_up_and_delete_needs_its_code() -> None:
    phone = joined("budget")
    assert "Budget" in phone.says("DATA")
    assert "4821" in phone.says("DELETE")
    outcome = phone.send("DELETE 4821")
    assert outcome.erase
    assert outcome.contact == dataclasses.replace(
        Contact(NUMBER), repetition=outcome.contact.repetition, known=False, state=State.NEW
    )
    assert [(fact.action, fact.scope) for fact in outcome.facts] == [("erase", "all")]
    assert len(outcome.replies) == 1


def test_rule_27_a_code_keeps_its_leading_zero() -> None:
    phone = joined("budget")
    phone.send("DELETE", code="0421")
    assert not phone.send("DELETE 421").erase
    assert phone.send("DELETE 0421").erase


def test_rule_27_a_stop_survives_erasure() -> None:
    phone = stopped("budget")
    phone.send("DELETE")
    outcome = phone.send("DELETE 4821")
    assert outcome.erase
    assert outcome.contact.state is State.STOPPED
    assert not outcome.contact.known
    assert outcome.contact.former == ()


@pytest.mark.parametrize(
    "word, name",
    [("STOP", "unsubscribed"), ("სტოპ", "გაუქმდა"), ("СТОП", "отписаны"), ("ləğv et", "ləğv"), ("դադարեցնել", "այլևս")],
)
def test_rule_30_the_stop_words_language_is_the_replys(word: str, name: str) -> None:
    assert name in Phone().says(word)


@pytest.mark.parametrize("first, word", [("გამარჯობა, ვინ არის", "STOP"), ("Когда заседание?", "სტოპ")])
def test_rule_30_whoever_has_written_stays_in_their_language(first: str, word: str) -> None:
    phone = Phone()
    phone.send(first)
    language = phone.contact.language
    assert language is not None
    assert engine().directory.service(language) in phone.says(word)


def test_rule_30_a_settled_language_outranks_the_words() -> None:
    phone = Phone()
    phone.send("დაწყება")
    assert "გაუქმდა" in phone.says("STOP")
