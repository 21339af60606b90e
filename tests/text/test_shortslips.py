"""Slips in short words, words written together, and phrases that go on about something else."""

from __future__ import annotations

import pytest

from smsbot.text.keyboard import is_plausible
from smsbot.text.match import understand
from smsbot.text.understood import Intent

STOPPED = """
dont texxt me
doo not text
ddo not send, thank you
DONT TRXT
please opt me ouut
udalite koy nomer
ləğv edn
abuneliyimi levg edin
don't esnd me any more sms
""".strip().splitlines()

ASKED = """
take me of
oppt out
stop qll
sr minda
удалите ой номер
უნ მომწერთ
do not contact md
пе пишите
nr pishite
legv wt
petq chr
edn
sto
uri
СТО спасибо
no moe
vkyl
""".strip().splitlines()

NOT_STOPPED_NOR_ASKED = """
stop dam
gatishet sirena
stop the dam
shop
red
dont test me
მარა
sad
ra minda
send
""".strip().splitlines()

GLUED = """
otmenitepodpisku
please stop sending memessages
хватитсмс
ne hochuspasibo
აღარ მომწეროთგეთაყვა
xahiş edirəmləğv
Haghordagrutyunner chemuzum
I don't want these messagesanymore
""".strip().splitlines()

ORDINARY_IN_ONE_WORD = ["offend", "stopover", "endless", "offset", "sendoff", "takeoff", "cancellation"]

ABOUT_SOMETHING = """
take me off the queue for housing
remove my number plate fine
delete my number plate from the parking fines
удалите мой номер машины из штрафов
I don't want messages from banks
don't send me the inspector
chem uzum hrazharvel
отписались
otkazalsya
işıq sönmür
us yoxdur
please do nott stop these messages
я на хочу отписаться
removed, thank you
Hello. unsubscribed.
bağlma
do no unsubscribe me
did you stop sending me messages?
Բարև ձեզ, դադար
imtina etirəm
""".strip().splitlines()

COMMANDS = [
    ("who are you", Intent.HELP),
    ("Who is this?", Intent.HELP),
    ("ვინ ხართ", Intent.HELP),
    ("vin xart", Intent.HELP),
    ("кто это?", Intent.HELP),
    ("siz kimsiniz", Intent.HELP),
    ("ով եք դուք", Intent.HELP),
    ("? please", Intent.HELP),
    ("გთხოვთ ?", Intent.HELP),
    ("hello ?", Intent.HELP),
    ("thanks", Intent.OTHER),
    ("ჩემკ თემები", Intent.STATUS),
    ("school 5", Intent.OTHER),
    ("მეხუთე სკოლა", Intent.OTHER),
    ("სოციალური დახმარება როგორ მივიღო", Intent.OTHER),
    ("my area has no water", Intent.OTHER),
    ("loads", Intent.OTHER),
    ("дорого", Intent.OTHER),
    ("hi ther", Intent.OTHER),
    ("N1", Intent.NUMBERS),
    ("№ 4", Intent.NUMBERS),
    ("no 624", Intent.LEAVE),
]

OFFERED = [
    ("deltee", Intent.DELETE),
    ("уадлить", Intent.DELETE),
    ("paus", Intent.PAUSE),
    ("enyu", Intent.TOPICS),
    ("პაუზა არ გვინდა", Intent.PAUSE),
    ("rods", Intent.TOPICS),
    ("paza", Intent.PAUSE),
    ("koek", Intent.HELP),
    ("abun", Intent.JOIN),
    ("ყვეალ", Intent.TOPICS),  # ყველს is cheese
    ("yveal", Intent.TOPICS),
    ("budet", Intent.TOPICS),  # Russian for "will be"
]


@pytest.mark.parametrize("text", STOPPED)
def test_a_slip_in_a_short_word_of_a_clear_phrase_still_stops(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.STOP


@pytest.mark.parametrize("text", ASKED)
def test_a_short_word_near_a_stop_is_asked_about(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.MAYBE_STOP


@pytest.mark.parametrize("text", NOT_STOPPED_NOR_ASKED)
def test_a_short_ordinary_word_is_left_alone(text, vocabulary):
    assert understand(text, vocabulary).intent in {Intent.OTHER, Intent.STOP_SENTENCE}


@pytest.mark.parametrize("text", GLUED)
def test_a_stop_with_two_words_written_together_stops(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.STOP


@pytest.mark.parametrize("text", ORDINARY_IN_ONE_WORD)
def test_an_ordinary_word_made_of_two_others_stops_nobody(text, vocabulary):
    assert understand(text, vocabulary).intent is not Intent.STOP


@pytest.mark.parametrize("text", ABOUT_SOMETHING)
def test_a_stop_phrase_that_goes_on_about_something_else_stops_nobody(text, vocabulary):
    assert understand(text, vocabulary).intent is not Intent.STOP


@pytest.mark.parametrize(("text", "intent"), COMMANDS)
def test_questions_and_sentences_are_told_from_commands(text, intent, vocabulary):
    assert understand(text, vocabulary).intent is intent


@pytest.mark.parametrize(("text", "intent"), OFFERED)
def test_what_is_near_a_command_is_offered_and_not_done(text, intent, vocabulary):
    found = understand(text, vocabulary)
    assert (found.intent, found.candidates) == (Intent.OTHER, (intent,))


@pytest.mark.parametrize(
    ("typed", "meant", "plausible"),
    [
        ("ens", "end", True), ("edn", "end", True), ("ed", "end", True), ("endd", "end", True), ("and", "end", False),
        ("wnd", "end", True), ("send", "end", False), ("стл", "стоп", True), ("იფ", "ოფ", True),
    ],
)  # fmt: skip
def test_a_hand_makes_some_slips_and_not_others(typed, meant, plausible):
    assert is_plausible(typed, meant) is plausible
