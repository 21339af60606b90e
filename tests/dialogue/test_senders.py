"""Machines are never answered and never obeyed; a number's new owner gets nothing of the former one's."""

from __future__ import annotations

import dataclasses

import pytest

from smsbot.clock import DAY_MS
from smsbot.dialogue.model import State
from smsbot.dialogue.senders import NOBODY, Senders
from smsbot.text.understood import Intent
from tests.dialogue.bot import Phone, engine

MACHINES = [
    "Automatic reply: I am out of office until 5 May. For urgent matters call 112.",
    "AUTO-REPLY: I'm driving right now, so I will get back to you. Text STOP to stop these.",
    "This number does not accept incoming messages. Reply STOP to opt out, JOIN to subscribe.",
    "Your message could not be delivered.",
    '(I\'m not receiving notifications. If this is urgent, reply "urgent". Sent with Do Not Disturb turned on)',
    "You have a missed call from 599 12 34 56",
    "ავტომატური პასუხი: ამჟამად შვებულებაში ვარ, დაგიკავშირდებით. გაუქმება: სტოპ",
    "ამ ნომერზე შეტყობინებები არ მიიღება. გაუქმება: STOP",
    "თქვენი შეტყობინება ვერ მიეწოდა.",
    "avtomaturi pasukhi: shvebulebashi var da ver gipasukhebt",
    "Автоответ: я сейчас в отпуске. Для отписки отправьте СТОП",
    "Этот номер не принимает входящие сообщения.",
    "Абонент снова в сети. Вам звонил абонент +995599123456",
    "Avtomatik cavab: hazırda məzuniyyətdəyəm.",
    "Bu nömrə mesaj qəbul etmir. Dayandırmaq üçün STOP yazın",
    "Ավտոմատ պատասխան՝ արձակուրդում եմ։",
    "Այս համարը չի ընդունում հաղորդագրություններ։ Ելք՝ STOP",
]
PEOPLE = [
    "The mayor is never in his office",
    "My message to the water company was not answered",
    "This number does not answer, please call me",
    "მერიაში არავინ პასუხობს, ნომერი გამორთულია",
    "თქვენგან გამოტოვებული ზარი მაქვს",
    "Звоню в мэрию, никто не отвечает",
    "не приходит код подтверждения на сайте",
    "Məktəbdə işıq yoxdur",
    "Ճանապարհը փակ է",
]


@pytest.mark.parametrize("text", MACHINES)
def test_a_machine_is_met_with_silence_and_changes_nothing(text: str) -> None:
    for words in ("JOIN BUDGET", "HELP", "STOP"):
        phone = Phone()
        phone.send(words)
        before = dataclasses.replace(phone.contact, hinted_ms=None, known=True)
        outcome = phone.send(text)
        assert outcome.replies == ()
        assert outcome.facts == ()
        assert (outcome.inbox, outcome.alarm) == ("machine", "machine")
        assert (outcome.understood.intent, outcome.understood.rule) == (Intent.OTHER, "machine")
        after = dataclasses.replace(outcome.contact, repetition=before.repetition, hinted_ms=None)
        assert after == before
        assert not outcome.suppress


def test_a_machine_joins_and_stops_no_stranger_and_is_told_of_once_a_day() -> None:
    phone = Phone()
    assert phone.send(MACHINES[2]).contact.state is State.NEW
    again = phone.send(MACHINES[0])
    assert (again.replies, again.inbox, again.alarm) == ((), "", "")
    assert phone.wait(DAY_MS).send(MACHINES[0]).alarm == "machine"


def test_an_open_question_outlives_a_machine() -> None:
    phone = Phone()
    phone.send("JOIN")
    phone.send(MACHINES[0])
    assert phone.send("1").contact.topics == {"budget"}


@pytest.mark.parametrize("text", PEOPLE)
def test_what_people_write_is_no_machine(text: str) -> None:
    assert not engine().senders.read(text).machine


def test_no_command_is_a_machine() -> None:
    reader, senders = engine().directory.reader, engine().senders
    for tag in engine().directory.choices:
        for keyword in (
            "stop",
            "start",
            "topics",
            "help",
            "status",
            "lang",
            "area",
            "pause",
            "resume",
            "delete",
            "data",
        ):
            assert not senders.read(reader.published(tag, keyword)).machine


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!",
        "thank you",
        "მადლობა",
        "დიდი მადლობა!",
        "madloba",
        "Спасибо большое",
        "sağ olun",
        "Շնորհակալություն",
        "👍",
        "❤️🙏🏽",
    ],
)
def test_thanks_are_taken_in_silence_and_leave_an_open_question_open(text: str) -> None:
    phone = Phone()
    phone.send("JOIN")
    outcome = phone.send(text)
    assert (outcome.replies, outcome.inbox) == ((), "")
    assert outcome.conversation is not None
    assert outcome.conversation.tries == 0
    assert phone.send("1").contact.topics == {"budget"}


def test_thanks_with_a_question_behind_them_are_read_and_a_strangers_are_answered() -> None:
    phone = Phone()
    phone.send("JOIN BUDGET")
    assert phone.send("thanks, and when is the meeting?").inbox == "unknown"
    assert "Kutaisi City Hall" in Phone().says("thanks")


def test_without_phrases_nobody_is_a_machine() -> None:
    assert Senders.build([]).read(MACHINES[0]) == Senders.build([]).read("notme") == NOBODY


@pytest.mark.parametrize(
    "text",
    [
        "NOTME", "not me", "Wrong number", "wrong number, please stop", "You have the wrong number!",
        "სხვისი ნომერია", "ნომერი შეგეშალათ", "ეს მე არ ვარ", "nomeri shegeshalat",
        "Вы ошиблись номером", "это не мой номер", "Səhv nömrə", "bu mənim nömrəm deyil", "Սխալ համար է",
    ],
)  # fmt: skip
def test_rule_20_a_new_owner_stops_and_finds_nothing_of_the_former_one(text: str) -> None:
    phone = Phone()
    phone.send("JOIN BUDGET CULTURE")
    phone.send("AREA NIKEA")
    outcome = phone.send(text)
    assert outcome.contact.state is State.STOPPED
    assert (outcome.contact.former, outcome.contact.place, outcome.contact.topics) == ((), None, frozenset())
    assert outcome.inbox == "wrong_number"
    assert outcome.suppress
    assert len(outcome.replies) == 1
    assert [(fact.action, fact.rule) for fact in outcome.facts] == [("stop", "not_me")]
    assert phone.says("START").startswith("Welcome back. Reply with numbers: ")


@pytest.mark.parametrize(
    "text", ["The wrong number is on your web site", "it was not me who asked about the road", "номер дома неверный"]
)
def test_rule_20_a_sentence_about_a_wrong_number_stops_nobody(text: str) -> None:
    phone = Phone()
    phone.send("JOIN BUDGET")
    assert phone.send(text).contact.state is State.ACTIVE
