from __future__ import annotations

import subprocess
import sys

import pytest

from smsbot.testing.fake_gateway import CUT, FakeGateway, refuse, throttle
from smsbot.testing.webhooks import Caller, twilio_signature

TWILIO = "/2010-04-01/Accounts/AC1/Messages.json"
FIELDS = {"To": "+995555000001", "From": "2020", "Body": "ბიუჯეტი & +"}


def test_it_plays_three_providers_by_the_path() -> None:
    with FakeGateway() as provider, Caller() as caller:
        assert caller.form(provider.url + TWILIO, FIELDS)[0] == 201
        assert caller.call("GET", f"{provider.url}/cgi-bin/sendsms?to=1&text=x") == (202, b"0: Accepted for delivery")
        assert caller.call("POST", provider.url, b'{"to": "1", "text": "y"}')[0] == 200
        assert [asked.text for asked in provider.wait_for(3)] == ["ბიუჯეტი & +", "x", "y"]


def test_it_answers_as_it_was_told_and_then_as_usual() -> None:
    with FakeGateway() as provider, Caller() as caller:
        provider.then(refuse(21610), throttle("3"), CUT)
        assert [caller.form(provider.url + TWILIO, FIELDS)[0] for _ in range(2)] == [400, 429]
        with pytest.raises(ConnectionError):
            Caller().form(provider.url + TWILIO, FIELDS)
        assert caller.form(provider.url + TWILIO, FIELDS)[0] == 201


def test_it_calls_signed_reports_back_for_each_message_it_took() -> None:
    with FakeGateway() as client, FakeGateway(reports=("sent", "delivered"), token="secret") as provider:
        address = f"{client.url}/channels/main/status?message_id=m-1"
        with Caller() as caller:
            caller.form(provider.url + TWILIO, FIELDS | {"StatusCallback": address})
        reports = client.wait_for(2)
    assert [report.fields["MessageStatus"] for report in reports] == ["sent", "delivered"]
    for report in reports:
        form = {name: value for name, value in report.fields.items() if name != "message_id"}
        assert report.headers["x-twilio-signature"] == twilio_signature("secret", address, form)
        assert form["MessageSid"] == provider.requests[0].sid
    assert provider.failed_reports == 0


def test_it_runs_as_a_program_and_prints_its_port() -> None:
    command = [sys.executable, "-m", "smsbot.testing.fake_gateway", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        port = int(program.stdout.readline())
        try:
            with Caller() as caller:
                assert caller.form(f"http://127.0.0.1:{port}{TWILIO}", FIELDS)[0] == 201
        finally:
            program.terminate()
