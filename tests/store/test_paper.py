import io
from dataclasses import replace
from datetime import date

import pytest

from smsbot.errors import Invalid
from smsbot.store.paper import Form, Refusal, Rules, read
from smsbot.text.places import PlaceIndex
from smsbot.text.words import Named

RULES = Rules("GE", ("ka", "en"), ("budget", "roads"), ("nikea", "gelati"), date(2026, 11, 22))
HEADER = "number,topics,place,language,consented_on,collector,form,evidence"
GOOD = "+995555000001,budget;roads,nikea,ka,2026-05-03,N. Beridze,v2,scan-7"


def judged(*rows: str, header: str = HEADER) -> list[Form | Refusal]:
    return list(read(io.StringIO("\n".join((header, *rows)), newline=""), RULES))


def test_a_good_row_is_read_whole() -> None:
    assert judged(GOOD) == [
        Form(2, "+995555000001", ("budget", "roads"), "nikea", "ka", date(2026, 5, 3), "N. Beridze", "v2", "scan-7")
    ]


@pytest.mark.parametrize(
    "number, parsed",
    [("555000001", "+995555000001"), ("+995 555 00-00-01", "+995555000001"), ("995555000001", "+995555000001")],
)
def test_numbers_are_taken_as_people_write_them(number: str, parsed: str) -> None:
    (form,) = judged(GOOD.replace("+995555000001", number))
    assert isinstance(form, Form)
    assert form.number == parsed


@pytest.mark.parametrize(
    "written, signed",
    [
        ("2026-11-22", date(2026, 11, 22)),
        ("22.11.2026", date(2026, 11, 22)),
        ("2024-11-22", date(2024, 11, 22)),
        ("2026-05-03 00:00:00", date(2026, 5, 3)),
    ],
)
def test_dates_are_taken_in_both_spellings(written: str, signed: date) -> None:
    (form,) = judged(GOOD.replace("2026-05-03", written))
    assert isinstance(form, Form)
    assert form.consented_on == signed


@pytest.mark.parametrize(
    "found, instead, column",
    [
        ("+995555000001", "", "number"),
        ("+995555000001", "Nino", "number"),
        ("+995555000001", "2200", "number"),
        ("+995555000001", "+99555500000100000000", "number"),
        ("budget;roads", "budget;parks", "topics"),
        ("budget;roads", "1", "topics"),
        ("nikea", "nikeaa", "place"),
        (",ka,", ",ru,", "language"),
        ("2026-05-03", "", "consented_on"),
        ("2026-05-03", "2026-11-23", "consented_on"),
        ("2026-05-03", "2024-11-21", "consented_on"),
        ("2026-05-03", "2026-02-30", "consented_on"),
        ("2026-05-03", "05/03/2026", "consented_on"),
        ("2026-05-03", "yesterday", "consented_on"),
        ("scan-7", "", "evidence"),
        ("scan-7", " ", "evidence"),
        ("scan-7", "x" * 201, "evidence"),
        ("scan-7", "x\x00", "evidence"),
        (",v2", "", ""),
        ("N. Beridze", "Beridze, N.", ""),
    ],
)
def test_a_wrong_cell_is_refused_with_line_column_reason_and_mend(found: str, instead: str, column: str) -> None:
    first, refusal = judged(GOOD, GOOD.replace(found, instead))
    assert isinstance(first, Form)
    assert isinstance(refusal, Refusal)
    assert (refusal.line, refusal.column) == (3, column)
    assert refusal.reason
    assert refusal.mend
    assert "555000001" not in refusal.reason + refusal.mend


def test_topics_place_language_collector_and_form_may_be_empty() -> None:
    (form,) = judged("+995555000001,,,,2026-05-03,,,scan-7")
    assert isinstance(form, Form)
    assert (form.topics, form.place, form.language) == ((), "", "")


def test_lines_are_counted_as_in_the_file_whatever_stands_in_quotes_and_between() -> None:
    rows = judged(GOOD.replace("N. Beridze", '"Beridze,\nNino"'), "", ",,,,,,,", "bad" + GOOD)
    assert [row.line for row in rows] == [2, 6]


def test_columns_may_stand_in_any_order_and_case() -> None:
    (form,) = judged(
        "s1,v1,X,2026-01-01,,,,555000001", header="Evidence,Form,collector,Consented_on,language,place,topics, NUMBER "
    )
    assert isinstance(form, Form)
    assert (form.number, form.evidence) == ("+995555000001", "s1")


