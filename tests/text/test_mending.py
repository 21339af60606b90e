"""One slip in a message that asks to stop: acted on where a hand makes it, asked about where it may be another word."""

from __future__ import annotations

import pytest

from smsbot.text.handslip import Slip
from smsbot.text.match import understand
from smsbot.text.understood import Intent

STOPPED = """
Stop. Thanj you
cancel pleasr
Quit plesse
kindl stop
stop sending me mrssages
stop sending htese
stop thees
Replu STOP
Repyl STOP to unsubscribe
end my subscriptionn
no more alers
usubscribe my number
I no longerr want these messages
i am not interestedd
stop sending me massages
un subsctibe
please elave me alone
ნუღარ მწერ
აღარასდროს მმწეროთ
удали меня из списка
nömrəmi sil
es chei nomeri ar aris
neverr text me again
გამორთეთ სმსბი
გხოვთ სტოპ
გააუქმეთ ყვეალ
აღარ მინდს სმს
მინად შეწყვეტა
gamortet smsbi
gtxvt stop
gamrtet sms
ne xcohu
хватит лсать смс
закроцте подписку
удалитк из базы
достали со своии смс
abunəi ləğv edin
mənə mesj göndərməyin
artq sms istəmirəm
my name is Nino Beridze please unsubscrieb me
""".strip().splitlines()

ASKED = """
stop tanks
stop betting
lease cancel
სტოპ ყელა
სტოპ ყველს
хватит сдать смс
not interestde stop
კმარს სმსები
I don't want your mwssages
մի ոուղարկեք
stop taxting my phone
enoguh
догтали
I never signed up for this, stop please
հանք ինձ ցուցակից
Stop sendng texts to this nubmer
Rely STOP
""".strip().splitlines()

NEVER = """
stop tanks
stop massage
stop betting
stop these thieves
stop the fight
stop rally
cancel the rally
cancel chemo
stop lease
terminate the lease
გააუქმეთ შეკვეთა
გააუქმეთ გამოცემა
გააუქმეთ ვიზიტი
gaauqmet viziti
სტოპ მერის
სტოპ სახლი
სტოპ ბაღიდან
უარი მივვიღე
стоп отчёт
отмените отчет
хватит спать
пожалейте деревья, хватит
прекратите подписи
dərsi ləğv edin
sərgini ləğv edin
ստոպ արև
don't stop sending mrssages
do not stpo these messages
მომწერე გთხოვთ
восстановите пожалуйста
შემიშვით
ocean
հանք
un subscribed
меня убрали из списка
""".strip().splitlines()

SIGNED = [
    ("Stop, Giorgi Beridze", Intent.STOP),
    ("Stop, Giorgi Beridzr", Intent.STOP),
    ("Stop, Giorgi Beridzee", Intent.STOP),
    ("Stop, Giorgo Beridze", Intent.STOP),
    ("სტოპ, ნინო ბერიძრ", Intent.STOP),
    ("стоп Георгиц Беридзе", Intent.STOP),
    ("Stop, Giorgi Berdize", Intent.MAYBE_STOP),
    ("stop Nino kiosk", Intent.MAYBE_STOP),
    ("stop the kiosk, Nino", Intent.STOP_SENTENCE),
    ("stop Beridze", Intent.STOP_SENTENCE),
    ("stop mayor Beridze", Intent.STOP_SENTENCE),
]


@pytest.mark.parametrize("text", STOPPED)
def test_a_slip_of_the_hand_beside_a_stop_or_in_one_of_its_words_still_stops(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.STOP


@pytest.mark.parametrize("text", ASKED)
def test_what_may_be_a_slip_and_may_be_another_word_is_asked_about(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.MAYBE_STOP


@pytest.mark.parametrize("text", NEVER)
def test_a_word_of_its_own_a_letter_from_courtesy_or_messaging_stops_nobody(text, vocabulary):
    assert understand(text, vocabulary).intent not in {Intent.STOP, Intent.ZERO}


@pytest.mark.parametrize(("text", "intent"), SIGNED)
def test_a_signature_with_a_slip_is_one(text, intent, vocabulary):
    assert understand(text, vocabulary).intent is intent


@pytest.mark.parametrize(
    ("typed", "likely"),
    [
        ("plese", {"please"}), ("tjanks", {"thanks"}), ("nessages", {"messages"}), ("usubscribe", {"unsubscribe"}),
        ("გხოვთ", {"გთხოვთ"}),
    ],
)  # fmt: skip
def test_of_several_listed_words_those_are_likelier_that_a_hand_may_have_meant(typed, likely, vocabulary):
    token = vocabulary.lexicon.token(typed)
    near = vocabulary.slipped_parts(token, 4, loose=True)
    found = {vocabulary.lexicon.listed[number][1] for number in Slip(token, near, vocabulary).likely}
    assert likely <= found
    assert not found & {"massages", "subscribe", "tanks", "თხოვთ"}
