import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsbot.text import gsm7
from smsbot.text.gsm7 import measure, split, substitute

ANY_TEXT = st.text(st.characters(), max_size=400)  # lone surrogates included
GSM_TEXT = st.text(st.sampled_from(gsm7.BASIC + gsm7.EXTENSION), max_size=500)


def test_the_alphabet_has_127_characters_and_ten_escaped_ones():
    assert len(set(gsm7.BASIC)) == 127  # 128 less the escape itself
    assert len(set(gsm7.EXTENSION)) == 10
    assert not set(gsm7.BASIC) & set(gsm7.EXTENSION)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        # 153 is odd: an escape pair that would be cut moves to the next part, so 153 euros need 3 parts, not 2.
        ("€" * 153, "GSM-7", 306, 3),
        ("ა" * 70, "UCS-2", 70, 1),
        ("ა" * 71, "UCS-2", 71, 2),
        ("ა" * 134, "UCS-2", 134, 2),
        ("ა" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("😀" * 67, "UCS-2", 134, 3),  # 67 is odd too
        ("ç", "UCS-2", 1, 1),  # only the capital is in the alphabet
        ("Ç", "GSM-7", 1, 1),
        ("\ud800", "UCS-2", 1, 1),
        ("tab\t", "UCS-2", 4, 1),
    ],
)
def test_a_text_is_measured_as_it_leaves(text, encoding, units, parts):
    found = measure(text)
    assert (found.encoding, found.units, found.parts) == (encoding, units, parts)
    assert len(split(text)) == parts


def test_the_characters_that_force_ucs2_are_named_once_in_order():
    assert measure("„ok“ – „ok“").forcing == ("„", "“", "–")
    assert measure("plain").forcing == ()


@given(st.one_of(ANY_TEXT, GSM_TEXT))
def test_parts_join_to_the_text_and_each_fits(text):
    found = measure(text)
    parts = split(text)
    assert "".join(parts) == text
    assert len(parts) == found.parts
    room = {("GSM-7", True): 160, ("GSM-7", False): 153, ("UCS-2", True): 70, ("UCS-2", False): 67}
    for part in parts:
        if found.encoding == "GSM-7":
            units = sum(2 if char in gsm7.EXTENSION else 1 for char in part)
        else:
            units = sum(2 if char > "\uffff" else 1 for char in part)
        assert units <= room[found.encoding, len(parts) == 1]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“Council” – 18:05…", '"Council" - 18:05...'),
        ("7\u202fMarch\u00a0at 6:05\u202fPM", "7 March at 6:05 PM"),
        ("№ 12", "No 12"),
        ("№12", "No 12"),
        ("don’t", "don't"),
        ("120 ₾", "120 GEL"),
        ("čaj", "caj"),
        ("zero\u200bwidth", "zerowidth"),
    ],
)
def test_typographic_signs_have_a_plain_substitute(text, plain):
    assert substitute(text) == plain


@pytest.mark.parametrize(
    "text", ["plain", "", "გამარჯობა", "привет", "բարև", "good 😀", "“გამარჯობა”", "ə", "ıtem", "С mixed", "\ud800"]
)
def test_letters_of_other_scripts_and_emoji_are_never_replaced(text):
    assert substitute(text) is None


@given(ANY_TEXT)
def test_a_substitute_is_always_gsm7_and_another_text(text):
    found = substitute(text)
    assert found is None or (measure(found).encoding == "GSM-7" and found != text)
