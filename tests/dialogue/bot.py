"""The built-in content as one engine, for tests of the dialogue: the Kutaisi topics and a few places."""

from __future__ import annotations

from functools import cache

from smsbot.compose import load_senders
from smsbot.content import Content, load_keywords
from smsbot.dialogue.blueprint import Blueprint
from smsbot.dialogue.directory import Directory
from smsbot.dialogue.engine import Engine
from smsbot.dialogue.model import Contact, Conversation, Inbound, Outcome, Place, Topic
from smsbot.settings import Settings

LANGUAGES = ("ka", "en", "ru", "az", "hy")
PLACES = (
    Place(1, "nikea", {"ka": "ნიკეა", "en": "Nikea"}),
    Place(2, "ozurgeti", {"ka": "ოზურგეთი", "en": "Ozurgeti"}),
    Place(3, "lanchkhuti", {"ka": "ლანჩხუთი", "en": "Lanchkhuti"}),
    Place(4, "oz-akhalsopeli", {"ka": "ახალსოფელი", "en": "Akhalsopeli"}, parent="ozurgeti"),
    Place(5, "la-akhalsopeli", {"ka": "ახალსოფელი", "en": "Akhalsopeli"}, parent="lanchkhuti"),
)
NOW_MS = 1_772_791_200_000
NUMBER = "+995555000001"


def flow_bodies() -> dict[str, str]:
    return {f"flows/{path.name}": path.read_text(encoding="utf-8") for path in Content().flow_files().values()}


def catalogues() -> dict[str, list[bytes]]:
    return {language: [path.read_bytes() for path in paths] for language, paths in Content().catalogue_files().items()}


def directory() -> Directory:
    return engine().directory


@cache
def engine(replies_per_hour: int = 60) -> Engine:
    return blueprint(replies_per_hour).engine(topics(), PLACES)


@cache
def blueprint(replies_per_hour: int = 60) -> Blueprint:
    return Blueprint.build(
        flows=flow_bodies(),
        catalogues=catalogues(),
        keywords=load_keywords(languages=LANGUAGES),
        names=Settings().service.name,
        contact="+995431230000",
        languages=LANGUAGES,
        timezone="Asia/Tbilisi",
        replies_per_hour=replies_per_hour,
        senders=load_senders(),
    )


def topics() -> list[Topic]:
    return [Topic(at, n.code, n.number or at, n.names, n.words) for at, n in enumerate(Content().topics(), 1)]


class Phone:
    """One citizen's phone: keeps the standing between texts, as the store would."""

    def __init__(self, contact: Contact | None = None, *, replies_per_hour: int = 60) -> None:
        self.contact = contact or Contact(NUMBER)
        self.conversation: Conversation | None = None
        self.now_ms = NOW_MS
        self.engine = engine(replies_per_hour)
        self.last: Outcome | None = None

    def wait(self, span_ms: int) -> Phone:
        self.now_ms += span_ms
        return self

    def send(self, text: str, *, sent_ms: int | None = None, optout: str | None = None, code: str = "4821") -> Outcome:
        self.now_ms += 1_000
        inbound = Inbound(text, self.now_ms, sent_ms, optout)
        outcome = self.engine.step(self.contact, self.conversation, inbound, code=lambda: code)
        self.contact, self.conversation, self.last = outcome.contact, outcome.conversation, outcome
        return outcome

    def says(self, text: str) -> str:
        """The one reply to *text*; fails if there is none or more than one."""
        (reply,) = self.send(text).replies
        return reply
