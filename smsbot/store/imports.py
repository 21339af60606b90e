"""Paper consents in: forms become subscribers, with a fact in the ledger for each thing that was signed.

A chunk of rows is one transaction, taken whole or not at all. What the ledger already holds of a form is not done
again, so the same file may be imported twice, or once more after a crash: nobody is welcomed twice, and a topic left
since then stays left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from smsbot.clock import to_datetime, to_ms
from smsbot.dialogue import model
from smsbot.dialogue.notice import Notice
from smsbot.dialogue.stop_hint import StopHint
from smsbot.errors import StoreUnavailable
from smsbot.settings import Settings
from smsbot.store import audit, bulk, standing
from smsbot.store.database import Store
from smsbot.store.greeting_texts import Welcome
from smsbot.store.greetings import Greeted, Greetings
from smsbot.store.paper import Form, Refusal, Rules, read
from smsbot.store.standing import CHANGED, SOURCE, STRANGER, Past, Person
from smsbot.store.tables import Contact, Place, Subscription, Suppression, Topic, table
from smsbot.store.writer import RETRIES, RETRYABLE_STATES
from smsbot.text.places import PlaceIndex

CONTACT = table(Contact)
PLACE = table(Place)
SUBSCRIPTION = table(Subscription)
SUPPRESSION = table(Suppression)
TOPIC = table(Topic)

CHUNK = 4_000  # rows of one transaction: the writer is held for some tenths of a second

MADE = (
    "number", "state", "language", "place_id", "former", "since_ms", "created_ms", "script", "promotion",
    "same_digest", "same_times", "same_since_ms", "hour_ms", "hour_replies", "unreachable",
)  # fmt: skip


@dataclass(slots=True)
class Report:
    """What became of the rows. *repeated*: forms taken before, or standing in the file twice."""

    taken: int = 0
    repeated: int = 0
    refused: list[Refusal] = field(default_factory=list)
    welcomed: int = 0
    noticed: int = 0  # dormant numbers that get a neutral text first

    @property
    def rows(self) -> int:
        return self.taken + self.repeated + len(self.refused)


@dataclass(slots=True)
class _Taken:
    """One number's forms of a chunk, put together."""

    subject: str
    forms: list[Form]
    topics: dict[str, None] = field(default_factory=dict)
    facts: list[tuple[Form, str]] = field(default_factory=list)  # form and scope


@dataclass(frozen=True, slots=True)
class _Directory:
    topics: Mapping[str, int]
    places: Mapping[str, int]
    place_names: Mapping[str, Mapping[str, str]]


def run(
    store: Store,
    lines: Iterable[str],
    settings: Settings,
    *,
    now_ms: int,
    channel: str | None,
    hint: StopHint | None = None,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
    seeds: tuple[Sequence[model.Topic], Sequence[model.Place]] = ((), ()),
    named: PlaceIndex | None = None,
    notice: Callable[[], Notice] | None = None,
) -> Report:
    """Take the forms of a sheet (*lines*: text lines of the CSV file).

    *channel* is the one through which the welcomes leave; None: nobody is welcomed. *hint*: where they say that STOP
    goes, if they cannot be answered. *progress* is told the rows done.
    A dry run judges the same and writes nothing; *seeds* are the topics and places that a new database will hold.
    *notice*: the neutral text that dormant numbers get before; None: they are left dormant, as all are without
    *channel*.
    *named* finds places by their names, so that the sheet need not hold codes.
    Raises `Invalid` if the sheet cannot be read, `StoreUnavailable`.
    """
    zone = settings.service.zone
    directory = store.read(_directory)
    if dry_run and not directory.topics:
        directory = _Directory(
            topics=dict.fromkeys((topic.code for topic in seeds[0]), 0),
            places=dict.fromkeys((place.code for place in seeds[1]), 0),
            place_names={},
        )
    rules = Rules(
        region=settings.service.region,
        languages=tuple(settings.service.languages),
        topics=tuple(directory.topics),
        places=directory.places.keys(),
        today=to_datetime(now_ms, zone).date(),
        named=named,
    )
    greetings = None
    if channel is not None:
        welcome = Welcome(settings.service.name, directory.place_names, rules.languages, channel, hint)
        greetings = Greetings(welcome, notice, now_ms)
    report = Report()
    sheet = _once(read(lines, rules), report)
    while chunk := list(islice(sheet, CHUNK)):
        work = _Chunk(store.key, directory, zone, now_ms, chunk)
        if dry_run:
            store.read(work.decide)
        else:
            _write(store, work, greetings)
        report.taken += work.taken_rows
        report.repeated += work.repeated
        report.refused.extend(work.refused)
        if progress is not None:
            progress(report.rows)
    if progress is not None:
        progress(report.rows)
    report.refused.sort(key=lambda refusal: refusal.line)
    if greetings is not None:
        report.welcomed, report.noticed = greetings.welcomed, greetings.noticed
    return report


