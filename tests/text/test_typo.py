import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsbot.text.typo import Ends, Neighbours, within_one


@pytest.mark.parametrize(
    ("left", "right"),
    [("stop", "stop"), ("stop", "stp"), ("stop", "stoop"), ("stop", "step"), ("stop", "stpo"), ("", "a"), ("ab", "ba")],
)
def test_one_slip_is_one_slip_in_both_directions(left, right):
    assert within_one(left, right)
    assert within_one(right, left)


@pytest.mark.parametrize(
    ("left", "right"), [("stop", "spots"), ("stop", "st"), ("abcd", "badc"), ("abc", "cba"), ("", "ab")]
)
def test_two_slips_are_too_many(left, right):
    assert not within_one(left, right)
    assert not within_one(right, left)


def test_short_words_have_no_neighbours():
    index = Neighbours[str]()
    index.add("stop", "s")
    index.add("topics", "t")
    assert index.find("stpo") == []
    assert index.find("topcs") == ["t"]
    assert index.find("topi") == []


@given(
    st.text("abc", min_size=5, max_size=9), st.lists(st.text("abc", min_size=5, max_size=9), max_size=8, unique=True)
)
def test_the_index_finds_exactly_what_comparison_finds(word, listed):
    index = Neighbours[str]()
    for found in listed:
        index.add(found, found)
    assert sorted(index.find(word)) == sorted(found for found in listed if within_one(word, found))


@given(st.text("abc", max_size=9), st.text("abc", max_size=9))
def test_half_of_a_word_with_a_slip_is_as_listed(word, listed):
    ends = Ends()
    ends.add(listed)
    if within_one(word, listed):
        assert ends.may_be_near(word)


def test_most_words_have_no_half_of_a_listed_one():
    ends = Ends()
    ends.add("construction")
    assert ends.may_be_near("constructoin")
    assert not ends.may_be_near("conclusion")
    assert not Ends().may_be_near("construction")