@pytest.mark.parametrize(
    "header, told",
    [
        ("", "number"),
        (HEADER.replace(",evidence", ""), "`evidence` is missing"),
        (HEADER + ",notes", "no column `notes`"),
        (HEADER + ",number", "named twice"),
        (HEADER.replace(",", ";"), "commas"),
        (HEADER.replace(",", "\t"), "commas"),
    ],
)
def test_a_sheet_without_the_right_header_is_refused_in_one_sentence(header: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        judged(GOOD, header=header)


def test_a_file_in_another_encoding_is_refused_in_one_sentence() -> None:
    for encoding, body in (("cp1251", "Нино"), ("utf-16", "x")):
        stream = io.TextIOWrapper(io.BytesIO(f"{HEADER}\n{GOOD}{body}\n".encode(encoding)), "utf-8-sig", newline="")
        with pytest.raises(Invalid, match="UTF-8"):
            list(read(stream, RULES))


def test_a_byte_order_mark_does_no_harm() -> None:
    stream = io.TextIOWrapper(io.BytesIO(f"\ufeff{HEADER}\r\n{GOOD}\r\n".encode()), "utf-8-sig", newline="")
    assert len(list(read(stream, RULES))) == 1


def test_an_open_quotation_mark_is_told_with_its_line() -> None:
    with pytest.raises(Invalid, match="line 3"):
        judged(GOOD, '"' + GOOD)


@pytest.mark.parametrize(
    "today, oldest",
    [
        (date(2026, 11, 22), date(2024, 11, 22)),
        (date(2028, 2, 29), date(2026, 2, 28)),
        (date(2026, 1, 31), date(2024, 1, 31)),
    ],
)
def test_a_signature_is_valid_for_24_months(today: date, oldest: date) -> None:
    assert Rules("GE", (), (), (), today).oldest == oldest


PLACES = [
    Named("nikea", None, {"ka": "ნიკეა", "en": "Nikea"}),
    Named("bakhvi", None, {"ka": "ბახვი", "en": "Bakhvi"}),
    Named("zeda-bakhvi", None, {"ka": "ზედა ბახვი", "en": "Zeda Bakhvi"}, parent="bakhvi"),
    Named("oz-akhalsopeli", None, {"ka": "ახალსოფელი", "en": "Akhalsopeli"}),
    Named("la-akhalsopeli", None, {"ka": "ახალსოფელი", "en": "Akhalsopeli"}),
]
NAMING = replace(RULES, places=[place.code for place in PLACES], named=PlaceIndex.build(PLACES, ["სოფ", "სოფელი"]))


@pytest.mark.parametrize(
    "written, code",
    [
        ("nikea", "nikea"), ("NIKEA", "nikea"), ("ნიკეა", "nikea"), ("სოფ. ბახვი", "bakhvi"), ("Bakhvi", "bakhvi"),
        ("ზემო ბახვი", "zeda-bakhvi"), ("la-akhalsopeli", "la-akhalsopeli"), ("", ""),
    ],
)  # fmt: skip
def test_a_place_may_be_written_by_its_name(written: str, code: str) -> None:
    (form,) = read(io.StringIO(HEADER + "\n" + GOOD.replace("nikea", written), newline=""), NAMING)
    assert isinstance(form, Form)
    assert form.place == code


@pytest.mark.parametrize(
    "written, reason, mend",
    [
        ("ახალსოფელი", "several places may be `ახალსოფელი`", "write the code: oz-akhalsopeli, la-akhalsopeli"),
        ("ნიკეა ახლოს", "there is no place `ნიკეა ახლოს`, but one like it", "write the code: nikea"),
        ("ბაღვი", "there is no place `ბაღვი`, but one like it", "write the code: bakhvi"),
        ("Tbilisi", "there is no place `Tbilisi`", "use one of the codes"),
    ],
)
def test_a_shared_name_or_a_slip_of_the_pen_is_refused_with_the_codes(written: str, reason: str, mend: str) -> None:
    (refusal,) = read(io.StringIO(HEADER + "\n" + GOOD.replace("nikea", written), newline=""), NAMING)
    assert isinstance(refusal, Refusal)
    assert (refusal.column, reason in refusal.reason, mend in refusal.mend) == ("place", True, True), refusal
