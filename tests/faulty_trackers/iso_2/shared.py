"""What faulty trackers with tenants share."""

from __future__ import annotations

from typing import Any

from tests.sound_trackers.tenants import InKey


class Shared(InKey):
    """Keeps something for all handles together."""

    def __init__(self) -> None:
        super().__init__()
        self.shared: dict[Any, Any] = {}
