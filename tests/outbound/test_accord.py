"""Processes with different settings for one channel: who delivers, who says so, and never both."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from smsbot.gateways.base import ChannelConfig
from smsbot.outbound.accord import GONE_S, SECRETS, TOLD_S, Accord, differing, fingerprint
from smsbot.outbound.claims import Claims, Turn
from smsbot.outbound.holding import TERM_MS
from smsbot.outbound.schedule import QuietHours
from smsbot.process import identity
from smsbot.settings import Settings
from smsbot.store import channel_settings, sql
from smsbot.store.database import Store
from tests.outbound.test_fairness import NOON

KEY = b"k" * 32


class Account(BaseModel):
    user: str = "u"
    word: SecretStr = SecretStr("w")


class Wide(ChannelConfig):
    """Every kind of value that a gateway's settings can have."""

    password: SecretStr | None = None
    headers: dict[str, str | SecretStr] = {}  # noqa: RUF012  # pydantic copies it
    codes: frozenset[str] = frozenset()
    account: Account = Account()


def wide(**values: Any) -> Wide:
    return Wide.model_validate({"gateway": "wide", **values})


CHANGES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"rate_per_s": 20}, ["rate_per_s"]),
    ({"rate_per_s": 10.0}, []),  # as by default
    ({"sender": "2200"}, ["sender"]),
    ({"gateway": "other"}, ["gateway"]),
    ({"password": "other"}, [SECRETS, "password"]),
    ({"headers": {"a": "b"}}, ["headers"]),
    ({"headers": {"a": SecretStr("b")}}, [SECRETS, "headers"]),
    ({"codes": ["a", "b", "c"]}, ["codes"]),
    ({"account": {"user": "x"}}, [SECRETS]),
    ({"account": {"word": "x"}}, [SECRETS]),
    ({"sender": "2200", "fallback": "other"}, ["fallback", "sender"]),
]


@pytest.mark.parametrize(("changed", "names"), CHANGES)
def test_a_fingerprint_tells_which_keys_differ(changed: dict[str, Any], names: list[str]) -> None:
    found = differing(fingerprint(wide(), KEY), fingerprint(wide(**changed), KEY))
    assert found == names


def test_two_passwords_differ_in_the_credentials_only() -> None:
    one, two = (fingerprint(wide(password=word), KEY) for word in ("one", "two"))
    assert differing(one, two) == [SECRETS]
    assert len(json.loads(one)[SECRETS]) == 4


def test_a_fingerprint_shows_nothing_and_means_nothing_under_another_key() -> None:
    config = wide(sender="KUTAISI", password="hunter2", codes=["b", "a"])
    written = fingerprint(config, KEY)
    assert not any(word in written for word in ("KUTAISI", "hunter2"))
    assert fingerprint(config, KEY) == written
    assert len(differing(written, fingerprint(config, b"x" * 32))) == len(json.loads(written))


@dataclass
class Machine:
    """Time as every process of a test has it."""

    store: Store
    seconds: float = 0.0
    processes: list[Process] = field(default_factory=list)

    def start(self, owner: str, **config: Any) -> Process:
        made = Process(self, owner, wide(**config))
        self.processes.append(made)
        return made

    def pass_by(self, seconds: float) -> None:
        """Every process that lives has its turn each second."""
        for _ in range(round(seconds)):
            self.seconds += 1.0
            for process in self.processes:
                process.turn()
            assert sum(process.leads for process in self.processes) <= 1


class Process:
    def __init__(self, machine: Machine, owner: str, config: ChannelConfig) -> None:
        self.machine, self.owner, self.leads = machine, owner, False
        quiet = QuietHours.of(Settings())

        def steady() -> float:
            return machine.seconds

        accord = Accord("main", owner, config, monotonic=steady)
        self.claims = Claims(machine.store, "main", owner, quiet, monotonic=steady, accord=accord)

    def turn(self, *, leaving: bool = False) -> bool:
        now_ms = NOON + round(self.machine.seconds * 1_000)
        turn = Turn((), (), 0, 0, None, leaving=leaving)
        outcome = self.machine.store.write(lambda c: self.claims.work(c, turn, lambda: now_ms))
        self.claims.note(outcome, self.machine.seconds)
        self.leads = outcome.held
        return self.leads

    def end(self) -> None:
        self.turn(leaving=True)
        self.machine.processes.remove(self)
        self.leads = False

    def die(self) -> None:
        self.machine.processes.remove(self)
        self.leads = False


