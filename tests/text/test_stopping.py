"""The stop engine is law (civic rules 1-5, 11 and 30): each line here is somebody who must or must not be stopped."""

import pytest

from smsbot.text.match import understand
from smsbot.text.understood import Intent

STOPS = """
STOP
stop
Stop.
STOP!!
"STOP"
 stop\t
stop stop
s t o p
S.T.O.P
s-t-o-p
STOOOOP
STOPPPP
ST0P
STPO
SOTP
stopp
ctop
сtop
ｓｔｏｐ
s\u200btop
STOP 🛑
stop now
Stop it
STOP PLEASE
Stop. Thank you
please stop sending me sms, thanks
Please stop these messages
stop sending messages
STOP ALL
stopall
stop everything
Unsubscribe
unsubscribe me please
unsubcribe
unsubscribee
UNSUBSCRIBE ALL
cancel
cancel my subscription please
END
quit
remove me
take me off this list
opt out
opt-out
optout
I opt out
SMSOFF
SMS OFF
NO SMS
OFF
no more messages
I no longer wish to receive these messages
you have the wrong number
dont text me
Don’t text me
Do not send me messages
please don't text me anymore, this phone now belongs to my daughter
I don't want these messages
i dont want this
I do not want any more sms
not interested
leave me alone
wrong number
NO624To91043
NO 624 TO 91043
სტოპ
სტოპ!
სტოოოპ
ᲡᲢᲝᲞ
სტოპი
სტოპ ყველა
სტოპ, გმადლობთ
გთხოვთ სტოპ
გაუქმება
გააუქმე
გააუქმეთ
გაუქმე
გამორთე
გამორთეთ
გამორთვა
გამითიშეთ
გათიშეთ
შეწყვიტე
შეწყვიტეთ
უარი
უარს ვამბობ
კმარა
გეყოთ
ამომშალეთ
ამომრიცხეთ
მომხსენით
გამოწერის გაუქმება
გააუქმეთ გამოწერა
გთხოვთ გააუქმოთ გამოწერა
გთხოვთ, გამორთოთ სმს
მინდა გავაუქმო გამოწერა
აღარ მინდა
აღარ მინდა გმადლობთ
აღარმინდა
არ მინდა თქვენი სმს
აღარ მინდა თქვენი შეტყობინებები
აღარ მაინტერესებს
აღარ მომწეროთ
აღარ გამომიგზავნოთ
აღარ გამომიგზავნოთ შეტყობინებები, ნომერი სხვისია
ნუ მიგზავნით
ნუ მიგზავნით სმსებს
ნუ მწერთ
ნუ მაწუხებთ
თავი დამანებეთ
შემეშვით
stopi
gauqmeba
gaukmeba
GAUQMEBA
gaauqme
gaauqmet
gamorte
gamorTe
gamortva
gatishet
shewyvite
shetskvite
shecyvite
SewyviTe
uari
kmara
amomshalet
agar minda
aghar minda
aRar minda
agarminda
ar minda
nu migzavnit
nu migzavni
nu momwert
nu momtsert
nu mawuxebt
tavi damanebet
shemeshvit
gtxovt gaauqmet
გაუქმბა
gauqmea
стоп
СТОП!
отписка
отписаться
хочу отписаться
отпишите меня пожалуйста
отмена
хватит
не пишите мне
не присылайте больше смс
больше не присылайте
не хочу получать смс
otpiska
otpisatsya
otpisatsia
ne pishite
dayandır
DAYANDIRIN
dayandir
ləğv et
abunəliyi ləğv et
imtina edirəm
istəmirəm
mənə yazmayın
sms göndərməyin
ստոպ
ՍՏՈՊ
դադարեցնել
ապաբաժանորդագրվել
մի ուղարկեք
մի գրեք ինձ
չեմ ուզում
dadarecnel
ыещз
cnjg
ენდ
ქუიტ
უნსუბსცრიბე
text STOP
reply STOP
stop bothering me
no, stop
NO STOP
yes stop
არა, სტოპ
Reply STOP to unsubscribe
go away
გეყოთ რა
გააუქმეთ რა ეს სმსები
კარგით, გააუქმეთ
როგორ გავაუქმო გამოწერა
хватит спама
отписаться от всего
Can you stop texting me please
I am not interested in these messages
I don't want to receive these anymore
no need for these messages
stop ads
გააუქმეთ ჩემი ნომერი
გთხოვთ ამომშალოთ სიიდან
გთხოვთ ამომიღოთ სიიდან
აღარ გამოაგზავნოთ
ნუ აგზავნით
სრულად გააუქმეთ
არ მინდა თქვენი მესიჯები მერიიდან
STOP/სტოპ
СТОР
ΣTOP
5TOP
unsubscribe from all
sms stop
remove me from your list
удалите меня из базы
აღარ მინდა მივიღო შეტყობინებები
ნუ მიგზავნით ამ სისულელეებს
წაშალეთ ჩემი ნომერი
delete my number
"""

