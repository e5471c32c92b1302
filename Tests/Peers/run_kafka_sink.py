#!/usr/bin/env python3
"""Delivers to Kafka brokers while the program is killed and stopped, brokers go and come, leaders move, and requests fail: in
the end a consumer that drops what it has seen has what the lake has. The brokers are librdkafka's mock cluster inside this
process: they show messages of transactions that were never committed, so that repeats come after kills.

  run_kafka_sink.py [--kills N] [--seed SEED] [--format FORMAT] [--only rows,formats,kills,faults,absent,slow,secrets,topics,rejected,replay]

Kills and faults come with the format that is given, otherwise with one drawn from the seed.
"""

import argparse
import json
import pathlib
import random
import shutil
import subprocess
import tempfile
import threading
import time

from kafka_cluster import ADD_PARTITIONS, END_TRANSACTION, INIT_PRODUCER, PRODUCE, Cluster
from kafka_topics import PREFIX, Consumer
from message_formats import FORMATS
from message_rows import compare
from peer import check, finish, run, wait_for
from sink_pipeline import ALL, USUAL, SinkPipeline

PASSWORD = "right-and-never-shown"
COUNT = 6  # partitions of each table


class Pipeline(SinkPipeline):
    """A pipeline that is delivered to a cluster of its own."""

    def __init__(self, work, name, options="flush: 200ms", tables=USUAL, missing=(), form="json"):
        self.cluster, self.options = Cluster(), f"{options}, format: {form}" if form != "json" else options
        partitions = {PREFIX + table: COUNT for table in tables} | {PREFIX + "offsets": 1, PREFIX + "rejected": 1}
        for topic, count in partitions.items():
            if topic not in missing:
                self.cluster.make(topic, count)
        self.consumer = Consumer(
            self.cluster.address, name, {topic: count for topic, count in partitions.items() if topic not in missing}, form)
        super().__init__("kafka", work, name, tables, {"KAFKA_PASSWORD": PASSWORD})

    def sink_options(self, more=""):
        brokers = ", ".join(f'"{broker}"' for broker in self.cluster.address.split(","))
        return f"brokers: [{brokers}], {self.options}{more}"

    def delivered(self, table="trades"):
        return self.consumer.kept.offsets.get(table, -1)

    def contents(self, name):
        """Rows of each table, equal to the lake's, and the offsets that were left out."""
        check(f"{name}: the consumer reads to the end", self.consumer.read_all())
        return compare(name, self.consumer.kept, self.data, self.tables)

    def compare(self, name):
        counts, refused = self.contents(name)
        check(f"{name}: every row was taken", not refused, str(refused))
        check(f"{name}: what a consumer keeps as documented is each row once", self.consumer.new == sum(counts.values()),
              f"{self.consumer.new} of {counts}")
        return counts

    def __exit__(self, *reason):
        super().__exit__(*reason)
        self.consumer.end()


def rows(work, _):
    """Every table arrives, soon; kcat reads the same."""
    with Pipeline(work, "kafka_rows", f"tables: [{', '.join(ALL)}], flush: 200ms", ALL) as program:
        program.start()
        check("rows: rows arrive", program.gets_on())
        check("rows: it catches up", program.catches_up(), json.dumps(program.sink()))
        metrics = (program.ask("/metrics") or (0, b""))[1].decode()
        check("rows: the metrics have the sink", 'tapedeck_sink_live{sink="kafka"} 1' in metrics)
        counts = program.settle("rows")
        for table in ["trades", "quotes", "bars", "indicators", "transactions", "dead_letters", "frames"]:
            check(f"rows: there are {table}", counts.get(table, 0) > 0)
        check("rows: nothing came twice", program.consumer.kept.repeats == 0, str(program.consumer.kept.repeats))
        read_with_kcat(program)


def read_with_kcat(program):
    if not shutil.which("kcat"):
        print("SKIPPED: kcat is not installed (Debian: apt-get install kcat)")
        return
    said = subprocess.run(["kcat", "-C", "-b", program.cluster.address, "-t", PREFIX + "transactions", "-e", "-q", "-f", "%k|%h|%s\\n"],
                          capture_output=True, text=True, timeout=60, check=False)
    found = {}
    for line in said.stdout.splitlines():
        key, header, value = line.split("|", 2)
        row = json.loads(value)
        found[tuple(map(int, header.split("/")[2:4]))] = value.encode()
        if key != f"{row['exchange']}:{row['symbol']}" or not header.startswith(f"tapedeck={program.name}/transactions/"):
            check("rows: kcat sees key and header", False, line[:300])
    check("rows: kcat reads the same", found == program.consumer.kept.rows["transactions"], f"{len(found)} {said.stderr[-300:]}")


