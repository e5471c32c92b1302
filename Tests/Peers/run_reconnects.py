#!/usr/bin/env python3
"""A live feed whose venue is killed again and again: every trade from the first to the last must be stored once, those of the
time without a connection fetched from the venue's history, and memory must stay where it is.

  run_reconnects.py [--minutes MINUTES] [--rate TRADES_PER_SECOND] [--every SECONDS] [--seed SEED]
"""

import argparse
import json
import os
import pathlib
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
ROOT = pathlib.Path(os.environ.get("TAPEDECK_ROOT", HERE.parents[1]))
BINARY = os.environ.get("TAPEDECK_BINARY", str(ROOT / ".build/release/tapedeck"))
DEPS = pathlib.Path(os.environ.get("TAPEDECK_DEPS", ROOT / ".deps"))
SYMBOLS = 20
# Growth of memory from the second quarter of a run of ten minutes or more to its last that counts as flat.
GROWTH_MAX = 1.10
failures = []


def check(name, holds, detail=""):
    print(("ok    " if holds else "FAILED") + f" {name}" + (f": {detail}" if detail else ""), flush=True)
    if not holds:
        failures.append(name)


def free_port():
    """Outside of the range from which outgoing connections get theirs: while the venue is down, one could take its place."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("no free port")


class Program:
    def __init__(self, work, port):
        symbols = ", ".join(f"S{symbol:02}" for symbol in range(SYMBOLS))
        (work / "pipeline.yaml").write_text(
            f"pipeline: reconnects\ndata: {work / 'data'}\nfeeds:\n  - binance:\n      symbols: [{symbols}]\n"
            f"      channels: [trades]\n      url: ws://127.0.0.1:{port}/stream\n      history_url: http://127.0.0.1:{port}\n"
            "sinks:\n  - lake: { flush: 30s }\n")
        self.log = open(work / "program.log", "wb")
        self.process = subprocess.Popen([BINARY, "run", str(work / "pipeline.yaml"), "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if found := re.search(r"http://\S+", line):
                self.url = found.group(0)
                return
        raise SystemExit(f"the program did not start: {(work / 'program.log').read_text()[-1000:]}")

    def query(self, sql):
        request = urllib.request.Request(self.url + "/api/v1/query", json.dumps({"sql": sql}).encode(),
                                         {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=60))["rows"]

    def memory(self):
        status = pathlib.Path("/proc", str(self.process.pid), "status").read_text()
        return int(re.search(r"VmRSS:\s*(\d+)", status)[1]) * 1024


def run(work, options):
    rng = random.Random(options.seed)
    port = free_port()
    start = time.time_ns() // 1_000_000
    end = start + int(options.minutes * 60_000)
    last = (end - start) * options.rate // (1000 * SYMBOLS)
    command = [sys.executable, str(HERE / "reconnect_venue.py"), *(str(number) for number in (port, start, options.rate, SYMBOLS, end))]
    venue = subprocess.Popen(command)
    program = Program(work, port)
    memory, kills = [], 0
    try:
        while time.time() * 1000 < end - 1000 * options.every:
            for _ in range(max(1, int(options.every))):
                time.sleep(options.every / max(1, int(options.every)))
                memory.append(program.memory())
                if program.process.poll() is not None:
                    raise SystemExit("the program ended by itself")
            venue.kill()
            venue.wait()
            kills += 1
            time.sleep(rng.uniform(0, 1.5))
            venue = subprocess.Popen(command)
            print(f"      {kills} kills, {memory[-1] >> 20} MiB", end="\r" if sys.stdout.isatty() else "\n", flush=True)
        sql = "SELECT count(*), min(last), sum(missing) FROM (SELECT symbol, max(trade_id) AS last, max(trade_id) - min(trade_id) + 1 - count(*) AS missing FROM trades GROUP BY symbol)"
        deadline = time.monotonic() + 120
        while (state := program.query(sql)[0]) != [SYMBOLS, last, 0] and time.monotonic() < deadline:
            time.sleep(0.5)
        check("nothing is missing in the end", state == [SYMBOLS, last, 0], f"symbols, last number, missing: {state}, last made {last}")
        told = dict(program.query("SELECT kind, sum(missing) FROM coverage WHERE kind IN ('sequence_gap', 'backfill') GROUP BY kind"))
        check("a query tells that nothing is missing", told.get("sequence_gap") == told.get("backfill"), str(told))
        ready = json.load(urllib.request.urlopen(program.url + "/readyz"))
        check("the program is ready", ready.get("ready") is True, json.dumps(ready)[:200])
        program.process.send_signal(signal.SIGTERM)
        check("it ends in order", program.process.wait(60) == 0)
    finally:
        for process in (program.process, venue):
            if process.poll() is None:
                process.kill()
                process.wait()
    compare(work / "data/lake", last, kills)
    size = len(memory) // 4
    early, late = statistics.median(memory[size:2 * size] or memory), statistics.median(memory[-size:] or memory)
    detail = f"{early / 2**20:.0f} MiB in the second quarter, {late / 2**20:.0f} in the last"
    if options.minutes >= 10:
        check("memory stays where it is", late <= GROWTH_MAX * early, detail)
    else:
        print(f"      {detail}")


def compare(lake, last, kills):
    database = duckdb.connect()
    database.execute(f"LOAD '{DEPS / 'lib/delta.duckdb_extension'}'")
    rows, numbers, wrong, first = database.execute(f"""SELECT count(*), count(DISTINCT (symbol, trade_id)),
        count(*) FILTER (price <> round(100 + (trade_id % 997) / 100.0, 2) OR size <> trade_id % 7 + 1), min(trade_id)
        FROM delta_scan('{lake / 'trades'}')""").fetchone()
    spans = database.execute(f"""SELECT sum({last} - first + 1)::BIGINT FROM
        (SELECT min(trade_id) AS first FROM delta_scan('{lake / 'trades'}') GROUP BY symbol)""").fetchone()[0]
    check("each trade is in the lake once, with its values", rows == numbers == spans and wrong == 0,
          f"{rows} rows, {numbers} trades of {spans}, {wrong} wrong, the first is {first}")
    kinds = dict(database.execute(f"""SELECT kind, [count(*), sum(missing)::BIGINT] FROM delta_scan('{lake / 'coverage'}')
        GROUP BY kind""").fetchall())
    gaps, fills = kinds.get("sequence_gap", [0, 0]), kinds.get("backfill", [0, 0])
    check("coverage tells of every loss, and that all of it was fetched",
          kinds.get("disconnected", [0])[0] >= kills - 1 and (gaps[1] or 0) == (fills[1] or 0), str(kinds))
    letters = database.execute(f"SELECT count(*) FROM delta_scan('{lake / 'dead_letters'}')").fetchone()[0]
    check("no dead letters", letters == 0, str(letters))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--rate", type=int, default=5_000, help="trades per second of all symbols (5000)")
    parser.add_argument("--every", type=float, default=10, help="seconds between two kills (10)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tapedeck-reconnects-") as work:
        run(pathlib.Path(work), options)
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
