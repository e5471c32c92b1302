"""What the benchmark scripts share: the machine in a line, Markdown tables, and their place in docs/performance.md."""

import datetime
import os
import pathlib
import re

DOCUMENT = pathlib.Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def machine():
    """Processor, cores and memory."""
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    kib = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())
    name = cpu[1] if cpu else "unknown processor"
    return f"{name}, {os.cpu_count()} cores, {kib / 2**20:.0f} GiB, {system[1] if system else os.uname().sysname}"


def load():
    """Load average of the last minute."""
    return os.getloadavg()[0]


def preamble(command, load_before, repeats):
    """Date, machine, command, and how busy the machine was."""
    runs = f"median of {repeats}" if repeats > 1 else "one run"
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        f"{now:%Y-%m-%d %H:%M} UTC · {machine()} · load average {load_before:.1f} before, {load():.1f} after ·"
        f" {runs} · `{command}`"
    )


def table(header, rows, left=1):
    """A Markdown table; columns after the first `left` are aligned right."""
    rule = ["---" if index < left else "---:" for index in range(len(header))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *rows])


def write(name, text):
    """Puts the text between the markers `name:begin` and `name:end` of the document."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    document = DOCUMENT.read_text()
    head, found, rest = document.partition(begin)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"{DOCUMENT} has no markers {begin} and {end}")
    DOCUMENT.write_text(f"{head}{begin}\n\n{text}\n\n{end}{tail}")


def grouped(number):
    return f"{number:,.0f}"


def mebibytes(count):
    return f"{count / 2**20:,.0f}"


def significant(value, digits=3):
    """A number with so many digits, without an exponent."""
    if value == 0:
        return "0"
    places = max(0, digits - 1 - int(f"{value:e}".rpartition("e")[2]))
    return f"{value:,.{places}f}"
