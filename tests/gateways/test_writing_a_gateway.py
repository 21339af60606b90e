"""The package that the guide builds: taken from the page, installed with its entry point, tried by its own tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from smsbot.testing.fake_gateway import Answer, FakeGateway

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "writing-a-gateway.md"
FILE = re.compile(r"^\*\*`([\w.]+)`\*\*\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(*words: str, folder: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """Another Python in *folder*, which finds smsbot and what is installed in *path*."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SMSBOT_")}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=kept | {"PYTHONPATH": f"{path}{os.pathsep}{ROOT}"},
        capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package; installed below it in `site`."""
    folder = tmp_path_factory.mktemp("package")
    files = dict(FILE.findall(PAGE.read_text(encoding="utf-8")))
    assert sorted(files) == ["pyproject.toml", "smsbot_pigeon.py", "test_pigeon.py"]
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps")
    done = run(*pip, "--no-build-isolation", "--target", "site", ".", folder=folder, path=folder / "site")
    assert done.returncode == 0, done.stderr
    (folder / "smsbot_pigeon.py").unlink()  # only what is installed counts
    return folder


def test_the_kit_of_the_page_passes_on_the_installed_package(package: Path) -> None:
    done = run("-m", "pytest", "-q", "-W", "error", "test_pigeon.py", folder=package, path=package / "site")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "11 passed" in done.stdout


def test_the_kit_of_the_page_fails_when_the_package_is_wrong(package: Path) -> None:
    """The one who copies it and forgets the signature is told."""
    test = package / "test_unsigned.py"
    text = (package / "test_pigeon.py").read_text(encoding="utf-8")
    test.write_text(text.replace("    sign=sign,\n", ""), encoding="utf-8")
    done = run("-m", "pytest", "-q", "-k", "forged", test.name, folder=package, path=package / "site")
    assert done.returncode == 1
    assert "needs `sign`" in done.stdout


def test_the_page_is_typed_as_strictly_as_smsbot_itself(package: Path) -> None:
    module = package / "site" / "smsbot_pigeon.py"
    done = run("-m", "mypy", "--strict", str(module), folder=ROOT, path=package / "site")
    assert done.returncode == 0, done.stdout


def test_a_channel_of_the_settings_may_name_the_new_gateway(package: Path) -> None:
    with FakeGateway() as provider:
        provider.always = Answer(200, b'{"amount": "12.50", "currency": "GEL"}')
        (package / "smsbot.toml").write_text(
            '[service]\npublic_url = "https://sms.example.ge"\n[database]\nurl = "sqlite:///pigeon.db"\n'
            f'[channels.main]\ngateway = "pigeon"\nsender = "2200"\nbase_url = "{provider.url}"\n'
            'api_key = "k"\nsigning_key = "s"\n',
            encoding="utf-8",
        )
        told = run(
            "-m", "smsbot", "channel", "check", "main", "--wait", "0", folder=package, path=package / "site"
        )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "gateway pigeon" in told.stdout
    assert "12.5 GEL" in told.stdout
