"""Faulty for DATA-3: different ids share a job, or an id is lost without a word."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import unquote

from pytest_jobstatus import Event, EventKind, JobError, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound


class Keyed(Sound):
    """Sound as it stands, with a key for each id; the faulty ones below give two ids one key."""

    def find(self, event: Event) -> Row:
        return self.rows.setdefault(self.key(event.job_id), Row(event.job_id))

    def read(self, job_id: str) -> Snapshot | None:
        shown = super().read(self.key(job_id))
        return None if shown is None else replace(shown, job_id=job_id)

    def key(self, job_id: str) -> str:
        return job_id


class IdsInLowerCase(Keyed):
    """DATA-3: ids that differ in case are one job."""

    def key(self, job_id: str) -> str:
        return job_id.lower()


class DotsStripped(Keyed):
    """DATA-3: a dot at the end is taken for punctuation."""

    def key(self, job_id: str) -> str:
        return job_id.rstrip(".")


class QueriesCut(Keyed):
    """DATA-3: an id is a URL, whose query does not matter."""

    def key(self, job_id: str) -> str:
        return job_id.split("?", maxsplit=1)[0]


class IdsCutTo36(Keyed):
    """DATA-3: ids are cut to the length of a UUID."""

    def key(self, job_id: str) -> str:
        return job_id[:36]


class LastCharacterOfLongIdsCut(Keyed):
    """DATA-3: the column holds 254 characters, and the last of 255 is cut."""

    def key(self, job_id: str) -> str:
        return job_id[:254]


class IdsCutInBytes(Keyed):
    """DATA-3: ids are cut to 255 bytes, which may be 63 characters."""

    def key(self, job_id: str) -> str:
        return job_id.encode(errors="surrogatepass")[:255].decode(errors="ignore")


class IdsNormalised(Keyed):
    """DATA-3: composed and decomposed ids are one job."""

    def key(self, job_id: str) -> str:
        return unicodedata.normalize("NFC", job_id)


class AccentsIgnored(Keyed):
    """DATA-3: ids that differ in accents only are one job."""

    def key(self, job_id: str) -> str:
        return "".join(each for each in unicodedata.normalize("NFD", job_id) if not unicodedata.combining(each))


class EmojiAllEqual(Keyed):
    """DATA-3: every character beyond 16 bits equals every other, as sushi equals beer to MySQL."""

    def key(self, job_id: str) -> str:
        return "".join("\ufffd" if ord(each) > 0xFFFF else each for each in job_id)


class TrailingBlanksIgnored(Keyed):
    """DATA-3: ids that differ in blanks at the end are one job."""

    def key(self, job_id: str) -> str:
        return job_id.rstrip(" ") or job_id


class LeadingBlanksIgnored(Keyed):
    """DATA-3: ids that differ in blanks at the beginning are one job."""

    def key(self, job_id: str) -> str:
        return job_id.lstrip(" ") or job_id


class LeadingZerosIgnored(Keyed):
    """DATA-3: ids of digits are taken for numbers, without their leading zeros."""

    def key(self, job_id: str) -> str:
        return str(int(job_id)) if job_id.isascii() and job_id.isdigit() else job_id


class IdsEndAtColon(Keyed):
    """DATA-3: ids that differ after a colon are one job."""

    def key(self, job_id: str) -> str:
        return job_id.partition(":")[0] or job_id


class IdsUnquoted(Keyed):
    """DATA-3: a percent sign and two digits are taken for an encoded character."""

    def key(self, job_id: str) -> str:
        return unquote(job_id)


class QuotesStripped(Keyed):
    """DATA-3: quotes are removed from ids to be safe."""

    def key(self, job_id: str) -> str:
        return job_id.replace("'", "").replace('"', "") or job_id


class IdsFoundByLike(Keyed):
    """DATA-3: an unknown id with % or _ is a pattern, and finds a recent job that fits it."""

    def key(self, job_id: str) -> str:
        if job_id in self.rows or not {"%", "_"} & set(job_id):
            return job_id
        pattern = re.compile(re.escape(job_id).replace("%", ".*").replace("_", "."), re.DOTALL)
        return next(filter(pattern.fullmatch, islice(reversed(self.rows), 8)), job_id)


class EndsWhatBeginsWithId(Sound):
    """DATA-3: the end of a job ends recent jobs too whose ids begin with its own."""

    def merge(self, row: Row, event: Event, value: Any) -> None:
        super().merge(row, event, value)
        if event.kind.terminal:
            for other in islice(reversed(self.rows.values()), 8):
                if other is not row and other.status is not None and other.job_id.startswith(row.job_id):
                    super().merge(other, event, value)


class LongIdsLost(Sound):
    """DATA-3: events of jobs with long ids are dropped without an error."""

    def apply(self, event: Event) -> None:
        if len(event.job_id) <= 191:
            super().apply(event)


class LongIdsRefusedAtEnd(Sound):
    """DATA-3: a long id is accepted at first and refused when the job ends."""

    def apply(self, event: Event) -> None:
        if event.kind.terminal and len(event.job_id) > 191:
            raise ValueError("job_id: allowed are up to 191 characters")
        super().apply(event)


class LongIdsRefusedAfterInsert(Sound):
    """DATA-3: an id that is too long for the second table is refused when the first has its row."""

    def apply(self, event: Event) -> None:
        super().apply(event)
        if len(event.job_id) > 191:
            raise ValueError("job_id: allowed are up to 191 characters")


class LongIdsRefusedWithoutAWord(Sound):
    """DATA-3: an id that is too long is refused with an exception that says nothing."""

    def apply(self, event: Event) -> None:
        if len(event.job_id) > 191:
            raise ValueError
        super().apply(event)


class RetryErrorsFoldCase(Sound):
    """DATA-3: rows are exact, but the errors of awaited retries are in a table whose key folds case."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[str, JobError | None] = {}

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.RETRYING:
            self.errors[row.job_id.casefold()] = row.error

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return replace(shown, error=self.errors[row.job_id.casefold()]) if row.status is Status.DELAYED else shown


