"""`smsbot channel check` as a person at a terminal has it: beside a running product and without one."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from smsbot.testing.fake_gateway import Answer, FakeGateway, refuse
from smsbot.testing.smsc import PASSWORD, SYSTEM_ID, Smsc
from smsbot.testing.webhooks import Caller, twilio_message
from tests.e2e.product import AUTH_TOKEN, PATIENCE_S, Product, environment, sentence, twilio_channel

NUMBER = "+995555000051"
TOKEN = "a long random word"
KANNEL = f"""
[channels.short]
gateway = "kannel"
sender = "2200"
outbound = false
webhook_token = "{TOKEN}"
"""
PUBLIC = 'public_url = "https://sms.example.ge"'


class Check:
    """The command at work; its lines can be read while it waits."""

    def __init__(self, product: Product, *words: str) -> None:
        command = [sys.executable, "-m", "smsbot", "channel", "check", *words, "--config", str(product.config)]
        self.process = subprocess.Popen(
            command, cwd=product.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            encoding="utf-8",
        )  # fmt: skip

    def until_it_waits(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("Waiting for a text"):
                return
        raise AssertionError(f"it ended without waiting: {self.end()}")

    def end(self) -> tuple[int, str, str]:
        """Exit code, the rest of standard output, standard error."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


@contextmanager
def checking(product: Product, *words: str) -> Iterator[Check]:
    check = Check(product, *words)
    try:
        yield check
    finally:
        check.process.kill()
        check.process.wait()


@pytest.fixture
def provider() -> Iterator[FakeGateway]:
    with FakeGateway(token=AUTH_TOKEN) as running:
        yield running


def write(product: Product, text: str) -> None:
    with Caller() as caller:
        fields = twilio_message(NUMBER, text, sid="SM77")
        status, _ = caller.twilio(f"{product.url}/channels/main/inbound", fields, token=AUTH_TOKEN)
    assert status == 200


def test_a_text_that_comes_and_its_answer_show_that_both_directions_work(tmp_path: Path, provider: FakeGateway) -> None:
    with Product(tmp_path, channels=twilio_channel(provider.url)) as product, checking(product, "main") as check:
        check.until_it_waits()
        write(product, "HELP")
        code, out, err = check.end()
        assert (code, err) == (0, "")
        assert out.splitlines()[-1].startswith("`main` works in both directions")


def test_an_answer_that_the_gateway_refuses_is_what_is_wrong(tmp_path: Path, provider: FakeGateway) -> None:
    with Product(tmp_path, channels=twilio_channel(provider.url)) as product, checking(product, "main") as check:
        check.until_it_waits()
        provider.then(refuse(21211))
        write(product, "HELP")
        code, _, err = check.end()
        assert code == 1
        assert err.startswith("A text came, but its answer did not arrive:")
        assert len(err.splitlines()) == 1


def test_a_test_text_is_sent_by_the_process_that_serves_and_its_fate_told(
    tmp_path: Path, provider: FakeGateway
) -> None:
    channels = twilio_channel(provider.url) + "inbound = false\n"
    with Product(tmp_path, channels=channels) as product:
        told = product.command("channel", "check", "main", "--send", NUMBER)
        assert told.returncode == 0, told.stderr
        assert "The test text was taken" in told.stdout.splitlines()[-1]
        sent = [asked for asked in provider.requests if asked.method == "POST"]
        assert [asked.to for asked in sent] == [NUMBER]
        assert "test message" in sent[0].text
        provider.then(Answer(200, b"{}"), refuse(21211))  # the account, the text
        told = product.command("channel", "check", "main", "--send", "555000052")
        assert re.fullmatch(r"The test text did not arrive: it is failed: .+ \(21211\)\.", sentence(told))


def test_nothing_is_sent_to_a_number_that_stopped(tmp_path: Path, provider: FakeGateway) -> None:
    with Product(tmp_path, channels=twilio_channel(provider.url)) as product:
        write(product, "STOP")
        (asked,) = provider.wait_for(1)
        assert asked.to == NUMBER
        assert "has stopped" in sentence(product.command("channel", "check", "main", "--send", NUMBER))
    assert [each.to for each in provider.requests if each.method == "POST"] == [NUMBER]


def test_ctrl_c_ends_the_waiting_with_a_sentence(tmp_path: Path, provider: FakeGateway) -> None:
    with Product(tmp_path, channels=twilio_channel(provider.url)) as product, checking(product, "main") as check:
        check.until_it_waits()
        check.process.send_signal(signal.SIGINT)
        code, _, err = check.end()
        assert code == 1
        assert err.startswith("Nothing came within")
        assert len(err.splitlines()) == 1


