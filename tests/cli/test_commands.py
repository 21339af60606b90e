import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from smsbot import __version__
from smsbot.cli import records
from smsbot.gateways import registry
from smsbot.settings import Settings
from smsbot.store.staff import Role

HEADER = "number,topics,place,language,consented_on,collector,form,evidence\n"


class Terminal:
    """Runs commands as a person does, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        root = str(Path(__file__).parents[2])
        self.environ = {key: value for key, value in os.environ.items() if not key.startswith("SMSBOT_")}
        self.environ |= {"PYTHONPATH": root, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", "COLUMNS": "200"}

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "smsbot", *words],
            cwd=self.folder,
            env=self.environ | variables,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def sentence(result: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a failure."""
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    (line,) = result.stderr.splitlines()
    assert line.endswith(".")
    return line


COMMANDS = [
    [],
    ["serve"],
    ["say"],
    ["init"],
    ["import"],
    ["export"],
    ["db"],
    ["db", "upgrade"],
    ["staff", "add"],
    ["explain"],
    ["flow", "check"],
    ["flow", "play"],
    ["flow", "draw"],
    ["audit", "verify"],
    ["channel", "check"],
    ["verify"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(terminal: Terminal, command: list[str]) -> None:
    result = terminal.run(*command, "--help")
    assert result.returncode == 0
    assert "Usage: smsbot" in result.stdout
    if command not in ([], ["db"]):
        assert "--config" in result.stdout


def test_help_loads_no_database_library(terminal: Terminal) -> None:
    result = terminal.run("--help", PYTHONPROFILEIMPORTTIME="1")
    loaded = set(re.findall(r"\|\s+([\w.]+)$", result.stderr, re.MULTILINE))
    assert not loaded & {"sqlalchemy", "sqlmodel", "pydantic", "transitions", "starlette", "phonenumbers", "babel"}


@pytest.mark.parametrize(
    "words",
    [["fly"], ["serve", "--role", "king"], ["serve", "--port", "x"], ["import"], ["export", "money"],
     ["staff", "add", "Gia", "--role", "king"], ["export", "topics", "--format", "xml"], ["staff", "add", "Nino"],
     ["--fly"]],
)  # fmt: skip
def test_wrong_usage_ends_with_2(terminal: Terminal, words: list[str]) -> None:
    result = terminal.run(*words)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "Value error" not in result.stderr


def test_the_version(terminal: Terminal) -> None:
    assert terminal.run("--version").stdout == f"smsbot {__version__}\n"


@pytest.mark.parametrize(
    "variables, told",
    [
        ({"SMSBOT_CONFIG": "nowhere.toml"}, "nowhere.toml"),
        ({"SMSBOT_SERVICE__TIMEZONE": "Mars/Base"}, "service.timezone"),
        ({"SMSBOT_DATABASE__URL": "postgresql://nobody@127.0.0.1:1/x"}, "database"),
    ],
)
def test_a_failure_is_one_sentence(terminal: Terminal, variables: dict[str, str], told: str) -> None:
    assert told in sentence(terminal.run("audit", "verify", **variables))


def test_init_writes_a_file_that_serves_and_never_overwrites(terminal: Terminal) -> None:
    assert terminal.run("init").returncode == 0
    written = terminal.folder / "smsbot.toml"
    settings = Settings.model_validate(tomllib.loads(written.read_text(encoding="utf-8")))
    assert settings == Settings()
    assert "exists already" in sentence(terminal.run("init"))
    assert terminal.run("db", "upgrade").returncode == 0


def test_every_setting_of_the_written_file_can_be_uncommented(terminal: Terminal) -> None:
    terminal.run("init", "--config", "all.toml")
    text = (terminal.folder / "all.toml").read_text(encoding="utf-8")
    values = tomllib.loads(re.sub(r"^#(?=[a-z\[])", "", text, flags=re.MULTILINE))
    settings = Settings.model_validate(values)
    for section in ("service", "database", "staff", "sending"):
        assert set(values[section]) == set(type(getattr(settings, section)).model_fields)
    assert {channel["gateway"] for channel in settings.channels.values()} == {
        "simulator",
        "twilio",
        "kannel",
        "smpp",
        "http",
        "smsgate",
        "gammu",
        "infobip",
        "vonage",
        "sinch",
        "telnyx",
        "plivo",
        "africastalking",
        "messagebird",
        "jasmin",
        "ubill",
        "smsoffice",
        "sender_ge",
        "gosms",
        "msg_ge",
        "magti",
    }


def test_a_staff_key_is_all_that_is_printed(terminal: Terminal) -> None:
    result = terminal.run("staff", "add", "Nino", "--role", "author")
    assert result.returncode == 0
    assert re.fullmatch(r"smsbot_[0-9a-f]+_[0-9a-f]+\n", result.stdout)
    assert "Nino" in sentence(terminal.run("staff", "add", "Nino", "--role", "author"))


def test_forms_come_in_and_go_out_again(terminal: Terminal) -> None:
    sheet = terminal.folder / "forms.csv"
    good = "+995555000001,budget,,ka,{day},N. Beridze,v2,=scan-7\n"
    from datetime import date

    body = HEADER + good.format(day=date.today().isoformat()) + "x,,,,,,,\n"
    sheet.write_text(body, encoding="utf-8-sig")
    fresh = terminal.run("import", "forms.csv", "--dry-run")
    assert "2 rows: 1 would be taken, 1 would be refused" in fresh.stdout
    assert json.loads(terminal.run("export", "topics", "--format", "json").stdout) == []
    terminal.run("import", "forms.csv", "--no-welcome")
    dry = terminal.run("import", "forms.csv", "--dry-run")
    assert dry.returncode == 0
    assert "line 3, number: " in dry.stdout
    assert "2 rows: 0 would be taken, 1 would be refused, 1 taken before" in dry.stdout
    subscribers = terminal.run("export", "subscribers").stdout.splitlines()
    assert subscribers[1].startswith("+995555000001,active,ka,,budget,")
    consents = json.loads(terminal.run("export", "consents", "--format", "json").stdout)
    assert [(entry["action"], entry["evidence"]) for entry in consents] == [
        ("join", "=scan-7"),
        ("subscribe", "=scan-7"),
    ]
    assert "'=scan-7" in terminal.run("export", "consents").stdout
    verified = terminal.run("audit", "verify")
    assert verified.returncode == 0
    assert "2 entries" in verified.stdout
    assert terminal.run("audit", "verify", "--noted", consents[0]["hash"]).returncode == 0
    assert "rewritten" in sentence(terminal.run("audit", "verify", "--noted", "0" * 64))


def test_a_welcome_is_queued_unless_nobody_is_to_be_texted(terminal: Terminal) -> None:
    from datetime import date

    row = f"+995555000001,budget,,ka,{date.today().isoformat()},N. Beridze,v2,scan-7\n"
    (terminal.folder / "forms.csv").write_text(HEADER + row, encoding="utf-8")
    assert "1 welcomes are queued" in terminal.run("import", "forms.csv").stdout
    (broadcast,) = json.loads(terminal.run("export", "broadcasts", "--format", "json").stdout)
    assert (broadcast["kind"], broadcast["recipients"]) == ("welcome", 1)


def test_a_broken_ledger_ends_with_1_and_names_the_entry(terminal: Terminal) -> None:
    from datetime import date

    from smsbot.store.database import Store

    row = f"+995555000001,budget,,ka,{date.today().isoformat()},N. Beridze,v2,scan-7\n"
    (terminal.folder / "forms.csv").write_text(HEADER + row, encoding="utf-8")
    terminal.run("import", "forms.csv")
    store = Store(f"sqlite:///{terminal.folder}/var/smsbot.db")
    store.write(lambda c: c.exec_driver_sql("DROP TRIGGER ledger_keeps_words"))
    store.write(lambda c: c.exec_driver_sql("UPDATE ledger SET action = 'stop' WHERE id = 2"))
    store.close()
    assert "Entry 2 " in sentence(terminal.run("audit", "verify"))


def test_a_database_is_verified_and_what_was_lost_is_told(terminal: Terminal) -> None:
    terminal.run("say", "+995555000001", "JOIN")
    verified = terminal.run("verify")
    assert verified.returncode == 0
    assert "Everything agrees: 1 people, 1 texts received, 1 messages, 0 broadcasts, 1 entries" in verified.stdout
    taken = terminal.folder / "taken.tsv"
    taken.write_text("main\tSM-7\n", encoding="utf-8")
    lost = terminal.run("verify", "--acknowledged", str(taken))
    assert lost.stdout == "a text was acknowledged and is not stored: 1, for example main SM-7\n"
    assert "1 rules do not hold" in sentence(lost)
    taken.write_text("SM-7\n", encoding="utf-8")
    assert "Line 1" in sentence(terminal.run("verify", "--acknowledged", str(taken)))


@pytest.mark.parametrize(
    "body, told",
    [(b"a,b\n", "must name the columns"), (HEADER.encode() + b"\xff\n", "UTF-8"), (None, "cannot be read")],
)
def test_a_sheet_that_cannot_be_read_is_told_in_one_sentence(terminal: Terminal, body: bytes | None, told: str) -> None:
    if body is not None:
        (terminal.folder / "forms.csv").write_bytes(body)
    assert told in sentence(terminal.run("import", "forms.csv"))


def test_flows_are_checked_played_and_drawn(terminal: Terminal) -> None:
    checked = terminal.run("flow", "check")
    assert checked.returncode == 0, checked.stdout
    assert terminal.run("flow", "draw", "subscribe").stdout.startswith("stateDiagram-v2")
    assert "subscribe" in sentence(terminal.run("flow", "draw", "nothing"))
    talk = terminal.folder / "talk.txt"
    talk.write_text("> JOIN\n< …\n= active\n", encoding="utf-8")
    played = terminal.run("flow", "play", "talk.txt")
    assert played.returncode == 0
    assert played.stdout.startswith("> JOIN\n< ")
    talk.write_text("> JOIN\n< No.\n", encoding="utf-8")
    wrong = terminal.run("flow", "play", "talk.txt")
    assert wrong.returncode == 1
    assert "talk.txt:2" in wrong.stderr
    assert "No such file" in sentence(terminal.run("flow", "play", "gone.txt"))
    talk.write_bytes(b"> JOIN\n\xff")
    assert "UTF-8" in sentence(terminal.run("flow", "play", "talk.txt"))


def test_a_language_that_there_are_no_words_in_is_named(terminal: Terminal) -> None:
    (terminal.folder / "smsbot.toml").write_text('[service]\nlanguages = ["ka", "as"]\n', encoding="utf-8")
    told = sentence(terminal.run("say", "+995555000001", "JOIN"))
    assert "`service.languages`" in told
    assert "az, en, hy, ka, ru" in told


@pytest.mark.parametrize("command", [["db", "upgrade"], ["export", "topics"], ["audit", "verify"], ["serve"]])
def test_an_unknown_key_of_a_channel_is_named_by_every_command(terminal: Terminal, command: list[str]) -> None:
    channel = '[channels.main]\ngateway = "twilio"\nauth_tokne = "x"\n'  # what is missing may come as a variable
    (terminal.folder / "smsbot.toml").write_text(channel, encoding="utf-8")
    assert "`channels.main.auth_tokne`" in sentence(terminal.run(*command))


def test_a_municipality_s_folder_is_checked(terminal: Terminal) -> None:
    flows = terminal.folder / "content" / "flows"
    flows.mkdir(parents=True)
    (flows / "subscribe.yaml").write_text("flow: subscribe\n", encoding="utf-8")
    result = terminal.run("flow", "check", "content")
    assert result.returncode == 1
    assert "subscribe.yaml" in result.stdout + result.stderr
    assert "no such folder" in sentence(terminal.run("flow", "check", "nowhere"))


def overlaid(terminal: Terminal, **files: str) -> list[str]:
    """What `flow check` says of a folder with these files in locales/ka."""
    for name, body in files.items():
        file = (
            terminal.folder / "content" / "locales" / "ka" / {"po": "LC_MESSAGES/smsbot.po"}.get(name, "keywords.yaml")
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body, encoding="utf-8")
    return terminal.run("flow", "check", "content").stdout.splitlines()


def test_a_word_that_asks_for_two_things_is_found(terminal: Terminal) -> None:
    (fault, *_) = overlaid(terminal, keywords="words:\n  help: [biujeti]\n")
    assert "biujeti" in fault
    assert "keywords.yaml" in fault


def test_one_sentence_of_its_own_leaves_the_built_in_catalogue_as_it_is(terminal: Terminal) -> None:
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"X-Smsbot-Complete: yes\\n"\n'
    faults = overlaid(terminal, po=head)
    assert faults == ["11 flows and 5 catalogues are in order."]


def test_a_conversation_is_played_in_its_own_places(terminal: Terminal) -> None:
    talk = terminal.folder / "talk.txt"
    talk.write_text(
        "place: nikea | ka ნიკეა | en Nikea\n> JOIN\n< …\n> AREA nikea\n< …\n= place nikea\n", encoding="utf-8"
    )
    played = terminal.run("flow", "play", "talk.txt")
    assert played.returncode == 0, played.stderr


def test_nobody_plays_a_number_that_is_none(terminal: Terminal) -> None:
    assert "phone number" in sentence(terminal.run("say", "nobody", "JOIN"))
    assert json.loads(terminal.run("export", "inbox", "--format", "json").stdout) == []


def test_the_command_line_knows_every_role() -> None:
    assert tuple(Role) == records.ROLES


def test_every_channel_of_the_written_file_builds_a_gateway_when_uncommented(terminal: Terminal) -> None:
    terminal.run("init", "--config", "all.toml")
    text = (terminal.folder / "all.toml").read_text(encoding="utf-8")
    values = tomllib.loads(re.sub(r"^#(?=[a-z\[])", "", text, flags=re.MULTILINE))
    built = [
        registry.channel(name, table).config.gateway
        for name, table in values["channels"].items()
        if table["gateway"] in registry.known()
    ]
    assert sorted(built) == registry.known()


@pytest.mark.parametrize(
    "tables, told",
    [
        ("[[topics]]\ncode = 'a'\nnumber = 1\nnames = {en = 'A'}\n" * 2, "code `a` is given twice"),
        (
            "[[topics]]\ncode = 'a'\nnumber = 1\nnames = {en = 'A'}\n"
            "[[topics]]\ncode = 'b'\nnumber = 1\nnames = {en = 'B'}\n",
            "number `1` is given twice",
        ),
        ("[[places]]\ncode = 'a'\nnames = {en = 'A'}\n" * 2, "code `a` is given twice"),
        ("[channels.phone]\ngateway = 'simulator'\nrate_per_s = 0\n", "channels.phone.rate_per_s"),
    ],
)
def test_what_could_not_work_is_told_before_anything_starts(terminal: Terminal, tables: str, told: str) -> None:
    (terminal.folder / "smsbot.toml").write_text(tables, encoding="utf-8")
    assert told in sentence(terminal.run("say", "+995555000001", "HELP"))
