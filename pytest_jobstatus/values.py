"""The values that events carry: plain ones, and those that trackers trip over. Each table may be given to its explorer
with entries added.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from pytest_jobstatus.events import JobError

PLAIN_ERRORS: tuple[JobError, ...] = (
    JobError("ValueError", "boom"),
    JobError("KeyError", "'missing'"),
    JobError("RuntimeError", "first line\nsecond line\nthe reason is in the last"),
    JobError("HTTPError", "404 Client Error: Not Found for url: http://host:80/a?b=%20&c=1"),
    JobError("ValueError", """it's "quoted" and 100 % of {it} is %s \\n <b>&amp;</b>"""),
    JobError("ValueError", "1234567"),
    JobError("shop.errors.OutOfStock", "none left"),
    JobError("AnErrorWithANameThatIsLongerThanFiftyCharactersAndStillAName", "two  blanks, 100 %% and cafe\u0301"),
    JobError("ValueError", '{"code": 7, "detail": ["a"]}'),
    JobError("ValueError", "007"),
    JobError("ValueError", "None"),
    JobError("TypeError", "boom"),
    JobError("TimeoutError", "no answer in 30 s"),
    JobError("billiard.exceptions.WorkerLostError", "Worker exited prematurely: signal 9 (SIGKILL)"),
    JobError("ValueError", r"\u0000, \x00 and %00 are no NUL, \ud800 is no surrogate"),
    JobError("Größenfehler", "Größe zu groß: 7 € – なぜ 🙂"),
    JobError("ValueError", f"a long text: {'0123456789' * 16} and its end"),
)
"""What exceptions of a working day look like; each text is to be found again whole. None is of a built-in type that
takes more than a text: a tracker may want to build it anew.
"""

CANCELLERS: tuple[str, ...] = (
    "Ann",
    "system",
    "admin",
    "007",
    "00000000-0000-4000-8000-00000000002a",
    "someone.with.a.long.name@a-department.a-company.example.com",
    "Zoë O'Brien 🙂",
    " padded ",
)
"""Who may have cancelled a job."""

CANCEL_WORDS: tuple[JobError, ...] = (
    JobError("ValueError", "the payment was cancelled by the bank"),
    JobError("ValueError", "order canceled"),
    JobError("RpcError", "1 CANCELLED: call"),
    JobError("JobCancelledError", "gave up"),
    JobError("asyncio.CancelledError", ""),
    JobError("CancelledError", "gave up"),
    JobError("CancelledError", ""),
    JobError("ValueError", "Cancelled"),
    JobError("ValueError", "CANCELED"),
    JobError("ValueError", "cancellation of the order failed"),
    JobError("ValueError", "cannot cancel a paid invoice"),
    JobError("CanceledError", "gave up"),
    JobError("OrderCancellationException", "gave up"),
    JobError("AbortError", "This operation was aborted"),
    JobError("TaskRevokedError", "revoked"),
    JobError("WorkerTerminated", "terminated by signal 15"),
    JobError("KeyboardInterrupt", "stopped by the user"),
    JobError("ValueError", "Cancelled by peer"),
    JobError("ValueError", "canceled by the peer"),
    JobError("ValueError", "upload failed\nthe request was cancelled"),
    JobError("ValueError", "lease cancelled"),
    JobError("ValueError", "canceled"),
    JobError("ValueError", "cancelled"),
    JobError("ValueError", "Canceled"),
    JobError("ValueError", "CANCELLED"),
    JobError("JobCancelled", "Job cancelled"),
    JobError("ValueError", "gave up", "Traceback (most recent call last): …\nasyncio.exceptions.CancelledError"),
)
"""Failures that speak of cancelling, and are failures."""

ODD_TEXTS: tuple[str, ...] = (
    "",
    "before\0after",
    "\0after",
    "before\0",
    "\0",
    "a\0b\0\0c",
    "before\ud800after",
    "before\udfff",
    "\udc80after",
    "\udfff\ud800",
    "\0\ud800then",
    "🙂🧵 👩‍👩‍👧",
    "\U0010ffff and \ufffe",
    "é" * 300,
    "🙂" * 300,
    " ".join(str(number) for number in range(15_000)),
    "\n".join(f"line {number} of a long text" for number in range(40_000)),
    'it\'s "quoted" `so`',
    "'); DROP TABLE jobs; --",
    "100%s %(name)s {} {0} $1 :name ? \\",
    "tab\tand\nline\r\nend",
    "\x1b[31mred\x1b[0m",
    "\u202eright to left",
    "<script>alert(1)</script>",
    "null",
)
"""Messages and tracebacks that were seen to lose a failure (fazer-ai/agents#244 measured some of them)."""

