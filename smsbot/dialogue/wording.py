"""The sentences that belong to no flow: law, limits and courtesy. English is the msgid of the catalogues."""

from __future__ import annotations

from smsbot.dialogue.phrases import Text

REVISION = 2


def _text(name: str, msgid: str, *, plural: str = "") -> Text:
    return Text(msgid, plural=plural, label=f"consent.{name}@{REVISION}")


STOPPED = _text("stopped", "{service}: you are unsubscribed and will get no more messages. To rejoin text {start}")
STOPPED_INSTEAD = _text(
    "stopped_instead",
    "{service}: you did not have that topic, so everything is off: no more messages. To rejoin text {start}",
)
LEFT = _text(
    "left",
    "{chosen}: off. {n} topic remains. Stop all: {stop}",
    plural="{chosen}: off. {n} topics remain. Stop all: {stop}",
)
LEFT_LAST = _text("left_last", "{chosen}: off. No topics remain. Choose: {topics}. Stop all: {stop}")
HELP = _text(
    "help",
    "{service}, {contact}. Commands: {topics}, {area}, {lang}, {status}, {pause}, {delete}. To end: {stop}. "
    "In an emergency call 112",
)
HELP_STOPPED = _text(
    "help_stopped",
    "{service}, {contact}. You stopped our messages ({stop}). To rejoin text {start}. In an emergency call 112",
)
HOW_TO_STOP = _text("how_to_stop", "We will read your message. To end our messages text only {stop}")
KEPT = _text("kept", "Nothing has changed. Topics: {topics}. To end messages: {stop}")
HINT = _text("hint", "Sorry, we did not understand. Text {help} or {topics}. To end messages text {stop}")
HINT_FIRST = _text(
    "hint_first", "{service}: sorry, we did not understand. Text {help} or {topics}. To end messages text {stop}"
)
HINT_STOPPED = _text("hint_stopped", "We will read it. You get no messages from us. To rejoin text {start}")
ONLY_TEXT = _text("only_text", "We can read only text. Text {help} or {topics}. To end messages text {stop}")
ONLY_TEXT_STOPPED = _text("only_text_stopped", "We can read only text. To rejoin text {start}")
LEFT_QUESTION = _text("left_question", "Left as it was. Text {help} or {topics}. To end messages text {stop}")
A_PERSON_READS = _text("a_person_reads", "A person will read your message. Text {help} for help")
EMERGENCY = _text("emergency", "This is {service}, not the rescue service. In an emergency call 112")
NONE = _text("none", "none")
ALL_TOPICS = _text("all_topics", "all topics")
WHO = _text("who", "{service}:")
STOP_WORD = _text("stop_word", ". Stop: {stop}")
"""Before and behind the first words that a person gets from us, where they do not name us or the way out."""
SIGNED_UP = _text("signed_up", "{service}: this number is signed up for our messages. To end them text {stop}")
"""Before a number that was quiet for long is used again (civic rule 20): the phone may be somebody else's by now."""
STOP_TO = _text("stop_to", "{stop} to {short_number}")

TEXTS: tuple[Text, ...] = (
    STOPPED, STOPPED_INSTEAD, LEFT, LEFT_LAST, HELP, HELP_STOPPED, HOW_TO_STOP, KEPT, HINT, HINT_FIRST,
    HINT_STOPPED, ONLY_TEXT, ONLY_TEXT_STOPPED, LEFT_QUESTION, A_PERSON_READS, EMERGENCY, NONE, ALL_TOPICS, WHO,
    STOP_WORD, SIGNED_UP, STOP_TO,
)  # fmt: skip
