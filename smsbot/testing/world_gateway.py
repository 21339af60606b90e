"""The world's providers on loopback: `FakeGateway`, which takes messages as Infobip, Vonage and the others do.

The path decides whom it plays. Ids are `w-1`, `w-2` … in the order of the requests; Vonage gives each part one, Infobip
echoes ours.
"""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

from smsbot.testing.fake_gateway import Answer, Asked, FakeGateway, _Connection
from smsbot.text.gsm7 import measure

BALANCE = {
    "balance": 100.0, "currency": "EUR", "value": 100.0, "cash_credits": "100.0", "amount": 100.0, "type": "credits",
    "UserData": {"balance": "KES 100.0"}, "data": {"balance": "100.0", "currency": "EUR"},
}  # fmt: skip
"""What is left, in everybody's words at once."""


class WorldGateway(FakeGateway):
    """Messages are posted; whatever is asked with GET is answered with the balance, and neither kept nor counted."""

    def answer(self, head: bytes, body: bytes, connection: _Connection) -> None:
        if head.startswith(b"GET "):
            connection.answer(Asked(head, body, 0), _said(200, BALANCE))
            return
        if not self._next:
            target = head.split(b" ", 2)[1].decode("ascii")
            self._next.append(taken(urlsplit(target).path, body, f"w-{self.count + 1}"))
        super().answer(head, body, connection)


def taken(path: str, body: bytes, new_id: str) -> Answer:
    """What the provider behind *path* says when it takes a message."""
    match path.rsplit("/", 1)[-1]:
        case "json":  # /sms/json, Vonage
            fields = dict(parse_qsl(body.decode()))
            parts = measure(fields["text"]).parts
            ids = [new_id if part == 0 else f"{new_id}-{part + 1}" for part in range(parts)]
            each = [{"to": fields["to"], "message-id": one, "status": "0", "network": "28201"} for one in ids]
            return _said(200, {"message-count": str(parts), "messages": each})
        case "messages" if path == "/sms/3/messages":  # Infobip
            message_id = json.loads(body)["messages"][0]["destinations"][0]["messageId"]
            status = {"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED"}
            return _said(200, {"bulkId": new_id, "messages": [{"messageId": message_id, "status": status}]})
        case "messages" if path == "/v2/messages":  # Telnyx
            return _said(200, {"data": {"id": new_id, "to": [{"status": "queued"}]}})
        case "messages":  # MessageBird
            return _said(201, {"id": new_id})
        case "batches":  # Sinch
            return _said(201, {"id": new_id})
        case "messaging":  # Africa's Talking
            recipient = {"statusCode": 101, "status": "Success", "messageId": new_id}
            return _said(201, {"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [recipient]}})
        case "send":  # Jasmin
            return Answer(200, f'Success "{new_id}"'.encode())
    return _said(202, {"message_uuid": [new_id], "api_id": "a"})  # Plivo


def _said(status: int, content: object) -> Answer:
    return Answer(status, json.dumps(content).encode())
