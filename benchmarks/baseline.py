"""The yardstick: a bare Starlette route that only parses and verifies the same form, and answers the same."""

from __future__ import annotations

import base64
import hmac
import sys
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.load import PUBLIC_URL, TOKEN


async def inbound(request: Request) -> Response:
    body = await request.body()
    fields = parse_qsl(body.decode(), keep_blank_values=True)
    signed = PUBLIC_URL + request.url.path + "".join(key + value for key, value in sorted(fields))
    expected = base64.b64encode(hmac.digest(TOKEN.encode(), signed.encode(), "sha1")).decode()
    if not hmac.compare_digest(expected, request.headers.get("x-twilio-signature", "")):
        return Response(status_code=403)
    return Response("<Response/>", media_type="text/xml")


if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=[Route("/channels/{name}/inbound", inbound, methods=["POST"])]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
    )
