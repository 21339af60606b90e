"""The console in a real browser, over a real server: as a press officer meets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from smsbot.store.database import Store
from smsbot.store.staff import Role, add_staff
from tests.e2e import test_simulator_page as simulator
from tests.web.composition import ADMIN_KEY, ALICE, NOW_MS

pytestmark = pytest.mark.chromium

store, address, browser = simulator.store, simulator.address, simulator.browser

KEY = {"Authorization": f"Bearer {ADMIN_KEY}"}
HEADER = "number,topics,place,language,consented_on,collector,form,evidence"


class Desk:
    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def text(self, number: str, words: str) -> None:
        sent = httpx.post(f"{self.address}/simulator/messages", json={"from": number, "text": words}, trust_env=False)
        assert sent.status_code == 200, sent.text

    def api(self, path: str) -> list[dict[str, object]]:
        items: list[dict[str, object]] = httpx.get(self.address + path, headers=KEY, trust_env=False).json()["items"]
        return items

    def sign_in(self, key: str = ADMIN_KEY) -> None:
        self.page.get_by_label("Staff key").fill(key)
        self.page.keyboard.press("Enter")

    def open(self, tab: str) -> None:
        self.page.get_by_role("navigation", name="Console").get_by_role("button", name=tab, exact=True).click()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def done(self, words: str) -> None:
        expect(self.page.get_by_role("status")).to_contain_text(words)

    def trouble(self, words: str) -> None:
        expect(self.page.get_by_role("alert")).to_contain_text(words)


@pytest.fixture
def desk(browser: Browser, address: str) -> Iterator[Desk]:
    """Signed out; at the end: nothing was asked of another host, and no script failed."""
    complaints: list[str] = []
    page = browser.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(address) else complaints.append(request.url))
    page.goto(f"{address}/console")
    yield Desk(page, address)
    page.close()
    assert complaints == []


def test_a_wrong_key_is_told_and_a_right_one_is_kept_until_signing_out(desk: Desk) -> None:
    desk.sign_in("nonsense")
    desk.trouble("This staff key is not valid")
    desk.sign_in()
    expect(desk.page.get_by_text("Nothing has been written yet.")).to_be_visible()
    desk.page.reload()
    expect(desk.page.get_by_text("Nothing has been written yet.")).to_be_visible()
    desk.press("Sign out")
    expect(desk.page.get_by_label("Staff key")).to_be_visible()
    desk.page.reload()
    expect(desk.page.get_by_label("Staff key")).to_be_visible()


def test_a_message_is_checked_sent_paused_and_resumed(desk: Desk) -> None:
    desk.text(ALICE, "BUDGET")
    desk.text("+995555000002", "ბიუჯეტი")
    desk.sign_in()
    desk.open("New message")
    desk.page.get_by_label("English").first.fill("Hearing at “noon” <b>")
    desk.page.get_by_label("1 Budget").check()
    desk.page.get_by_label("Urgent:").check()
    desk.press("Check")
    desk.trouble("it needs a reason")
    desk.page.get_by_label("Why it is urgent").fill("a trial")
    desk.press("Check")
    expect(desk.page.get_by_text("2 people, 2 parts")).to_be_visible()
    expect(desk.page.locator("#check")).to_contain_text('shorter with other characters: " for “ (en), " for ” (en).')
    expect(desk.page.locator("#check")).not_to_contain_text("null")
    assert desk.api("/api/broadcasts") == []
    desk.page.get_by_label("English").first.fill("Hearing at noon <b>")
    expect(desk.page.get_by_role("button", name="Send to 2 people")).to_have_count(0)  # an edit voids the check
    desk.press("Check")
    desk.press("Send to 2 people")
    desk.done("Message 1 to 2 people: sending.")
    expect(desk.page.locator("#sent blockquote")).to_have_text("Hearing at noon <b>")
    (made,) = desk.api("/api/broadcasts")
    assert (made["topics"], made["urgent"], made["reason"]) == (["budget"], True, "a trial")
    desk.press("Pause")
    expect(desk.page.locator("#sent .state")).to_have_text("paused")
    desk.press("Resume")
    expect(desk.page.locator("#sent .state")).to_have_text("sending")
    desk.press("Cancel")  # and the question whether that is meant is answered with no
    expect(desk.page.get_by_role("button", name="Cancel")).to_be_enabled()
    expect(desk.page.locator("#sent .state")).to_have_text("sending")
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.press("Cancel")
    expect(desk.page.locator("#sent .state")).to_have_text("cancelled")
    expect(desk.page.locator("#sent article")).to_contain_text("cancelled 2")


def test_what_a_key_may_not_do_is_told_in_a_sentence(desk: Desk, store: Store) -> None:
    desk.text(ALICE, "BUDGET")
    desk.sign_in(store.write(lambda on: add_staff(on, "Gia", Role.VIEWER, NOW_MS)))
    desk.open("New message")
    desk.page.get_by_label("English").first.fill("Hello")
    desk.page.get_by_label("Everyone").check()
    desk.press("Check")
    desk.trouble("This needs the role author; your key has the role viewer.")


def test_the_inbox_is_answered(desk: Desk) -> None:
    desk.text(ALICE, "when is the <i>bridge</i> open?")
    desk.sign_in()
    desk.open("Inbox")
    expect(desk.page.locator("#inbox blockquote")).to_have_text("when is the <i>bridge</i> open?")
    desk.page.locator("#inbox summary").click()
    desk.page.get_by_label("Answer").fill("At ten.")
    desk.press("Send")
    desk.done("The answer is on its way.")
    assert desk.api("/api/messages?direction=out")[0]["text"] == "At ten."
    desk.press("Dealt with")
    expect(desk.page.locator("#inbox .state")).to_have_text("answered")
    desk.press("Open again")
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.press("This was a STOP")
    expect(desk.page.locator("#inbox .state")).to_have_text("answered")
    subscriber = httpx.get(f"{desk.address}/api/subscribers/{ALICE}", headers=KEY, trust_env=False)
    assert subscriber.json()["state"] == "stopped"


def test_signed_forms_are_tried_and_taken_in_pieces_with_the_lines_of_the_file(desk: Desk, tmp_path: Path) -> None:
    rows = [f'+9955551{at:05},budget,,ka,2026-05-03,"N.\nBeridze",v2,scan-{at}' for at in range(3_500)]
    rows[3_400] = rows[3_400].replace("2026-05-03", "")
    sheet = tmp_path / "forms.csv"
    sheet.write_bytes(("\ufeff" + "\r\n".join([HEADER, *rows])).encode())
    desk.sign_in()
    desk.open("Paper forms")
    desk.page.get_by_label("Sheet").set_input_files(sheet)
    desk.page.get_by_label("Text each of them").uncheck()
    desk.press("Check")
    report = desk.page.locator("#report")
    expect(report).to_contain_text("3,500 rows: 3499 would be taken, 1 would be refused")
    expect(report.locator("tbody tr")).to_contain_text("6802consented_on")  # each form has two lines
    assert desk.api("/api/messages") == []
    desk.press("Take 3,499 forms")
    expect(report).to_contain_text("3,500 rows: 3499 taken, 1 refused", timeout=60_000)
    desk.press("Check")
    expect(report).to_contain_text("3499 taken before", timeout=60_000)


def test_what_is_no_such_sheet_is_told(desk: Desk, tmp_path: Path) -> None:
    desk.sign_in()
    desk.open("Paper forms")
    for body, told in ((b"", "The first line must name the columns"), (b"\xff\xfe1\x00", "not in UTF-8")):
        sheet = tmp_path / "sheet.csv"
        sheet.write_bytes(body)
        desk.page.get_by_label("Sheet").set_input_files(sheet)
        desk.press("Check")
        desk.trouble(told)


def test_channels_are_shown(desk: Desk) -> None:
    desk.sign_in()
    desk.open("Channels")
    expect(desk.page.locator("#channels h3")).to_contain_text("simulator")


@pytest.mark.parametrize("width", simulator.WIDTHS)
def test_it_fits_narrow_and_wide_screens(desk: Desk, width: int) -> None:
    desk.text(ALICE, "BUDGET")
    desk.text("+995555000002", "a" * 200)
    desk.page.set_viewport_size({"width": width, "height": 700})
    desk.sign_in()
    for tab in ("New message", "Messages", "Inbox", "Paper forms", "Channels"):
        desk.open(tab)
        desk.page.wait_for_load_state("networkidle")
        assert desk.page.evaluate("document.documentElement.scrollWidth") <= width, tab
