"""Faulty for DATA-1: an error text loses the failure, or its own beginning."""

from __future__ import annotations

import html
import re
from dataclasses import replace

from pytest_jobstatus import Event, EventKind, JobError, Snapshot, Status
from tests.sound_trackers.merging import Row, Sound

SURROGATE = re.compile("[\ud800-\udfff]")
LONGEST_TEXT = 65_535


class Losing(Sound):
    """Sound as it stands; the faulty ones below lose events whose error they cannot store."""

    def merge(self, row: Row, event: Event, value: object) -> None:
        if event.error is None or not self.loses(event, event.error):
            super().merge(row, event, value)

    def loses(self, event: Event, error: JobError) -> bool:
        return False


class NulLosesFailure(Losing):
    """DATA-1: a failure whose message holds a NUL is not recorded."""

    def loses(self, event: Event, error: JobError) -> bool:
        return "\0" in error.message


class NulInTracebackLosesFailure(Losing):
    """DATA-1: messages are cleaned of NUL, but a NUL in the traceback loses the failure."""

    def loses(self, event: Event, error: JobError) -> bool:
        return "\0" in (error.traceback or "")


class SurrogateLosesFailure(Losing):
    """DATA-1: a failure whose message holds a lone surrogate is not recorded."""

    def loses(self, event: Event, error: JobError) -> bool:
        return SURROGATE.search(error.message) is not None


class SurrogateInTracebackLosesFailure(Losing):
    """DATA-1: a lone surrogate in the traceback alone loses the failure."""

    def loses(self, event: Event, error: JobError) -> bool:
        return SURROGATE.search(error.traceback or "") is not None


class LongTextLosesFailure(Losing):
    """DATA-1: a message longer than its column loses the failure."""

    def loses(self, event: Event, error: JobError) -> bool:
        return len(error.message) > LONGEST_TEXT


class LongTracebackLosesFailure(Losing):
    """DATA-1: messages are cut to fit, but a traceback longer than its column loses the failure."""

    def loses(self, event: Event, error: JobError) -> bool:
        return len(error.traceback or "") > LONGEST_TEXT


class QuoteLosesFailure(Losing):
    """DATA-1: a single quote in the message breaks the statement, and the failure is not recorded."""

    def loses(self, event: Event, error: JobError) -> bool:
        return "'" in error.message


class EmojiLosesFailure(Losing):
    """DATA-1: a message with characters of four bytes loses the failure."""

    def loses(self, event: Event, error: JobError) -> bool:
        return any(ord(each) > 0xFFFF for each in error.message)


class NulAfterRetryLosesFailure(Losing):
    """DATA-1: only the first attempt's failure is cleaned of NUL; a later one is lost."""

    def loses(self, event: Event, error: JobError) -> bool:
        return event.kind is EventKind.FAILED and event.attempt > 1 and "\0" in error.message


class NulLosesRetry(Losing):
    """DATA-1: a failure that will be retried is not recorded where its message holds a NUL."""

    def loses(self, event: Event, error: JobError) -> bool:
        return event.kind is EventKind.RETRYING and "\0" in error.message


class EmptyTextIsSuccess(Sound):
    """DATA-1: a failure with an empty message counts as none."""

    def shows(self, row: Row, event: Event) -> Status:
        if event.kind is EventKind.FAILED and event.error is not None and not event.error.message:
            return Status.COMPLETED
        return super().shows(row, event)


class Rewording(Sound):
    """Sound as it stands; the faulty ones below change the text that is stored."""

    def outcome(self, row: Row, event: Event) -> None:
        super().outcome(row, event)
        if event.error is not None and row.error is event.error:
            row.error = replace(event.error, message=self.worded(event.error.message))

    def worded(self, text: str) -> str:
        return text


class TextCutInBytes(Rewording):
    """DATA-1: the text is cut after 255 bytes, which may be 63 characters."""

    def worded(self, text: str) -> str:
        return text.encode(errors="replace")[:255].decode(errors="ignore")


class TailOfLongTextKept(Rewording):
    """DATA-1: of a long text the end is kept rather than the beginning."""

    def worded(self, text: str) -> str:
        return text[-1000:]


class TextEscapedForHtml(Rewording):
    """DATA-1: quotes and angle brackets are escaped before they are stored."""

    def worded(self, text: str) -> str:
        return html.escape(text)


class TextEndsAtNul(Rewording):
    """DATA-1: a text ends at its first NUL, so that one that begins with it is empty."""

    def worded(self, text: str) -> str:
        return text.partition("\0")[0]


class SurrogateEatsNeighbour(Rewording):
    """DATA-1: a lone surrogate takes the character before it along."""

    def worded(self, text: str) -> str:
        return re.sub("(?s).?[\ud800-\udfff]", "\ufffd", text)


class PlaceholderForNul(Rewording):
    """DATA-1: a text that holds a NUL is replaced as a whole."""

    def worded(self, text: str) -> str:
        return "(binary data)" if "\0" in text else text


class ReprInsteadOfText(Sound):
    """DATA-1: the error is shown as Python writes it, with line ends, backslashes and quotes escaped."""

    def show(self, row: Row) -> Snapshot:
        shown = super().show(row)
        return shown if row.error is None else replace(shown, error=f"{row.error.type}({row.error.message!r})")


FAULTY: tuple[type[Sound], ...] = (
    NulLosesFailure,
    NulInTracebackLosesFailure,
    SurrogateLosesFailure,
    SurrogateInTracebackLosesFailure,
    LongTextLosesFailure,
    LongTracebackLosesFailure,
    QuoteLosesFailure,
    EmojiLosesFailure,
    NulAfterRetryLosesFailure,
    NulLosesRetry,
    EmptyTextIsSuccess,
    TextCutInBytes,
    TailOfLongTextKept,
    TextEscapedForHtml,
    TextEndsAtNul,
    SurrogateEatsNeighbour,
    PlaceholderForNul,
    ReprInsteadOfText,
)