def _write(store: Store, work: _Chunk, greetings: Greetings | None) -> None:
    """One transaction; done again where another process was quicker."""
    for attempt in range(RETRIES):
        try:
            store.write(lambda connection: work.write(connection, greetings))
        except (IntegrityError, StoreUnavailable) as error:
            if attempt == RETRIES - 1 or not _raced(error):
                raise
        else:
            if greetings is not None:
                greetings.committed()
            return


def _raced(error: Exception) -> bool:
    cause = error if isinstance(error, DBAPIError) else error.__cause__
    if isinstance(cause, IntegrityError):
        return True
    return isinstance(cause, DBAPIError) and getattr(cause.orig, "sqlstate", None) in RETRYABLE_STATES


def _once(rows: Iterable[Form | Refusal], report: Report) -> Iterator[Form]:
    """Forms without those that stand in the file before.

    Several forms for one number are several people's or several signatures: all count. But they must not contradict
    each other in place or language, and one scan is one form.
    """
    first: dict[str, Form] = {}
    further: dict[str, list[Form]] = {}
    for row in rows:
        if isinstance(row, Refusal):
            report.refused.append(row)
            continue
        one = first.setdefault(row.number, row)
        if one is row:
            yield row
            continue
        before = further.setdefault(row.number, [one])
        clash = next(filter(None, (_clash(row, other) for other in before)), None)
        if any(_content(row) == _content(other) for other in before):
            report.repeated += 1
        elif clash is not None:
            report.refused.append(clash)
        else:
            before.append(row)
            yield row


def _content(form: Form) -> tuple[object, ...]:
    """All but the line; the order of topics means nothing."""
    return (frozenset(form.topics), *form[3:])


def _clash(row: Form, other: Form) -> Refusal | None:
    mend = f"compare both forms and correct line {row.line} or {other.line}"
    for column in ("place", "language"):
        mine, theirs = getattr(row, column), getattr(other, column)
        if mine and theirs and mine != theirs:
            return Refusal(row.line, column, f"the same number has another {column} in line {other.line}", mend)
    if row.evidence == other.evidence:
        return Refusal(row.line, "evidence", f"line {other.line} has the same scan with other details", mend)
    return None


