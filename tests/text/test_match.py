import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsbot.text.finding import find_language, find_places, find_topics
from smsbot.text.match import understand
from smsbot.text.understood import Intent, Understood

# (command, what people text for it): the tables of the published words and their everyday spellings.
COMMANDS = [
    (Intent.JOIN, "START join subscribe ON unstop | sign up | Join! | join please | hello join"),
    (Intent.JOIN, "დაწყება გამოწერა გამომიწერე გამომიწერეთ ჩართვა ჩამრთე ჩამრთეთ სტარტი შემოერთება"),
    (Intent.JOIN, "dacyeba dawyeba datskeba gamowera gamotsera gamocera chartva chamrte DAWYEBA"),
    (Intent.JOIN, "СТАРТ подписка подписаться подпишите вступить вкл podpiska ABUNƏ qoşul başla | abune ol"),
    (Intent.JOIN, "ՍԿՍԵԼ բաժանորդագրվել միանալ միացնել sksel ыефке"),
    (Intent.HELP, "HELP ? ?? commands how INFO | help! | help please"),
    (Intent.HELP, "დახმარება დამეხმარე დამეხმარეთ ინსტრუქცია ბრძანებები daxmareba dakhmareba dahmareba DAXMAREBA"),
    (
        Intent.HELP,
        "ПОМОЩЬ справка хелп команды pomosh pomosch pomoshch KÖMƏK yardım necə komek ՕԳՆՈՒԹՅՈՒՆ օգնել ognutyun",
    ),
    (Intent.HELP, "рудз штащ gjvjom ჰელპ hepl hlp"),
    (Intent.STATUS, "STATUS me | my topics | my subscriptions"),
    (Intent.STATUS, "ინფო სტატუსი statusi STATUSI | ჩემი თემები | ჩემი გამოწერები | chemi temebi"),
    (Intent.STATUS, "СТАТУС инфо məlumat abunəliklərim ՍՏԱՏՈՒՍ կարգավիճակ | мои темы | мои подписки"),
    (Intent.LANG, "LANG language ენა ena ЯЗЫК yazyk jazyk DİL dil ԼԵԶՈՒ lezu"),
    (Intent.AREA, "AREA district village address უბანი სოფელი თემი რაიონი ერთეული მისამართი"),
    (Intent.AREA, "ubani sofeli sopeli temi raioni РАЙОН село деревня адрес участок rayon"),
    (Intent.AREA, "ƏRAZİ məhəllə kənd ünvan erazi kend ՏԱՐԱԾՔ թաղամաս գյուղ հասցե taracq"),
    (Intent.TOPICS, "TOPICS list menu თემები თემა სია მენიუ temebi tema sia meniu TEMEBI თემებიი"),
    (Intent.TOPICS, "ТЕМЫ тема список меню temy MÖVZU mövzular siyahı menyu ԹԵՄԱ թեմաներ ցանկ մենյու ntvs"),
    (Intent.ALL, "ALL everything ყველა ყველაფერი yvela kvela qvela ВСЕ vse HAMISI hamısı ԲՈԼՈՐԸ bolory | სულ ყველა"),
    (Intent.PAUSE, "PAUSE snooze mute პაუზა შეაჩერე შეაჩერეთ შეჩერება დროებით pauza sheachere"),
    (Intent.PAUSE, "ПАУЗА приостановить FASİLƏ ՊԱՈՒԶԱ"),
    (
        Intent.RESUME,
        "RESUME continue გაგრძელება გააგრძელე გააგრძელეთ gagrdzeleba ПРОДОЛЖИТЬ DAVAM ՇԱՐՈՒՆԱԿԵԼ | davam et",
    ),
    (Intent.YES, "YES y ok sure კი დიახ ხო ჰო კაი ki qi diax diakh diah ho xo kai | თანახმა ვარ | yes please"),
    (Intent.YES, "ДА ага ок согласен BƏLİ hə razıyam ԱՅՈ հա нуы lf"),
    (Intent.YES, "| კი მინდა | დიახ, თანახმა ვარ | yes I agree"),
    (Intent.NO, "| no no no | NO! No!"),
    (Intent.PAUSE, "| pause till monday | პაუზა ორშაბათამდე"),
    (Intent.NO, "NO n nope არა ara нет неа XEYR yox ՈՉ չէ ytn"),
    (Intent.DELETE, "DELETE წაშლა წაშალე წაშალეთ washla tsashla УДАЛИТЬ SİL ՋՆՋԵԼ | delete my data | forget me"),
    (Intent.DELETE, "| წაშალეთ ჩემი მონაცემები | удалить мои данные | məlumatlarımı sil"),
    (Intent.DATA, "DATA მონაცემები ДАННЫЕ MƏLUMATLARIM | my data | ჩემი მონაცემები | chemi monacemebi | ԻՄ ՏՎՅԱԼՆԵՐԸ"),
    (Intent.TOPICS, "topisc tpoics"),
    (Intent.OTHER, "hello | thanks | გმადლობთ | what is this | რა ხდება | ok whatever you say"),
    (Intent.EMPTY, "👍 ... ❤️ --"),
]


