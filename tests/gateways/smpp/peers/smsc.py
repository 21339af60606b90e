"""An SMSC of the Python package `smpp.twisted3`, with the same commands and words as `smsc.js`."""

from __future__ import annotations

import itertools
import json
import sys

from smpp.pdu.operations import DeliverSM
from smpp.pdu.pdu_types import (
    CommandId,
    CommandStatus,
    DataCoding,
    DataCodingDefault,
    EsmClass,
    EsmClassGsmFeatures,
    EsmClassMode,
    EsmClassType,
    MessageState,
)
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse, SMPPServerProtocol
from smpp.twisted.server import SMPPServerFactory
from twisted.cred.error import UnauthorizedLogin
from twisted.internet import defer, reactor, stdio
from twisted.protocols.basic import LineReceiver

OPTIONS = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
SIGNS = {b"\x00": "@", b"\x05": "é", b"\x1be": "€", b"\x1b(": "{", b"\x1b)": "}"}  # of GSM-7: what the tests use
UCS2 = DataCodingDefault.UCS2
numbers = itertools.count(0xA001)
throttled = itertools.count()
lines = set()


def tell(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def read(octets, scheme):
    if scheme is UCS2:
        return octets.decode("utf-16-be")
    text = octets.decode("latin-1")
    for written, sign in SIGNS.items():
        text = text.replace(written.decode("latin-1"), sign)
    return text


def submitted(_system_id, line, pdu):
    if pdu.commandId != CommandId.submit_sm:
        return CommandStatus.ESME_RINVCMDID
    told, scheme, octets = pdu.params, pdu.params["data_coding"].schemeData, pdu.params["short_message"]
    header = b""
    if EsmClassGsmFeatures.UDHI_INDICATOR_SET in told["esm_class"].gsmFeatures:
        header, octets = octets[: octets[0] + 1], octets[octets[0] + 1 :]
    to = told["destination_addr"].decode()
    tell(
        event="submit", to=to, coding=8 if scheme is UCS2 else 0, text=read(octets, scheme),
        udh=[header.hex()] if header else [], **{"from": told["source_addr"].decode()},
    )  # fmt: skip
    if to == OPTIONS.get("throttled") and next(throttled) % 2 == 0:
        return CommandStatus.ESME_RTHROTTLED
    key = f"{next(numbers):x}"
    if OPTIONS.get("receipt"):
        reactor.callLater(0, line.sendDataRequest, receipt(told, key))
    return DataHandlerResponse(CommandStatus.ESME_ROK, message_id=key.encode())


def receipt(told, key):
    written = str(int(key, 16)) if OPTIONS.get("receipt_id") == "dec" else key
    common = {
        "source_addr": told["destination_addr"],
        "destination_addr": told["source_addr"],
        "esm_class": EsmClass(EsmClassMode.DEFAULT, EsmClassType.SMSC_DELIVERY_RECEIPT),
    }
    if OPTIONS["receipt"] == "tlv":
        return DeliverSM(
            **common, short_message=b"", receipted_message_id=written.encode(), message_state=MessageState.DELIVERED
        )
    text = f"id:{written} sub:001 dlvrd:001 submit date:2611252200 done date:2611252201 stat:DELIVRD err:000 text:x"
    return DeliverSM(**common, short_message=text.encode())


class Line(SMPPServerProtocol):
    def connectionLost(self, reason):  # noqa: N802  # the library's name
        lines.discard(self)
        super().connectionLost(reason)

    def PDUReceived(self, pdu):  # noqa: N802
        if pdu.commandId == CommandId.enquire_link:
            tell(event="enquire")
        elif pdu.commandId == CommandId.unbind:
            tell(event="unbind")
        super().PDUReceived(pdu)


class Portal:
    def login(self, credentials, _mind, *_interfaces):
        right = (credentials.username, credentials.password) == ("smsbot", "secret")
        tell(event="bind", command="bind", right=right)
        if not right:
            return defer.fail(UnauthorizedLogin())
        return defer.succeed((None, None, lambda: None))


class Factory(SMPPServerFactory):
    protocol = Line

    def addBoundConnection(self, connection):  # noqa: N802
        lines.add(connection)
        super().addBoundConnection(connection)


def bring(line, order):
    octets = order["text"].encode("utf-16-be" if order.get("coding") == 8 else "ascii")
    header = bytes.fromhex(order.get("udh", ""))
    more = {}
    if "sar" in order:
        more = dict(zip(("sar_msg_ref_num", "sar_total_segments", "sar_segment_seqnum"), order["sar"], strict=True))
    if order.get("payload"):
        more |= {"short_message": b"", "message_payload": octets}
    else:
        more["short_message"] = header + octets
    features = [EsmClassGsmFeatures.UDHI_INDICATOR_SET] if header else []
    kind = DataCodingDefault.UCS2 if order.get("coding") == 8 else DataCodingDefault.SMSC_DEFAULT_ALPHABET
    sent = line.sendDataRequest(
        DeliverSM(
            source_addr=order["from"].encode(), destination_addr=b"2200", data_coding=DataCoding(schemeData=kind),
            esm_class=EsmClass(EsmClassMode.DEFAULT, EsmClassType.DEFAULT, features), **more,
        )
    )  # fmt: skip
    sent.addCallback(lambda result: tell(event="answer", status=0))
    sent.addErrback(lambda failure: tell(event="answer", status=code(failure.value)))


def code(error):
    """The status in the response that the library made an error of."""
    return 0x64 if error.response.status == CommandStatus.ESME_RX_T_APPN else -1


DO = {
    "bring": bring,
    "unbind": lambda line, _order: line.unbindAndDisconnect(),
    "cut": lambda line, _order: line.transport.abortConnection(),
    "garbage": lambda line, order: line.transport.write(bytes.fromhex(order["hex"])),
}


class Orders(LineReceiver):
    delimiter = b"\n"

    def lineReceived(self, line):  # noqa: N802
        order = json.loads(line)
        for each in list(lines):
            DO[order["do"]](each, order)


config = SMPPServerConfig(msgHandler=submitted, systems={"smsbot": {"max_bindings": 2}})
listening = reactor.listenTCP(0, Factory(config, Portal()), interface="127.0.0.1")
stdio.StandardIO(Orders())
tell(event="listening", port=listening.getHost().port)
reactor.run()