def test_without_a_process_it_says_that_nobody_listens(tmp_path: Path, provider: FakeGateway) -> None:
    with Product(tmp_path, channels=twilio_channel(provider.url)) as product:
        product.stop()
        for more in ((), ("--send", NUMBER)):
            told = product.command("channel", "check", "main", *more)
            assert "Nobody listens" in sentence(told)
            assert "The credentials are right; what is left to spend: 10 GEL." in told.stdout
        product.start()
        product.kill()  # as a power cut: its leases are still written down
        assert "Nobody listens" in sentence(product.command("channel", "check", "main"))
        assert product.command("channel", "check", "main", "--wait", "0").returncode == 0
    assert not [asked for asked in provider.requests if asked.method == "POST"]


def test_wrong_credentials_are_told_in_one_sentence(tmp_path: Path, provider: FakeGateway) -> None:
    provider.always = Answer(401, json.dumps({"code": 20003, "status": 401}).encode())
    with Product(tmp_path, channels=twilio_channel(provider.url)) as product:
        told = product.command("channel", "check", "main")
        assert sentence(told).startswith("The gateway does not accept the channel's settings: Twilio does not accept")
        assert AUTH_TOKEN not in told.stderr + told.stdout


def test_a_connection_is_tried_where_no_process_has_it(tmp_path: Path) -> None:
    with Smsc() as smsc:
        keys = f'gateway = "smpp"\nsender = "2200"\nhost = "127.0.0.1"\nport = {smsc.port}\nsystem_id = "{SYSTEM_ID}"\n'
        channels = f'[channels.right]\n{keys}password = "{PASSWORD}"\n[channels.wrong]\n{keys}password = "wrong"\n'
        product = Product(tmp_path, channels=channels)
        told = product.command("channel", "check", "right", "--wait", "0")
        assert (told.returncode, told.stderr) == (0, "")
        assert "the connection was made, and ended again" in told.stdout
        assert sentence(product.command("channel", "check", "wrong")).startswith("The connection could not be made:")
        with product:
            smsc.wait("the process has connected", lambda: len(smsc.seen.binds) >= 4)
            told = product.command("channel", "check", "right", "--wait", "0")
            assert "holds its connection" in told.stdout
            assert "has no connection" in sentence(product.command("channel", "check", "wrong", "--wait", "0"))


def test_addresses_and_routes_are_told_and_the_token_only_when_asked(tmp_path: Path, provider: FakeGateway) -> None:
    channels = twilio_channel(provider.url) + 'fallback = "spare"\n' + KANNEL
    channels += twilio_channel(provider.url, name="spare") + "inbound = false\n"
    product = Product(tmp_path, channels=channels, service=PUBLIC)
    told = product.command("channel", "check", "short", "--wait", "0")
    assert told.returncode == 0, told.stderr
    assert "  messages  https://sms.example.ge/channels/short/inbound?token=…" in told.stdout
    assert "  reports   https://sms.example.ge/channels/short/status?token=…" in told.stdout
    assert "is answered by `main`" in told.stdout
    assert "looks as if it can be reached" in told.stdout
    assert "no harmless way" in told.stdout
    assert TOKEN not in told.stdout + told.stderr
    shown = product.command("channel", "check", "short", "--wait", "0", "--show-token")
    assert f"/channels/short/inbound?{urlencode({'token': TOKEN})}" in shown.stdout
    told = product.command("channel", "check", "main", "--wait", "0")
    assert "/channels/main/inbound\n" in told.stdout
    assert "by a signature" in told.stdout
    assert "It also answers what comes by `short`." in told.stdout
    assert "While it is down, what waits leaves by `spare`." in told.stdout
    told = product.command("channel", "check", "spare", "--wait", "0")
    assert "/channels/spare/inbound" not in told.stdout
    assert "`inbound = false`" in told.stdout


@pytest.mark.parametrize(
    "words, told",
    [
        (["nobody"], "There is no channel `nobody`; there are: main, short."),
        (["main", "--send", "no number"], "`no number` is no phone number"),
        (["short", "--send", NUMBER], "`short` has `outbound = false`"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, words: list[str], told: str) -> None:
    product = Product(tmp_path, channels=twilio_channel("http://127.0.0.1:9") + KANNEL)
    assert told in sentence(product.command("channel", "check", *words))


def test_a_test_text_needs_some_waiting(tmp_path: Path) -> None:
    product = Product(tmp_path, channels=twilio_channel("http://127.0.0.1:9"))
    assert product.command("channel", "check", "main", "--send", NUMBER, "--wait", "0").returncode == 2
