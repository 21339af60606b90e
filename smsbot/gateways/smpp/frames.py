"""Where one PDU ends and the next begins in a stream of octets."""

from __future__ import annotations

from smsbot.gateways.smpp.codec import HEADER, LONGEST, BadPdu
from smsbot.gateways.smpp.codes import INVALID_COMMAND_LENGTH


class Frames:
    """Holds at most one incomplete PDU: never more than `LONGEST` octets between two calls.

    *error*: a length that cannot be was told. Whatever follows it cannot be read, so the connection has to end.
    """

    def __init__(self) -> None:
        self.error: BadPdu | None = None
        self._kept = bytearray()

    def feed(self, octets: bytes) -> list[bytes]:
        """The PDUs that are whole now, each with its header. Never raises; nothing comes any more after *error*."""
        frames: list[bytes] = []
        if self.error is not None:
            return frames
        kept = self._kept
        kept += octets
        start, end = 0, len(kept)
        while end - start >= 4:
            length = int.from_bytes(kept[start : start + 4], "big")
            if not HEADER <= length <= LONGEST:
                self.error = BadPdu("A PDU tells a length that no PDU has.", INVALID_COMMAND_LENGTH)
                start = end
                break
            if end - start < length:
                break
            frames.append(bytes(kept[start : start + length]))
            start += length
        del kept[:start]
        return frames
