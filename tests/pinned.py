"""What the tests of the ready-made adapters share: a pinned set of failing rules, and a URL that is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from pytest_jobstatus import Misuse, Report


def assert_fails(report: Report, rules: set[str], messages: Mapping[str, str]) -> None:
    """Exactly these rules fail, and the messages of some have these words."""
    failed = {result.id for result in report.failed}
    assert failed == rules, f"not expected: {sorted(failed - rules)}; missing: {sorted(rules - failed)}"
    for rule, message in messages.items():
        found = report[rule].counterexample
        assert found is not None
        assert message in found.message


def assert_refused(factory: Callable[[str], object], url: str, said: str) -> None:
    """One line tells the value, without the password "pw", the reason, and what is allowed."""
    with pytest.raises(Misuse) as caught:
        factory(url)
    message = str(caught.value)
    assert message.startswith(said)
    assert re.search(r"[:;] allowed (is|are) ", message)
    assert "\n" not in message
    assert "pw" not in message
