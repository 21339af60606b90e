"""What the page of open data says, in the languages that the public page has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smsbot.store.open_data import Set


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    lead: str
    few: str
    sets: Mapping[Set, tuple[str, str]]  # name, and what it holds


WORDS: Mapping[str, Words] = {
    "en": Words(
        title="Open data",
        lead="The figures of the text message service, for everybody to use.",
        few="An empty cell stands for fewer than 10 people or for nothing known. The files are in UTF-8; times carry "
        "their offset. There are no phone numbers in them, and nothing that people wrote.",
        sets={
            Set.TOPICS: ("Topics", "How many people receive each topic now."),
            Set.PLACES: ("Places", "How many people live in each place, as far as they have told us."),
            Set.MONTHS: ("Months", "How many people joined and stopped, month by month."),
            Set.BROADCASTS: ("Messages", "What was sent to ten people or more: when, to how many, and every word."),
        },
    ),
    "ka": Words(
        title="ღია მონაცემები",
        lead="SMS სერვისის მონაცემები, რომელთა გამოყენება ყველას შეუძლია.",
        few="ცარიელი უჯრა ნიშნავს 10-ზე ნაკლებ ადამიანს ან იმას, რომ მონაცემი არ არის. ფაილები UTF-8 ფორმატშია; დროს "
        "ახლავს სასაათო სარტყელი. მათში არ არის ტელეფონის ნომრები და არც ის, რასაც ხალხი გვწერს.",
        sets={
            Set.TOPICS: ("თემები", "რამდენი ადამიანი იღებს ახლა თითოეულ თემას."),
            Set.PLACES: ("უბნები და სოფლები", "რამდენი ადამიანი ცხოვრობს თითოეულში, მათივე მონაცემებით."),
            Set.MONTHS: ("თვეები", "რამდენი ადამიანი შემოგვიერთდა და რამდენმა გააუქმა, თვეების მიხედვით."),
            Set.BROADCASTS: ("შეტყობინებები", "რა გაეგზავნა ათ ან მეტ ადამიანს: როდის, რამდენს და სრული ტექსტი."),
        },
    ),
    "ru": Words(
        title="Открытые данные",
        lead="Данные службы SMS, которыми может пользоваться каждый.",
        few="Пустая ячейка означает меньше 10 человек или отсутствие данных. Файлы в UTF-8; время указано с часовым "
        "поясом. В них нет номеров телефонов и ничего из того, что люди нам пишут.",
        sets={
            Set.TOPICS: ("Темы", "Сколько человек получает каждую тему сейчас."),
            Set.PLACES: ("Районы и сёла", "Сколько человек живёт в каждом, по их собственным словам."),
            Set.MONTHS: ("Месяцы", "Сколько человек подписалось и отписалось, по месяцам."),
            Set.BROADCASTS: ("Сообщения", "Что отправлено десяти и более людям: когда, скольким и полный текст."),
        },
    ),
}