PROGRESS: tuple[Any, ...] = (
    50, 0, 1, 100, -1,
    0.5, 0.1, 33.333333333333336, 1e-7, 1.7976931348623157e308, -0.25, 5e-324,
    2**53 - 1, -(2**53 - 1), 2**31, 2**32 + 1, 1_700_000_000_000,
    True, False,
    "", "half", "50", "0", "true", "null", "None", "[]", "  padded  ", "größe 🙂 ﬁ é é", "a\nb\tc", 'quo"te\'s\\',
    "x" * 5000,
    [], [1, 2, 3], [[]], [None], [True, 1, 1.5, "1"], [0], ["a", ["b", ["c"]]], list(range(300)),
    {}, {"percent": 50}, {"done": 3, "of": 10, "stage": "load"}, {"a": {"b": {"c": [1, {"d": None}]}}}, {"a": {}},
    {"": 1}, {"ключ 🙂": "é"}, {"e\u0301": 1, "é": 2},
    [[[[[[[[1]]]]]]]], {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}},
    {"a.b": 1, "$set": 2, "a": 3}, {"1": "one", "01": "other"}, {"A": 1, "a": 2},
    {"yes": True, "no": False, "one": 1, "zero": 0, "none": None}, {"__proto__": 1, "constructor": 2},
    {f"key {number}": number for number in range(100)},
    {" a ": 1}, {"progress": 5}, {"value": 5}, {"0": "a", "1": "b"}, [3, 1, 2], [1, 1], [[[[[[[[[[[[[1]]]]]]]]]]]]],
    "&amp; <b> %41 +",
    "1e5", "nan", '"a"', "a\r\nb", "e\u0301", "\x01\x1f", "\x7f\x85", "a\u2028b", "\ufeffa", "a\u200db",
    29, 57, 58, r"\u0000next and \ud800 as text", [0.125, 33.333333333333336],
    {"rate": 0.1, "rates": [0.125, 2.675, 33.333333333333336]},
    {"filesDone": 1, "bytes_done": 2, "Rows-Done": 3}, {"ends with \\": "\\"},
    "2026-01-05T12:00:00Z",
    {"at": "2026-01-05T12:00:00+00:00", "id": "9007199254740993", "date": "2026-01-05"},
    None,
)  # fmt: skip
"""JSON values that must read back as they were given (RFC 8259; integers as in RFC 7493, section 2.2)."""

PERCENTAGES = tuple(range(101))
"""What a tracker without `json_progress` must read back."""

PROGRESS_PAIRS: tuple[tuple[Any, Any], ...] = (
    (10, 20),
    (90, 10),
    (50, 0),
    (0, 50),
    ({"done": 1, "of": 10}, {"done": 2}),
    ({"load": 1}, {"save": 2}),
    ({"a": {"x": 1}}, {"a": {"y": 2}}),
    ({"a": [1, 2, 3]}, {"a": [9]}),
    ({"a": 1}, {}),
    ({"a": 1}, None),
    ({"a": None}, {"b": None}),
    ({"a": 1}, {"a": None}),
    ({"a": 1}, 5),
    ({"a": 1}, "text"),
    ("text", {"a": 1}),
    ([1, 2, 3], [4]),
    ([1, 2, 3], []),
    ({"a": 1}, [1]),
    ("a long text", ""),
    (True, 1),
    (1, True),
    (0, False),
    (5, "5"),
    (1, None),
)
"""A value and the one that replaces it."""

PERCENTAGE_PAIRS = ((10, 20), (90, 10), (50, 0), (0, 50), (100, 1))

ODD_PROGRESS: tuple[Any, ...] = (
    math.nan,
    math.inf,
    -math.inf,
    {"rate": math.nan},
    [1, math.inf],
    "before\0after",
    {"nul\0key": 1},
    {"text": "\0"},
    "lone \ud800",
    {"a": {"b": "\udfff"}},
    2**53,
    2**63,
    -(2**63) - 1,
    10**30,
    {"big": 2**64},
    "x" * 200_000,
)
"""What some stores cannot hold."""

DEEP = 500
"""How deep the deepest progress is nested: less than Python's own limit leaves room for."""
SHALLOW = 150
"""How deep progress is nested that many stores hold, and not every reader."""


def deep(depth: int = DEEP) -> Any:
    """A list in a list in a list, and so on.

    >>> deep(3)
    [[[1]]]
    """
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


