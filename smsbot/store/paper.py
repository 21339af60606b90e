"""Signed paper forms as a sheet: reading it, and judging each row by itself."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, NoReturn

from smsbot.errors import Invalid, PhoneError
from smsbot.text import phone
from smsbot.text.places import PlaceIndex

COLUMNS = ("number", "topics", "place", "language", "consented_on", "collector", "form", "evidence")
MONTHS_VALID = 24  # how old a signature may be (contract §9)
CELL_LIMIT = 200  # characters; longer ones are slips of the pen, and all of them stay in the ledger for years

MENDS = {
    "letters": "write the phone number in digits, for example +995555123456",
    "empty": "write the phone number from the form",
    "short": "write the whole number; short codes cannot subscribe",
    "invalid": "compare it with the form; a digit is missing, doubled or wrong",
}


class Form(NamedTuple):
    """One row that is right in itself. *line* is where it begins in the file.

    A tuple and no dataclass: a sheet has hundreds of thousands, and a frozen dataclass takes four times as long.
    """

    line: int
    number: str  # E.164
    topics: tuple[str, ...]
    place: str
    language: str
    consented_on: date
    collector: str
    form: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that is not taken: where, why and what to do. *column* is empty if it is the row as a whole."""

    line: int
    column: str
    reason: str
    mend: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What a row is judged by. *today* is the municipality's date."""

    region: str
    languages: tuple[str, ...]
    topics: Collection[str]
    places: Collection[str]
    today: date
    named: PlaceIndex | None = None  # to take places by their names as well

    @property
    def oldest(self) -> date:
        year, month = divmod(self.today.year * 12 + self.today.month - 1 - MONTHS_VALID, 12)
        day = self.today.day
        while True:  # 29 February has no like in most years
            try:
                return date(year, month + 1, day)
            except ValueError:
                day -= 1


class _Wrong(Exception):
    def __init__(self, column: str, reason: str, mend: str) -> None:
        self.column, self.reason, self.mend = column, reason, mend
        super().__init__(reason)


def read(lines: Iterable[str], rules: Rules) -> Iterator[Form | Refusal]:
    """Each row of the sheet, judged. Raises `Invalid` if it is no such sheet at all."""
    judge = _Judge(rules)
    rows = _rows(lines)
    _, header = next(rows, (0, []))
    order = _order(header)
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            if len(cells) != len(order):
                raise _Wrong(
                    "",
                    f"it has {len(cells)} cells and the header {len(order)}",
                    "put quotation marks around a cell that holds a comma; leave empty cells in place",
                )
            yield judge.form(line, [cells[place].strip() for place in order])
        except _Wrong as wrong:
            yield Refusal(line, wrong.column, wrong.reason, wrong.mend)


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which each begins."""
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise Invalid(
            f"The file is not in UTF-8 (somewhere after line {line}); save it from the spreadsheet as `CSV UTF-8`.",
            field="file",
        ) from error
    except csv.Error as error:
        raise Invalid(f"The file is no valid CSV at line {line}: {error}.", field="file") from error


def _order(header: list[str]) -> list[int]:
    """Where each of `COLUMNS` stands."""
    names = [name.strip().casefold() for name in header]
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise Invalid("The columns are not separated by commas; save the file as comma-separated CSV.", field="file")
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise Invalid(
            f"The first line must name the columns, and {_listed(missing)} {'is' if len(missing) == 1 else 'are'} "
            f"missing; all of them are: {', '.join(COLUMNS)}.",
            field="file",
        )
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise Invalid(f"There is no column {_listed(unknown)}; the columns are: {', '.join(COLUMNS)}.", field="file")
    if len(names) != len(COLUMNS):
        raise Invalid("A column is named twice in the first line.", field="file")
    return [names.index(name) for name in COLUMNS]


class _Judge:
    """Reads cells by the rules, and remembers the right ones that come again and again."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._oldest = rules.oldest
        self._topics: dict[str, tuple[str, ...]] = {}
        self._places: dict[str, str] = {}
        self._signed: dict[str, date] = {}

    def form(self, line: int, cells: list[str]) -> Form:
        if max(map(len, cells)) > CELL_LIMIT or "\x00" in "".join(cells):
            _refuse_cell(cells)
        number, topics, place, language, consented_on, collector, form, evidence = cells
        rules = self._rules
        parsed = _number(number, rules.region)
        codes = self._topics.get(topics)
        if codes is None:
            codes = self._topics[topics] = _topics(topics, rules.topics)
        found = self._places.get(place)
        if found is None:
            found = self._places[place] = _place(place, rules)
        place = found
        language = _known("language", language, rules.languages)
        signed = self._signed.get(consented_on)
        if signed is None:
            signed = self._signed[consented_on] = _signed(consented_on, rules.today, self._oldest)
        if not evidence:
            raise _Wrong("evidence", "it is empty", "write the reference of the scanned form")
        return Form(line, parsed, codes, place, language, signed, collector, form, evidence)


