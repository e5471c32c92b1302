"""Time, processor time and peak memory of a process and everything it started."""

import json
import os
import resource
import sys
import time

_TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """Parent and processor seconds (own and of children it has waited for) of a process."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[1]), sum(int(ticks) for ticks in fields[11:15]) / _TICK


def descendants(root):
    """Ids of the processes below `root`, `root` excluded."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents[int(name)] = _stat(name)[0]
            except (FileNotFoundError, ProcessLookupError):
                continue
    found, frontier = [], {root}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier}
        found += frontier
    return found


def cpu_of(pids):
    """Processor seconds of running processes, in steps of a hundredth."""
    total = 0.0
    for pid in pids:
        try:
            total += _stat(pid)[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def peak_of(pids):
    """Sum of the peak resident bytes of running processes."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                total += next((int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM")), 0)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def _own_cpu():
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in own)


class Meter:
    """Measures the block under `with`, in this process and its descendants (less those in `apart`)."""

    def __init__(self, apart=()):
        self.apart = set(apart)

    def _others(self):
        return [pid for pid in descendants(os.getpid()) if pid not in self.apart]

    def _cpu(self):
        return _own_cpu() + cpu_of(self._others())

    def __enter__(self):
        self._cpu_start = self._cpu()
        self._start = time.perf_counter()
        return self

    def __exit__(self, *error):
        self.seconds = time.perf_counter() - self._start
        self.cpu_s = self._cpu() - self._cpu_start
        self.peak_rss_bytes = peak_of([os.getpid(), *self._others()])

    def report(self, rows, **more):
        """Writes the figures as the last line of standard output."""
        figures = {"rows": rows, "seconds": self.seconds, "cpu_s": self.cpu_s, "peak_rss_bytes": self.peak_rss_bytes}
        sys.stdout.flush()
        print(json.dumps({**figures, **more}), flush=True)
