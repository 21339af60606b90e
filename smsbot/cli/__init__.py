"""The command line. Modules of commands import what they need inside the commands, so that `--help` is instant."""

from __future__ import annotations

import gc
import secrets
import sys

from smsbot.errors import SmsbotError

FAILED = 1
GARBAGE = 50_000  # objects between two collections


def main() -> None:
    """Run the command of `sys.argv`, and end the process: 0 done, 1 a failure told in one sentence, 2 wrong usage."""
    gc.set_threshold(GARBAGE)  # a start makes many objects and no garbage
    from smsbot.cli.app import app  # noqa: PLC0415  # after the interpreter is up, for `python -m smsbot` as well

    try:
        app(prog_name="smsbot")
    except SmsbotError as error:
        _fail(str(error))
    except BrokenPipeError:
        sys.stderr.close()  # the reader, `head` for one, has seen enough
        sys.exit(FAILED)
    except Exception as error:  # the last net: people get a sentence and the log the rest
        import structlog  # noqa: PLC0415

        from smsbot import logs  # noqa: PLC0415

        reference = secrets.token_hex(4)
        logs.configure()
        structlog.get_logger("smsbot.cli").error("a command failed", reference=reference, exc_info=error)
        _fail(f"Something unexpected happened ({type(error).__name__}); the log line with {reference} tells more.")


def _fail(sentence: str) -> None:
    sys.stderr.write(f"{sentence if sentence.endswith('.') else sentence + '.'}\n")
    sys.exit(FAILED)