def listed():
    for intent, line in COMMANDS:
        first, *phrases = line.split("|")
        yield from ((intent, word) for word in first.split())
        yield from ((intent, phrase.strip()) for phrase in phrases)


@pytest.mark.parametrize(("intent", "text"), list(listed()))
def test_every_published_word_and_spelling_is_understood(intent, text, vocabulary):
    assert understand(text, vocabulary).intent is intent


TOPICS = [
    (
        "budget",
        "budget Budget BIU biujeti biudjeti biudzheti ბიუჯეტი ბიუჯეტის budjet бюджет byudzhet büdcə budce բյուջե",
    ),
    ("budget", "hearing ხარჯები | ბიუჯეტი და საჯარო განხილვა | biujetis"),
    (
        "social",
        "social SOC სოციალური sotsialuri პენსია соцпомощь sosial սոցիալական | სოციალური დახმარება | social services",
    ),
    ("planning", "planning GEG დაგეგმარება dagegmareba მშენებლობა застройка tikinti շինարարություն"),
    ("culture", "culture KUL კულტურა kultura კონცერტი концерт mədəniyyət medeniyyet մշակույթ კულტურის"),
    ("education", "education GAN განათლება ganatleba სკოლა ბაღი образование təhsil tehsil կրթություն"),
    ("roads", "roads road GZA გზა გზები gzebi transporti дорога yol ճանապարհ | გზები და ტრანსპორტი"),
    ("advisors", "advisors SAB საბჭო sabcho council совет | მრჩეველთა საბჭო | civil council | mrchevelta sabcho"),
    ("other", "other SXV სხვა skhva sxva другое digər այլ | სხვა თემები"),
]


def topic_spellings():
    for code, line in TOPICS:
        first, *phrases = line.split("|")
        yield from ((code, word) for word in first.split())
        yield from ((code, phrase.strip()) for phrase in phrases)


@pytest.mark.parametrize(("code", "text"), list(topic_spellings()))
def test_a_topic_is_known_by_code_name_and_word(code, text, vocabulary):
    found = understand(text, vocabulary)
    assert (found.intent, found.topics, found.unknown) == (Intent.TOPIC, (code,), False)
    assert find_topics(text, vocabulary) == ((code,), (), False, False)