class _Chunk:
    """Some rows on their way into the database."""

    def __init__(self, key: bytes, directory: _Directory, zone: ZoneInfo, now_ms: int, forms: Sequence[Form]) -> None:
        self._directory = directory
        self._zone = zone
        self._now_ms = now_ms
        self._forms = forms
        self._subjects = {form.number: audit.subject(key, form.number) for form in forms}
        self._days: dict[date, tuple[int, str]] = {}
        self._reset()

    def _reset(self) -> None:
        self.taken_rows = 0
        self.repeated = 0
        self.refused: list[Refusal] = []
        self._people: dict[str, Person] = {}
        self._taken: dict[str, _Taken] = {}

    def decide(self, connection: Connection) -> None:
        """Judge the rows by what the database knows; writes nothing."""
        self._reset()
        self._people = standing.people(connection, sorted(self._subjects))
        suppressed = standing.suppressed(connection, self._subjects.values())
        past = standing.past(connection, self._subjects.values())
        nothing = Past()
        for form in self._forms:
            subject = self._subjects[form.number]
            person = self._people.get(form.number, STRANGER)
            before = past.get(subject, nothing)
            stopped_ms = max(suppressed.get(subject, -1), person.stopped_ms or -1, before.stopped_ms)
            self._decide(form, subject, stopped_ms, before)

    def _decide(self, form: Form, subject: str, stopped_ms: int, past: Past) -> None:
        signed_ms, rule = self._signed(form.consented_on)
        if stopped_ms >= signed_ms:  # a STOP on the day of the signature wins: nobody knows which came first
            self._refuse(
                form, "the number stopped after that date", "have a new form signed, or ask them to text START"
            )
            return
        if past.erased_ms >= signed_ms:
            self._refuse(form, "the person had everything erased after that date", "have a new form signed")
            return
        known = past.forms.get((rule, form.form, form.evidence), ())
        kept = [code for code in form.topics if past.left_ms.get(f"topic:{code}", -1) < signed_ms]
        topics = [code for code in kept if f"topic:{code}" not in known] if known else kept
        if "all" in known and not topics:
            self.repeated += 1
            return
        taken = self._taken.get(form.number)
        if taken is None:
            taken = self._taken[form.number] = _Taken(subject, [])
        taken.forms.append(form)
        taken.topics.update(dict.fromkeys(topics))
        if "all" not in known:
            taken.facts.append((form, "all"))
        taken.facts.extend([(form, f"topic:{code}") for code in topics])
        self.taken_rows += 1

    def _fact(self, form: Form, subject: str, scope: str) -> audit.Entry:
        return audit.Entry(
            at_ms=self._now_ms,
            subject=subject,
            action="join" if scope == "all" else "subscribe",
            scope=scope,
            source=SOURCE,
            actor=form.collector,
            rule=self._signed(form.consented_on)[1],
            wording=form.form,
            evidence=form.evidence,
        )

    def _refuse(self, form: Form, reason: str, mend: str) -> None:
        self.refused.append(Refusal(form.line, "consented_on", reason, mend))

    def _signed(self, day: date) -> tuple[int, str]:
        """When *day* began at the place, and how the ledger names it."""
        found = self._days.get(day)
        if found is None:
            found = to_ms(datetime.combine(day, time(), self._zone)), f"signed {day.isoformat()}"
            self._days[day] = found
        return found

    def write(self, connection: Connection, greetings: Greetings | None) -> None:
        """Decide and write, in one transaction.

        The locks are taken in the order that turns take them: people by number, then what is theirs, the ledger last.
        """
        self.decide(connection)
        if not self._taken:
            return
        ids = self._save_people(connection)
        topics = self._directory.topics
        bulk.insert(
            connection,
            SUBSCRIPTION,
            ("contact_id", "topic_id", "since_ms"),
            [(ids[n], topics[code], self._now_ms) for n, taken in self._taken.items() for code in taken.topics],
            conflict="(contact_id, topic_id) DO NOTHING",
        )
        bulk.delete(connection, SUPPRESSION, ("subject",), [(taken.subject,) for taken in self._taken.values()])
        if greetings is not None:
            greetings.put(connection, [self._greeted(n, ids[n]) for n in self._taken])
        facts = [
            self._fact(form, taken.subject, scope) for taken in self._taken.values() for form, scope in taken.facts
        ]
        audit.append(connection, facts)

    def _greeted(self, number: str, contact_id: int) -> Greeted:
        """What a welcome is written from: the newest form is the one that the person remembers."""
        forms = self._taken[number].forms
        newest = forms[0] if len(forms) == 1 else max(forms, key=lambda form: form.consented_on)
        person, (signed_ms, _) = self._people.get(number, STRANGER), self._signed(newest.consented_on)
        return Greeted(contact_id, self._language(number), newest, person, signed_ms)

    def _language(self, number: str) -> str | None:
        known = self._people.get(number, STRANGER).language
        if known:
            return known
        for form in self._taken[number].forms:
            if form.language:
                return form.language
        return None

    def _save_people(self, connection: Connection) -> dict[str, int]:
        now_ms, places = self._now_ms, self._directory.places
        made: list[bulk.Row] = []
        changed: list[bulk.Row] = []
        ids: dict[str, int] = {}
        for number in sorted(self._taken):
            person = self._people.get(number, STRANGER)
            given = next((form.place for form in self._taken[number].forms if form.place), None)
            place_id = person.place_id if person.place_id is not None or given is None else places[given]
            language = self._language(number)
            if person.id is None:
                made.append((number, "active", language, place_id, "[]", now_ms, now_ms, "", False, 0, 0, 0, 0, 0, 0))
                continue
            ids[number] = person.id
            # A pause is the person's own wish and ends by itself.
            state, since_ms, former = person.state, person.since_ms, person.former
            if state not in ("active", "paused"):
                state, since_ms, former = "active", now_ms, "[]"
            changed.append((state, language, place_id, former, since_ms, None, None, None, person.id))
        bulk.update(connection, CONTACT, "id", CHANGED, changed)
        bulk.insert(connection, CONTACT, MADE, made)
        ids.update(standing.ids(connection, [row[0] for row in made]))
        return ids


def _directory(connection: Connection) -> _Directory:
    topics = connection.execute(select(TOPIC.c.code, TOPIC.c.id).where(TOPIC.c.active).order_by(TOPIC.c.number))
    places = connection.execute(
        select(PLACE.c.code, PLACE.c.id, PLACE.c.names).where(PLACE.c.active).order_by(PLACE.c.code)
    ).all()
    return _Directory(
        topics={row.code: row.id for row in topics},
        places={row.code: row.id for row in places},
        place_names={row.code: json.loads(row.names) for row in places},
    )