def test_who_has_other_settings_than_the_lease_holder_does_not_deliver(
    store: Store, logged: list[dict[str, Any]]
) -> None:
    machine = Machine(store)
    first, second = machine.start("far/1/a"), machine.start("far/2/b", rate_per_s=99, sender="2200")
    machine.pass_by(120)
    assert (first.leads, second.leads) == (True, False)
    assert [(entry["log_level"], entry["channel"]) for entry in logged] == [("warning", "main")]
    assert "(`rate_per_s`, `sender`)" in logged[0]["reason"]
    first.end()
    second.turn()
    assert [entry["log_level"] for entry in logged] == ["warning", "info"]


def test_it_delivers_at_once_when_the_other_has_ended(store: Store) -> None:
    machine = Machine(store)
    first, second = machine.start("far/1/a"), machine.start("far/2/b", rate_per_s=99)
    machine.pass_by(5)
    first.end()
    assert second.turn()


def test_it_delivers_within_the_time_of_a_lease_when_the_other_has_died(store: Store) -> None:
    machine = Machine(store)
    first, second = machine.start("far/1/a"), machine.start("far/2/b", rate_per_s=99)
    machine.pass_by(5)
    first.die()
    machine.pass_by(TERM_MS / 1_000 + 1)
    assert not second.leads  # as far as it knows the other may only be slow
    machine.pass_by(GONE_S + TOLD_S - TERM_MS / 1_000 - 5)
    assert second.leads
    assert GONE_S < 30


def test_of_those_who_are_left_the_one_that_came_first_delivers(store: Store) -> None:
    machine = Machine(store)
    first, second, third = machine.start("far/1/a"), machine.start("far/2/b", rate_per_s=99), machine.start("far/3/c")
    machine.pass_by(5)
    first.end()
    machine.pass_by(60)
    assert (second.leads, third.leads) == (True, False)


def test_who_came_first_delivers_when_one_that_never_said_its_settings_is_gone(store: Store) -> None:
    machine = Machine(store)
    one = machine.start("far/1/a")
    two = machine.start("far/2/b", rate_per_s=99)
    store.write(lambda c: sql.run(c, "INSERT INTO lease (name, owner, fence, until_ms) VALUES"
                                     " ('channel:main', 'far/9/z', 7, ?)", (NOON + TERM_MS,)))  # fmt: skip
    machine.pass_by(TERM_MS / 1_000 + 2)
    assert (one.leads, two.leads) == (True, False)


def test_all_with_the_same_settings_take_over_from_each_other_as_ever(store: Store) -> None:
    machine = Machine(store)
    first, second = machine.start("far/1/a"), machine.start("far/2/b")
    machine.pass_by(5)
    first.die()
    machine.pass_by(TERM_MS / 1_000 + 1)
    assert second.leads


def test_a_process_of_this_machine_that_has_died_keeps_nobody_waiting(store: Store) -> None:
    machine = Machine(store)
    dead = identity().split("/")
    first = machine.start(f"{dead[0]}/{2**22 + 1}/x")  # above the highest id that Linux gives
    assert first.turn()
    first.die()
    second = machine.start(identity(), rate_per_s=99)
    assert second.turn()
    found = store.read(lambda c: channel_settings.reports(c, "main"))
    assert [each.owner for each in found] == [second.owner]


def test_what_a_frozen_process_said_is_said_again_when_it_goes_on(store: Store) -> None:
    machine = Machine(store)
    first, second = machine.start("far/1/a"), machine.start("far/2/b")
    machine.pass_by(3)
    machine.processes.remove(first)
    machine.pass_by(GONE_S * 2)
    assert second.leads
    machine.processes.append(first)
    machine.pass_by(TOLD_S)
    assert not first.leads
    found = store.read(lambda c: channel_settings.reports(c, "main"))
    assert {each.owner for each in found} == {"far/1/a", "far/2/b"}
