#!/usr/bin/env python3
"""A live feed whose venue is killed again and again: every trade from the first to the last must be stored once, those of the
time without a connection fetched from the venue's history, and memory must stay where it is.

  run_reconnects.py [--minutes MINUTES] [--rate TRADES_PER_SECOND] [--every SECONDS] [--seed SEED]
"""

import argparse
import json
import pathlib
import random
import statistics
import sys
import tempfile
import time

from peer import HERE, Process, Program, check, finish, free_port, open_lake, wait_for

SYMBOLS = 20
# Growth of memory from the second quarter of a run of ten minutes or more to its last that counts as flat.
GROWTH_MAX = 1.10


def program_in(work, port):
    symbols = ", ".join(f"S{symbol:02}" for symbol in range(SYMBOLS))
    (work / "pipeline.yaml").write_text(
        f"pipeline: reconnects\ndata: {work / 'data'}\nfeeds:\n  - binance:\n      symbols: [{symbols}]\n"
        f"      channels: [trades]\n      url: ws://127.0.0.1:{port}/stream\n      history_url: http://127.0.0.1:{port}\n"
        "sinks:\n  - lake: { flush: 30s }\n")
    return Program(work / "program.log", "run", work / "pipeline.yaml", "--listen", "127.0.0.1:0")


def run(work, options):
    rng = random.Random(options.seed)
    port = free_port()
    start = time.time_ns() // 1_000_000
    end = start + int(options.minutes * 60_000)
    last = (end - start) * options.rate // (1000 * SYMBOLS)
    numbers = (port, start, options.rate, SYMBOLS, end)
    memory, kills = [], 0
    with Process([sys.executable, HERE / "reconnect_venue.py", *numbers], work / "venue.log") as venue, program_in(work, port) as program:
        venue.start()
        program.start()
        while time.time() * 1000 < end - 1000 * options.every:
            for _ in range(max(1, int(options.every))):
                time.sleep(options.every / max(1, int(options.every)))
                if not program.is_running():
                    raise SystemExit("the program ended by itself")
                memory.append(program.memory("VmRSS"))
            venue.kill()
            kills += 1
            time.sleep(rng.uniform(0, 1.5))
            venue.start()
            print(f"      {kills} kills, {memory[-1] >> 20} MiB", end="\r" if sys.stdout.isatty() else "\n", flush=True)
        sql = "SELECT count(*), min(last), sum(missing) FROM (SELECT symbol, max(trade_id) AS last, max(trade_id) - min(trade_id) + 1 - count(*) AS missing FROM trades GROUP BY symbol)"
        wait_for(lambda: program.query(sql)[0] == [SYMBOLS, last, 0], 120, every=0.5)
        state = program.query(sql)[0]
        check("nothing is missing in the end", state == [SYMBOLS, last, 0], f"symbols, last number, missing: {state}, last made {last}")
        sql = "SELECT kind, sum(missing) FROM coverage WHERE kind IN ('sequence_gap', 'backfill') GROUP BY kind"
        # That a hole was filled is told when what the venue answered is known to be all, a moment after the trades.
        wait_for(lambda: len({missing for _, missing in program.query(sql)}) == 1, 10)
        told = dict(program.query(sql))
        check("a query tells that nothing is missing", told.get("sequence_gap") == told.get("backfill"), str(told))
        ready = program.get("/readyz") or {}
        check("the program is ready", ready.get("ready") is True, json.dumps(ready)[:200])
        check("it ends in order", program.end() == 0)
    compare(open_lake(work / "data"), last, kills)
    size = len(memory) // 4
    early, late = statistics.median(memory[size:2 * size] or memory), statistics.median(memory[-size:] or memory)
    detail = f"{early / 2**20:.0f} MiB in the second quarter, {late / 2**20:.0f} in the last"
    if options.minutes >= 10:
        check("memory stays where it is", late <= GROWTH_MAX * early, detail)
    else:
        print(f"      {detail}")


def compare(database, last, kills):
    rows, numbers, wrong, first = database.execute("""SELECT count(*), count(DISTINCT (symbol, trade_id)),
        count(*) FILTER (price <> round(100 + (trade_id % 997) / 100.0, 2) OR size <> trade_id % 7 + 1), min(trade_id)
        FROM trades""").fetchone()
    spans = database.execute(f"""SELECT sum({last} - first + 1)::BIGINT FROM
        (SELECT min(trade_id) AS first FROM trades GROUP BY symbol)""").fetchone()[0]
    check("each trade is in the lake once, with its values", rows == numbers == spans and wrong == 0,
          f"{rows} rows, {numbers} trades of {spans}, {wrong} wrong, the first is {first}")
    kinds = dict(database.execute("SELECT kind, [count(*), sum(missing)::BIGINT] FROM coverage GROUP BY kind").fetchall())
    gaps, fills = kinds.get("sequence_gap", [0, 0]), kinds.get("backfill", [0, 0])
    check("coverage tells of every loss, and that all of it was fetched",
          kinds.get("disconnected", [0])[0] >= kills - 1 and (gaps[1] or 0) == (fills[1] or 0), str(kinds))
    letters = database.execute("SELECT count(*) FROM dead_letters").fetchone()[0]
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
    finish()


if __name__ == "__main__":
    main()
