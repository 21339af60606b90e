"""Every error the product raises on purpose, drawn once.

Each carries a sentence for the person who can act on it. Secrets, whole numbers and message texts never enter one.
"""

from __future__ import annotations

from smsbot.text.storable import storable


class SmsbotError(Exception):
    """What happened and what to do about it, in one sentence."""


class SettingsError(SmsbotError):
    """The configuration is wrong; the sentence names the key and what is allowed."""


class ContentError(SmsbotError):
    """A flow, a keyword file or a catalogue is wrong."""

    def __init__(self, message: str, *, file: str, line: int | None = None) -> None:
        self.file = file
        self.line = line
        where = file if line is None else f"{file}:{line}"
        super().__init__(f"{where}: {message}")


class PhoneError(SmsbotError):
    """A text is no phone number. *code* is one of `empty`, `letters`, `short`, `invalid`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"not a phone number ({code})")


class StoreError(SmsbotError):
    """The database cannot be used as it is: unreachable, behind or ahead of this version."""


class StoreUnavailable(StoreError):
    """The database did not answer; the same request may work later."""


class StoreFull(StoreUnavailable):
    """The database has no room; the same request works once somebody has made some."""


class StaffError(SmsbotError):
    """A staff request cannot be carried out; the sentence is for a press officer."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        self.field = field
        super().__init__(message)


class NotAllowed(StaffError):
    """The role does not cover it (403)."""


class Conflict(StaffError):
    """The state of things does not allow it now (409)."""


class Missing(StaffError):
    """There is no such thing (404)."""


class Invalid(StaffError):
    """A field does not hold what it must (422)."""


class HookRejected(SmsbotError):
    """A webhook without the right signature or token (403, no detail)."""


class HookMalformed(SmsbotError):
    """A webhook that cannot be read or lacks a field (400)."""


CODE_MOST = 100  # characters of a provider's code; the documented ones are far shorter


class GatewayError(SmsbotError):
    """Base of what a gateway can answer besides yes.

    *code* is the provider's own code as text, cut to 100 characters, since some write a page there; *sentence* tells
    staff what it means. What no database keeps (NUL, half a letter) is left out of both.
    """

    def __init__(self, code: str, sentence: str) -> None:
        code, sentence = storable(code), storable(sentence)
        self.code = code if len(code) <= CODE_MOST else code[: CODE_MOST - 1] + "…"
        self.sentence = sentence
        super().__init__(f"{sentence} ({self.code})" if code else sentence)


class Misconfigured(GatewayError):
    """Wrong credentials or sender: nothing will work until somebody acts; pause the channel."""


class Refused(GatewayError):
    """This message will never be accepted.

    *opted_out*: the person told the gateway to stop. *unreachable*: there is no such phone. *blocked*: a stop-list of
    the gateway or the operator that is not ours; no withdrawal of consent, and only they can lift it.
    """

    def __init__(
        self, code: str, sentence: str, *, opted_out: bool = False, unreachable: bool = False, blocked: bool = False
    ) -> None:
        self.opted_out = opted_out
        self.unreachable = unreachable
        self.blocked = blocked
        super().__init__(code, sentence)


class Throttled(GatewayError):
    """Too fast. *retry_after_s* is the provider's wish, or None."""

    def __init__(self, code: str, sentence: str, *, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(code, sentence)


class Withdrawn(GatewayError):
    """Nothing has left, and nobody may want it to any more: the person has to be looked at again (`Message.wanted`)."""

    def __init__(self) -> None:
        super().__init__("withdrawn", "The message was held back at the last moment.")


class Unavailable(GatewayError):
    """Surely not accepted; try again later."""


class Unsendable(GatewayError):
    """Surely not handed over: the gateway's own code failed over this message, in the way that `__cause__` says."""

    def __init__(self) -> None:
        super().__init__("unsendable", "The gateway's code failed over this message before anything left.")


class Uncertain(GatewayError):
    """May have been accepted: the answer never came."""
