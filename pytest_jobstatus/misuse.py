"""What went wrong outside the tracker's logic: a bad value, a broken adapter, an unreadable file."""

from __future__ import annotations

from collections.abc import Iterable


class Misuse(ValueError):  # noqa: N818 - the name of what the user did, in every message
    """The kit was used wrongly; nothing is said about the tracker.

    The message names the value, where it came from and what is allowed. The command line ends with exit code 2,
    pytest with an error.

    >>> raise Misuse("Profile(order='loose'): allowed are 'strict', 'plain'")
    Traceback (most recent call last):
    pytest_jobstatus.misuse.Misuse: Profile(order='loose'): allowed are 'strict', 'plain'
    """


def listed(names: Iterable[object]) -> str:
    """The names as they stand in a message.

    >>> listed(["created", "active"])
    "'created', 'active'"
    """
    return ", ".join(repr(str(name)) for name in names)
