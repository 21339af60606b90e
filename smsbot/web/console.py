"""`GET /console`: what the press office works with. The page is the same for everybody and holds nothing; its script
asks the staff API with the key that is typed in, so what a key may do is decided in one place."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smsbot.dialogue.directory import LANGUAGE_NAMES
from smsbot.web.markup import document
from smsbot.web.ports import Service

TABS = (("new", "New message"), ("sent", "Messages"), ("inbox", "Inbox"), ("forms", "Paper forms"),
        ("channels", "Channels"))  # fmt: skip
COLUMNS = "number, topics, place, language, consented_on, collector, form, evidence"


def pages(service: Service) -> list[Route]:
    async def console(_request: Request) -> Response:
        return document(
            "Console", body(service), language="en", styles=("/static/site.css", "/static/console.css"),
            scripts=("/static/console.js",),
        )  # fmt: skip

    return [Route("/console", console), Route("/console/", console)]


def body(service: Service) -> str:
    names = service.settings.service.name
    title = names.get("en") or next(iter(names.values()))
    tabs = "".join(f'<button type="button" data-view="{key}">{escape(words)}</button>' for key, words in TABS)
    return f"""<a class="skip" href="#main">Skip to the content</a>
<header><p>{escape(title)}</p><h1>Console</h1></header>
<main id="main">
<div id="trouble" class="trouble" role="alert" tabindex="-1" hidden></div>
<div id="done" class="done" role="status" hidden></div>
<form id="enter"><section aria-labelledby="enter-title"><h2 id="enter-title">Sign in</h2>
<label for="key">Staff key</label>
<input id="key" type="password" autocomplete="off" spellcheck="false" aria-describedby="key-hint" required>
<p id="key-hint" class="hint">The administrator makes one with <code>smsbot staff add NAME --role ROLE</code>.
It is kept until this tab is closed.</p>
<button type="submit" class="main">Sign in</button></section></form>
<div id="desk" hidden>
<nav class="tabs" aria-label="Console">{tabs}<button type="button" id="leave">Sign out</button></nav>
{_new(service)}
<section data-page="sent" aria-labelledby="sent-title" hidden><h2 id="sent-title">Messages</h2>
<div id="sent"></div><button type="button" id="sent-more" hidden>Show earlier ones</button></section>
<section data-page="inbox" aria-labelledby="inbox-title" hidden><h2 id="inbox-title">Inbox</h2>
<p class="hint">What the bot did not understand and what people asked, unanswered first.</p>
<div id="inbox"></div><button type="button" id="inbox-more" hidden>Show more</button></section>
{_forms()}
<section data-page="channels" aria-labelledby="channels-title" hidden><h2 id="channels-title">Channels</h2>
<div id="channels"></div></section>
</div>
</main>
<footer><nav aria-label="More"><a href="/">Public page</a> <a href="/data/">Open data</a> <a href="/docs">API</a></nav>
</footer>"""


def _new(service: Service) -> str:
    settings = service.settings.service
    default = settings.default_language
    texts = "".join(
        f'<label for="text-{code}">{escape(LANGUAGE_NAMES.get(code, code))}</label>'
        f'<textarea id="text-{code}" data-language="{code}" lang="{code}" rows="3" dir="auto"></textarea>'
        for code in settings.languages
    )
    languages = "".join(
        f'<label class="choice"><input type="checkbox" name="language" value="{code}"> '
        f"{escape(LANGUAGE_NAMES.get(code, code))}</label>"
        for code in settings.languages
    )
    return f"""<section data-page="new" aria-labelledby="new-title" hidden><h2 id="new-title">New message</h2>
<form id="new">
<fieldset><legend>Text</legend>{texts}
<p class="hint">Who has no text in their language gets the one in {escape(LANGUAGE_NAMES.get(default, default))}, else
the first there is.</p>
<label class="choice"><input type="checkbox" id="skip"> Leave them out instead</label></fieldset>
<fieldset><legend>To whom</legend>
<label class="choice"><input type="checkbox" id="everyone"> Everyone who has joined</label>
<div id="some"><p class="label">Topics</p><div id="topics"></div>
<label for="places">Places, with all that lies in them</label><select id="places" multiple size="6"></select>
<details><summary>Only some languages</summary>{languages}</details></div></fieldset>
<fieldset><legend>When and how</legend>
<label for="send-at">Not before</label><input id="send-at" type="datetime-local">
<label for="expires-at">Not after</label><input id="expires-at" type="datetime-local">
<label class="choice"><input type="checkbox" id="promotion"> This is promotion: only to those who agreed to it</label>
<label class="choice"><input type="checkbox" id="urgent"> Urgent: do not wait for the end of the quiet hours</label>
<div id="why" hidden><label for="reason">Why it is urgent</label><input id="reason" type="text" maxlength="200"></div>
</fieldset>
<button type="submit" class="main">Check</button></form>
<div id="check" aria-live="polite"></div></section>"""


def _forms() -> str:
    return f"""<section data-page="forms" aria-labelledby="forms-title" hidden><h2 id="forms-title">Paper forms</h2>
<form id="forms"><label for="sheet">Sheet with signed forms</label>
<input id="sheet" type="file" accept=".csv,text/csv" aria-describedby="sheet-hint" required>
<p id="sheet-hint" class="hint">CSV in UTF-8, the columns named in the first line: {COLUMNS}.</p>
<label class="choice"><input type="checkbox" id="welcome" checked> Text each of them where and when they signed, and how
to stop</label>
<button type="submit" class="main">Check</button></form><div id="report" aria-live="polite"></div></section>"""
