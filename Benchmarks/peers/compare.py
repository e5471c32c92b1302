"""Runs the cases of plan.py, each in a fresh process, and writes their tables. Started by Benchmarks/peers/run."""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys

import report
from checks import checks
from inputs import Inputs
from plan import BARS, INGEST, PLAN, QUERIES
from queries import ALL, LAST, ONE, VWAP
from queries_tapedeck import STORED_ALL, STORED_ONE

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TIME_LIMIT = 450


def parsed_arguments():
    parser = argparse.ArgumentParser(prog="Benchmarks/peers/run", description="Tapedeck beside what else there is.")
    parser.add_argument("--rows", type=int, default=5_000_000, help="trades (default 5000000)")
    parser.add_argument("--slow-rows", type=int, default=1_000_000, help="trades for bytewax and NautilusTrader")
    parser.add_argument("--rate", type=int, default=1000, help="trades per second of event time (default 1000)")
    parser.add_argument("--instruments", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3, help="runs of each case; the median counts (default 3)")
    parser.add_argument("--only", default="", help="names or beginnings of names, with commas; see --list")
    parser.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument("--no-document", action="store_true", help="leave docs/performance.md alone")
    return parser.parse_args()


class Runner:
    def __init__(self, options):
        self.options = options
        self.folder = ROOT / ".build" / "bench-peers"
        self.tapedeck = os.environ["TAPEDECK_BINARY"]
        self.has_java = shutil.which("java") is not None

    def clear(self):
        """Removes what runs leave behind: the program may have changed since, and its lake with it."""
        shutil.rmtree(self.folder / "inputs", ignore_errors=True)

    def rows_of(self, case):
        return min(self.options.rows, self.options.slow_rows) if case.is_slow else self.options.rows

    def command(self, case, work):
        rows = self.rows_of(case)
        inputs = Inputs(self.folder / "inputs", self.tapedeck, rows, self.options.rate, self.options.instruments)
        values = {
            "python": sys.executable, "cases": HERE / "cases", "tapedeck": self.tapedeck, "work": work, "rows": rows,
            "rate": self.options.rate, "instruments": self.options.instruments,
        }  # fmt: skip
        for name in re.findall(r"{(\w+)}", case.command):
            if name not in values:
                values[name] = getattr(inputs, name)()
        return [word.format(**values) for word in case.command.split()]

    def run(self, case):
        """The figures of one run, or the reason why there are none."""
        if case.needs_java and not self.has_java:
            return {"skipped": "no Java runtime (Debian: openjdk-17-jre-headless)"}
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        command = self.command(case, work)
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT, cwd=work)
        except subprocess.TimeoutExpired:
            return {"skipped": f"did not end within {TIME_LIMIT} s"}
        finally:
            shutil.rmtree(work, ignore_errors=True)
        try:
            return json.loads(done.stdout.strip().splitlines()[-1])
        except (IndexError, ValueError):
            log = self.folder / f"{case.name}.log"
            log.write_text(done.stdout + done.stderr)
            return {"skipped": f"failed with exit code {done.returncode}, see {log.relative_to(ROOT)}"}


def median(runs, *path):
    def value(figures):
        for key in path:
            figures = figures[key]
        return figures

    return statistics.median(value(figures) for figures in runs)


def figures_row(case, runs):
    """A row of the tables of ingest and bars."""
    if "skipped" in runs[0]:
        return [case.system, f"{case.work}: **{runs[0]['skipped']}**", "", "", "", "", "", ""]
    rows, seconds, cpu = runs[0]["rows"], median(runs, "seconds"), median(runs, "cpu_s")
    return [
        case.system, case.work, report.grouped(rows), report.grouped(rows / seconds), report.significant(seconds),
        report.significant(cpu), report.significant(cpu / rows * 1e6), report.mebibytes(median(runs, "peak_rss_bytes")),
    ]  # fmt: skip


def query_row(case, runs):
    if "skipped" in runs[0]:
        return [case.system, f"{case.work}: **{runs[0]['skipped']}**", "", "", "", "", "", "", ""]

    def cell(name):
        if name not in runs[0]["queries"]:
            return ""
        wall, cpu = (median(runs, "queries", name, unit) for unit in ("ms", "cpu_ms"))
        return f"{report.significant(wall)} [{report.significant(cpu, 2)}]"

    cells = [cell(name) for name in (ONE, ALL, LAST, VWAP, STORED_ONE, STORED_ALL)]
    return [case.system, case.work, *cells, report.mebibytes(median(runs, "peak_rss_bytes"))]


def render(results, options, load_before):
    measured = ["system", "work", "trades", "trades/s", "wall s", "CPU s", "CPU µs/trade", "peak RSS MiB"]
    asked = ["engine", "data", "one instrument, 1 min bars", "all, 1 min bars", "last price", "VWAP"]
    asked += ["stored bars, one", "stored bars, all", "peak RSS MiB"]
    titles = {
        INGEST: "### Ingest: frames from a WebSocket into a store",
        BARS: "### Bars and indicators from a stream of frames",
        QUERIES: f"### Stored queries over {report.grouped(options.rows)} trades, warm: wall ms [CPU ms]",
    }
    command = "make bench-peers" + (f" ARGS='{' '.join(sys.argv[1:])}'" if sys.argv[1:] else "")
    parts = [report.preamble(command, load_before, options.repeat)]
    for group, title in titles.items():
        cases = [(case, runs) for case, runs in results.items() if case.group == group]
        if cases:
            row, header = (query_row, asked) if group == QUERIES else (figures_row, measured)
            parts += [title, report.table(header, [row(case, runs) for case, runs in cases], left=2)]
    agreement = checks(results)
    if agreement:
        parts += ["### Do they answer the same?", agreement]
    return "\n\n".join(parts)


def main():
    options = parsed_arguments()
    prefixes = tuple(options.only.split(","))
    cases = [case for case in PLAN if case.name.startswith(prefixes)]
    if options.list or not cases:
        print("\n".join(f"{case.name:28} {case.system.replace('*', '').replace('`', '')}" for case in PLAN))
        return
    runner, load_before = Runner(options), report.load()
    runner.clear()
    results = {case: [] for case in cases}
    # Rounds over all cases, so that what the machine does meanwhile falls on all of them.
    for turn in range(options.repeat):
        for case in cases:
            if results[case] and "skipped" in results[case][0]:
                continue
            figures = runner.run(case)
            text = figures.get("skipped") or f"{figures.get('seconds', 0):.2f} s, {figures.get('cpu_s', 0):.2f} CPU s"
            print(f"  {turn + 1}/{options.repeat} {case.name:28} {text}", flush=True)
            if "skipped" in figures and results[case]:
                continue
            results[case].append(figures)
    runner.clear()
    # All single runs, for whoever wants to see how they scatter.
    (runner.folder / "runs.json").write_text(json.dumps({case.name: runs for case, runs in results.items()}, indent=1))
    text = render(results, options, load_before)
    print(f"\n{text}")
    if not options.no_document:
        report.write("peers", text)


if __name__ == "__main__":
    main()
