"""`GET /`: who we are, what can be texted, how to stop (contract §6). No number of people under ten is shown."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smsbot.dialogue.directory import LANGUAGE_NAMES
from smsbot.dialogue.model import State
from smsbot.errors import StoreError
from smsbot.store import health
from smsbot.store.open_data import publishable
from smsbot.web.markup import document
from smsbot.web.ports import Service
from smsbot.web.public.words import WORDS, Words
from smsbot.web.simulator import calls as simulator


def pages(service: Service) -> list[Route]:
    async def home(request: Request) -> Response:
        language = chosen_language(service, request)
        active, by_topic = await _statistics(service)
        markup = body(service, language, active, by_topic)
        response = document(service_name(service, language), markup, language=language, styles=("/static/site.css",))
        response.headers["Vary"] = "Accept-Language"
        return response

    return [Route("/", home)]


def chosen_language(service: Service, request: Request) -> str:
    """`?lang=`, else the reader's browser, else the default language; only those that the page has words in."""
    offered = languages(service)
    asked = request.query_params.get("lang")
    if asked in offered:
        return asked
    for entry in request.headers.get("accept-language", "").split(","):
        language = entry.split(";")[0].strip().split("-")[0].lower()
        if language in offered:
            return language
    return offered[0]


def languages(service: Service) -> list[str]:
    """Languages of the service that the page has words in, the default first; never none."""
    return [language for language in service.settings.service.languages if language in WORDS] or ["en"]


async def _statistics(service: Service) -> tuple[int, Mapping[str, int]]:
    now_ms = service.clock()

    def job(connection: Connection) -> tuple[int, Mapping[str, int]]:
        active = health.people(connection, now_ms).get(State.ACTIVE.value, 0)
        return active, health.subscribers(connection, now_ms)

    try:
        return await service.store.look(job)
    except StoreError:  # the page tells how to stop: it must not depend on a database
        return 0, {}


def body(service: Service, language: str, active: int, by_topic: Mapping[str, int]) -> str:
    words = WORDS[language]
    return (
        f'<a class="skip" href="#main">{escape(words.how)}</a>'
        f"{_header(service, language, words)}"
        f'<main id="main">{_joining(service, language, words)}{_topics(service, language, words, by_topic)}'
        f"{_keywords(service, language, words)}</main>{_footer(service, words, active)}"
    )


def _header(service: Service, language: str, words: Words) -> str:
    return (
        f"<header>{language_links(service, language)}<h1>{escape(service_name(service, language))}</h1>"
        f'<p class="lead">{escape(words.lead)}</p></header>'
    )


def language_links(service: Service, language: str, path: str = "/") -> str:
    links = "".join(
        f'<a href="{path}?lang={code}" lang="{code}" hreflang="{code}"{_current(code, language)}>'
        f"{escape(LANGUAGE_NAMES.get(code, code))}</a>"
        for code in languages(service)
    )
    return f'<nav class="languages" aria-label="Language">{links}</nav>'


def _current(code: str, language: str) -> str:
    return ' aria-current="true"' if code == language else ""


def _joining(service: Service, language: str, words: Words) -> str:
    number = sender(service)
    sentence = words.write if number else words.write_nowhere
    join, stop = _word(service, language, "join"), _word(service, language, "stop")
    call = escape(sentence).replace("{join}", join).replace("{number}", f"<strong>{escape(number)}</strong>")
    return (
        f'<section class="join" aria-labelledby="how"><h2 id="how">{escape(words.how)}</h2><p class="call">{call}</p>'
        f"<p>{escape(words.stop).replace('{stop}', stop)}</p><p>{escape(words.free)}</p></section>"
    )


def sender(service: Service) -> str:
    """The number to write to: that of the first channel that takes texts, a real one before the phone in the browser;
    '' if none has one."""
    taking = [each.config for each in service.channels.values() if each.config.inbound]
    taking.sort(key=lambda config: config.gateway == "simulator")
    return taking[0].sender if taking else ""


def _topics(service: Service, language: str, words: Words, by_topic: Mapping[str, int]) -> str:
    directory = service.directory()
    # A column of "fewer than 10" tells nobody anything.
    counted = any(publishable(by_topic.get(code, 0)) is not None for code in directory.topics)
    rows = "".join(
        f'<tr><td>{topic.number}</td><th scope="row">{escape(topic.name(language))}</th>'
        f"{_cell(by_topic.get(code, 0), words) if counted else ''}</tr>"
        for code, topic in directory.topics.items()
    )
    last = "<td></td>" if counted else ""
    rows += f'<tr><td>{directory.all_number}</td><th scope="row">{escape(words.all)}</th>{last}</tr>'
    subscribers = f'<th scope="col">{escape(words.subscribers)}</th>' if counted else ""
    return (
        f'<section aria-labelledby="topics"><h2 id="topics">{escape(words.topics)}</h2><table><thead><tr>'
        f'<th scope="col">{escape(words.number)}</th><th scope="col">{escape(words.topic)}</th>{subscribers}'
        f"</tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _cell(count: int, words: Words) -> str:
    shown = publishable(count)
    return f'<td class="few">{escape(words.few)}</td>' if shown is None else f"<td>{shown}</td>"


def _word(service: Service, language: str, keyword: str) -> str:
    """The published word, with the English one where that differs: it is understood in every language."""
    own = service.directory().reader.published(language, keyword)
    english = service.directory().reader.published("en", keyword)
    marked = f'<kbd lang="{escape(language)}">{escape(own)}</kbd>'
    return marked if own == english else f'{marked} / <kbd lang="en">{escape(english)}</kbd>'


def _keywords(service: Service, language: str, words: Words) -> str:
    told = (
        ("join", words.join), ("topics", words.topics_word), ("status", words.status), ("lang", words.lang),
        ("area", words.area), ("pause", words.pause), ("help", words.help), ("data", words.data),
        ("stop", words.stop_word),
    )  # fmt: skip
    erase = _word(service, language, "delete")
    rows = "".join(
        f'<tr><th scope="row">{_word(service, language, keyword)}</th>'
        f"<td>{escape(effect).replace('{delete}', erase)}</td></tr>"
        for keyword, effect in told
    )
    return (
        f'<section aria-labelledby="words"><h2 id="words">{escape(words.words)}</h2><table><thead><tr>'
        f'<th scope="col">{escape(words.word)}</th><th scope="col">{escape(words.effect)}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def _footer(service: Service, words: Words, active: int) -> str:
    number = service.settings.service.contact
    link = f'<a href="tel:{escape(number)}">{escape(number)}</a>'
    shown = publishable(active)
    people = f"<p>{escape(words.people.format(count=shown))}</p>" if shown is not None else ""
    phone = f'<a href="/simulator">{escape(words.simulator)}</a>' if simulator.channels(service) else ""
    return (
        f"<footer><p>{escape(words.contact).replace('{contact}', link)}</p>{people}"
        f'<nav aria-label="{escape(words.more)}"><a href="/data/">{escape(words.open_data)}</a> {phone} '
        f'<a href="/docs">{escape(words.api)}</a></nav></footer>'
    )


def service_name(service: Service, language: str) -> str:
    names = service.settings.service.name
    return names.get(language) or names.get("en") or next(iter(names.values()), "smsbot")
