#!/usr/bin/env python3
"""Three processes with feeds and three workers share a pipeline whose journal is in Kafka; workers and feeds are killed at
random instants, and workers stopped until others have their partitions, and woken up. In the end the lake and a PostgreSQL server have, row for row, what one process makes of each feed's
journal. The brokers are librdkafka's mock cluster inside this process. `fences` is the scenario of distributed_fences.py.

  run_distributed.py [--only share,fences] [--kills N] [--freezes N] [--seed SEED] [--speed TIMES] [--keep]

Not compared: `journal_offset`, which counts the records of a partition; and of `coverage` the place of a row in its record,
and the bounds of recordings (docs/distributed.md).
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import tempfile
import time

from distributed_fences import fences
from distributed_market import trades_of_coins, trades_of_stocks
from kafka_cluster import Cluster
from peer import BINARY, Program, check, delta_database, finish, free_port, wait_for
from postgresql_rows import load
from postgresql_server import Server, programs

TOPIC, PARTITIONS = "tapedeck.journal", 12
TABLES = ["trades", "quotes", "bars", "indicators", "dead_letters", "frames", "coverage"]
PASSWORD = "right-and-never-shown"
SECONDS, PER_SECOND = 900, 40
# How long a worker may be silent before others get its partitions.
SESSION_SECONDS = 6


class Site:
    """The files that all processes share."""

    def __init__(self, work, cluster, server):
        self.work, self.cluster, self.server = work, cluster, server
        self.stocks, self.coins = work / "stocks.frames", work / "coins.frames"

    def write(self, options):
        trades_of_stocks(self.stocks, options.seed, SECONDS, PER_SECOND)
        trades_of_coins(self.coins, options.seed + 1, SECONDS, PER_SECOND)
        feeds = f"""feeds:
  - replay: {{ name: stocks, path: {self.stocks}, format: finnhub, speed: {options.speed}x }}
  - replay: {{ name: coins, path: {self.coins}, format: binance, speed: {options.speed}x }}
  - simulator: {{ name: market, rate: 300, history: 10s, seed: {options.seed} }}
"""
        engine = "bars: [1s, 1m]\nindicators: [sma(5), rsi(14)]\nlateness: 2s\n"
        brokers = ", ".join(f'"{broker}"' for broker in self.cluster.address.split(","))
        sink = f'  - postgresql: {{ uri: "{self.server.database("shared")}", flush: 500ms }}\n' if self.server else ""
        (self.work / "shared.yaml").write_text(f"""pipeline: shared
{feeds}{engine}journal:
  kafka: {{ brokers: [{brokers}], topic: {TOPIC}, partitions: {PARTITIONS}, linger: 150ms, settings: [session.timeout.ms={SESSION_SECONDS}000, heartbeat.interval.ms=500] }}
state: {self.work}/state
sinks:
  - lake: {{ path: {self.work}/shared/lake, flush: 2s }}
{sink}""")
        (self.work / "alone.yaml").write_text(f"""pipeline: alone
feeds:
  - push: {{ name: quiet, format: trades }}
{engine}sinks:
  - lake: {{ flush: 5s }}
