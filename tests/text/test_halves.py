from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsbot.text import halves


def cut(text: str, at: int) -> tuple[str, str]:
    """*text* cut after *at* units of UTF-16, as a telephone does that knows nothing of pairs."""
    octets = text.encode("utf-16-be")
    first, second = octets[: 2 * at], octets[2 * at :]
    return first.decode("utf-16-be", "surrogatepass"), second.decode("utf-16-be", "surrogatepass")


@given(st.text(st.sampled_from("ab ხ\U0001f600\U00010437"), max_size=12), st.data())
def test_a_text_that_was_cut_anywhere_is_whole_again(text: str, data: st.DataObject) -> None:
    first, second = cut(text, data.draw(st.integers(0, len(text.encode("utf-16-be")) // 2)))
    stored = [halves.kept(part) for part in (first, second)]
    assert all(part.encode() is not None for part in stored), "what is stored is UTF-8"
    assert halves.mended("".join(stored)) == text


@pytest.mark.parametrize(
    ("part", "mended"),
    [
        ("", ""),
        ("JOIN", "JOIN"),
        ("ხ\ud83d", "ხ\ufffd"),  # its other half never came
        ("\ude00ხ", "\ufffdხ"),
        ("\U0010d83d\U0010de00", "\ufffd\ufffd"),  # letters for private use are no halves
        ("\U0010f000", "\U0010f000"),
        ("\U0001f600", "\U0001f600"),
    ],
)
def test_a_half_alone_is_lost_and_all_else_stays(part: str, mended: str) -> None:
    assert halves.mended(halves.kept(part)) == mended


def test_a_lone_surrogate_in_the_middle_is_left_to_whoever_cleans_the_text() -> None:
    assert halves.kept("a\ud83db") == "a\ud83db"
