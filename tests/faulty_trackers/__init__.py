"""Trackers that each break a rule or two by one small change: the kit must find every one of them."""

from __future__ import annotations

import inspect

from tests.faulty_trackers import (
    canc_1,
    canc_2,
    canc_3,
    canc_4,
    conv_1,
    conv_2,
    data_1,
    data_2,
    data_3,
    idem_1,
    idem_2,
    iso_1,
    iso_2,
    load_1,
    prog_1,
    prog_2,
    prog_3,
    prog_4,
    retry_1,
    retry_2,
    retry_3,
    retry_4,
    retry_5,
    retry_6,
    retry_7,
    stall_1,
    stall_2,
    term_1,
    term_2,
    term_3,
    term_4,
    time_1,
    time_2,
    time_3,
    time_4,
    time_5,
    time_6,
    time_7,
    time_8,
    time_9,
    track_1,
    track_2,
    track_3,
    track_4,
    track_5,
    track_6,
)
from tests.sound_trackers.merging import Sound

FAULTY: tuple[type[Sound], ...] = (
    *track_1.FAULTY,
    *track_2.FAULTY,
    *track_3.FAULTY,
    *track_4.FAULTY,
    *track_5.FAULTY,
    *track_6.FAULTY,
    *idem_1.FAULTY,
    *idem_2.FAULTY,
    *term_1.FAULTY,
    *term_2.FAULTY,
    *term_3.FAULTY,
    *term_4.FAULTY,
    *time_1.FAULTY,
    *time_2.FAULTY,
    *time_3.FAULTY,
    *time_4.FAULTY,
    *time_5.FAULTY,
    *time_6.FAULTY,
    *time_7.FAULTY,
    *time_8.FAULTY,
    *time_9.FAULTY,
    *conv_1.FAULTY,
    *conv_2.FAULTY,
    *retry_1.FAULTY,
    *retry_2.FAULTY,
    *retry_3.FAULTY,
    *retry_4.FAULTY,
    *retry_5.FAULTY,
    *retry_6.FAULTY,
    *retry_7.FAULTY,
    *canc_1.FAULTY,
    *canc_2.FAULTY,
    *canc_3.FAULTY,
    *canc_4.FAULTY,
    *prog_1.FAULTY,
    *prog_2.FAULTY,
    *prog_3.FAULTY,
    *prog_4.FAULTY,
    *stall_1.FAULTY,
    *stall_2.FAULTY,
    *data_1.FAULTY,
    *data_2.FAULTY,
    *data_3.FAULTY,
    *iso_1.FAULTY,
    *iso_2.FAULTY,
    *load_1.FAULTY,
)
"""All of them, by the rule that they are about first."""


def rules_of(tracker: type[Sound]) -> tuple[str, ...]:
    """The rules that the tracker breaks, from the head of its docstring.

    >>> rules_of(term_1.LastWriteWins)
    ('TERM-1', 'TERM-3', 'TRACK-6', 'CONV-1')
    """
    return tuple((inspect.getdoc(tracker) or "").split(":")[0].split("/"))
