"""What the public page says, in the languages of the service. Keywords are filled in, as in the texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    lead: str
    how: str  # heading
    write: str  # {join} {number}
    write_nowhere: str  # {join}
    stop: str  # {stop}
    free: str
    words: str  # heading of the table of words
    word: str
    effect: str
    join: str
    topics_word: str
    status: str
    lang: str
    area: str
    pause: str
    data: str  # {delete}
    help: str
    stop_word: str
    topics: str  # heading
    number: str
    topic: str
    subscribers: str
    all: str
    few: str
    people: str  # {count}
    contact: str  # {contact}
    more: str
    simulator: str
    api: str
    open_data: str


WORDS: Mapping[str, Words] = {
    "en": Words(
        lead="News from the municipality by text message, on the topics that you choose.",
        how="How to join",
        write="Text {join} to {number}.",
        write_nowhere="Text {join} to the number of the service.",
        stop="To stop at any time, text {stop}.",
        free="A smartphone or the internet is not needed: any phone will do.",
        words="What you can text",
        word="Word",
        effect="What it does",
        join="Join, and see the topics",
        topics_word="The list of topics",
        status="What you receive",
        lang="The language of our texts",
        area="Your district or village",
        pause="No messages for a while",
        data="What we keep about you; {delete} erases it",
        help="Who we are and how to reach us",
        stop_word="No more messages, at once",
        topics="Topics",
        number="Number",
        topic="Topic",
        subscribers="Subscribers",
        all="All topics",
        few="fewer than 10",
        people="{count} people receive our messages.",
        contact="Questions? Call {contact}.",
        more="More",
        simulator="Phone simulator",
        api="For programs: API",
        open_data="Open data",
    ),
    "ka": Words(
        lead="მუნიციპალიტეტის სიახლეები SMS-ით, თქვენ მიერ არჩეულ თემებზე.",
        how="როგორ შემოგვიერთდეთ",
        write="გამოაგზავნეთ {join} ნომერზე {number}.",
        write_nowhere="გამოაგზავნეთ {join} სერვისის ნომერზე.",
        stop="შესაწყვეტად ნებისმიერ დროს გამოაგზავნეთ {stop}.",
        free="სმარტფონი და ინტერნეტი საჭირო არ არის: ნებისმიერი ტელეფონი გამოდგება.",
        words="რა შეგიძლიათ მოგვწეროთ",
        word="სიტყვა",
        effect="რას აკეთებს",
        join="შემოერთება და თემების ნახვა",
        topics_word="თემების სია",
        status="რას იღებთ",
        lang="შეტყობინებების ენა",
        area="თქვენი უბანი ან სოფელი",
        pause="დროებით შეჩერება",
        data="რას ვინახავთ თქვენზე; {delete} შლის მას",
        help="ვინ ვართ და როგორ დაგვიკავშირდეთ",
        stop_word="შეტყობინებები დაუყოვნებლივ წყდება",
        topics="თემები",
        number="ნომერი",
        topic="თემა",
        subscribers="გამომწერები",
        all="ყველა თემა",
        few="10-ზე ნაკლები",
        people="ჩვენს შეტყობინებებს იღებს {count} ადამიანი.",
        contact="კითხვები გაქვთ? დაგვირეკეთ: {contact}.",
        more="სხვა",
        simulator="ტელეფონის სიმულატორი",
        api="პროგრამებისთვის: API",
        open_data="ღია მონაცემები",
    ),
    "ru": Words(
        lead="Новости муниципалитета по SMS на выбранные вами темы.",
        how="Как подписаться",
        write="Отправьте {join} на номер {number}.",
        write_nowhere="Отправьте {join} на номер службы.",
        stop="Чтобы отписаться в любой момент, отправьте {stop}.",
        free="Смартфон и интернет не нужны: подойдёт любой телефон.",
        words="Что можно написать",
        word="Слово",
        effect="Что оно делает",
        join="Подписаться и увидеть темы",
        topics_word="Список тем",
        status="Что вы получаете",
        lang="Язык сообщений",
        area="Ваш район или село",
        pause="Приостановить на время",
        data="Что мы о вас храним; {delete} удаляет это",
        help="Кто мы и как с нами связаться",
        stop_word="Сообщения прекращаются сразу",
        topics="Темы",
        number="Номер",
        topic="Тема",
        subscribers="Подписчики",
        all="Все темы",
        few="меньше 10",
        people="Наши сообщения получают {count} чел.",
        contact="Есть вопросы? Позвоните: {contact}.",
        more="Ещё",
        simulator="Симулятор телефона",
        api="Для программ: API",
        open_data="Открытые данные",
    ),
}
"""Azerbaijani and Armenian wait for a speaker to read them; until then those readers get the default language."""
