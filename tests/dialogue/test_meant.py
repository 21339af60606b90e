"""A text as near to one command as to another is asked about by number, once, and never guessed."""

from __future__ import annotations

import dataclasses

import pytest

from smsbot.dialogue.model import Inbound, Outcome, State
from smsbot.text.understood import Intent, Understood
from tests.dialogue.bot import Phone


def between(phone: Phone, *candidates: Intent, text: str = "stems") -> Outcome:
    """Send *text*, which the recogniser found as near to each of *candidates*."""
    phone.now_ms += 1_000
    understood = Understood(Intent.OTHER, argument=text, rule="typo", candidates=candidates)
    inbound = Inbound(text, phone.now_ms)
    outcome = phone.engine.step(phone.contact, phone.conversation, inbound, code=lambda: "4821", understood=understood)
    phone.contact, phone.conversation = outcome.contact, outcome.conversation
    return outcome


def joined(language: str = "en") -> Phone:
    phone = Phone()
    phone.send("JOIN BUDGET")
    phone.contact = dataclasses.replace(phone.contact, language=language)
    return phone


@pytest.mark.parametrize(
    "language, question",
    [
        ("en", "Did you mean 1 TOPICS 2 STATUS? Reply with the number"),
        ("ka", "რომელი იგულისხმეთ? 1 თემები 2 ინფო. მოგვწერეთ ნომერი"),
        ("ru", "Что вы имели в виду? 1 ТЕМЫ 2 СТАТУС. Ответьте номером"),
        ("az", "Hansını istədiniz? 1 MÖVZU 2 STATUS. Nömrəsini yazın"),
        ("hy", "Ո՞րը նկատի ունեիք։ 1 ԹԵՄԱ 2 ՍՏԱՏՈՒՍ։ Գրեք համարը"),
    ],
)
def test_two_commands_in_reach_are_asked_about_by_number(language: str, question: str) -> None:
    phone = joined(language)
    assert between(phone, Intent.TOPICS, Intent.STATUS).replies == (question,)
    assert phone.contact.topics == {"budget"}


def test_in_latin_georgian_the_latin_words_are_offered() -> None:
    phone = Phone()
    phone.send("gamowera biujeti")
    (reply,) = between(phone, Intent.TOPICS, Intent.STATUS).replies
    assert reply == "Romeli iguliskhmet? 1 TEMEBI 2 STATUSI. Mogvtseret nomeri"


def test_the_number_runs_the_chosen_command() -> None:
    phone = joined()
    between(phone, Intent.TOPICS, Intent.STATUS)
    outcome = phone.send("2")
    assert outcome.replies[0].startswith("Your topics: Budget.")
    assert (outcome.understood.intent, outcome.understood.rule) == (Intent.STATUS, "asked")
    assert outcome.conversation is None
    between(phone, Intent.TOPICS, Intent.STATUS)
    assert phone.says("1").startswith("* is yours.")
    assert phone.conversation is not None
    assert phone.conversation.flow == "subscribe"


@pytest.mark.parametrize(
    "intent, begins",
    [
        (Intent.HELP, "Kutaisi City Hall, "),
        (Intent.PAUSE, "Messages are paused for 30 days"),
        (Intent.LANG, "Choose: "),
        (Intent.AREA, "Which district"),
        (Intent.DATA, "Kutaisi City Hall keeps"),
        (Intent.DELETE, "Erase all we keep about you? To confirm text DELETE 4821"),
        (Intent.JOIN, "Reply with numbers"),
    ],
)
def test_every_command_can_be_the_answer(intent: Intent, begins: str) -> None:
    phone = joined()
    between(phone, Intent.TOPICS, intent)
    assert phone.says("2").startswith(begins)


@pytest.mark.parametrize("answer", ["1", "yes"])
def test_a_single_command_too_far_to_be_acted_on_is_asked_about_too(answer: str) -> None:
    phone = joined()
    assert between(phone, Intent.RESUME).replies == ("Did you mean 1 RESUME? Reply with the number",)
    assert phone.says(answer).startswith("Messages are on.")


def test_of_two_commands_yes_chooses_none() -> None:
    phone = joined()
    between(phone, Intent.TOPICS, Intent.STATUS)
    assert phone.says("yes").startswith("Did you mean 1 TOPICS 2 STATUS?")


@pytest.mark.parametrize("stopping", [Intent.STOP, Intent.LEAVE, Intent.MAYBE_STOP])
def test_near_a_stop_the_stop_is_asked_about_instead(stopping: Intent) -> None:
    phone = joined()
    outcome = between(phone, Intent.TOPICS, stopping)
    assert outcome.replies == ("Do you want to stop all messages? If so, reply STOP",)
    assert outcome.inbox == "stop_like"
    assert outcome.contact.state is State.ACTIVE
    assert phone.send("STOP").contact.state is State.STOPPED


def test_there_is_one_question_and_no_chain_of_them() -> None:
    phone = joined()
    first = between(phone, Intent.TOPICS, Intent.STATUS)
    again = between(phone, Intent.HELP, Intent.AREA)
    assert again.replies == first.replies
    between(phone, Intent.HELP, Intent.AREA)
    outcome = between(phone, Intent.HELP, Intent.AREA)  # the third wrong answer
    assert outcome.inbox == "wrong_answer"
    assert outcome.conversation is None


def test_another_command_outranks_the_question() -> None:
    phone = joined()
    between(phone, Intent.TOPICS, Intent.STATUS)
    assert phone.says("culture").startswith("Subscribed: Culture.")
    between(phone, Intent.TOPICS, Intent.STATUS)
    assert phone.says("3").startswith("Did you mean")  # a number that was not offered is no topic here


def test_whoever_has_stopped_is_not_asked() -> None:
    phone = joined()
    phone.send("STOP")
    outcome = between(phone, Intent.TOPICS, Intent.STATUS)
    assert outcome.inbox == "stopped"
    assert "START" in outcome.replies[0]


def test_an_answer_to_an_open_question_is_an_answer_first() -> None:
    phone = joined()
    phone.send("AREA")
    between(phone, Intent.TOPICS, Intent.STATUS, text="Nikea")
    assert phone.contact.place == "nikea"


def test_a_stranger_is_told_who_asks() -> None:
    (reply,) = between(Phone(), Intent.TOPICS, Intent.STATUS).replies
    assert reply.startswith("ქუთაისის მერია: რომელი იგულისხმეთ?")
