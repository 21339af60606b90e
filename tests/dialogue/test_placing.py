"""Where people live: homonyms, municipalities, numbers, and a village's name alone."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from smsbot.content import Content
from smsbot.dialogue.engine import Engine
from smsbot.dialogue.model import Contact, Place, State, Topic
from tests.dialogue.bot import NOW_MS, NUMBER, Phone, blueprint

TOWNS = (
    ("Ozurgeti", "ოზურგეთ"), ("Lanchkhuti", "ლანჩხუთ"), ("Chokhatauri", "ჩოხატაურ"), ("Ambrolauri", "ამბროლაურ"),
    ("Oni", "ონ"), ("Khoni", "ხონ"), ("Gori", "გორ"), ("Kareli", "ქარელ"), ("Telavi", "თელავ"), ("Batumi", "ბათუმ"),
    ("Samtredia", "სამტრედი"), ("Tkibuli", "ტყიბულ"), ("Tianeti", "თიანეთ"), ("Vani", "ვან"),
)  # fmt: skip
"""Fourteen municipalities, each with a village Akhalsopeli, as there are in the country."""


def country() -> tuple[Place, ...]:
    found: list[Place] = []
    for english, georgian in TOWNS:
        code = english.lower()
        found += [
            Place(0, code, {"ka": f"{georgian}ის მუნიციპალიტეტი", "en": f"{english} Municipality"}),
            Place(0, f"{code}-town", {"ka": f"{georgian}ი", "en": english}, parent=code),
            Place(0, f"{code}-akhalsopeli", {"ka": "ახალსოფელი", "en": "Akhalsopeli"}, parent=code),
        ]
    return tuple(replace(place, id=at) for at, place in enumerate(found, 1))


@cache
def engine(name: str) -> Engine:
    if name == "country":
        return blueprint().engine([], country())
    content = Content(None, name)
    topics = [
        Topic(at, each.code, each.number or at, each.names, each.words) for at, each in enumerate(content.topics(), 1)
    ]
    places = [Place(at, each.code, each.names, each.words, each.parent) for at, each in enumerate(content.places(), 1)]
    return blueprint().engine(topics, places)


def phone(name: str, language: str = "en") -> Phone:
    made = Phone(Contact(NUMBER, state=State.ACTIVE, since_ms=NOW_MS, language=language, known=True))
    made.engine = engine(name)
    return made


def test_of_more_than_nine_namesakes_the_municipality_is_asked_first() -> None:
    citizen = phone("country")
    assert citizen.says("AREA Akhalsopeli") == "Many places have this name. Reply with your municipality"
    assert citizen.says("Lanchkhuti") == (
        "Your area: Akhalsopeli (Lanchkhuti). To change it text AREA. Topics: TOPICS. Stop: STOP"
    )
    assert citizen.contact.place == "lanchkhuti-akhalsopeli"


@pytest.mark.parametrize("answer", ["ლანჩხუთი", "ლანჩხუთში", "ლანჩხუთის მუნიციპალიტეტი", "lanchkhuti", "Ланчхути"])
def test_the_municipality_is_understood_in_every_spelling(answer: str) -> None:
    citizen = phone("country", "ka")
    assert citizen.says("უბანი ახალსოფელი") == "ამ სახელით ბევრი ადგილია. მოგვწერეთ თქვენი მუნიციპალიტეტი"
    citizen.send(answer)
    assert citizen.contact.place == "lanchkhuti-akhalsopeli"


def test_the_village_and_its_municipality_in_one_text_are_asked_nothing() -> None:
    citizen = phone("country")
    citizen.send("AREA Akhalsopeli Gori")
    assert citizen.contact.place == "gori-akhalsopeli"


def test_a_number_is_no_answer_while_nothing_is_numbered() -> None:
    citizen = phone("country")
    citizen.send("AREA Akhalsopeli")
    assert citizen.says("3") == "Many places have this name. Reply with your municipality"
    assert citizen.contact.place is None


@pytest.mark.parametrize("answer", ["2", "AREA 2", "უბანი 2", "２"])
def test_a_homonym_is_chosen_by_its_number(answer: str) -> None:
    citizen = phone("guria")
    assert citizen.says("AREA Akhalsopeli") == (
        "Which one? 1 Akhalsopeli (Ozurgeti) 2 Akhalsopeli (Lanchkhuti). Reply with the number"
    )
    citizen.send(answer)
    assert citizen.contact.place == "akhalsopeli-lanchkhuti"


def test_places_of_different_names_are_listed_by_them() -> None:
    assert phone("guria", "ka").says("უბანი ნატანები") == "რომელი? 1 ზემო ნატანები 2 ქვემო ნატანები. მოგვწერეთ ნომერი"


def test_many_of_one_name_are_listed_by_what_tells_them_apart() -> None:
    directory = engine("country").directory
    codes = [f"{english.lower()}-akhalsopeli" for english, _ in TOWNS[:4]]
    assert directory.place_menu(codes, "en") == "1 Ozurgeti 2 Lanchkhuti 3 Chokhatauri 4 Ambrolauri"
    assert directory.place_menu(codes[:2], "en") == "1 Akhalsopeli (Ozurgeti) 2 Akhalsopeli (Lanchkhuti)"


ALONE = ["ლიხაური", "ლიხაურიდან", "სოფ. ლიხაური", "Likhauri", "likhaurshi", "Лихаури"]


@pytest.mark.parametrize("text", ALONE)
def test_the_name_of_one_place_alone_sets_it(text: str) -> None:
    citizen = phone("guria")
    citizen.send(text)
    assert citizen.contact.place == "likhauri"
    assert citizen.last is not None
    assert citizen.last.inbox == ""


NOT_ALONE = ["ახალსოფელი", "likauri", "ლიხაურში წყალი არ არის", "ნატანები", "წყალი არ არის"]


@pytest.mark.parametrize("text", NOT_ALONE)
def test_a_shared_name_a_slip_or_a_sentence_sets_no_place_unasked(text: str) -> None:
    citizen = phone("guria")
    citizen.send(text)
    assert citizen.contact.place is None
    assert citizen.last is not None
    assert citizen.last.inbox == "unknown"


def test_a_stranger_and_one_who_stopped_are_set_nothing_by_a_name_alone() -> None:
    for state in (State.NEW, State.STOPPED):
        citizen = phone("guria")
        citizen.contact = replace(citizen.contact, state=state, since_ms=None)
        citizen.send("ლიხაური")
        assert citizen.contact.place is None
        assert citizen.last is not None
        assert citizen.last.inbox


def test_a_place_named_while_the_menu_is_open_is_taken_and_the_menu_stays() -> None:
    citizen = phone("guria")
    citizen.send("JOIN")
    citizen.send("ლიხაური")
    assert citizen.contact.place == "likhauri"
    citizen.send("1 3")
    assert citizen.contact.topics == {"ses", "saq"}


def test_the_example_in_the_question_is_a_place_that_people_live_in() -> None:
    assert phone("guria", "ka").says("უბანი") == "მოგვწერეთ თქვენი უბანი ან სოფელი, მაგალითად: უბანი ოზურგეთი"


def test_namesakes_within_one_municipality_are_told_apart_by_their_community() -> None:
    places = (
        Place(1, "west", {"en": "West Municipality"}),
        Place(2, "hill", {"en": "Hill"}, parent="west"),
        Place(3, "dale", {"en": "Dale"}, parent="west"),
        Place(4, "hill-vake", {"en": "Vake"}, parent="hill"),
        Place(5, "dale-vake", {"en": "Vake"}, parent="dale"),
    )
    directory = blueprint().engine([], places).directory
    assert directory.place_menu(["hill-vake", "dale-vake"], "en") == "1 Vake (Hill) 2 Vake (Dale)"
    assert directory.place_apart("dale-vake", "en") == "Vake (Dale)"
    assert directory.place_apart("dale", "en") == "Dale"


NUMBERED = (
    Place(1, "mtsvane", {"ka": "მწვანე უბანი", "en": "Green District"}),
    *(Place(n + 1, f"micro-{n}", {"ka": f"მე-{n} მიკრორაიონი", "en": f"Microdistrict {n}"}) for n in (2, 13)),
)
COUNTED = [("უბანი მე-13 მ/რ", "micro-13"), ("AREA 13", "micro-13"), ("ubani me-13 mikro", "micro-13"),
           ("AREA 2", "micro-2"), ("район 13 мкр", "micro-13"), ("უბანი მწვანე უბანი", "mtsvane")]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), COUNTED)
def test_numbered_districts_are_named_by_their_number(text: str, code: str) -> None:
    citizen = phone("guria")
    citizen.engine = blueprint().engine([], NUMBERED)
    citizen.send(text)
    assert citizen.contact.place == code


@pytest.mark.parametrize("answer", ["მე-13 მ/რ", "13", "13 მიკრო"])
def test_the_number_of_a_district_answers_the_question_for_the_place(answer: str) -> None:
    citizen = phone("guria")
    citizen.engine = blueprint().engine([], NUMBERED)
    citizen.send("AREA")
    citizen.send(answer)
    assert citizen.contact.place == "micro-13"
