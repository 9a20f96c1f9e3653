"""URLs as users give them, with passwords in them that no message may show."""

from __future__ import annotations

import re

IN_QUERY = r"((?:password|passwd|pwd|secret|token)=)[^&]*"


def hidden(text: str) -> str:
    """The URL, or a text that holds one, without its password; where that is not clear, rather too much is left out.

    >>> hidden("celery:db+postgresql://me:secret@localhost/jobs")
    'celery:db+postgresql://me:***@localhost/jobs'
    >>> hidden("redis://:se/cr?et@localhost?password=secret")
    'redis://:***@localhost?password=***'
    """
    shown = re.sub(r"(://[^:@]*):.*@", r"\1:***@", text, flags=re.DOTALL)
    return re.sub(IN_QUERY, r"\1***", shown, flags=re.IGNORECASE)
