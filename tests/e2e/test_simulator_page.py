"""The phone simulator in a real browser, over a real server: as a visitor meets it."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from smsbot.store.database import Store
from smsbot.web.app import create_app
from tests.web.composition import compose, send_one_broadcast

pytestmark = pytest.mark.chromium

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = (320, 390, 1280)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """One engine is enough here: what differs between the two is tested through the API."""
    opened = Store(f"sqlite:///{tmp_path}/smsbot.db")
    opened.upgrade()
    opened.start()
    yield opened
    opened.close()


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    """A server of its own on a private port; the socket listens before the thread starts, so nobody has to wait."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    server = uvicorn.Server(uvicorn.Config(create_app(compose(store)), log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The simulator, and at the end: nothing was complained about and nothing was asked of another host."""
    complaints: list[str] = []
    opened = browser.new_page()
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: None if request.url.startswith(address) else complaints.append(request.url))
    opened.goto(f"{address}/simulator")
    yield opened
    assert complaints == []


def test_a_conversation_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to writing")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("Text message").press_sequentially("JOIN")
    page.keyboard.press("Enter")
    log = page.get_by_role("log")
    expect(log.locator(".row.in .bubble")).to_have_text("JOIN")
    reply = log.locator(".row.out").first
    expect(reply.locator(".bubble")).to_contain_text("Budget")
    expect(reply.locator(".meta")).to_contain_text("GSM-7 · 1 part")
    expect(page.get_by_label("Text message")).to_be_focused()
    expect(page.get_by_label("Text message")).to_have_value("")


def test_a_broadcast_appears_by_itself_and_is_marked(page: Page, store: Store) -> None:
    page.get_by_role("button", name="JOIN").click()
    expect(page.locator(".row.out")).to_have_count(1)
    send_one_broadcast(store, status="delivered")
    arrived = page.locator(".row.out").nth(1)
    expect(arrived.locator(".bubble")).to_have_text("Hearing at noon")
    expect(arrived.locator(".badge")).to_contain_text("Broadcast 1")


def test_the_composer_counts_as_the_network_does(page: Page) -> None:
    counter = page.locator("#counter")
    for words, told in (
        ("a" * 160, "160 / 160 · GSM-7 · 1 part"),
        ("a" * 161, "161 / 306 · GSM-7 · 2 parts"),
        ("€" * 81, "162 / 306 · GSM-7 · 2 parts"),
        ("ა" * 70, "70 / 70 · UCS-2 · 1 part"),
        ("ა" * 71, "71 / 134 · UCS-2 · 2 parts"),
        ("", "0 / 160 · GSM-7 · 1 part"),
    ):
        page.get_by_label("Text message").fill(words)
        expect(counter).to_have_text(told)


def test_georgian_words_are_marked_as_georgian(page: Page) -> None:
    page.get_by_label("Text message").fill("შემოერთება")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".row.in .bubble")).to_have_attribute("lang", "ka")
    expect(page.locator(".row.out .bubble").first).to_have_attribute("lang", "ka")


def test_another_number_is_another_conversation(page: Page) -> None:
    page.get_by_role("button", name="JOIN").click()
    expect(page.locator(".row.in")).to_have_count(1)
    page.get_by_label("Citizen’s number").fill("+995555000002")
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(0)
    expect(page.get_by_text("No texts yet.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Citizen’s number")).to_have_value("+995555000002")


def test_what_people_write_is_text_never_markup(page: Page) -> None:
    page.get_by_label("Text message").fill("<b onclick=alert(1)>hello</b>")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".row.in .bubble")).to_have_text("<b onclick=alert(1)>hello</b>")
    assert page.locator(".bubble b").count() == 0


@pytest.mark.parametrize("path", ["/simulator", "/?lang=ka", "/?lang=en", "/data/?lang=ka", "/console", "/docs"])
def test_pages_fit_narrow_and_wide_screens(browser: Browser, address: str, path: str) -> None:
    for width in WIDTHS:
        page = browser.new_page(viewport={"width": width, "height": 700})
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        page.close()