SENTENCES = """
Stop the landfill in Likhauri
STOP THE LANDFILL IN LIKHAURI
the bus does not stop here
bus stop
Bus stop at Rustaveli street is broken
Stop sending trucks through our village
cancel the tender now
stop water
when will the noise stop
სტოპ ნაგავსაყრელს ლიხაურში
უარი ამ მშენებლობაზე
გააუქმეთ ტენდერი სკოლის მშენებლობაზე
გამორთეთ მუსიკა ღამით
стоп стройке в парке
отмените тендер
"""

FREE_TEXT = """
სმს აღარ მომივიდა
მე არ მიმიღია სმს
I did not receive the sms
i dont get any messages
შეაჩერეთ მშენებლობა
შუქი გამორთეს
წყალი აღარ მოდის
ავტობუსი გააუქმეს
გაზი გათიშეს დღეს დილით
მარშრუტი შეწყდა და აღარ დადის
გაჩერება
გაჩერებაზე სკამი არ დგას
ჯარიმა გამომიწერეს
ექიმმა წამალი გამომიწერა
ხმა არ მაქვს
სოციალურად დაუცველის სტატუსი როგორ მივიღო
არ მინდა ნაგავსაყრელი სოფელთან
აღარ მინდა აქ ცხოვრება
shuqi gamortes
tsqali agar modis
they cut the water
There is no road
end of the road is flooded today
свет отключили
остановка сломана
прислали отписку вместо ответа
не хочу жить рядом со свалкой
su kəsilib
dayanacaq
կանգառ
լույսն անջատել են
join us on monday for the rally
all streets in Nikea are dark
No water since Monday
yes but when will the road be mended
"""

KEPT = """
I do not want to unsubscribe
I don't want to stop
do not remove me
არ მინდა გავაუქმო
არ მინდა გაუქმება
не хочу отписываться
don't stop
Don’t stop
dont stop please
do not stop
please don't stop sending me messages
Please do not cancel my subscription
never stop
ნუ გამორთავთ
არ გააუქმოთ
ნუ გააუქმებთ
გთხოვთ არ გააუქმოთ გამოწერა
ნუ გამითიშავთ
არ შეწყვიტოთ
nu gamortavt
ar gaauqmot
не отключайте
не отписывайте меня
не отменяйте
dayandırmayın
ləğv etməyin
մի անջատեք
"""

UNSURE = """
🛑
✋
🚫❌
I don't want to miss your sms
გააუქმეს
გამორთეს
unsubscrbe from budgt
STOP START
stop help
JOIN BUDGET STOP
"""


def lines(block):
    return [line for line in block.split("\n") if line.strip()]


