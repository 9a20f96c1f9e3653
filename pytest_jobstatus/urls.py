"""URLs as users give them, with passwords in them that no message may show."""

from __future__ import annotations

import re

SECRETS = "(?:password|passwd|pwd|secret|token)"
IN_QUERY = rf"({SECRETS}=)[^&]*"
IN_COMMAND = rf"(--?[\w-]*{SECRETS}\s+)\S+"


def hidden(text: str) -> str:
    """The URL, or a text that holds one, without its password; where that is not clear, rather too much is left out.

    >>> hidden("celery:db+postgresql://me:secret@localhost/jobs")
    'celery:db+postgresql://me:***@localhost/jobs'
    >>> hidden("redis://:se/cr?et@localhost?password=secret")
    'redis://:***@localhost?password=***'
    >>> hidden("stdio:node tracker.js --db-password secret --fast")
    'stdio:node tracker.js --db-password *** --fast'
    """
    shown = re.sub(r"(://[^:@]*):.*@", r"\1:***@", text, flags=re.DOTALL)
    shown = re.sub(IN_QUERY, r"\1***", shown, flags=re.IGNORECASE)
    return re.sub(IN_COMMAND, r"\1***", shown, flags=re.IGNORECASE)
