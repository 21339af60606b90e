"""The commands as an administrator types them: what is wrong is told in one sentence that names the key."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from smsbot.store.database import Store
from smsbot.testing.databases import Postgres
from tests.e2e.product import Product, run, run_all, sentence

TWILIO = '[channels.main]\ngateway = "twilio"\nsender = "+995322000000"\naccount_sid = "AC0"\nauth_token = "x"\n'

WRONG = [
    ("unknown-section", "[sevrice]\n", {}, "`sevrice`"),
    ("unknown-key", "[sending]\nquiet_form = '20:00'\n", {}, "`sending.quiet_form`"),
    ("bad-time", "[sending]\nquiet_from = 'evening'\n", {}, "`sending.quiet_from`"),
    ("bad-number", "[sending]\napprovals = 2\n", {}, "`sending.approvals`"),
    ("bad-zone", "[service]\ntimezone = 'Mars/Base'\n", {}, "`service.timezone`"),
    ("bad-address", "[service]\npublic_url = 'sms.example.ge'\n", {}, "`service.public_url`"),
    ("bad-database", "[database]\nurl = 'mysql://localhost/x'\n", {}, "`database.url`"),
    ("bad-topic", "[[topics]]\ncode = 'Budget!'\nnumber = 1\nnames = {en = 'B'}\n", {}, "`topics.0.code`"),
    ("no-languages", "[service]\nlanguages = []\n", {}, "`service.languages`"),
    ("unknown-gateway", "[channels.main]\ngateway = 'pigeon'\n", {}, "`channels.main.gateway`"),
    ("no-gateway", "[channels.main]\nsender = '2020'\n", {}, "`channels.main.gateway`"),
    ("unknown-key-of-a-channel", TWILIO + "colour = 'red'\n", {}, "`channels.main.colour`"),
    ("missing-key-of-a-channel", TWILIO.replace("auth_token", "#"), {}, "`channels.main.auth_token`"),
    ("bad-rate", TWILIO + "rate_per_s = 0\n", {}, "`channels.main.rate_per_s`"),
    ("no-webhook-token", "[channels.box]\ngateway = 'kannel'\n", {}, "`channels.box.webhook_token`"),
    ("nothing-sends", TWILIO + "outbound = false\n", {}, "`outbound = true`"),
    ("no-toml", "[service\n", {}, "smsbot.toml"),
    ("unknown-variable", "", {"SMSBOT_SENDING__QUIET_FORM": "20:00"}, "`sending.quiet_form`"),
    ("bad-variable", "", {"SMSBOT_SENDING__MAX_PARTS": "many"}, "`sending.max_parts`"),
    ("variable-below-a-value", "[service]\nregion = 'GE'\n", {"SMSBOT_SERVICE__REGION__X": "1"}, "`region`"),
    ("variable-of-a-channel", TWILIO, {"SMSBOT_CHANNELS__MAIN__GATEWAY": "pigeon"}, "`channels.main.gateway`"),
    ("no-such-database", "[database]\nurl = 'postgresql://nobody@127.0.0.1:1/x'\n", {}, "database"),
    ("database-in-a-file", "[database]\nurl = 'sqlite:///smsbot.toml/x.db'\n", {}, "smsbot.toml"),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, subprocess.CompletedProcess[str]]:
    """What `serve` did with each of them."""
    commands = []
    for name, text, variables, _ in WRONG:
        folder = tmp_path_factory.mktemp(name)
        (folder / "smsbot.toml").write_text(text, encoding="utf-8")
        commands.append((["serve", "--port", "0"], folder, variables))
    return dict(zip((case[0] for case in WRONG), run_all(*commands), strict=True))


@pytest.mark.parametrize("name, told", [(case[0], case[3]) for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_setting_ends_the_start_with_a_sentence(
    results: dict[str, subprocess.CompletedProcess[str]], name: str, told: str
) -> None:
    assert told in sentence(results[name])
    assert results[name].stdout == ""


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    by_option, by_variable = run_all(
        (["serve", "--config", "nowhere.toml"], tmp_path, {}),
        (["serve"], tmp_path, {"SMSBOT_CONFIG": "elsewhere.toml"}),
    )
    assert "nowhere.toml" in sentence(by_option)
    assert "elsewhere.toml" in sentence(by_variable)


def test_a_secret_in_the_settings_is_never_repeated(tmp_path: Path) -> None:
    (tmp_path / "smsbot.toml").write_text(TWILIO.replace('"x"', '["hidden-word"]'), encoding="utf-8")
    told = sentence(run("serve", "--port", "0", folder=tmp_path))
    assert "`channels.main.auth_token" in told
    assert "hidden-word" not in told


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        told = sentence(run("serve", "--port", str(port), folder=tmp_path))
    assert str(port) in told
    assert "--port" in told


def test_roles_apart_need_postgresql(tmp_path: Path) -> None:
    for result in run_all(*((["serve", "--role", role], tmp_path, {}) for role in ("web", "work"))):
        assert "PostgreSQL" in sentence(result)
    assert not (tmp_path / "var").exists()


def test_a_database_of_another_version_is_left_alone(database_url: str, tmp_path: Path) -> None:
    def becomes(version: str) -> None:
        store = Store(database_url)
        store.write(lambda c: c.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'"))
        store.close()

    (tmp_path / "smsbot.toml").write_text(f'[database]\nurl = "{database_url}"\n', encoding="utf-8")
    becomes("from_the_future")
    commands = (["serve", "--port", "0"], ["db", "upgrade"], ["say", "+995555000001", "JOIN"], ["audit", "verify"])
    for result in run_all(*((command, tmp_path, {}) for command in commands)):
        assert "newer version" in sentence(result)


def test_postgresql_is_upgraded_by_hand(postgres_server: Postgres, tmp_path: Path) -> None:
    url = postgres_server.fresh()
    store = Store(url)
    store.write(lambda c: c.exec_driver_sql("DROP SCHEMA public CASCADE"))
    store.write(lambda c: c.exec_driver_sql("CREATE SCHEMA public"))
    store.close()
    (tmp_path / "smsbot.toml").write_text(f'[database]\nurl = "{url}"\n', encoding="utf-8")
    commands = (["serve", "--port", "0"], ["db", "upgrade"], ["db", "upgrade"], ["say", "+995555000001", "JOIN"])
    early, *upgraded, said = run_all(*((command, tmp_path, {}) for command in commands))
    assert "smsbot db upgrade" in sentence(early)
    assert [(done.returncode, done.stderr) for done in upgraded] == [(0, "")] * 2
    (menu,) = said.stdout.splitlines()
    assert "1 Budget" in menu
    postgres_server.drop(url)


def test_the_written_file_serves(tmp_path: Path) -> None:
    assert run("init", folder=tmp_path).returncode == 0
    commands = (["say", "0555000001", "join"], ["say", "+995555000001", "1", "3"], ["export", "subscribers"])
    menu, chosen, exported = run_all(*((command, tmp_path, {}) for command in commands))
    assert "1 Budget" in menu.stdout
    assert "Subscribed: Budget, Planning" in chosen.stdout
    assert re.search(r"\+995555000001,active,en,.*budget;planning", exported.stdout), exported


def test_a_content_folder_that_is_not_there_is_told_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "smsbot.toml").write_text('[service]\ncontent = "nowhere"\n', encoding="utf-8")
    (said,) = run_all((["say", "+995555000004", "JOIN"], tmp_path, {}))
    assert "1 Budget" in said.stdout
    (line,) = said.stderr.splitlines()
    assert '"nowhere"' in line
    assert "service.content" in line


def test_commands_beside_a_running_process_work_at_once(tmp_path: Path) -> None:
    with Product(tmp_path) as product:
        config = ["--config", str(product.config)]
        commands = (["staff", "add", "Nino", "--role", "viewer", *config], ["say", "+995555000003", "JOIN", *config])
        made, said = run_all(*((command, tmp_path, {}) for command in commands))
        assert (made.returncode, made.stderr) == (0, "")
        (key,) = made.stdout.splitlines()
        assert product.api("GET", "/api/broadcasts", key=key)["items"] == []
        product.api("POST", "/api/broadcasts", {"text": "x", "everyone": True}, key=key, status=403)
        product.api("GET", "/api/broadcasts", key=key + "0", status=401)
        assert key not in product.logged()
        (reply,) = said.stdout.splitlines()
        assert product.phone("+995555000003") == []  # a terminal is no phone of the simulator
        assert [(m["text"], m["status"]) for m in product.messages("+995555000003")] == [(reply, "delivered")]
        product.stop(signal.SIGINT)
