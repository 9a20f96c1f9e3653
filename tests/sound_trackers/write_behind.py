"""Sound trackers that write later: `settle()` waits until they have."""

from __future__ import annotations

import json
import logging
import time
from itertools import count
from queue import Queue
from threading import Lock, Thread

from pytest_jobstatus import Event, Profile, Snapshot
from tests.sound_trackers.merging import Sound, SoundLatest
from tests.sound_trackers.missing import lacking

LOG = logging.getLogger(__name__)


class Threaded:
    """Hands events to a thread, which writes all that waits at once and logs the storage errors it cannot raise."""

    profile = Profile(started="latest", on_fault="contained", raises=(), unsupported=lacking("stalled", "durability"))

    def __init__(self) -> None:
        self.store = SoundLatest()
        self.inbox: Queue[Event | None] = Queue()
        self.lock = Lock()
        self.thread = Thread(target=self.work)
        self.thread.start()

    def apply(self, event: Event) -> None:
        json.dumps(event.progress)
        self.inbox.put(event)

    def read(self, job_id: str) -> Snapshot | None:
        with self.lock:
            return self.store.read(job_id)

    def work(self) -> None:
        """Write until told to stop."""
        while batch := self.batch():
            with self.lock:
                for event in batch:
                    self.write(event)
            for _ in batch:
                self.inbox.task_done()

    def batch(self) -> list[Event]:
        """All that waits, at least one event; none at the end."""
        batch: list[Event] = []
        while not batch or not self.inbox.empty():
            event = self.inbox.get()
            if event is None:
                break
            batch.append(event)
        return batch

    def write(self, event: Event) -> None:
        """Write one event, or say that it was not."""
        try:
            self.store.apply(event)
        except OSError:
            LOG.exception("%s of job %s was not written", event.kind, event.job_id)

    def settle(self) -> None:
        """Wait until nothing waits."""
        self.inbox.join()

    def close(self) -> None:
        """Stop the thread."""
        self.inbox.put(None)
        self.thread.join()


class Batched(Sound):
    """Lets events wait until it is asked to settle, and writes them in one go, in the order in which they came."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Event] = []

    def apply(self, event: Event) -> None:
        json.dumps(event.progress)
        self.waiting.append(event)

    def settle(self) -> None:
        """Write what waits."""
        batch, self.waiting = self.batch(), []
        for event in batch:
            super().apply(event)

    def batch(self) -> list[Event]:
        """What waits, as it is to be written."""
        return self.waiting


class Drowsy(Threaded):
    """Sleeps a moment before it writes some batches, as its thread may and a handler may not."""

    profile = Profile(started="latest", on_fault="contained", raises=())

    def __init__(self) -> None:
        self.batches = count()
        super().__init__()

    def batch(self) -> list[Event]:
        batch = super().batch()
        if next(self.batches) % 20 == 0:
            time.sleep(0.0002)
        return batch
