"""What the tests of the ready-made adapters share: a pinned set of failing rules, and a URL that is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_jobstatus import Misuse, Report


def assert_fails(report: Report, rules: set[str], *, first: str, message: str) -> None:
    """Exactly these rules fail, and one of them says this."""
    assert {result.id for result in report.failed} == rules
    found = report[first].counterexample
    assert found is not None
    assert found.message == message


def assert_refused(factory: Callable[[str], object], url: str, said: str, *, secret: str) -> None:
    """One line tells the value, without the secret, the reason, and what is allowed."""
    with pytest.raises(Misuse) as caught:
        factory(url)
    message = str(caught.value)
    assert message.startswith(said)
    assert "allowed is" in message
    assert "\n" not in message
    assert secret not in message