@pytest.mark.parametrize(
    ("text", "intent", "topics", "numbers"),
    [
        ("JOIN BUDGET CULTURE", Intent.JOIN, ("budget", "culture"), ()),
        ("join budget, culture and roads please", Intent.JOIN, ("budget", "culture", "roads"), ()),
        ("JOIN 1 3", Intent.JOIN, (), (1, 3)),
        ("გამოწერა ბიუჯეტი", Intent.JOIN, ("budget",), ()),
        ("gamowera biujeti da kultura", Intent.JOIN, ("budget", "culture"), ()),
        ("подписаться бюджет", Intent.JOIN, ("budget",), ()),
        ("TOPIC BUDGET", Intent.TOPIC, ("budget",), ()),
        ("თემა ბიუჯეტი", Intent.TOPIC, ("budget",), ()),
        ("თემა 3", Intent.TOPIC, (), (3,)),
        ("tema3", Intent.TOPIC, (), (3,)),
        ("TOPICS 2", Intent.TOPIC, (), (2,)),
        ("budget culture", Intent.TOPIC, ("budget", "culture"), ()),
        ("budget and 4", Intent.TOPIC, ("budget",), (4,)),
        ("1 3", Intent.NUMBERS, (), (1, 3)),
        ("1,3", Intent.NUMBERS, (), (1, 3)),
        ("1.3", Intent.NUMBERS, (), (1, 3)),
        ("1;3;", Intent.NUMBERS, (), (1, 3)),
        ("1 and 3", Intent.NUMBERS, (), (1, 3)),
        ("1 და 3", Intent.NUMBERS, (), (1, 3)),
        ("13", Intent.NUMBERS, (), (13,)),
        ("1\n3", Intent.NUMBERS, (), (1, 3)),
        ("１ ３", Intent.NUMBERS, (), (1, 3)),
        ("1️⃣ 3️⃣", Intent.NUMBERS, (), (1, 3)),
        ("№3", Intent.NUMBERS, (), (3,)),
        ("#3", Intent.NUMBERS, (), (3,)),
        ("one and three", Intent.NUMBERS, (), (1, 3)),
        ("ერთი და სამი", Intent.NUMBERS, (), (1, 3)),
        ("три", Intent.NUMBERS, (), (3,)),
        ("REPLY 1 3", Intent.NUMBERS, (), (1, 3)),
        ("STATUS 1042", Intent.STATUS, (), (1042,)),
        ("PAUSE 7", Intent.PAUSE, (), (7,)),
        ("pause 7 days", Intent.PAUSE, (), (7,)),
        ("პაუზა 7 დღით", Intent.PAUSE, (), (7,)),
        ("DELETE 4821", Intent.DELETE, (), (4821,)),
        ("წაშლა 4821", Intent.DELETE, (), (4821,)),
        ("SİL 4821", Intent.DELETE, (), (4821,)),
        ("topisc 2", Intent.TOPIC, (), (2,)),
    ],
)
def test_a_command_carries_its_argument(text, intent, topics, numbers, vocabulary):
    found = understand(text, vocabulary)
    assert (found.intent, found.topics, found.numbers, found.unknown) == (intent, topics, numbers, False)


def test_a_range_is_told_apart_from_a_list(vocabulary):
    found = understand("1-4", vocabulary)
    assert (found.intent, found.numbers, found.rule, found.unknown) == (Intent.NUMBERS, (1, 4), "range?", True)


def test_the_code_of_delete_keeps_its_zeros_in_the_argument(vocabulary):
    assert understand("DELETE 0042", vocabulary).argument == "0042"


def test_join_all_says_every(vocabulary):
    found = understand("JOIN ALL", vocabulary)
    assert (found.intent, found.every) == (Intent.JOIN, True)
    assert understand("9 all", vocabulary).every


@pytest.mark.parametrize("text", ["JOIN FOOTBALL", "join knitting"])
def test_a_join_of_something_we_do_not_have_says_so(text, vocabulary):
    found = understand(text, vocabulary)
    assert (found.intent, found.unknown, found.topics) == (Intent.JOIN, True, ())


@pytest.mark.parametrize(
    "text",
    [
        "delete the photo of my house",
        "delete 12",
        "pause the works on our street",
        "on monday at five",
        "start building a school here",
    ],
)
def test_a_command_word_at_the_head_of_a_sentence_is_no_command(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.OTHER


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("LANG RU", "ru"),
        ("LANG russian", "ru"),
        ("ენა რუსული", "ru"),
        ("ena rusuli", "ru"),
        ("язык грузинский", "ka"),
        ("LANG ENG", "en"),
        ("lang հայերեն", "hy"),
    ],
)
def test_lang_names_a_language(text, code, vocabulary):
    found = understand(text, vocabulary)
    assert (found.intent, found.chosen_language) == (Intent.LANG, code)


