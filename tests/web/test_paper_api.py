"""`POST /api/forms`: consents on paper through the API."""

from __future__ import annotations

import pytest

from smsbot.store.staff import Role
from tests.web.composition import ALICE, Client, Composition, is_problem

HEADER = "number,topics,place,language,consented_on,collector,form,evidence\n"
GOOD = f"{ALICE},budget;roads,likhauri,ka,2026-05-03,N. Beridze,v2,scan-1\n"
BAD = '12,budget,,ka,2026-05-03,"Beridze, N.",v2,scan-2\n'


async def test_a_sheet_is_tried_and_then_taken(api: Client) -> None:
    sheet = {"csv": "\ufeff" + (HEADER + GOOD + BAD).replace("\n", "\r\n")}
    tried = (await api.post("/api/forms", json={**sheet, "dry_run": True})).json()
    assert (tried["rows"], tried["taken"], tried["repeated"], tried["welcomed"]) == (2, 1, 0, 0)
    (refused,) = tried["refused"]
    assert (refused["line"], refused["column"]) == (3, "number")
    assert refused["reason"]
    assert refused["mend"]
    is_problem(await api.get(f"/api/subscribers/{ALICE}"), 404)

    taken = await api.post("/api/forms", json=sheet)
    assert taken.status_code == 200, taken.text
    assert (taken.json()["taken"], taken.json()["welcomed"]) == (1, 1)
    person = (await api.get(f"/api/subscribers/{ALICE}")).json()
    assert (person["state"], person["topics"], person["place"]) == ("active", ["budget", "roads"], "likhauri")
    assert (await api.post("/api/forms", json=sheet)).json()["repeated"] == 1


async def test_nobody_is_texted_where_no_welcome_is_wanted(api: Client) -> None:
    taken = await api.post("/api/forms", json={"csv": HEADER + GOOD, "welcome": False})
    assert (taken.json()["taken"], taken.json()["welcomed"]) == (1, 0)


@pytest.mark.parametrize("csv", ["", "a,b\n1,2\n", HEADER.replace(",", ";") + GOOD])
async def test_what_is_no_such_sheet_is_told_in_a_sentence(api: Client, csv: str) -> None:
    is_problem(await api.post("/api/forms", json={"csv": csv}), 422)


@pytest.mark.parametrize(("role", "status"), [(Role.AUTHOR, 403), (Role.AUDITOR, 403), (Role.APPROVER, 200)])
async def test_it_takes_an_approver(service: Composition, keys: dict[Role, str], role: Role, status: int) -> None:
    async with Client(service, key=keys[role]) as client:
        answer = await client.post("/api/forms", json={"csv": HEADER + GOOD, "dry_run": True})
    assert answer.status_code == status