LARGEST_STORABLE = 100_000
"""In characters of one text: what is longer may be refused."""
DEEPEST_STORABLE = 100
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
EXACT = 2**53 - 1
"""The largest integer that every JSON reader takes exactly (RFC 8259, section 6)."""


def is_storable(value: Any, *, depth: int = 0) -> bool:  # noqa: PLR0911 - one return for each type of JSON
    """Whether a JSON store must take the value (JSL/1, PROG-1); what it need not take is DATA-2's.

    >>> is_storable({"a": [1, None]}), is_storable(math.nan), is_storable(2**53), is_storable(deep())
    (True, False, False, False)
    """
    if depth > DEEPEST_STORABLE:
        return False
    if isinstance(value, str):
        return len(value) <= LARGEST_STORABLE and UNSTORABLE.search(value) is None
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) <= EXACT
    if isinstance(value, Mapping):
        return all(is_storable(part, depth=depth + 1) for item in value.items() for part in item)
    if isinstance(value, list | tuple):
        return all(is_storable(part, depth=depth + 1) for part in value)
    return value is None


LONGEST_BESIDE_NUMBER = 245
"""How many characters fit beside the ten digits that stand for a #: ids have up to 255."""

ALIKE: tuple[tuple[str, str], ...] = (
    ("Job #", "job #"),
    ("#É", "#é"),
    ("#é", "#e"),
    ("#é", "#e\u0301"),
    ("Å#", "A\u030a#"),
    ("#ß", "#ss"),
    ("#ı", "#i"),
    ("#ﬁ", "#fi"),
    ("#１", "#1"),
    ("#", "# "),
    ("#", " #"),
    ("#", "#1"),
    ("#.b", "#xb"),
    ("1_#", "1#"),
    ("#-a", "#a"),
    ("#:error", "#"),
    ("#-2", "#"),
    ("#-1", "#"),
    ("#:1", "#"),
    ("#_1", "#"),
    ("#/1", "#"),
    ("a-#", "a#"),
    ("a\u00a0#", "a #"),
    ("a\t#", "a #"),
    ("a\x01#", "a#"),
    ("#''", "#'"),
    ("#", "#\t"),
    ("#", "#\n"),
    ("#", "#\u00a0"),
    ("a #", "a  #"),
    ("a#", "a\u200b#"),
    ("0#", "#"),
    ("00#", "0#"),
    ("#", "+#"),
    ("#", "#.0"),
    ("#", "#e0"),
    ("-#", "#"),
    ("#%", "#a"),
    ("#%41", "#A"),
    ("#&amp;", "#&"),
    ("#+a", "# a"),
    ("%#", "a#"),
    ("#_", "#a"),
    ("#*", "#a"),
    ("#?", "#a"),
    ("#'", "#"),
    ("'#'", "#"),
    ('"#"', "#"),
    ("#;", "#"),
    ("#\\", "#"),
    ("#/a", "#"),
    ("#/../#", "#"),
    ("#:progress", "#"),
    ("a:#", "#"),
    ("a:#", "b:#"),
    ("#:a", "#:b"),
    ("a.#", "b.#"),
    ("#-1", "#_1"),
    ("a/#", "b/#"),
    ("a/#", "a-#"),
    ("#@a", "#@b"),
    ("{#}", "#"),
    ("#🙂", "#🧵"),
    (f"#{'x' * 26}a", f"#{'x' * 26}b"),
    (f"#{'x' * 60}a", f"#{'x' * 60}b"),
    (f"#{'x' * 130}a", f"#{'x' * 130}b"),
    (f"{'x' * 100}a#{'x' * 100}", f"{'x' * 100}b#{'x' * 100}"),
    (f"#{'x' * (LONGEST_BESIDE_NUMBER - 1)}a", f"#{'x' * (LONGEST_BESIDE_NUMBER - 1)}b"),
    (f"a{'x' * (LONGEST_BESIDE_NUMBER - 1)}#", f"b{'x' * (LONGEST_BESIDE_NUMBER - 1)}#"),
    (f"#{'é' * (LONGEST_BESIDE_NUMBER - 1)}a", f"#{'é' * (LONGEST_BESIDE_NUMBER - 1)}b"),
    (f"#{'x' * (LONGEST_BESIDE_NUMBER - 1)}a", f"#{'x' * (LONGEST_BESIDE_NUMBER - 1)}"),
    ("#.", "#"),
    ("#?a", "#?b"),
)
"""Pairs of ids that some store takes for one; a number, the same in both, stands for each #."""