@pytest.mark.parametrize(
    ("text", "code"),
    [("RU", "ru"), ("en", "en"), ("KA", "ka"), ("GEO", "ka"), ("ARM", "hy"), ("AZE", "az"), ("ქართულად", "ka"),
        ("по-русски", "ru"),
     ("azərbaycanca", "az"), ("qartulad", "ka"), ("русский язык", "ru"), ("English please", "en")],
)  # fmt: skip
def test_a_language_alone_is_a_wish_for_it(text, code, vocabulary):
    found = understand(text, vocabulary)
    assert found.intent is Intent.LANGUAGE
    assert (found.chosen_language or "").partition("-")[0] == code  # Georgian in Latin letters is Georgian


@pytest.mark.parametrize(
    ("text", "code"),
    [("1", "ka"), ("5", "hy"), ("2.", "en"), ("русский", "ru"), ("Armenian", "hy"), ("AZE", "az"), ("ინგლისურად",
        "en"), ("two", "en"),
     ("6", None), ("0", None), ("1 2", None), ("french", None), ("", None), ("9" * 5000, None)],
)  # fmt: skip
def test_the_language_question_takes_number_name_and_code(text, code, vocabulary):
    assert find_language(text, vocabulary, ("ka", "en", "ru", "az", "hy")) == code


def test_a_language_that_is_not_offered_is_not_taken(vocabulary):
    assert find_language("RU", vocabulary, ("ka", "en")) is None


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("NIKEA", ("nikea",)),
        ("ნიკეა", ("nikea",)),
        ("nikeashi", ("nikea",)),
        ("ნიკეაში", ("nikea",)),
        ("ნიკეიდან", ("nikea",)),
        ("უბანი ნიკეა", ("nikea",)),
        ("სოფ. ლიხაური", ("likhauri",)),
        ("სოფელ ლიხაურში", ("likhauri",)),
        ("ლიხაურის თემი", ("likhauri",)),
        ("lixauri", ("likhauri",)),
        ("Likhauri village", ("likhauri",)),
        ("Никея", ("nikea",)),
        ("balaxvani", ("balakhvani",)),
        ("ბალახვნი", ("balakhvani",)),
        ("ფარცხმა", ("zemo-partskhma", "shua-partskhma")),
        ("ზემო ფარცხმა", ("zemo-partskhma",)),
        ("ზემოფარცხმა", ("zemo-partskhma",)),
        ("shua parcxma", ("shua-partskhma",)),
        ("2", ("shua-partskhma",)),
        ("ახალსოფელი", ("akhalsopeli",)),
        ("I live in Nikea now", ("nikea",)),
        ("თბილისი", ()),
        ("", ()),
        ("7", ()),
    ],
)
def test_a_place_is_found_in_every_form_people_write(text, places, vocabulary):
    assert find_places(text, vocabulary) == places


def test_area_with_a_place_names_it(vocabulary):
    found = understand("AREA NIKEA", vocabulary)
    assert (found.intent, found.place, found.places, found.unknown) == (Intent.AREA, "nikea", ("nikea",), False)
    found = understand("უბანი ფარცხმა", vocabulary)
    assert (found.place, len(found.places)) == (None, 2)
    assert understand("AREA Atlantis", vocabulary).unknown
    assert understand("ubaninikea", vocabulary).place == "nikea"


def test_a_report_from_a_village_is_no_area_command(vocabulary):
    text = "სოფელი ლიხაური წყალი არ მოდის სამი დღეა"
    assert understand(text, vocabulary).intent is not Intent.STOP


