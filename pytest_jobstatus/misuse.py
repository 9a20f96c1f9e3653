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


ALIKE = 0.75
"""How like a name must be to be what was meant, by `difflib`'s ratio: "creatd" is, "canceller" for "created" is not."""


def listed(names: Iterable[object], *, given: object = None) -> str:
    """The names as they stand in a message.

    Args:
        names: what is allowed.
        given: what was written instead; the name that is most like it is pointed out.

    >>> listed(["created", "active"])
    "'created', 'active'"
    >>> listed(["created", "active"], given="creatd")
    "'created', 'active'; did you mean 'created'?"
    """
    texts = [str(name) for name in names]
    return ", ".join(map(repr, texts)) + suggestion(given, texts)


def suggestion(given: object, names: Iterable[str]) -> str:
    """The end of a message: which of the names was probably meant; nothing where none is like what was given.

    >>> suggestion("TERM1", ["TERM-1", "TIME-1"]), suggestion("x", ["TERM-1"])
    ("; did you mean 'TERM-1'?", '')
    """
    from difflib import get_close_matches  # here: loading the plugin must not wait for it

    near = get_close_matches(given, list(names), n=1, cutoff=ALIKE) if isinstance(given, str) else []
    return "".join(f"; did you mean {name!r}?" for name in near)
