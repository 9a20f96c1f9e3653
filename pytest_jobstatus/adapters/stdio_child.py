"""One process that is spoken to in lines: started, asked, and ended; what it left running by itself is its own."""

from __future__ import annotations

import codecs
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from pytest_jobstatus.misuse import Misuse
from pytest_jobstatus.urls import hidden

PATIENCE = 2.0
"""In seconds: how long a child may take to end once its standard input is closed, and again once it is told to."""
LONGEST = 2**26
"""In bytes: what is longer is no line."""
CHUNK = 2**16
SHOWN = 160
"""How many characters of a line a message shows."""
SAID = 600
"""How many characters of what is wrong: a value that came back may be part of it."""
TAIL = 4000
"""How many of the last characters of standard error are kept."""
LINES = 8
"""How many of its last lines a message shows."""


class Child:
    """A process in a group of its own, so that Ctrl-C in a terminal comes to us alone, and we end it.

    What it prints on standard error is handed on to ours, and its end is kept for messages. All pipes are looked after
    while a reply is awaited, by no other thread, so that none can fill and hold the child up.

    Args:
        words: the command and its arguments.
        name: the target, for messages.
        timeout: how long a reply may take, in seconds.

    Raises:
        Misuse: where the command cannot be started.
    """

    def __init__(self, words: Sequence[str], *, name: str, timeout: float) -> None:
        self.name = name
        self.timeout = timeout
        self.given_up = False
        self._hangs = False
        try:
            self._poll = select.poll()
        except AttributeError:
            raise Misuse(f"{name}: this system has no poll(2), which children are listened to with") from None
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command that the user named, without a shell
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                process_group=0,
            )
        except (OSError, ValueError) as error:
            why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            program = hidden(repr(words[0]))
            raise Misuse(f"{name}: {program} cannot be started: {why}; allowed is a program and its words") from None
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._in, self._out, self._err = (pipe.fileno() for pipe in pipes if pipe is not None)
        for descriptor in (self._in, self._out, self._err):
            os.set_blocking(descriptor, False)
        self._poll.register(self._out, select.POLLIN)
        self._poll.register(self._err, select.POLLIN)
        self._open = {self._out, self._err}
        self._unsent = bytearray()
        self._read = bytearray()
        self._awaited = 0
        self._last = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._tail = ""

    def exchange(self, line: bytes) -> bytes:
        """Send a line and give the one that comes back.

        Raises:
            Misuse: where none does in time.
        """
        if self.given_up:
            raise Misuse(f"{self.name}: given up before, so it was not sent {shortened(line)}")
        while self._awaited:  # Ctrl-C came in the middle of an exchange: its reply is still to come
            self._take_line()
        self._last = line
        self._awaited += 1
        self._unsent += line
        self._send()
        return self._take_line()

    def check_alone(self, back: bytes) -> None:
        """Make sure that nothing came with a line that is a reply.

        Raises:
            Misuse: where something did.
        """
        if self._read:
            raise self.broken("it printed more than one line for one request", back=back + bytes(self._read))

    def broken(self, what: str, *, back: bytes | None = None) -> Misuse:
        """Give the child up, and say why.

        Args:
            what: it did, or did not.
            back: what came back; None for what has come so far of a line.
        """
        self.given_up = True
        status = self._status()
        got = bytes(self._read) if back is None else back
        tail = last_lines(self._tail)
        said = (
            f"{shortened(what, SAID)}; sent {shortened(self._last) or 'nothing yet'};"
            f" came back {shortened(got) or 'nothing'}; {status};"
            f" {f'its standard error ends in: {tail}' if tail else 'nothing on its standard error'}"
        )
        return Misuse(f"{self.name}: {hidden(said)}")

    @contextmanager
    def _seen_to_the_end(self) -> Iterator[None]:
        """Whatever happens, a second Ctrl-C too: the process is not left, nor a zombie."""
        try:
            yield
        finally:
            if self._process.returncode is None:
                self._signal(signal.SIGKILL)
                self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                if pipe is not None:
                    with suppress(OSError):  # what was not sent cannot be
                        pipe.close()

    def end(self) -> None:
        """Close its standard input, and wait until it is gone; one that stays, or gave no reply in time, is told to go.

        Raises:
            Misuse: where it printed a line that nobody asked for.
        """
        with self._seen_to_the_end():
            self._close_input()
            if self._hangs or not self.ended_within(PATIENCE):
                self._terminate()
        if self._read and not self.given_up and not self._awaited:
            raise self.broken("it printed a line that nobody asked for")

    def ended_within(self, seconds: float) -> bool:
        """Whether the process ends by itself until then; what it prints meanwhile is taken."""
        deadline = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._open:
                self._look_after(min(0.02, seconds))
            else:
                time.sleep(0.001)
        self._drain()
        return self._process.returncode is not None

    def finished(self) -> tuple[bool, int | None]:
        """Whether it ends in time once its standard input is closed, and its exit status."""
        self._close_input()
        return self.ended_within(PATIENCE), self._process.returncode

    def _close_input(self) -> None:
        if self._process.stdin is not None and not self._process.stdin.closed:
            with suppress(KeyError):
                self._poll.unregister(self._in)
            with suppress(OSError):
                self._process.stdin.close()

    def _terminate(self) -> None:
        """Ask the child, and what it has started, to end; what holds its pipes is still there."""
        if self._process.returncode is not None:
            return
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while self._open and time.monotonic() < deadline:
            self._look_after(0.02)
        if not self._open:
            self.ended_within(PATIENCE)

    def _signal(self, number: int) -> None:
        """To the child and what it has started; not once it was waited for, when its number may be another's."""
        with suppress(ProcessLookupError, PermissionError):  # none but a zombie is there
            os.killpg(self._process.pid, number)

    def _status(self) -> str:
        """What has become of the process; where its output is closed, it is about to end."""
        if self._out not in self._open:
            self.ended_within(1.0)
        code = self._process.poll()
        self._drain()
        if code is None:
            return "it is still running"
        return f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"its exit status is {code}"

    def _send(self) -> None:
        """Write as much as the pipe takes."""
        try:
            while self._unsent:
                count = os.write(self._in, self._unsent)
                del self._unsent[:count]
        except BlockingIOError:
            self._poll.register(self._in, select.POLLOUT)
        except BrokenPipeError:
            self._unsent.clear()  # it reads no more: why, its output will tell

    def _take_line(self) -> bytes:
        """Wait for the line that is awaited."""
        looked = 0
        deadline = time.monotonic() + self.timeout
        while (end := self._read.find(b"\n", looked)) < 0:
            looked = len(self._read)
            if looked > LONGEST:
                raise self.broken(f"it printed {LONGEST} bytes without an end of line")
            if self._out not in self._open:
                raise self.broken("it ended, or closed its standard output, before it replied")
            left = deadline - time.monotonic()
            if left <= 0:
                self._hangs = True
                raise self.broken(
                    f"no reply within {self.timeout:g} s (JOBSTATUS_STDIO_TIMEOUT): does it flush its standard output"
                    " after each line?"
                )
            self._look_after(left)
        line = bytes(self._read[: end + 1])
        del self._read[: end + 1]
        self._awaited -= 1
        return line

    def _look_after(self, seconds: float) -> None:
        """Wait until a pipe can be read or written, and do so once."""
        for descriptor, _ in self._poll.poll(max(1, seconds * 1000)):
            if descriptor == self._in:
                self._poll.unregister(self._in)
                self._send()
            elif descriptor == self._out:
                self._read += self._some(descriptor)
            else:
                self._hand_on(self._some(descriptor))

    def _some(self, descriptor: int) -> bytes:
        """What can be read just now; at the end of it the pipe is not looked after any more."""
        try:
            data = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return b""
        if not data:
            self._open.discard(descriptor)
            self._poll.unregister(descriptor)
        return data

    def _drain(self) -> None:
        """Take what is there already."""
        for descriptor in [*self._open]:
            while data := self._some(descriptor):
                if descriptor == self._out:
                    self._read += data
                else:
                    self._hand_on(data)

    def _hand_on(self, data: bytes) -> None:
        text = self._decoder.decode(data, final=not data)
        self._tail = (self._tail + text)[-TAIL:]
        with suppress(OSError, ValueError):  # nobody listens any more; that is no word of the tracker's
            sys.stderr.write(text)


def shortened(said: bytes | str, most: int = SHOWN) -> str:
    r"""A line as a message shows it: on one line, and not all of a megabyte.

    >>> shortened(b'{"id":3}\r\n'), shortened("x" * 1000, 5)
    ('{"id":3}\\r', 'xxxxx… (1000 characters)')
    """
    text = said if isinstance(said, str) else said.removesuffix(b"\n").decode("utf-8", "backslashreplace")
    shown = text[:most].translate(_ESCAPES).encode("utf-8", "backslashreplace").decode()
    return shown if len(text) <= most else f"{shown}… ({len(text)} characters)"


def last_lines(text: str) -> str:
    r"""The last lines of a text in one line, without those that only point at the line above, and Node's stack.

    >>> last_lines("File one.py\n    ^^^^\nValueError: no\n    at main (one.js:7:1)\n")
    'File one.py | ValueError: no'
    """
    lines = [line.strip() for line in text.splitlines() if line.strip(" ^~") and not line.startswith("    at ")]
    return " | ".join(shortened(line) for line in lines[-LINES:])


_ESCAPES = {code: repr(chr(code))[1:-1] for code in (*range(32), 127)}
