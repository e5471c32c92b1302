#!/usr/bin/env python3
"""Kills the program at random instants while it replays, damages the journal's end, fills the disk; then compares the lake
with the journal (read by journal_reader.py) and with the recording, row by row.

  run_crash.py [--count KILLS] [--seed SEED] [--only kills,tails,instances,disk]
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

import pyarrow

import journal_reader
import peer
from peer import BINARY, check, finish, open_lake

NS = 1_000_000_000
SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]


# Input and commands


def record(path, count, seed=1):
    """A recording of Binance trades, each symbol's numbers without a hole, up to a second out of order. Sizes are eighths,
    so that sums are exact in whatever order."""
    rng = random.Random(seed)
    prices = {symbol: 100_000 + 50_000 * index for index, symbol in enumerate(SYMBOLS)}
    numbers = dict.fromkeys(SYMBOLS, 1000)
    now = 1_723_161_255_000 * 1_000_000
    with open(path, "w") as file:
        for _ in range(count):
            now += rng.randrange(8_000_000)
            symbol = rng.choice(SYMBOLS)
            prices[symbol] = max(100, prices[symbol] + rng.randint(-20, 20))
            numbers[symbol] += 1
            price, event = f"{prices[symbol] / 100:.2f}", now // 1_000_000 - rng.randrange(1000)
            file.write(f'{now} {{"stream":"{symbol.lower()}@trade","data":{{"e":"trade","E":{event},"s":"{symbol}",'
                       f'"t":{numbers[symbol]},"p":"{price}","q":"{rng.randrange(1, 80) / 8}","T":{event},"m":true,"M":true}}}}\n')
    return path


def configure(path, flush="1s", rows=50_000):
    path.write_text(f"pipeline: crash\nbars: {{ intervals: [1s, 1m], price_types: [trade] }}\nindicators: [sma(20)]\n"
                    f"sinks:\n  - lake: {{ flush: {flush}, flush_rows: {rows} }}\n")
    return path


def words(name, data, config, *arguments):
    return [name, *map(str, arguments), "--data", str(data), "--config", str(config), "--json"]


def command(*arguments):
    return [BINARY, *words(*arguments)]


def run(name, data, config, *arguments, timeout=300):
    return peer.run(*words(name, data, config, *arguments), timeout=timeout)


def start(name, data, config, *arguments):
    log = open(data.parent / f"{data.name}.log", "ab")
    return subprocess.Popen(command(name, data, config, *arguments), stdout=subprocess.DEVNULL, stderr=log)


def wait_for(holds, seconds, process=None):
    """Whether something came to hold in time, and while the process ran."""
    peer.wait_for(lambda: holds() or process and process.poll() is not None, seconds, every=0.002)
    return bool(holds())


# Comparisons


def different(database, left, right):
    """Rows that only one of two queries has, how often a row is there included."""
    return database.execute(f"SELECT (SELECT count(*) FROM ({left} EXCEPT ALL {right})), "
                            f"(SELECT count(*) FROM ({right} EXCEPT ALL {left}))").fetchone()


def compare(name, data, recording=None):
    """The lake holds every record of the journal once, and what follows from them; with a recording, all of that too."""
    database = open_lake(data)
    offsets, times, payloads, begins = [], [], [], []
    head = 0
    for offset, kind, _, moment, payload in journal_reader.records(data / "journal"):
        head = offset + 1
        if kind == journal_reader.DATA:
            offsets.append(offset)
            times.append(moment)
            payloads.append(payload)
        elif kind == journal_reader.BEGIN:
            begins.append(offset)
    journal = pyarrow.table({"o": pyarrow.array(offsets, pyarrow.int64()), "t": pyarrow.array(times, pyarrow.int64()),
                             "p": pyarrow.array(payloads, pyarrow.binary())})
    database.register("journal", journal)
    lost = different(database, "SELECT o, t, p FROM journal", "SELECT journal_offset, ingest_time_ns, payload FROM frames")
    check(f"{name}: the lake has each frame of the journal once, byte by byte", lost == (0, 0) and len(offsets) > 0,
          f"{len(offsets)} frames of {head} records, {len(begins)} sessions; missing and extra: {lost}")

    database.execute("""CREATE TEMP TABLE decoded AS SELECT o, j->>'s' AS symbol, (j->>'t')::BIGINT AS id,
        (j->>'p')::DOUBLE AS price, (j->>'q')::DOUBLE AS size, (j->>'T')::BIGINT * 1000000 AS time
        FROM (SELECT o, (p::VARCHAR::JSON)->'data' AS j FROM (SELECT o, decode(p) AS p FROM journal))""")
    lost = different(database, "SELECT symbol, id, min(o), arg_min(price, o), arg_min(size, o), arg_min(time, o) FROM decoded GROUP BY ALL",
                     "SELECT symbol, trade_id, journal_offset, price, size, event_time_ns FROM trades")
    rows = database.execute("SELECT count(*) FROM trades").fetchone()[0]
    check(f"{name}: each trade is there once, from the first frame that has it", lost == (0, 0),
          f"{rows} trades; missing and extra: {lost}")
    check(f"{name}: no dead letters", database.execute("SELECT count(*) FROM dead_letters").fetchone()[0] == 0)
    compare_bars(name, database, begins)
    if recording:
        compare_recording(name, database, recording)


def compare_bars(name, database, begins):
    """A session that broke off ends when the next one begins, with its bars: compared are the sessions that have ended."""
    database.register("sessions", pyarrow.table({"number": pyarrow.array(range(len(begins)), pyarrow.int64()),
                                                 "start_at": pyarrow.array(begins, pyarrow.int64())}))
    ended = database.execute("SELECT count(*) FROM sessions WHERE start_at <= (SELECT coalesce(max(journal_offset), -1) FROM bars)").fetchone()[0]
    whole = [f"""SELECT symbol, '{interval}' AS interval, number, event_time_ns // {seconds * NS} * {seconds * NS} AS start,
          arg_min(price, (event_time_ns, journal_offset)) AS open, max(price) AS high, min(price) AS low,
          arg_max(price, (event_time_ns, journal_offset)) AS close, sum(size) AS volume, count(*) AS trades
        FROM trades ASOF JOIN sessions ON trades.journal_offset >= sessions.start_at GROUP BY ALL"""
             for interval, seconds in [("1s", 1), ("1m", 60)]]
    database.execute(f"CREATE TEMP TABLE expected AS {' UNION ALL '.join(whole)}")
    database.execute("""CREATE TEMP TABLE stored AS SELECT symbol, interval, number, start_ns AS start, open, high, low,
        close, volume, trades::BIGINT AS trades FROM bars ASOF JOIN sessions ON bars.journal_offset > sessions.start_at""")
    total = database.execute("SELECT count(*) FROM bars").fetchone()[0]
    # The bars of the session that is still open are not all there yet; those that are must be right.
    extra = different(database, "FROM stored", "FROM expected")[0]
    missing = database.execute(f"""SELECT count(*) FROM (FROM expected WHERE number < {ended} - 1
        EXCEPT ALL FROM stored)""").fetchone()[0]
    kept = database.execute("SELECT count(*) FROM stored").fetchone()[0]
    check(f"{name}: bars equal those that SQL makes of the trades", total == kept and extra == 0 and missing == 0,
          f"{total} bars, {missing} missing, {extra} wrong")


def compare_recording(name, database, recording):
    database.execute(f"""CREATE TEMP TABLE recorded AS SELECT j->>'s' AS symbol, (j->>'t')::BIGINT AS id,
        (j->>'p')::DOUBLE AS price, (j->>'q')::DOUBLE AS size, (j->>'T')::BIGINT * 1000000 AS time
        FROM (SELECT (line[21:]::JSON)->'data' AS j FROM read_csv('{recording}', columns={{'line': 'VARCHAR'}},
          header=false, delim='\t', quote='', escape=''))""")
    lost = different(database, "FROM recorded", "SELECT symbol, trade_id, price, size, event_time_ns FROM trades")
    rows = database.execute("SELECT count(*) FROM recorded").fetchone()[0]
    check(f"{name}: the lake has the whole recording, each trade once", lost == (0, 0), f"{rows} trades; missing and extra: {lost}")


# Kills


def instant(rng, data, process):
    """Waits for a random instant: of the start, of the run, or just when a flush or a checkpoint is under way."""
    kind = rng.choice(["start", "run", "run", "flush", "checkpoint"])
    if kind == "start":
        time.sleep(rng.uniform(0, 0.5))
    elif kind == "run":
        time.sleep(rng.uniform(0.3, 2.0))
    else:
        table = rng.choice(["frames", "trades", "bars", "indicators"])
        pattern = f"lake/{table}/*=*/.*.tmp" if kind == "flush" else "checkpoints/*.unfinished"
        seen = set(data.glob(pattern))
        wait_for(lambda: set(data.glob(pattern)) - seen, 3.0, process)
        time.sleep(rng.choice([0, rng.uniform(0, 0.005), rng.uniform(0, 0.1)]))
    return kind


def kills(work, options):
    """Rounds of at most 25 kills, each on a data folder of its own, so that what is compared stays small."""
    recording = record(work / "kills.jsonl", 150_000)
    config = configure(work / "kills.yaml")
    for first in range(0, options.count, 25):
        seed, count = options.seed + first // 25, min(25, options.count - first)
        name, data = f"round {seed}", work / f"kills-{seed}"
        if not kill_round(name, random.Random(seed), count, data, config, recording):
            return
        shutil.rmtree(data)


def kill_round(name, rng, count, data, config, recording):
    kinds, ended, kill = {}, 0, 0
    started = time.monotonic()
    while kill < count:
        # The recording is ten minutes long; a run shall take some seconds, however fast the machine.
        process = start("recover", data, config) if rng.random() < 0.2 else start("replay", data, config, recording, "--speed", "250x")
        kind = instant(rng, data, process)
        kill += 1
        if process.poll() is not None:
            # It was faster, and must have ended well.
            ended += 1
            if process.returncode != 0:
                check(f"{name}: run {kill} ends in order", False, f"exit code {process.returncode}")
                return False
        else:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
            kinds[kind] = kinds.get(kind, 0) + 1
        if kill == count // 2:
            done = run("recover", data, config)
            check(f"{name}, kill {kill}: recover stores the rest", done.returncode == 0, done.stderr[-300:] if done.returncode else "")
            compare(f"{name}, kill {kill}", data)
    print(f"      {sum(kinds.values())} kills in {time.monotonic() - started:.0f} s by instant {kinds}; {ended} runs had ended before")
    done = run("replay", data, config, recording)
    check(f"{name}: the replay after the last kill ends", done.returncode == 0, done.stdout.strip()[-200:] or done.stderr[-300:])
    verify = peer.run("journal", "verify", data / "journal")
    check(f"{name}: the journal is whole", verify.returncode == 0, verify.stdout.strip()[-200:])
    compare(f"{name}, at the end", data, recording)
    return done.returncode == 0


# Torn ends


def tails(work, options):
    """A killed run whose lake is still empty: the last block of the journal gets damaged as a device may leave it."""
    rng = random.Random(options.seed)
    recording = record(work / "tails.jsonl", 120_000, seed=2)
    config = configure(work / "tails.yaml", flush="10m", rows=10_000_000)

    def truncate(content, block):
        return content[:rng.randrange(block.position + 1, block.position + 64 + block.stored)]

    def flip(content, block):
        place = rng.randrange(block.position, block.position + 64 + block.stored)
        content[place] ^= 1 << rng.randrange(8)
        return content

    def zero(content, block):
        place = rng.randrange(block.position, block.position + 64 + block.stored - 1)
        content[place:] = bytes(len(content) - place)
        return content

    for damage in [truncate, flip, zero]:
        name = f"{damage.__name__} the last block"
        data = work / f"tail-{damage.__name__}"
        process = start("replay", data, config, recording, "--speed", "200x")
        wait_for(lambda: any(path.stat().st_size > 0 for path in journal_reader.segments(data / "journal")), 10, process)
        time.sleep(rng.uniform(0.3, 0.8))
        process.kill()
        process.wait(10)
        block = journal_reader.last_block(data / "journal")
        content = damage(bytearray(block.path.read_bytes()), block)
        block.path.write_bytes(content)
        done = run("recover", data, config)
        check(f"{name}: recover cuts it and says so", done.returncode == 0 and "torn end was cut" in done.stderr,
              done.stderr.strip()[-300:])
        last = journal_reader.last_block(data / "journal")
        check(f"{name}: all before it is kept", last.first + last.records == block.first, f"offset {block.first}")
        compare(name, data)
        done = run("replay", data, config, recording)
        check(f"{name}: the next replay ends", done.returncode == 0, done.stderr[-300:] if done.returncode else "")
        compare(f"{name}, played again", data, recording)

    # What the lake has and the journal lost is refused: nothing may be numbered twice.
    block = journal_reader.last_block(data / "journal")
    block.path.write_bytes(block.path.read_bytes()[:block.position])
    done = run("recover", data, config)
    check("a journal that lost what the lake has is refused", done.returncode == 1 and "not the journal that filled" in done.stderr,
          done.stderr.strip()[-300:])


# Instances


def instances(work, _):
    recording = record(work / "instances.jsonl", 20_000, seed=3)
    config, data = configure(work / "instances.yaml"), work / "instances"
    process = subprocess.Popen(command("replay", data, config, recording, "--speed", "1x"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        check("one instance runs", wait_for(lambda: journal_reader.segments(data / "journal"), 20, process))
        time.sleep(0.5)
        for name, arguments in [("replay", [recording]), ("recover", [])]:
            second = run(name, data, config, *arguments, timeout=60)
            check(f"a second instance is refused: {name}", second.returncode == 1 and str(process.pid) in second.stderr,
                  second.stderr.strip()[-200:])
        check("the first one goes on", process.poll() is None)
        process.send_signal(signal.SIGINT)
        check("Ctrl-C ends it in order", process.wait(30) == 130, f"exit code {process.returncode}")
    finally:
        process.kill()
        process.wait(10)
    compare("after Ctrl-C", data)


# Full disk


@contextlib.contextmanager
def small_disk(work):
    """64 MB of file system of our own; None where this machine does not allow it."""
    place = work / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)], capture_output=True, text=True)
    if done.returncode != 0:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def disk(work, _):
    with small_disk(work) as place:
        if place is None:
            print("SKIPPED: full disk (needs the right to mount a tmpfs)", flush=True)
            return
        recording = record(work / "disk.jsonl", 150_000, seed=4)
        config, data = configure(work / "disk.yaml"), place / "data"
        log = place.parent / "disk-run.log"

        def fill(leave):
            """All but so many bytes of the disk is taken."""
            free = os.statvfs(place)
            (place / "ballast").write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - leave)))

        def begin(*options):
            words = [*command("replay", data, config, recording), *options]
            return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=open(log, "ab"))

        def readiness():
            """Status and failing checks of /readyz."""
            status, text = peer.ask((data / "address").read_text().strip() + "/readyz")
            return status, [] if status == 200 else [item["detail"] for item in json.loads(text)["checks"] if not item["ok"]]

        def is_stalled():
            return "cannot" in log.read_text()

        def written():
            return sorted((path.name, path.stat().st_size) for path in data.glob("**/*") if path.is_file())

        fill(leave=6 << 20)
        process = begin("--serve", "--listen", "127.0.0.1:0")
        try:
            check("full disk: says so in one line", wait_for(is_stalled, 60, process), log.read_text().strip()[:600])
            time.sleep(2)
            status, failing = readiness()
            check("full disk: /readyz is 503 and names the reason", status == 503 and any("space" in text for text in failing),
                  f"{status} {failing}")
            check("full disk: the program waits", process.poll() is None, f"exit code {process.returncode}")
            before = journal_reader.last_block(data / "journal")
            time.sleep(1)
            after = journal_reader.last_block(data / "journal")
            check("full disk: nothing more is acknowledged", before is None or after.first == before.first)
            process.send_signal(signal.SIGINT)
            try:
                code = process.wait(30)
            except subprocess.TimeoutExpired:
                code = None
            check("full disk: Ctrl-C ends it", code in (1, 130), f"exit code {code}")
            process.kill()
            process.wait(10)
            (place / "ballast").unlink()
            done = run("recover", data, config)
            check("full disk: with space again, recover stores what was taken", done.returncode == 0, done.stderr[-300:])
            compare("full disk, recovered", data)

            fill(leave=3 << 20)
            log.write_text("")
            process = begin()
            check("full disk: says so again", wait_for(is_stalled, 60, process), log.read_text().strip()[:600])
            time.sleep(2)
            check("full disk: the program waits again", process.poll() is None, f"exit code {process.returncode}")
            (place / "ballast").unlink()
            try:
                code = process.wait(120)
            except subprocess.TimeoutExpired:
                code = None
            check("full disk: with space again it ends by itself", code == 0, log.read_text().strip()[-600:])
            compare("full disk, completed", data, recording)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(10)


def main():
    parts = {"kills": kills, "tails": tails, "instances": instances, "disk": disk}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=12, help="kills (12; 200 for the long run)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(parts))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tapedeck-crash-") as work:
        for name in options.only.split(","):
            started = time.monotonic()
            print(f"-- {name} (seed {options.seed})", flush=True)
            parts[name](pathlib.Path(work), options)
            print(f"      {time.monotonic() - started:.0f} s", flush=True)
    finish()


if __name__ == "__main__":
    main()
