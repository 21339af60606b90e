"""Configuration: `smsbot.toml`, overridden by `SMSBOT_…` variables (contract §2)."""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from smsbot.errors import SettingsError

PREFIX = "SMSBOT_"
CONFIG_VARIABLE = "SMSBOT_CONFIG"
NOT_KEYS = {CONFIG_VARIABLE, "SMSBOT_LOG_LEVEL", "SMSBOT_TEST_REQUIRE", "SMSBOT_TEST_PG"}


UNKNOWN = "extra_forbidden"  # pydantic's word for a key that there is not

MIDNIGHT_AFTER = time.max
"""`24:00`, the end of a day, for which the standard library has no time."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Service(Section):
    name: dict[str, str] = {
        "en": "Kutaisi City Hall",
        "ka": "ქუთაისის მერია",
        "ru": "Мэрия Кутаиси",
        "az": "Kutaisi meriyası",
        "hy": "Քութայիսի քաղաքապետարան",
    }
    contact: str = "+995431230000"
    free_exit: dict[str, str] = {}  # by language: a way to stop that costs nothing, told in HELP
    languages: list[str] = Field(default=["ka", "en", "ru", "az", "hy"], min_length=1)
    region: str = Field(default="GE", min_length=2, max_length=2)
    timezone: str = "Asia/Tbilisi"
    public_url: str | None = None  # None: http://HOST:PORT of `serve`
    content: Path | None = None
    example: str | None = Field(
        default=None, pattern=r"^[a-z0-9_-]+(/[a-z0-9_-]+)?$"
    )  # topics and places to begin with
    hash_key: SecretStr | None = None  # of the keyed hash; None: made once and kept in the database

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, IsADirectoryError) as error:
            raise ValueError("a zone of the IANA database, for example Asia/Tbilisi") from error
        return value

    @field_validator("public_url")
    @classmethod
    def _no_trailing_slash(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("an address that begins with https:// or http://")
        return value.rstrip("/")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def default_language(self) -> str:
        return self.languages[0]


class Database(Section):
    url: str = "sqlite:///var/smsbot.db"

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://", "postgres://")):
            raise ValueError("sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
        return value


class StaffKeys(Section):
    admin_key: SecretStr | None = None


class Sending(Section):
    quiet_from: time = time(20, 0)
    quiet_until: time = time(9, 0)
    weekend_quiet_from: time | None = None  # these two on weekends and holidays; None: as on every day
    weekend_quiet_until: time | None = None
    holidays: list[Literal["GE"]] = ["GE"]  # countries whose public holidays are known
    extra_holidays: list[date] = []
    working_days: list[date] = []  # whatever else they would be
    per_day: int = Field(default=0, ge=0)  # broadcasts to one person in a day; 0: any number
    approvals: Literal[0, 1] = 0
    hold_s: int = Field(default=0, ge=0)
    max_parts: int = Field(default=6, ge=1, le=255)
    replies_per_hour: int = Field(default=60, ge=1)

    @field_validator("weekend_quiet_until", mode="before")
    @classmethod
    def _end_of_day(cls, value: object) -> object:
        return MIDNIGHT_AFTER if value == "24:00" else value

    @model_validator(mode="after")
    def _both_ends(self) -> Sending:
        if (self.weekend_quiet_from is None) != (self.weekend_quiet_until is None):
            raise ValueError("weekend_quiet_from and weekend_quiet_until, both or neither")
        both = sorted({*self.extra_holidays} & {*self.working_days})
        if both:
            raise ValueError(f"{both[0]} either in extra_holidays or in working_days, not in both")
        return self


FIVE_YEARS = 5 * 366
LEAST_TEXTS_DAYS = 7
"""Longer than anything still waits for a text: personal messages leave for three days, parts are told for three."""


class Retention(Section):
    """How long things are kept, in days; 0: for ever (civic rules 20 and 28).

    *inbox_days*: a text that waits for an answer; never less than *texts_days*. *ledger_days_after*: the words in the
    ledger, after the person stopped. *dormant_days*: without any sign of a number until broadcasts leave it out.
    *rows_days*: that there was a message, and what became of it; never less than the others need it.
    """

    texts_days: int = Field(default=90, ge=0, le=FIVE_YEARS)
    inbox_days: int = Field(default=180, ge=0, le=FIVE_YEARS)
    ledger_days_after: int = Field(default=365, ge=0, le=FIVE_YEARS)
    dormant_days: int = Field(default=365, ge=0, le=FIVE_YEARS)
    rows_days: int = Field(default=400, ge=0, le=FIVE_YEARS)

    @model_validator(mode="after")
    def _not_too_soon(self) -> Retention:
        if 0 < self.texts_days < LEAST_TEXTS_DAYS:
            raise ValueError(f"texts_days: at least {LEAST_TEXTS_DAYS}, or 0 for ever")
        if 0 < self.dormant_days < LEAST_TEXTS_DAYS:
            raise ValueError(f"dormant_days: at least {LEAST_TEXTS_DAYS}, or 0 for never")
        return self

    @property
    def messages_days(self) -> int:
        """After which a message's row goes; 0: never. Who keeps its words for ever keeps it as well."""
        if not (self.rows_days and self.texts_days):
            return 0
        return max(self.rows_days, self.texts_days, self.inbox_days, self.dormant_days)