def _refuse_cell(cells: list[str]) -> NoReturn:
    column = next(
        column for column, cell in zip(COLUMNS, cells, strict=True) if len(cell) > CELL_LIMIT or "\x00" in cell
    )
    raise _Wrong(column, "it is too long or holds a character that no text has", f"up to {CELL_LIMIT} letters")


def _number(cell: str, region: str) -> str:
    try:
        return phone.parse(cell, region)
    except PhoneError as error:
        reason = "it is empty" if error.code == "empty" else "it is no phone number"
        raise _Wrong("number", reason, MENDS.get(error.code, MENDS["invalid"])) from error


def _topics(cell: str, known: Collection[str]) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(code for part in cell.split(";") if (code := part.strip().casefold())))
    for code in codes:
        if code not in known:
            raise _Wrong("topics", f"there is no topic `{code}`", f"use codes, separated by `;`: {', '.join(known)}")
    return codes


def _place(cell: str, rules: Rules) -> str:
    """A place's code, or its name as people write it, if only one place has it; a slip of the pen is not guessed."""
    sighting = rules.named.look(cell) if rules.named is not None and cell.casefold() not in rules.places else None
    if sighting is not None and sighting.certain:
        return sighting.codes[0]
    if sighting is not None and sighting.codes:
        codes = ", ".join(sighting.codes[:9])
        many = len(sighting.codes) > 1
        reason = f"several places may be `{cell}`" if many else f"there is no place `{cell}`, but one like it"
        raise _Wrong("place", reason, f"compare it with the form and write the code: {codes}")
    return _known("place", cell, rules.places)


def _known(column: str, cell: str, known: Collection[str]) -> str:
    if not cell or cell in known:
        return cell
    code = cell.casefold()
    if code not in known:
        few = f": {', '.join(known)}" if len(known) <= 20 else ""
        raise _Wrong(column, f"there is no {column} `{cell}`", f"use one of the codes{few}, or leave the cell empty")
    return code


def _signed(cell: str, today: date, oldest: date) -> date:
    if not cell:
        raise _Wrong("consented_on", "it is empty", "write the date of the signature, for example 2026-05-03")
    signed = _date(cell)
    if signed is None:
        raise _Wrong("consented_on", "it is no date", "write it as 2026-05-03 or 03.05.2026")
    if signed > today:
        raise _Wrong("consented_on", "it is in the future", "compare it with the form")
    if signed < oldest:
        raise _Wrong("consented_on", f"it is older than {MONTHS_VALID} months", "have a new form signed")
    return signed


def _date(cell: str) -> date | None:
    """`2026-05-03`, or `03.05.2026` as it is written in Georgia; a time behind it is left out."""
    text = cell.replace("T", " ").partition(" ")[0]
    parts = text.split("-") if "-" in text else text.split(".")[::-1]
    if len(parts) != 3 or len(parts[0]) != 4 or not all(part.isascii() and part.isdecimal() for part in parts):
        return None
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name[:40]}`" for name in names)