def formats(work, options):
    """Every table arrives in the other formats too, and kills repeat rows that consumers know."""
    rng = random.Random(options.seed + 2)
    for form in FORMATS[1:]:
        name = f"kafka_{form}"
        with Pipeline(work, name, f"tables: [{', '.join(ALL)}], flush: 50ms", ALL, form=form) as program:
            program.start()
            check(f"{form}: rows arrive", program.gets_on())
            program.outlasts_kills(form, max(2, options.kills // 2), rng)
            counts = program.settle(form)
            for table in ["trades", "quotes", "bars", "indicators", "transactions", "dead_letters", "frames", "coverage"]:
                check(f"{form}: there are {table}", counts.get(table, 0) > 0)
            rows_in_messages = sum(counts.values()) / program.consumer.messages
            check(f"{form}: messages hold rows together where they should", (rows_in_messages > 1) == (form == "arrow"),
                  f"{rows_in_messages:.1f} rows a message")


def drawn(options, rng):
    form = options.format or rng.choice(FORMATS)
    print(f"      in {form}")
    return form


def kills(work, options):
    """Kills the program at random instants."""
    rng = random.Random(options.seed)
    with Pipeline(work, "kafka_kills", "flush: 50ms", form=drawn(options, rng)) as program:
        program.start()
        check("kills: rows arrive", program.gets_on())
        program.outlasts_kills("kills", options.kills, rng)
        program.settle("kills")


class Trouble(threading.Thread):
    """Moves leaders, takes brokers away, lets requests fail and connections end, until told to stop."""

    def __init__(self, cluster, tables, seed):
        super().__init__(daemon=True)
        self.cluster, self.tables, self.rng = cluster, tables, random.Random(seed)
        self.over, self.count = threading.Event(), 0
        self.start()

    def run(self):
        while not self.over.is_set():
            broker = self.rng.choice(self.cluster.brokers)
            what = self.rng.randrange(4)
            if what == 0:
                self.cluster.stop(broker)
                time.sleep(self.rng.uniform(0, 0.5))
                self.cluster.start(broker)
            elif what == 1:
                self.cluster.lead(PREFIX + self.rng.choice(self.tables), self.rng.randrange(COUNT), broker)
            elif what == 2:
                # No leader, not the leader, timed out, loading, no coordinator; and librdkafka's own for a connection that ends.
                request = self.rng.choice([PRODUCE, ADD_PARTITIONS, END_TRANSACTION, INIT_PRODUCER])
                codes = [6, 7, -195] if request == PRODUCE else [14, 15, 51, -195]
                self.cluster.fail(request, *self.rng.choices(codes, k=self.rng.randint(1, 3)))
            else:
                # Fenced, not allowed: the transaction cannot go on.
                self.cluster.fail(*self.rng.choice([(END_TRANSACTION, 47), (PRODUCE, 29), (ADD_PARTITIONS, 29)]))
            self.count += 1
            time.sleep(self.rng.uniform(0, 0.4))

    def end(self):
        self.over.set()
        self.join(20)


def faults(work, options):
    """Everything goes wrong at the brokers, and the program is killed now and then as well."""
    rng = random.Random(options.seed + 1)
    with Pipeline(work, "kafka_faults", "flush: 50ms, settings: [socket.timeout.ms=3000]", form=drawn(options, rng)) as program:
        program.start()
        check("faults: rows arrive", program.gets_on())
        trouble = Trouble(program.cluster, ["trades", "quotes", "bars"], options.seed)
        for _ in range(max(2, options.kills // 3)):
            time.sleep(rng.uniform(2, 4))
            program.kill()
            program.start()
        trouble.end()
        check("faults: some came", trouble.count > 5, f"{trouble.count} faults")
        program.settle("faults")


def absent(work, _):
    """Brokers that are not there when the program starts, nor when it ends, and come later."""
    with Pipeline(work, "kafka_absent") as program:
        program.cluster.stop()
        program.start()
        program.shows_absence("absent", "127.0.0.1")
        program.ends("absent")
        program.start()
        program.cluster.start()
        check("absent: rows arrive once they are there", program.gets_on())
        program.cluster.stop()
        check("absent: it is degraded when they go while rows arrive", program.becomes("degraded"), json.dumps(program.sink()))
        program.cluster.start()
        program.settle("absent")


def slow(work, _):
    """Brokers that take their time hold up nothing but the sink."""
    with Pipeline(work, "kafka_slow") as program:
        program.cluster.slow(100)
        program.start()
        check("slow: rows arrive", program.gets_on())
        program.ends("slow")
        program.start()
        check("slow: rows arrive again", program.gets_on())
        program.cluster.slow(0)
        program.settle("slow")


def secrets(work, _):
    """Brokers that do not let anybody sign in: no password is told."""
    with Pipeline(work, "kafka_secrets", "flush: 200ms, mechanism: PLAIN, username: me, password: \"${KAFKA_PASSWORD}\"") as program:
        program.start()
        check("secrets: the sink is degraded", program.becomes("degraded"), json.dumps(program.sink()))
        answers = [program.ask(path) for path in ["/api/v1/status", "/readyz", "/metrics"]]
        checked = run("check", program.folder / "pipeline.yaml", env=program.environment)
        told = checked.stdout.encode() + checked.stderr.encode() + program.log.read_bytes() + b"".join(
            content for _, content in filter(None, answers))
        check("secrets: no password is told", PASSWORD.encode() not in told)
        program.ends("secrets")
        program.configure(more=", settings: [sasl.password=other]")
        checked = run("check", program.folder / "pipeline.yaml", env=program.environment)
        check("secrets: a setting that an option says is refused, with the option",
              checked.returncode != 0 and "`password`" in checked.stdout + checked.stderr and "other" not in checked.stdout + checked.stderr,
              (checked.stdout + checked.stderr)[-300:])


def topics(work, _):
    """Topics that are missing and cannot be made are named, and so are those with other partitions than asked for."""
    with Pipeline(work, "kafka_topics", missing=[PREFIX + "quotes"]) as program:
        program.start()
        check("topics: a missing one is named", program.becomes("degraded", "`tapedeck.quotes`"), json.dumps(program.sink()))
        program.cluster.make(PREFIX + "quotes", COUNT)
        check("topics: it goes on once the topic is there", program.catches_up(), json.dumps(program.sink()))
        program.ends("topics")
        program.configure(more=", partitions: 7")
        program.start()
        check("topics: other partitions than asked for are told", program.becomes("degraded", f"{COUNT} partitions, not 7"),
              json.dumps(program.sink()))
        program.ends("topics, with other partitions")


def rejected(work, _):
    """A row that is larger than a message may be stops nothing else."""
    with Pipeline(work, "kafka_rejected", "flush: 200ms, settings: [message.max.bytes=2000]") as program:
        program.configure(feeds="  - push: { name: rows, format: trades }\n")
        program.start()
        check("rejected: the feed is there", program.comes(lambda: program.feed("rows").get("state"), 30))
        for first in range(0, 100, 10):
            lines = [json.dumps({"symbol": "V:S", "event_time_ns": 1_700_000_000_000_000_000 + first + number, "price": 1, "size": 1})
                     for number in range(10)]
            if first == 50:  # what is no row becomes a dead letter, with all of its bytes
                lines.append(json.dumps({"symbol": "V:S", "price": "x" * 3000}))
            check("rejected: rows are taken", (program.ask("/api/v1/ingest/rows", "\n".join(lines)) or [0])[0] == 202)
        check("rejected: the sink goes on behind the row", program.comes(program.has_everything, 60), json.dumps(program.sink()))
        check("rejected: the program is ready", program.readiness() == 200, str(program.ask("/readyz")))
        program.ends("rejected")
        counts, refused = program.contents("rejected")
        check("rejected: the row alone is missing, and noted", counts.get("trades") == 100 and set(refused) == {"dead_letters"}
              and len(refused["dead_letters"]) == 1, f"{counts} {refused}")


def replay(work, _):
    """A replay ends when the sink has everything."""
    with Pipeline(work, "kafka_replay") as program:
        program.replays("replay")


SCENARIOS = [rows, formats, kills, faults, absent, slow, secrets, topics, rejected, replay]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=6)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    arguments.add_argument("--format", choices=FORMATS)
    arguments.add_argument("--only", default=",".join(scenario.__name__ for scenario in SCENARIOS))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="tapedeck-kafka-sink-") as folder:
        for scenario in SCENARIOS:
            if scenario.__name__ in options.only.split(","):
                started = time.monotonic()
                scenario(pathlib.Path(folder), options)
                print(f"      {scenario.__name__}: {time.monotonic() - started:.0f} s", flush=True)
    finish()


if __name__ == "__main__":
    main()
