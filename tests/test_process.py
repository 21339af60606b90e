import subprocess
import sys

from smsbot.process import identity, is_gone
from smsbot.store import leases
from smsbot.store.database import Store


def _of_another() -> tuple[subprocess.Popen[str], str]:
    child = subprocess.Popen(
        [sys.executable, "-c", "from smsbot.process import identity; print(identity(), flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    return child, child.stdout.readline().strip()


def test_a_living_process_is_not_gone_and_a_killed_one_is() -> None:
    child, other = _of_another()
    assert not is_gone(other)
    child.kill()
    child.communicate()
    assert is_gone(other)


def test_nobody_of_another_machine_is_ever_called_gone() -> None:
    assert not is_gone(identity())
    assert not is_gone("another-boot:pid:[1]/999999999/abc")
    assert not is_gone("/999999999/abc")
    assert not is_gone("")


def test_the_lease_of_a_killed_process_is_taken_at_once_and_a_living_one_s_is_not(store: Store) -> None:
    child, other = _of_another()

    def acquire(owner: str) -> int | None:
        return store.write(lambda c: leases.acquire(c, "channel:main", owner, now_ms=1_000, term_ms=10_000))

    assert acquire(other) == 1
    assert acquire(identity()) is None
    child.kill()
    child.communicate()
    assert acquire(identity()) == 2
