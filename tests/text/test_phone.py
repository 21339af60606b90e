import random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsbot.errors import PhoneError
from smsbot.text.phone import _mobile, _national, mask, parse


@pytest.mark.parametrize(
    "raw",
    [
        "599123456",
        "599 12 34 56",
        "599-12-34-56",
        "(599) 12 34 56",
        "0599123456",
        "0 599 12 34 56",
        "995599123456",
        "995 599 12 34 56",
        "+995599123456",
        "+995 (599) 12-34-56",
        "00995599123456",
        "tel:+995599123456",
        "\u202a+995599123456\u202c",
        "٥٩٩١٢٣٤٥٦",
        "＋995599123456",
    ],
)
def test_every_spelling_of_a_georgian_mobile_is_one_number(raw):
    assert parse(raw) == "+995599123456"


@pytest.mark.parametrize(
    "raw", ["+12025550123", "+79161234567", "+995555000001", "+37499123456", "+8613812345678", "+441632960001"]
)
def test_a_number_in_e164_is_taken_as_it_is(raw):
    assert parse(raw) == raw


def test_an_international_number_without_its_plus_is_understood():
    assert parse("79161234567") == "+79161234567"
    assert parse("995431230000") == "+995431230000"


def test_in_every_country_the_short_way_for_mobile_numbers_finds_what_the_long_one_does():
    chance, tried = random.Random(995), 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        mobile = _mobile(region)
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        for _ in range(40 if mobile is not None else 0):
            digits = list(str(example.national_number))
            for _ in range(chance.randrange(len(digits) + 1)):
                digits[chance.randrange(len(digits))] = chance.choice("0123456789")
            raw = f"{example.country_code}{''.join(digits)}"
            if mobile(raw):
                tried += 1
                assert (_national(raw, region), parse(raw, region)) == (f"+{raw}", f"+{raw}")
    assert tried > 2_000
    assert all(_mobile(region) is not None for region in ("GE", "AM", "AZ"))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("--", "empty"),
        ("Kutaisi", "letters"),
        ("SMS Info", "letters"),
        ("91043", "short"),
        ("112", "short"),
        ("+91043", "short"),
        ("5991234", "invalid"),
        ("+1234567890123456", "invalid"),
        ("9" * 60, "invalid"),
        ("+0995599123456", "invalid"),
        ("599*123#56", "invalid"),
    ],
)
def test_what_is_no_number_is_refused_with_a_code(raw, code):
    with pytest.raises(PhoneError) as refused:
        parse(raw)
    assert refused.value.code == code
    assert not raw.strip() or raw not in str(refused.value)


def test_the_region_decides_what_a_national_number_means():
    assert parse("093 123456", region="AM") == "+37493123456"


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+995555000001", "+995••••••001"),
        ("+12025550123", "+1•••••••123"),
        ("+37499123456", "+374•••••456"),
        ("599123456", "••••••••"),
        ("Kutaisi", "•••••••"),
        ("", ""),
    ],
)
def test_a_mask_shows_country_and_last_three_digits_only(number, masked):
    assert mask(number) == masked


@given(st.text(st.characters(), max_size=80))
def test_nothing_but_a_phone_error_ever_comes_out(raw):
    mask(raw)
    try:
        number = parse(raw)
    except PhoneError:
        return
    assert number.startswith("+")
    assert number[1:].isdigit()
    assert parse(number) == number
