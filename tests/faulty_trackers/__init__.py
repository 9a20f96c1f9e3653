"""Trackers that each break a rule or two by one small change: the kit must find every one of them."""

from __future__ import annotations

import inspect

from tests.faulty_trackers import (
    conv_1,
    idem_1,
    idem_2,
    term_1,
    term_2,
    term_3,
    time_1,
    track_1,
    track_2,
    track_3,
    track_4,
    track_6,
)
from tests.sound_trackers.merging import Sound

FAULTY: tuple[type[Sound], ...] = (
    *track_1.FAULTY,
    *track_2.FAULTY,
    *track_3.FAULTY,
    *track_4.FAULTY,
    *track_6.FAULTY,
    *idem_1.FAULTY,
    *idem_2.FAULTY,
    *term_1.FAULTY,
    *term_2.FAULTY,
    *term_3.FAULTY,
    *time_1.FAULTY,
    *conv_1.FAULTY,
)
"""All of them, by the rule that they are about first."""


def rules_of(tracker: type[Sound]) -> tuple[str, ...]:
    """The rules that the tracker breaks, from the head of its docstring.

    >>> rules_of(term_1.LastWriteWins)
    ('TERM-1', 'TERM-3', 'TRACK-6', 'CONV-1')
    """
    return tuple((inspect.getdoc(tracker) or "").split(":")[0].split("/"))