""")


class Part(Program):
    """One of the processes, with a data folder and an address of its own."""

    def __init__(self, site, name, *arguments, pipeline="shared.yaml"):
        port = free_port()
        self.name, self.data = name, site.work / name
        super().__init__(site.work / f"{name}.log", "run", site.work / pipeline, "--data", self.data, "--listen", f"127.0.0.1:{port}",
                         *arguments, port=port, environment=dict(os.environ, PGPASSWORD=PASSWORD))

    def status(self):
        return self.get("/api/v1/status") or {}


def outlast_kills(feeds, workers, options):
    """Kills processes at random instants, and starts them again a little later; stops some for longer than the group waits."""
    rng = random.Random(options.seed)
    counts = {"feeds": 0, "workers": 0, "freezes": 0}
    frozen = set(rng.sample(range(options.kills), min(options.freezes, options.kills)))
    for kill in range(options.kills):
        time.sleep(rng.uniform(0.5, 4))
        if kill in frozen:
            worker = rng.choice(workers)
            worker.process.send_signal(signal.SIGSTOP)
            time.sleep(SESSION_SECONDS + rng.uniform(1, 4))
            worker.process.send_signal(signal.SIGCONT)
            counts["freezes"] += 1
            time.sleep(rng.uniform(0, 2))
        group, victims = ("feeds", feeds) if rng.random() < 0.3 else ("workers", workers)
        victim = rng.choice(victims)
        if not victim.is_running():
            check(f"{victim.name} runs until it is killed", False)
            return
        victim.kill()
        counts[group] += 1
        time.sleep(rng.choice([0, rng.uniform(0, 2)]))
        victim.start()
    print(f"      killed: {counts}")


def are_replayed(feeds):
    """Whether the recordings were played to their ends."""
    states = [feed["state"] for part in feeds for feed in part.status().get("feeds", []) if feed["name"] != "market"]
    return states == ["finished"] * 2


def have_everything(workers):
    """Whether all partitions are worked on, and all that the topic holds was taken."""
    parts = [partition for worker in workers for partition in worker.status().get("partitions", [])]
    return len(parts) == PARTITIONS and all(part["lag_messages"] == part["lag_frames"] == 0 for part in parts)


def make_reference(site, feeds):
    """One process for each journal of a feed process; the folders of their lakes."""
    lakes = []
    for feed in feeds:
        alone = Part(site, f"alone-{feed.name}", pipeline="alone.yaml")
        alone.data.mkdir()
        shutil.copytree(feed.data / "journal", alone.data / "journal", ignore=shutil.ignore_patterns("producer", "*.lock"))
        alone.start()
        is_done = wait_for(lambda alone=alone: (status := alone.status()) and status["engine"]["lag_frames"] == 0
                           and status["journal"]["head_offset"] > 0, 60)
        check(f"one process reads the journal of {feed.name}", is_done and alone.end() == 0, json.dumps(alone.status())[:300])
        lakes.append(alone.data / "lake")
    return lakes


def rows_of(table, names):
    """What is compared of a table."""
    if table != "coverage":
        return ", ".join(f'"{name}"' for name in names if name != "journal_offset"), ""
    return ", ".join(f'"{name}"' for name in names if name not in ("journal_offset", "frame_index")), "WHERE coalesce(detail, '') NOT LIKE 'recording%'"


def compare(site, lakes):
    """The shared lake against those of single processes, and the server against the shared lake."""
    database, differences, counts = delta_database(), [], {}
    shared = site.work / "shared/lake"
    for table in TABLES:
        if not (shared / table / "_delta_log").exists():
            differences.append(f"{table} is not there")
            continue
        database.execute(f"CREATE VIEW {table} AS SELECT * FROM delta_scan('{shared / table}')")
        names = [name for name, *_ in database.execute(f"DESCRIBE {table}").fetchall()]
        columns, where = rows_of(table, names)
        single = "SELECT * FROM (" + " UNION ALL ".join(f"SELECT {columns} FROM delta_scan('{lake / table}') {where}" for lake in lakes) + ")"
        both = f"SELECT {columns} FROM {table} {where}"
        counts[table] = database.execute(f"SELECT count(*) FROM ({both})").fetchone()[0]
        differences += differ(database, table, single, both, "single", "shared")
    check("the lake has what single processes make, row for row", not differences and counts.get("bars", 0) > 0,
          "; ".join([json.dumps(counts), *differences]))
    if not site.server:
        return
    differences = []
    for table in [table for table in TABLES if table != "frames"]:
        columns = ", ".join(f'"{name}"' for name in load(database, site.server, "shared", table))
        differences += differ(database, table, f"SELECT {columns} FROM {table}", f"SELECT {columns} FROM delivered", "lake", "server")
    check("the server has each row of the lake once", not differences, "; ".join(differences))


def differ(database, table, left, right, left_name, right_name):
    missing, extra = database.execute(f"SELECT (SELECT count(*) FROM ({left} EXCEPT ALL {right})), "
                                      f"(SELECT count(*) FROM ({right} EXCEPT ALL {left}))").fetchone()
    if not missing and not extra:
        return []
    example = database.execute(f"(SELECT '{left_name}', * FROM ({left} EXCEPT ALL {right}) LIMIT 2) UNION ALL "
                               f"(SELECT '{right_name}', * FROM ({right} EXCEPT ALL {left}) LIMIT 2)").fetchall()
    return [f"{table}: {missing} only in {left_name}, {extra} only in {right_name}, for example {str(example)[:700]}"]


def share(work, server, options):
    cluster = Cluster()
    cluster.make(TOPIC, PARTITIONS)
    site = Site(work, cluster, server)
    site.write(options)
    feeds = [Part(site, f"feeds-{name}", "--role", "feeds", "--feeds", name) for name in ["stocks", "coins", "market"]]
    workers = [Part(site, f"worker-{number}", "--role", "worker") for number in range(3)]
    try:
        for part in workers + feeds:
            part.start()
        check("all processes answer", wait_for(lambda: all(part.status() for part in feeds + workers), 30))
        started = time.monotonic()
        outlast_kills(feeds, workers, options)
        check("the recordings are played to the end", wait_for(lambda: are_replayed(feeds), 120, 0.3))
        time.sleep(1)
        for feed in feeds:
            check(f"{feed.name} ends in order", feed.end() == 0)
        check("the workers take everything", wait_for(lambda: have_everything(workers), 120, 0.3),
              json.dumps([worker.status().get("partitions") for worker in workers])[:1000])
        # The last one takes over what the others had, and gives it up again.
        for worker in workers:
            check(f"{worker.name} ends in order", worker.end() == 0)
        print(f"      {time.monotonic() - started:.0f} s")
        compare(site, make_reference(site, feeds))
    finally:
        for part in feeds + workers:
            part.__exit__(None)


SCENARIOS = [share, fences]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", default=",".join(scenario.__name__ for scenario in SCENARIOS))
    arguments.add_argument("--kills", type=int, default=8)
    arguments.add_argument("--freezes", type=int, default=1)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    arguments.add_argument("--speed", type=int, default=30)
    arguments.add_argument("--keep", action="store_true", help="keep the folder of the test")
    options = arguments.parse_args()
    print(f"seed {options.seed}, {BINARY}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tapedeck-distributed-"))
    try:
        if not programs():
            print("SKIPPED the server: PostgreSQL is not installed")
        with Server(PASSWORD) if programs() else contextlib.nullcontext() as server:
            for scenario in SCENARIOS:
                if scenario.__name__ in options.only.split(","):
                    started = time.monotonic()
                    scenario(folder, server, options)
                    print(f"      {scenario.__name__}: {time.monotonic() - started:.0f} s", flush=True)
    finally:
        if options.keep:
            print(f"kept {folder}")
        else:
            shutil.rmtree(folder)
    finish()


if __name__ == "__main__":
    main()
