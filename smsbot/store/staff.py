"""Who may use the staff API, and with which key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from smsbot.errors import Conflict, Invalid, Missing
from smsbot.store.tables import Staff, table

MARK = "smsbot"
BOOTSTRAP = "admin_key"
"""The name under which the key of the settings acts; nobody else may bear it."""
NAME_LIMIT = 80


class Role(StrEnum):
    """Each has the rights of those before it; `auditor` stands beside them: reads everything, changes nothing."""

    VIEWER = "viewer"
    AUTHOR = "author"
    APPROVER = "approver"
    ADMIN = "admin"
    AUDITOR = "auditor"

    def covers(self, needed: Role) -> bool:
        if self is Role.AUDITOR or needed is Role.AUDITOR:
            return needed in (Role.VIEWER, self)
        return LADDER.index(self) >= LADDER.index(needed)


LADDER = (Role.VIEWER, Role.AUTHOR, Role.APPROVER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Member:
    """A person or program with a key. *prefix* is the visible part of it."""

    name: str
    role: Role
    prefix: str = ""
    created_ms: int = 0
    revoked_ms: int | None = None


def hash_key(key: str) -> str:
    """SHA-256, hex.

    The slow hashes meant for passwords protect secrets that can be guessed. A key of ours holds 256 random bits:
    nobody guesses it, whatever a try costs, and argon2 would add some 50 ms to every call.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def add_staff(connection: Connection, name: str, role: Role | str, now_ms: int) -> str:
    """Returns the new key, which is kept nowhere: only its hash is.

    Raises `Invalid` for an unusable name or role, `Conflict` if the name is taken.
    """
    name = name.strip()
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise Invalid(f"A staff name has 1 to {NAME_LIMIT} visible characters.", field="name")
    if name == BOOTSTRAP:
        raise Invalid(f"The name {BOOTSTRAP} belongs to the key in the settings; choose another.", field="name")
    try:
        known = Role(role)
    except ValueError as error:
        raise Invalid(f"There is no role {role}; the roles are: {', '.join(Role)}.", field="role") from error
    prefix = secrets.token_hex(4)
    key = f"{MARK}_{prefix}_{secrets.token_hex(32)}"
    staff = table(Staff)
    if connection.execute(select(staff.c.id).where(staff.c.name == name)).first() is not None:
        raise _taken(name)
    row = {"name": name, "role": known.value, "prefix": prefix, "key_hash": hash_key(key), "created_ms": now_ms}
    try:
        connection.execute(staff.insert().values(row))
    except IntegrityError as error:  # somebody was faster
        raise _taken(name) from error
    return key


def revoke_staff(connection: Connection, name: str, now_ms: int) -> None:
    """The key stops working at once; the name stays, for the record. Raises `Missing`."""
    staff = table(Staff)
    done = connection.execute(
        update(staff).where(staff.c.name == name, staff.c.revoked_ms.is_(None)).values(revoked_ms=now_ms)
    )
    if not done.rowcount:
        raise Missing(f"There is no staff member {name} with a valid key.")


def list_staff(connection: Connection) -> list[Member]:
    staff = table(Staff)
    return [_member(row) for row in connection.execute(select(staff).order_by(staff.c.name)).mappings()]


def find_staff(connection: Connection, key: str) -> Member | None:
    """Whose valid *key* this is."""
    mark, _, rest = key.partition("_")
    prefix, _, secret = rest.partition("_")
    if mark != MARK or not secret or not key.isascii() or not prefix.isalnum():
        return None
    staff = table(Staff)
    digest = hash_key(key)
    for row in connection.execute(
        select(staff).where(staff.c.prefix == prefix, staff.c.revoked_ms.is_(None))
    ).mappings():
        if hmac.compare_digest(row["key_hash"], digest):
            return _member(row)
    return None


def _member(row: object) -> Member:
    values = dict(row)  # type: ignore[call-overload]  # a RowMapping
    return Member(values["name"], Role(values["role"]), values["prefix"], values["created_ms"], values["revoked_ms"])


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a staff member {name} already; revoke that key or choose another name.", field="name")
