#!/usr/bin/env python3
"""A Kafka broker that keeps receiving, and programs that read it and are killed: every message counts once.

The broker is librdkafka's mock cluster inside a producer here. Two programs, each with a group and a data folder of its
own, are killed at random instants, started again, and stopped in order now and then. Arguments: --count N kills
(default 10), --seed N.
"""

import argparse
import contextlib
import json
import pathlib
import random
import re
import subprocess
import tempfile
import threading
import time

import confluent_kafka as kafka
import duckdb

from peer import BINARY, Program, check, finish, free_port

TOPIC = "trades"
PARTITIONS = 4  # what the mock makes by itself
SESSION_MS = 4000


class Broker(threading.Thread):
    """The mock cluster, and a producer of numbered trades at a steady pace."""

    def __init__(self, per_second):
        super().__init__(daemon=True)
        # A fetch of the mock brings one batch of a partition, however small: batches of some size let a reader catch up.
        self.producer = kafka.Producer(
            {"bootstrap.servers": "unused:1", "test.mock.num.brokers": 1, "log_level": 0, "linger.ms": 100})
        broker = list(self.producer.list_topics(timeout=10).brokers.values())[0]
        self.address = f"{broker.host}:{broker.port}"
        self.per_second = per_second
        self.stop = threading.Event()
        self.sent = 0
        self.lost = []
        self.odd = 0

    def send(self, value, number):
        self.producer.produce(TOPIC, value, key=f"S{number % 7}", partition=number % PARTITIONS,
                              on_delivery=lambda error, _: error and self.lost.append(error))

    def run(self):
        start = time.monotonic()
        while not self.stop.is_set():
            due = int((time.monotonic() - start) * self.per_second)
            while self.sent < due:
                number = self.sent
                # No trade id: nothing but the place in the topic can tell that a message comes again.
                self.send(json.dumps({"symbol": f"V:S{number % 7}", "event_time_ns": 1_700_000_000_000_000_000 + number,
                                      "price": 1 + number % 1000 / 8, "size": 2}).encode(), number)
                if number % 1000 == 500:  # poison: a tombstone, and no JSON
                    self.send(None, number)
                    self.send(b'{"symbol":', number)
                    self.odd += 2
                self.sent += 1
            self.producer.poll(0.005)
        self.producer.flush(20)


class Member(Program):
    """The program on one group and data folder."""

    def __init__(self, folder, broker, group):
        super().__init__(folder / "program.log", "run", folder / "pipeline.yaml", port=free_port())
        self.folder, self.group = folder, group
        (folder / "pipeline.yaml").write_text(f"""
pipeline: kafka
data: {folder}/data
feeds:
  - kafka:
      brokers: ["{broker.address}"]
      topics: [{TOPIC}]
      group: {group}
      format: trades
      settings: [session.timeout.ms={SESSION_MS}]
bars: [1s]
indicators: []
sinks: [lake: {{ flush: 1s }}]
serve: {{ listen: "127.0.0.1:{self.port}" }}
""")
        self.last = self.commits = 0
        self.asking = kafka.Consumer({"bootstrap.servers": broker.address, "group.id": group, "log_level": 0})

    def count(self):
        rows = self.query("SELECT count(*) FROM trades")
        return rows[0][0] if rows else -1

    def reaches(self, count, seconds=60):
        """Waits as long as there is progress."""
        end, last = time.monotonic() + seconds, -1
        while time.monotonic() < end:
            now = self.count()
            if now >= count:
                return True
            if now > last:
                end, last = time.monotonic() + seconds, now
            time.sleep(0.05)
        return False

    def journaled(self):
        """The offset behind the last one of each partition in the journal of the program, which is not running."""
        dump = subprocess.run([BINARY, "journal", "dump", f"{self.folder}/data/journal"], capture_output=True, check=True)
        ends = {}
        for partition, position in re.findall(rb'"partition":"(\d+)","position":"(\d+)"[^\n]*}}\n', dump.stdout):
            ends[int(partition)] = int(position) + 1
        return ends

    def committed(self):
        partitions = [kafka.TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
        return {entry.partition: entry.offset for entry in self.asking.committed(partitions, timeout=10)
                if entry.offset >= 0}


def life(program, kills, seed):
    """Starts, kills and at times stops one program."""
    chance = random.Random(seed)
    for _ in range(kills):
        program.start()
        if not program.reaches(program.last + 1):
            check(f"{program.group} reads", False)
            return
        time.sleep(chance.random() * 1.2)
        program.last = program.count()
        if chance.random() < 0.2:
            if program.end(seconds=30) != 0:
                check(f"{program.group} ends in order", False)
        else:
            program.kill()
        held, kept = program.journaled(), program.committed()
        if any(offset > held.get(partition, 0) for partition, offset in kept.items()):
            check(f"{program.group}: the group keeps what the journal holds", False, f"{kept}, {held}")
        program.commits += len(kept)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--count", type=int, default=10)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="tapedeck-kafka-") as folder, contextlib.ExitStack() as running:
        # The mock keeps 5 MiB of a partition: 120,000 messages stay well below. A kill takes about three seconds.
        broker = Broker(per_second=min(2000, 120_000 // (options.count * 3 + 10)))
        broker.start()
        programs = []
        for number in range(2):
            home = pathlib.Path(folder) / f"g{number}"
            home.mkdir()
            programs.append(running.enter_context(Member(home, broker, f"group-{number}")))
        lives = [threading.Thread(target=life, args=(program, (options.count + 1 - number) // 2, options.seed + number))
                 for number, program in enumerate(programs)]
        for thread in lives:
            thread.start()
        for thread in lives:
            thread.join()
        broker.stop.set()
        broker.join(30)
        check("the broker took every message", not broker.lost, f"{broker.sent} trades, {broker.odd} others")
        for program in programs:
            program.start()
            everything = program.reaches(broker.sent)
            time.sleep(0.5)
            again = program.get("/api/v1/status")["engine"]["duplicates"] if everything else None
            status = program.end(seconds=30)
            lake = program.folder / "data/lake"
            rows = duckdb.sql(f"""
                SELECT count(*), count(DISTINCT event_time_ns), min(event_time_ns) - 1700000000000000000,
                       max(event_time_ns) - 1700000000000000000
                FROM read_parquet('{lake}/trades/**/*.parquet')""").fetchone()
            check(f"{program.group}: every message is there once", everything and status == 0
                  and rows == (broker.sent, broker.sent, 0, broker.sent - 1), f"{rows} of {broker.sent}")
            check(f"{program.group}: nothing was read again", again == 0, f"{again} messages came twice")
            letters = duckdb.sql(f"""
                SELECT count(*), count(DISTINCT journal_offset) FROM read_parquet('{lake}/dead_letters/**/*.parquet')
                """).fetchone()
            check(f"{program.group}: what cannot be decoded is a dead letter, once", letters[0] == letters[1] == broker.odd,
                  f"{letters} of {broker.odd}")
            held = program.journaled()
            check(f"{program.group}: the group never kept more than the journal held", program.commits > 0,
                  f"{program.commits} offsets compared")
            check(f"{program.group}: after an end in order the group is where the journal is",
                  program.committed() == held, f"{program.committed()} {held}")
    finish()


if __name__ == "__main__":
    main()
