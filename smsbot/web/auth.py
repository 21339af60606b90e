"""Bearer keys of the staff API (contract §4)."""

from __future__ import annotations

import hmac

from smsbot.store.staff import BOOTSTRAP, Member, Role, find_staff, hash_key
from smsbot.web.ports import Service
from smsbot.web.problems import Problem

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="smsbot"'}
KEY_LIMIT = 512  # no key of ours is nearly as long


async def authenticate(service: Service, authorization: str | None) -> Member:
    """Who is calling. Raises a 401 `Problem`."""
    scheme, _, key = (authorization or "").strip().partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        detail = "A staff key is needed: send the header `Authorization: Bearer KEY`."
        raise Problem(401, detail, headers=CHALLENGE)
    found = _bootstrap(service, key) if len(key) <= KEY_LIMIT else None
    if found is None and len(key) <= KEY_LIMIT:
        found = await service.store.look(lambda connection: find_staff(connection, key))
    if found is None:
        raise Problem(401, "This staff key is not valid, or it was revoked.", headers=CHALLENGE)
    return found


def demand(member: Member, needed: Role) -> None:
    """Raises a 403 `Problem` if the role of *member* does not cover *needed*."""
    if not member.role.covers(needed):
        detail = f"This needs the role {needed.value}; your key has the role {member.role.value}."
        raise Problem(403, detail)


def _bootstrap(service: Service, key: str) -> Member | None:
    secret = service.settings.staff.admin_key
    if secret is None or not secret.get_secret_value():
        return None
    # Hashes of equal length: the comparison tells nothing about the key, not even how long it is.
    same = hmac.compare_digest(hash_key(key), hash_key(secret.get_secret_value()))
    return Member(BOOTSTRAP, Role.ADMIN) if same else None