@pytest.mark.parametrize("text", ["განახლება", "განათება", "ყელა", "kell", "stat", "enb", "თემო"])
def test_a_neighbour_that_means_something_else_is_no_slip(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.OTHER


@pytest.mark.parametrize("text", ["hell", "yess", "delet", "nooo way", "onn"])
def test_what_cannot_be_undone_is_never_a_slip(text, vocabulary):
    assert understand(text, vocabulary).intent not in {Intent.DELETE, Intent.JOIN}


@pytest.mark.parametrize(
    ("text", "language", "script"),
    [("JOIN", "en", ""), ("START", "en", ""), ("დაწყება", "ka", ""), ("temebi", "ka", "Latn"), ("TEMEBI", "ka", "Latn"),
     ("kultura", "ka", "Latn"), ("ბიუჯეტი", "ka", ""), ("темы", "ru", ""), ("mövzu", "az", ""), ("թեմա", "hy", ""),
        ("1 3", None, "")],
)  # fmt: skip
def test_the_word_tells_the_language(text, language, script, vocabulary):
    found = understand(text, vocabulary)
    assert (found.language, found.script) == (language, script)


def test_what_followed_the_keyword_is_kept_as_written(vocabulary):
    assert understand("AREA  Nikea 12a", vocabulary).argument == "Nikea 12a"


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(), max_size=300))
def test_no_text_whatever_is_an_error(vocabulary, text):
    found = understand(text, vocabulary)
    assert isinstance(found, Understood)
    assert understand(text, vocabulary) == found
    find_topics(text, vocabulary)
    find_places(text, vocabulary)
    find_language(text, vocabulary, ("ka", "en"))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["stop", "don't", "please", "3", "სტოპ", "არ", "აღარ მინდა", "budget", "sms", "-",
        "no", "0", "lang", "ru",
                                 "ბიუჯეტის", "🛑", "გააუქმოთ", "all", "area", "nikea", "delete", "4821", "и", "x"]),
                                 max_size=12))  # fmt: skip
def test_any_mixture_of_our_own_words_is_read(vocabulary, parts):
    assert isinstance(understand(" ".join(parts), vocabulary), Understood)


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("I want to join", ()),
        ("i want to subscribe to budget", ("budget",)),
        ("please subscribe me to culture", ("culture",)),
        ("მინდა გამოწერა", ()),
    ],
)
def test_a_wish_to_join_is_a_join(text, topics, vocabulary):
    found = understand(text, vocabulary)
    assert (found.intent, found.topics) == (Intent.JOIN, topics)


@pytest.mark.parametrize(
    "text",
    [
        "ჩართეთ შუქი",
        "გამოწერა წამლის",
        "start the bus",
        "включите свет",
        "შეაჩერეთ მშენებლობა",
        "შეაჩერეთ ტენდერი",
        "I don't want to join",
    ],
)
def test_turning_something_on_or_off_is_no_command(text, vocabulary):
    assert understand(text, vocabulary).intent is Intent.OTHER


def test_join_may_name_a_language(vocabulary):
    found = understand("JOIN in russian", vocabulary)
    assert (found.intent, found.chosen_language, found.unknown) == (Intent.JOIN, "ru", False)


def test_information_about_a_topic_is_a_wish_for_the_topic(vocabulary):
    assert understand("ინფო ბიუჯეტზე", vocabulary).topics == ("budget",)
    assert understand("ინფო ბიუჯეტზე", vocabulary).intent is Intent.TOPIC


def test_leaving_what_we_do_not_have_is_left_to_staff(vocabulary):
    assert understand("leave the park alone", vocabulary).intent is Intent.STOP_SENTENCE
    assert understand("LEAVE FOOTBALL", vocabulary).intent is Intent.STOP_SENTENCE


def test_a_russian_topic_is_known_in_its_cases(vocabulary):
    found = understand("отписаться от бюджета", vocabulary)
    assert (found.intent, found.topics, found.language) == (Intent.LEAVE, ("budget",), "ru")


@pytest.mark.parametrize("text", ["how do I stop this?", "stop 3", "Stop the landfill", "sms stop"])
def test_the_word_stop_is_english_though_others_publish_it_too(text, vocabulary):
    assert understand(text, vocabulary).language == "en"


@pytest.mark.parametrize("text", ["Help us, the river is rising", "დამეხმარეთ, მდინარე ადიდდა", "помогите, дом горит"])
def test_a_cry_for_help_is_help_with_something_for_staff_to_read(text, vocabulary):
    found = understand(text, vocabulary)
    assert (found.intent, found.unknown) == (Intent.HELP, True)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Roads", "en"),
        ("social services", "en"),
        ("civil advisors", "en"),
        ("budce", "az"),
        ("sosial xidmətlər", "az"),
        ("gzebi", "ka"),
        ("hello, when is the next council meeting?", "en"),
        ("The street light at my house is broken", "en"),
        ("Rodis mova tskali?", None),
        ("Wann kommt der Bus?", None),
    ],
)
def test_further_words_and_sentences_in_latin_letters_tell_their_language(text, language, vocabulary):
    assert understand(text, vocabulary).language == language
