from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from smsbot.errors import SettingsError
from smsbot.gateways import registry
from smsbot.gateways.base import HttpGateway, Transport
from smsbot.gateways.simulator import Simulator
from smsbot.settings import load

SMPP = {"gateway": "smpp", "host": "smsc.example.ge", "system_id": "u", "password": "very-secret", "sender": "2020"}
TWILIO = {"gateway": "twilio", "account_sid": "AC1", "auth_token": "very-secret", "sender": "2020"}


@pytest.mark.parametrize("name", registry.known())
def test_every_built_in_gateway_can_be_loaded(name: str) -> None:
    kind = registry.gateway_class(name)
    assert kind.name == name
    assert "gateway" in kind.Config.model_fields


def test_the_defaults_give_the_simulator() -> None:
    built = registry.channels(load(environ={}).channels)
    assert list(built) == ["simulator"]
    assert isinstance(built["simulator"].gateway, Transport)
    assert not built["simulator"].needs_token


def test_values_may_be_strings_from_the_environment() -> None:
    values = TWILIO | {"rate_per_s": "25.5", "inbound": "false", "max_parts": "4"}
    built = registry.channel("main", values)
    assert isinstance(built.gateway, HttpGateway)
    assert (built.config.rate_per_s, built.config.inbound, built.config.max_parts) == (25.5, False, 4)


@pytest.mark.parametrize(
    "values, told",
    [
        ({}, ["channels.main.gateway", "missing", "simulator"]),
        ({"gateway": "twillio"}, ["channels.main.gateway", "kannel", "simulator", "twilio"]),
        (TWILIO | {"auth_tokn": "x"}, ["channels.main.auth_tokn"]),
        (
            {"gateway": "twilio", "auth_token": "very-secret", "sender": "2020"},
            ["channels.main.account_sid", "missing"],
        ),
        (TWILIO | {"rate_per_s": 0}, ["channels.main.rate_per_s", "greater than 0"]),
        (TWILIO | {"base_url": "api.twilio.com"}, ["channels.main.base_url", "https://"]),
        (TWILIO | {"base_url": "https://"}, ["channels.main.base_url", "host"]),
        (TWILIO | {"base_url": "http://127.0.0.1:99999"}, ["channels.main.base_url", "65535"]),
        (TWILIO | {"base_url": "http://[::1"}, ["channels.main.base_url", "host"]),
        (TWILIO | {"sender": ""}, ["channels.main", "sender", "messaging_service_sid"]),
        ({"gateway": "kannel"}, ["channels.main.webhook_token"]),
        ({"gateway": "kannel", "webhook_token": ""}, ["channels.main.webhook_token"]),
        ({"gateway": "kannel", "webhook_token": "t", "dlr_mask": "many"}, ["channels.main.dlr_mask"]),
        ({"gateway": "kannel", "webhook_token": "t", "username": "u"}, ["channels.main", "password"]),
        ({"gateway": "kannel", "webhook_token": "t", "password": "very-secret"}, ["channels.main", "username"]),
        ({"gateway": "smpp"}, ["channels.main.host", "missing"]),
        (SMPP | {"host": "smsc.example.ge:2775"}, ["channels.main.host", "without a port"]),
        (SMPP | {"window": 0}, ["channels.main.window", "1"]),
        (SMPP | {"response_s": 60}, ["channels.main.response_s", "20"]),
        (SMPP | {"default_alphabet": "utf-8"}, ["channels.main.default_alphabet", "gsm7"]),
        (SMPP | {"receipt_id": "octal"}, ["channels.main.receipt_id", "hex"]),
        (SMPP | {"dest_ton": 256}, ["channels.main.dest_ton"]),
        (SMPP | {"sender": "მერია"}, ["channels.main", "sender", "ASCII"]),
        (SMPP | {"password": "x" * 300}, ["channels.main", "password"]),
        (SMPP | {"bind": "receiver"}, ["channels.main", "outbound = false"]),
        (SMPP | {"tls_ca": "/nowhere"}, ["channels.main", "tls = true"]),
        (SMPP | {"tls": True, "tls_ca": "/nowhere"}, ["channels.main", "tls_ca"]),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_key(values: dict[str, object], told: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        registry.channel("main", values)
    sentence = str(caught.value)
    assert all(part in sentence for part in told), sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "very-secret" not in sentence


def test_a_channel_that_receives_nothing_needs_no_token() -> None:
    assert registry.channel("main", {"gateway": "kannel", "inbound": False}).needs_token
    assert not registry.channel("main", TWILIO).needs_token


def test_another_package_may_add_a_gateway_but_not_take_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    points = EntryPoints(
        EntryPoint(name, "smsbot.gateways.simulator:Simulator", registry.GROUP) for name in ("pigeon", "twilio")
    )
    monkeypatch.setattr(registry, "entry_points", points.select)
    assert isinstance(registry.build("main", {"gateway": "pigeon"}), Simulator)
    assert "pigeon" in registry.known()
    assert not isinstance(registry.build("main", TWILIO), Simulator)
