"""Who may do what with which key."""

from __future__ import annotations

import pytest

from smsbot.store.database import Store
from smsbot.store.staff import Role, add_staff, find_staff, revoke_staff
from tests.web.composition import NOW_MS, Client, Composition, is_problem

MESSAGE = {"to": "+995599123456", "text": "Hello"}


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "Bearer smsbot_00000000_00", "Bearer " + "x" * 5000,
     "Bearer smsbot_\u00e9_x".encode("latin-1")],
)  # fmt: skip
async def test_without_a_valid_key_the_answer_is_401_and_says_how_to_send_one(
    service: Composition, header: str | bytes | None
) -> None:
    async with Client(service, key=None) as client:
        answer = await client.get("/api/topics", headers=[] if header is None else [("Authorization", header)])
    is_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("method", "path", "body", "allowed"),
    [
        ("GET", "/api/topics", None, set(Role)),
        ("GET", "/api/messages", None, set(Role)),
        ("GET", "/api/inbox", None, set(Role)),
        ("POST", "/api/messages", MESSAGE, {Role.AUTHOR, Role.APPROVER, Role.ADMIN}),
        ("PATCH", "/api/topics/budget", {"words": ["biujeti2"]}, {Role.APPROVER, Role.ADMIN}),
        ("DELETE", "/api/subscribers/+995599000000", None, {Role.ADMIN}),
    ],
)
async def test_each_role_has_the_rights_of_those_before_it_and_the_auditor_only_reads(
    service: Composition, keys: dict[Role, str], *, method: str, path: str, body: object, allowed: set[Role]
) -> None:
    for role, key in keys.items():
        async with Client(service, key=key) as client:
            answer = await client.request(method, path, json=body)
        if role in allowed:
            assert answer.status_code not in (401, 403), (role, answer.text)
        else:
            assert "role" in str(is_problem(answer, 403)["detail"])


async def test_a_revoked_key_stops_working_at_once(service: Composition, store: Store) -> None:
    key = store.write(lambda on: add_staff(on, "Nino", Role.VIEWER, NOW_MS))
    async with Client(service, key=key) as client:
        assert (await client.get("/api/topics")).status_code == 200
        store.write(lambda on: revoke_staff(on, "Nino", NOW_MS))
        is_problem(await client.get("/api/topics"), 401)


def test_a_key_is_kept_as_a_hash_only(store: Store) -> None:
    key = store.write(lambda on: add_staff(on, "Nino", Role.VIEWER, NOW_MS))
    kept = store.read(lambda on: on.exec_driver_sql("SELECT * FROM staff").all())
    secret = key.rsplit("_", 1)[1]
    assert len(secret) == 64
    assert secret not in repr(kept)
    found = store.read(lambda on: find_staff(on, key))
    assert found is not None
    assert (found.name, found.role) == ("Nino", Role.VIEWER)
    assert store.read(lambda on: find_staff(on, key[:-1] + ("0" if key[-1] != "0" else "1"))) is None


async def test_a_key_is_asked_for_before_the_body_is_read(service: Composition) -> None:
    async with Client(service, key=None) as client:
        is_problem(await client.post("/api/messages", content=b"{not json"), 401)
