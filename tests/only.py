"""What each rule is there for: a faulty tracker that a whole check finds by it alone, or why there is none."""

from __future__ import annotations

ONLY = {
    "TRACK-3": "RepeatedEndRaises",
    "IDEM-2": "StaleErrorReturns",
    "TERM-2": "LateRetryFillsError",
    "TERM-4": "CancelledShowsLateFailedAt",
    "TIME-2": "TakenForAnEarlierJob",
    "TIME-4": "OneColumnForEveryEnd",
    "TIME-5": "OffsetInWholeHours",
    "TIME-6": "RowReplacedByCancellation",
    "TIME-7": "LastEventStamps",
    "TIME-8": "NoStartWhileDelayed",
    "TIME-9": "ThirdStartOverwrites",
    "CONV-1": "ProgressIgnoredOnRow",
    "CONV-2": "FirstStartDelivered",
    "RETRY-6": "SecondRetryKeepsFirstError",
    "RETRY-7": "LateEndIgnoredThoughTaken",
    "CANC-1": "WhoOfTheFirstAttemptOnly",
    "CANC-3": "CancelInventsCreation",
    "CANC-4": "RpcCodeCancelled",
    "PROG-1": "NestedBooleansAsIntegers",
    "PROG-2": "ProgressByWallClock",
    "PROG-3": "HundredMeansCompleted",
    "PROG-4": "NestedObjectsMerged",
    "DATA-1": "NulInTracebackLosesFailure",
    "DATA-2": "NulInKeyLosesProgress",
    "DATA-3": "IdsCutInBytes",
    "ISO-1": "LateEventToNewestJob",
    "ISO-2": "KeyWithoutTenant",
    "LOAD-1": "SleepsBeforeEnd",
}
"""By rule, the name of the tracker. The kill matrix (`make matrix`) lists all of them."""

IMPLIED = {
    "TRACK-1": "the plain case in order: whatever breaks it breaks TRACK-6 too, and this says it without an odd order",
    "TRACK-2": "a row that nobody made is seen by ISO-1 as well, which needs a second job to show it",
    "TRACK-4": "an end is ahead of everything, so TRACK-6 sees its loss; this says that the end alone must do",
    "TRACK-5": "RETRY-5 and RETRY-6 see most wrong errors, but apply only where there are retries",
    "TRACK-6": "position by position what CONV-1 says of the end: the step that is wrong, not only that one is",
    "IDEM-1": "a repeat at once is the simplest of IDEM-2's repeats, and the one that a queue makes most often",
    "TERM-1": "TERM-2 sees the lost end time of a job that is reopened, but only where the tracker shows one",
    "TERM-3": "TERM-1 and TRACK-4 share its faults; this names the cause, an end that overtook its start",
    "TIME-1": "TIME-2 sees most disorder, but applies only where clocks may disagree",
    "TIME-3": "TIME-1 and TRACK-6 meet shared instants too; this names the cause, and applies without times",
    "RETRY-1": "what TRACK-1 and TRACK-6 say of every event, for the one that tells a reader to give up",
    "RETRY-2": "what TRACK-6 says of every event, for the number that limits hang on; it also sees repeats counted",
    "RETRY-3": "TRACK-6 leaves out runs with strays, STALL-2 and IDEM-2 see some of these by their own events",
    "RETRY-4": "RETRY-3 and RETRY-7 see the event that lowered the attempt; this holds whatever the event was",
    "RETRY-5": "TRACK-5, RETRY-7 and CONV-2 see wrong errors too; this names the cause, and applies without any error",
    "CANC-2": "TERM-1 for the end that is most often undone (rq/rq#2160)",
    "STALL-1": "what TRACK-6 says of every event, for the report that is most often only logged",
    "STALL-2": "TERM-1, RETRY-3 and IDEM-2 see its faults by the field that changed; this says that nothing may",
}
"""By rule, why it is kept though other rules catch all that it catches."""
