"""Runs the scenarios of `tapedeck bench`, each in a fresh process, and writes their table."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

import report

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIME_LIMIT = 450
# Fields of a line that have columns of their own; what else a scenario says goes into the last column.
OWN_COLUMNS = {
    "bench", "rows", "seconds", "rows_per_s", "cpu_s", "cpu_us_per_row", "peak_rss_bytes", "p50_us", "p99_us"
}  # fmt: skip


def parsed_arguments():
    parser = argparse.ArgumentParser(prog="Benchmarks/run", description="Measure every scenario of tapedeck bench.")
    parser.add_argument("--rows", type=int, help="rows of each scenario, instead of its own number")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each; the median counts (default 3)")
    parser.add_argument("--only", default="", help="names, with commas")
    parser.add_argument("--no-document", action="store_true", help="leave docs/performance.md alone")
    return parser.parse_args()


def tapedeck(*words):
    command = [os.environ["TAPEDECK_BINARY"], "bench", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT, cwd=ROOT / ".build")


def scenario_names():
    """The first words of the listing below its rule."""
    _, _, listing = tapedeck("--list").stdout.partition("\n─")
    return [line.split()[0] for line in listing.splitlines()[1:] if line.strip()]


def medians(lines):
    """The median of each figure over the runs of a scenario."""
    return {name: statistics.median(line[name] for line in lines) for name in lines[0] if name != "bench"}


def further(figures):
    """Other figures of a scenario, in readable units."""
    parts = []
    for name, value in figures.items():
        if name in OWN_COLUMNS:
            continue
        if name.endswith("bytes_per_s"):
            what = name.removesuffix("bytes_per_s").replace("_", " ") or "payload "
            parts.append(f"{what}{value / 1e6:,.0f} MB/s")
        elif name.endswith("_bytes"):
            parts.append(f"{name.removesuffix('_bytes').replace('_', ' ')} {report.mebibytes(value)} MiB")
        else:
            parts.append(f"{name.replace('_', ' ')} {report.significant(value)}")
    return ", ".join(parts)


def row(name, figures):
    def latency(field):
        return report.significant(figures[field]) if field in figures else ""

    return [
        f"`{name}`", report.grouped(figures["rows"]), report.grouped(figures["rows_per_s"]),
        report.significant(figures["cpu_s"] / figures["rows"] * 1e6), report.significant(figures["cpu_s"]),
        report.mebibytes(figures["peak_rss_bytes"]), latency("p50_us"), latency("p99_us"), further(figures),
    ]  # fmt: skip


def measure(name, options):
    """The medians of a scenario, or what went wrong."""
    lines = []
    for _ in range(options.repeat):
        try:
            done = tapedeck(name, *(["--rows", str(options.rows)] if options.rows else []))
        except subprocess.TimeoutExpired:
            return f"did not end within {TIME_LIMIT} s"
        if done.returncode != 0:
            return f"failed: {done.stderr.strip().splitlines()[-1:] or done.returncode}"
        print(f"  {done.stdout.strip()}", flush=True)
        lines.append(json.loads(done.stdout))
    return medians(lines)


def main():
    options = parsed_arguments()
    names = [name for name in options.only.split(",") if name] or scenario_names()
    load_before = report.load()
    results = {name: measure(name, options) for name in names}
    header = ["scenario", "rows", "rows/s", "CPU µs/row", "CPU s", "peak RSS MiB", "p50 µs", "p99 µs", "further"]
    rows = [
        row(name, result) if isinstance(result, dict) else [f"`{name}`", f"**{result}**", *[""] * 7]
        for name, result in results.items()
    ]
    command = " ".join(["Benchmarks/run", *sys.argv[1:]])
    text = report.preamble(command, load_before, options.repeat) + "\n\n" + report.table(header, rows)
    print(f"\n{text}")
    if not options.no_document:
        report.write("bench", text)


if __name__ == "__main__":
    main()