class AttemptsArchivedAmongJobs(Sound):
    """DATA-3: the row of a failed attempt is archived as "id-attempt", among the rows of the jobs."""

    def move(self, row: Row, event: Event) -> None:
        super().move(row, event)
        if event.kind is EventKind.RETRYING:
            self.rows.setdefault(f"{row.job_id}-{event.attempt}", row)


class CancellerByLike(Sound):
    """DATA-3: who cancelled is written to every recent cancelled job whose id fits, with _ for any character."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.CANCELLED:
            pattern = re.compile(re.escape(row.job_id).replace("_", "."), re.DOTALL)
            for other in islice(reversed(self.rows.values()), 8):
                if other.status is Status.CANCELLED and pattern.fullmatch(other.job_id):
                    other.cancelled_by = event.cancelled_by


class ProgressPrunedByPrefix(Sound):
    """DATA-3: a completed job that had progress prunes that of recent jobs whose ids begin with its own."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.kind is EventKind.COMPLETED and row.progress_key is not None:
            for other in islice(reversed(self.rows.values()), 8):
                if other is not row and other.job_id.startswith(row.job_id):
                    other.progress = None


class RefusedIdAbortsTransaction(Sound):
    """DATA-3: an id that is refused leaves the transaction open, in which everything else is refused, reads too."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = False

    def look(self) -> None:
        if self.aborted:
            raise RuntimeError("current transaction is aborted")

    def apply(self, event: Event) -> None:
        self.look()
        if not event.job_id.isascii():
            self.aborted = True
            raise ValueError(f"job id {event.job_id!r}: allowed is ASCII")
        super().apply(event)

    def read(self, job_id: str) -> Snapshot | None:
        self.look()
        return super().read(job_id)


FAULTY: tuple[type[Sound], ...] = (
    IdsInLowerCase,
    DotsStripped,
    QueriesCut,
    IdsCutTo36,
    LastCharacterOfLongIdsCut,
    IdsCutInBytes,
    IdsNormalised,
    AccentsIgnored,
    EmojiAllEqual,
    TrailingBlanksIgnored,
    LeadingBlanksIgnored,
    LeadingZerosIgnored,
    IdsEndAtColon,
    IdsUnquoted,
    QuotesStripped,
    IdsFoundByLike,
    EndsWhatBeginsWithId,
    LongIdsLost,
    LongIdsRefusedAtEnd,
    LongIdsRefusedAfterInsert,
    LongIdsRefusedWithoutAWord,
    RetryErrorsFoldCase,
    AttemptsArchivedAmongJobs,
    CancellerByLike,
    ProgressPrunedByPrefix,
    RefusedIdAbortsTransaction,
)
