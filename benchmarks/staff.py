"""A broadcast by the staff API, watched."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from benchmarks.product import ADMIN_KEY, Process
from benchmarks.suite import Broken

TEXT = {
    "ka": "ხვალ ათ საათზე ბიუჯეტის საჯარო განხილვაა.", "en": "Tomorrow at ten: public hearing on the budget.",
    "ru": "Завтра в десять: слушания по бюджету.", "az": "Sabah saat onda: büdcə müzakirəsi.",
    "hy": "Վաղը ժամը տասին՝ բյուջեի քննարկում։",
}  # fmt: skip
WITHIN_S = 300.0

Watch = Callable[[], object]


def call(process: Process, path: str, body: object = None) -> Any:
    request = urllib.request.Request(
        f"{process.url}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"authorization": f"Bearer {ADMIN_KEY}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def announce(process: Process) -> str:
    """A text in five languages to everybody; the broadcast's id."""
    return str(call(process, "/api/broadcasts", {"text": TEXT, "everyone": True})["id"])


def written_out(view: Any) -> bool:
    return bool(view["recipients"] and view["written"] == view["recipients"])


def done(view: Any) -> bool:
    return bool(view["state"] == "done")


def wait(
    process: Process, key: str, until: Callable[[Any], bool], *, every_s: float = 0.05, watch: Watch = lambda: None
) -> Any:
    """Look until it is so; *watch* is called each time. The last view."""
    end_s = time.monotonic() + WITHIN_S
    while time.monotonic() < end_s:
        watch()
        view = call(process, f"/api/broadcasts/{key}")
        if until(view):
            return view
        time.sleep(every_s)
    raise Broken(f"the broadcast is not there after {WITHIN_S:.0f} s: {view['state']}, {view['counts']}")