class TopicSeed(Section):
    code: str = Field(pattern=r"^[a-z0-9_-]{1,32}$")
    number: int = Field(ge=1, le=999)
    names: dict[str, str] = Field(min_length=1)
    words: list[str] = []


class PlaceSeed(Section):
    code: str = Field(pattern=r"^[a-z0-9_-]{1,64}$")
    names: dict[str, str] = Field(min_length=1)
    words: list[str] = []
    parent: str | None = None


class Settings(Section):
    service: Service = Service()
    database: Database = Database()
    staff: StaffKeys = StaffKeys()
    sending: Sending = Sending()
    retention: Retention = Retention()
    topics: list[TopicSeed] | None = None  # None: the built-in list
    places: list[PlaceSeed] = []
    channels: dict[str, dict[str, Any]] = {
        "simulator": {"gateway": "simulator"}
    }  # each checked by its gateway's Config

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if not self.channels:
            raise ValueError("channels: at least one")
        for name in self.channels:
            if not name.replace("-", "").replace("_", "").isalnum():
                raise ValueError(f"channels.{name}: a name has letters, digits, - and _ only")
        topics = self.topics or []
        for what, given in (
            ("topics: the code", [topic.code for topic in topics]),
            ("topics: the number", [topic.number for topic in topics]),
            ("places: the code", [place.code for place in self.places]),
        ):
            twice = [value for value, times in Counter(given).items() if times > 1]
            if twice:
                raise ValueError(f"{what} `{twice[0]}` is given twice")
        codes = {place.code for place in self.places}
        for place in self.places:
            if place.parent is not None and place.parent not in codes:
                raise ValueError(f"places.{place.code}: the parent `{place.parent}` is not in the list")
        return self


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read *path*, else `SMSBOT_CONFIG`, else `./smsbot.toml`, else defaults; then apply variables.

    Raises `SettingsError` with one sentence that names the key.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    source = named or Path("smsbot.toml")
    values: dict[str, Any] = {}
    if source.exists():
        try:
            values = tomllib.loads(source.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{source} is not valid TOML: {error}.") from error
        except OSError as error:
            raise SettingsError(f"{source} cannot be read: {error.strerror}.") from error
    elif named is not None:
        raise SettingsError(f"There is no configuration file at {named}; `smsbot init` writes one.")
    _override(values, environ)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(sentence(error)) from error


def sentence(error: ValidationError, prefix: str = "") -> str:
    """One fault of *error* as a sentence that names the key and what is allowed: an unknown key, which may be why
    another is missing, else the first."""
    faults = error.errors(include_url=False, include_input=False)
    first = next((fault for fault in faults if fault["type"] == UNKNOWN), faults[0])
    key = ".".join(str(step) for step in first["loc"])
    if prefix:
        key = f"{prefix}.{key}" if key else prefix
    if first["type"] == UNKNOWN:
        return f"Unknown configuration key `{key}`; `smsbot init` writes a file with every key."
    if first["type"] == "missing":
        return f"The configuration key `{key}` is missing."
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"The configuration key `{key}` is not right; allowed: {message}." if key else f"Configuration: {message}."


def _override(values: dict[str, Any], environ: Mapping[str, str]) -> None:
    for variable, raw in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable in NOT_KEYS or variable.startswith("SMSBOT_TEST_"):
            continue
        steps = [step.lower() for step in variable.removeprefix(PREFIX).split("__")]
        target = values
        for step in steps[:-1]:
            below = target.setdefault(step, {})
            if not isinstance(below, dict):
                raise SettingsError(f"The variable {variable} names a key below `{step}`, which holds no table.")
            target = below
        target[steps[-1]] = _toml_value(raw)


def _toml_value(raw: str) -> object:
    """Lists and tables are written as in TOML; anything else is a string that the model converts."""
    if raw[:1] in "[{":
        try:
            return tomllib.loads(f"value = {raw}")["value"]
        except tomllib.TOMLDecodeError:
            return raw
    return raw