@pytest.mark.parametrize("text", lines(STOPS))
def test_whoever_asks_to_stop_is_stopped(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.STOP


@pytest.mark.parametrize("text", lines(SENTENCES))
def test_a_stop_word_about_something_else_is_read_by_staff(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.STOP_SENTENCE


@pytest.mark.parametrize("text", lines(FREE_TEXT))
def test_reports_and_free_texts_ask_for_nothing(text, vocabulary):
    assert understand(text, vocabulary).intent in {Intent.OTHER, Intent.STOP_SENTENCE}
    assert understand(text, vocabulary).intent is not Intent.STOP


@pytest.mark.parametrize("text", lines(KEPT))
def test_a_negated_stop_never_stops(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.KEEP


@pytest.mark.parametrize("text", lines(UNSURE))
def test_what_is_near_but_not_sure_is_asked(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.MAYBE_STOP


@pytest.mark.parametrize(
    ("text", "topics", "numbers"),
    [
        ("STOP 3", (), (3,)),
        ("stop3", (), (3,)),
        ("STOP 1 and 3", (), (1, 3)),
        ("STOP BUDGET", ("budget",), ()),
        ("stop budget please", ("budget",), ()),
        ("stop sending me budget", ("budget",), ()),
        ("budget stop", ("budget",), ()),
        ("LEAVE BUDGET", ("budget",), ()),
        ("LEAVE 2", (), (2,)),
        ("drop 2", (), (2,)),
        ("-3", (), (3,)),
        ("- 3", (), (3,)),
        ("−3", (), (3,)),
        ("-3 -4", (), (3, 4)),
        ("-budget", ("budget",), ()),
        ("NO 2", (), (2,)),
        ("NO 624", (), (624,)),
        ("no624", (), (624,)),
        ("სტოპ 2", (), (2,)),
        ("სტოპ ბიუჯეტი", ("budget",), ()),
        ("გააუქმეთ კულტურა", ("culture",), ()),
        ("ბიუჯეტი გააუქმეთ", ("budget",), ()),
        ("მოხსენი 2", (), (2,)),
        ("მომაკელი 2", (), (2,)),
        ("ამოშალე 2", (), (2,)),
        ("moxseni 2", (), (2,)),
        ("stop biujeti", ("budget",), ()),
        ("убрать 2", (), (2,)),
        ("отписать 2", (), (2,)),
        ("минус 2", (), (2,)),
        ("çıx 2", (), (2,)),
        ("sil 2", (), (2,)),
        ("հանել 2", (), (2,)),
        ("unsubscibe 2", (), (2,)),
        ("gauqmba 2", (), (2,)),
    ],
)
def test_a_stop_with_a_topic_leaves_only_that(text, topics, numbers, vocabulary):
    found = understand(text, vocabulary)
    assert (found.intent, found.topics, found.numbers) == (Intent.LEAVE, topics, numbers)


def test_no_with_digits_is_marked_as_the_local_idiom(vocabulary):
    assert understand("NO 624", vocabulary).rule == "idiom"


def test_a_number_in_words_of_a_sentence_does_not_make_it_leave(vocabulary):
    assert understand("stop building on 3 streets", vocabulary).intent is Intent.STOP_SENTENCE


@pytest.mark.parametrize("text", ["0", "00", " 0 ", "0.", "０"])
def test_a_bare_zero_is_zero(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.ZERO


@pytest.mark.parametrize(
    "text", ["no", "NO", "No.", "no thanks", "არა", "არა, გმადლობთ", "ara", "нет", "xeyr", "ոչ", "ytn"]
)
def test_a_bare_no_is_an_answer_not_a_stop(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.NO


@pytest.mark.parametrize(
    ("text", "language", "script"),
    [
        ("STOP", "en", ""),
        ("სტოპ", "ka", ""),
        ("gauqmeba", "ka", "Latn"),
        ("აღარ მომწეროთ", "ka", ""),
        ("стоп", "ru", ""),
        ("otpiska", "ru", "Latn"),
        ("dayandır", "az", ""),
        ("ՍՏՈՊ", "hy", ""),
        ("dadarecnel", "hy", "Latn"),
        ("გთხოვთ სტოპ", "ka", ""),
    ],
)
def test_the_stop_word_tells_the_language_of_the_reply(text, language, script, vocabulary):
    found = understand(text, vocabulary)
    assert (found.language, found.script) == (language, script)


@pytest.mark.parametrize("text", ["გააუქმეთ მშენებლობა", "cancel the concert", "გამორთეთ კონცერტი", "remove road"])
def test_cancelling_a_thing_that_is_also_a_topics_word_leaves_nothing(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.STOP_SENTENCE


def test_the_word_stop_itself_takes_any_word_of_a_topic(vocabulary):
    assert understand("STOP HEARING", vocabulary).topics == ("budget",)


def test_start_before_a_wish_subscribes_to_nothing(vocabulary):
    assert understand("start building school", vocabulary).intent is Intent.OTHER
    found = understand("JOIN BUDGET FOOTBALL", vocabulary)
    assert (found.intent, found.topics, found.unknown) == (Intent.JOIN, ("budget",), True)
