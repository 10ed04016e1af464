"""A process watched from outside: memory and processor time by /proc, and an end by SIGKILL.

The process is in a session of its own and outlives its watcher; another watcher finds it again by
its number and its birth. Linux alone.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Family", "Look", "Watched"]

_TICKS = os.sysconf("SC_CLK_TCK")
#: The processes that this one started: it has to take note of their ends.
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Look:
    """What a process is at one moment: CPU seconds, memory now and at its highest in MB."""

    cpu: float
    rss: float
    peak: float


class Watched:
    """A process by number and birth (clock ticks after the machine's start)."""

    def __init__(self, pid: int, born: int) -> None:
        self.pid = pid
        self.born = born

    @classmethod
    def start(cls, command: Sequence[str], log: Path, **variables: str) -> Watched:
        """Start a command, with more environment; what it says goes to the end of `log`."""
        with log.open("ab") as stream:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
                env={**os.environ, **variables}, start_new_session=True,
            )  # fmt: skip
        _CHILDREN[child.pid] = child
        return cls(child.pid, int(_stat(child.pid)[19]))

    def look(self) -> Look | None:
        """Return what the process is now, None if it has ended."""
        if self.pid in _CHILDREN:
            _CHILDREN[self.pid].poll()  # lets the number go, once it has ended
        try:
            fields = _stat(self.pid)
            status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        except OSError:
            return None
        held = dict(re.findall(r"^(VmRSS|VmHWM):\s*(\d+)", status, re.MULTILINE))
        if int(fields[19]) != self.born or not held:  # another of that number, or a zombie
            return None
        cpu = (int(fields[11]) + int(fields[12])) / _TICKS
        return Look(cpu, int(held["VmRSS"]) / 1e3, int(held["VmHWM"]) / 1e3)

    def kill(self) -> None:
        """End it as a power cut would, and wait until it is gone."""
        if self.look() is not None:
            os.kill(self.pid, signal.SIGKILL)
        while self.look() is not None:
            time.sleep(0.01)

    def follow(
        self, see: Callable[[Look, float], None], due: Callable[[Look], bool], *, tick: float
    ) -> bool:
        """Look every `tick` seconds until it ends; kill it once `due` says so.

        `see` gets every look and the time since the epoch. Return whether it was killed.
        """
        while (look := self.look()) is not None:
            see(look, time.time())
            if due(look):
                self.kill()
                return True
            time.sleep(tick)
        return False


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name, the first of which is the state."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return text.rpartition(")")[2].split()


class Family:
    """A process with all that it has started, directly or not: their CPU seconds, by name.

    A process that lives for less than the time between two looks is not counted.
    """

    def __init__(self, pid: int) -> None:
        self._members: set[int] = {pid}
        self._cpu: dict[tuple[int, int], float] = {}
        self._names: dict[tuple[int, int], str] = {}

    def look(self) -> None:
        """Take in who is there, and what each has used."""
        there = dict(_processes())
        found = self._members
        while found:
            found = {pid for pid in there if int(there[pid][1]) in found} - self._members
            self._members |= found
        for pid in self._members & there.keys():
            key = pid, int(there[pid][19])
            self._cpu[key] = (int(there[pid][11]) + int(there[pid][12])) / _TICKS
            with suppress(OSError):
                name = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").partition("\0")[0]
                self._names[key] = name or self._names.get(key, "")

    def cpu(self, named: str = "") -> float:
        """Return the CPU seconds of all processes so far whose name holds `named`."""
        return sum(cpu for key, cpu in self._cpu.items() if named in self._names.get(key, ""))


def _processes() -> Iterator[tuple[int, list[str]]]:
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield int(entry.name), _stat(int(entry.name))
