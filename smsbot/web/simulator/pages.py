"""`GET /simulator`: the page itself and the files it loads."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from smsbot.web.markup import STATIC, document
from smsbot.web.ports import Service
from smsbot.web.problems import Problem
from smsbot.web.simulator.calls import OFF, channels

EXAMPLE_NUMBER = "+995555000001"
QUICK = ("JOIN", "1 3", "STATUS", "HELP", "STOP")


def pages(service: Service) -> list[Route | Mount]:
    async def simulator(_request: Request) -> Response:
        names = channels(service)
        if not names:
            return Problem(404, OFF).response()
        sender = service.channels[names[0]].config.sender or service.settings.service.name.get("en", "SMS")
        return document(
            "Phone simulator",
            body(_service_name(service), sender),
            language="en",
            styles=("/static/phone.css",),
            scripts=("/static/phone.js",),
        )

    return [Route("/simulator", simulator), Mount("/static", StaticFiles(directory=STATIC))]


def _service_name(service: Service) -> tuple[str, str]:
    """Name and its language: English, since the page is English, else the first there is."""
    names = service.settings.service.name
    language = "en" if "en" in names else next(iter(names))
    return names[language], language


def body(name: tuple[str, str], sender: str) -> str:
    title, language = name
    quick = "".join(
        f'<button type="button" class="chip" data-text="{escape(word)}">{escape(word)}</button>' for word in QUICK
    )
    return f"""<a class="skip" href="#text">Skip to writing</a>
<div class="desk">
<aside class="about">
<h1>Phone simulator</h1>
<p>Write as a citizen would. Every text takes the same way as a real one, through consent, dialogue and queue,
but it never leaves this computer.</p>
<form id="who" class="who">
<label for="number">Citizen’s number</label>
<input id="number" name="number" type="tel" autocomplete="off" inputmode="tel" spellcheck="false"
 value="{EXAMPLE_NUMBER}" aria-describedby="number-hint">
<p id="number-hint" class="hint">Another number is another person.</p>
</form>
<dl class="facts">
<div><dt>Texts sent</dt><dd id="fact-sent">0</dd></div>
<div><dt>Texts received</dt><dd id="fact-received">0</dd></div>
<div><dt>Parts received</dt><dd id="fact-parts">0</dd></div>
</dl>
<p class="links"><a href="/">Public page</a> <a href="/docs">API</a></p>
</aside>
<main class="phone" aria-label="Phone">
<header class="bar">
<span class="avatar" aria-hidden="true">{escape(title[:1])}</span>
<span class="peer"><strong lang="{escape(language)}">{escape(title)}</strong><span>{escape(sender)}</span></span>
<span id="link" class="link" role="status"></span>
</header>
<div id="log" class="log" role="log" aria-live="polite" aria-relevant="additions" aria-label="Conversation"
 tabindex="0">
<p id="empty" class="empty">No texts yet. <kbd>JOIN</kbd> is a good beginning.</p>
</div>
<div class="chips" role="group" aria-label="Quick texts">{quick}</div>
<form id="composer" class="composer">
<label class="unseen" for="text">Text message</label>
<textarea id="text" name="text" rows="1" dir="auto" placeholder="Text message" autocomplete="off"
 aria-describedby="counter"></textarea>
<button id="send" class="send" type="submit" aria-label="Send">
<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><path d="M4 12 20 4l-5 16-3-6z"/></svg></button>
<p id="counter" class="counter">0 / 160 · GSM-7 · 1 part</p>
<p id="trouble" class="trouble" role="alert" hidden></p>
</form>
</main>
</div>"""
