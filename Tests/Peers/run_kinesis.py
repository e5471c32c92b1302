#!/usr/bin/env python3
"""Reads a Kinesis stream (moto's) that boto3 writes, while the program is killed, the service throttles and shards are split
and merged: each record counts once. Some records are packed as the Kinesis Producer Library packs them.

Arguments: --count N kills (default 6), --seed N.
"""

import argparse
import json
import os
import pathlib
import random
import tempfile
import threading
import time

from aws_kinesis_agg.aggregator import RecordAggregator

import kinesis_service
from peer import Program, check, finish, free_port, open_lake, wait_for

BASE = 1_700_000_000_000_000_000
KEYS = 12


def program_in(folder, service):
    """The program on one data folder."""
    port = free_port()
    (folder / "pipeline.yaml").write_text(f"""
pipeline: kinesis
data: {folder}/data
feeds:
  - kinesis: {{ name: trades, stream: trades, region: {kinesis_service.REGION}, endpoint: "{service.url}", every: 200ms, batch: 500, format: trades }}
  - kinesis: {{ name: late, stream: late, region: {kinesis_service.REGION}, endpoint: "{service.url}", start: latest, format: trades, venue: LATE }}
bars: [1s]
indicators: []
sinks: [lake: {{ flush: 1s }}]
serve: {{ listen: "127.0.0.1:{port}" }}
""")
    return Program(folder / "program.log", "run", folder / "pipeline.yaml", port=port)


class Producer(threading.Thread):
    """Writes numbered rows; the numbers of each partition key rise by one."""

    def __init__(self, service, seed):
        super().__init__(daemon=True)
        self.client, self.random = service.client, random.Random(seed)
        self.stop = threading.Event()
        self.resharding = threading.Lock()
        self.numbers = [0] * KEYS
        self.records = self.packed = 0

    def row(self):
        key = self.random.randrange(KEYS)
        number = self.numbers[key]
        self.numbers[key] += 1
        # Without a trade id: nothing but the place in the shard can tell that a row comes again.
        return key, json.dumps({"symbol": f"V:K{key}", "event_time_ns": BASE + number, "price": 1 + number % 1000 / 8,
                                "size": key}).encode()

    def packed_record(self):
        """Rows of one partition key in one record, by Amazon's own packer."""
        packer = RecordAggregator()
        key, data = self.row()
        packer.add_user_record(str(key), data, None)
        for _ in range(self.random.randrange(1, 9)):
            number = self.numbers[key]
            self.numbers[key] += 1
            packer.add_user_record(
                str(key), json.dumps({"symbol": f"V:K{key}", "event_time_ns": BASE + number, "price": 1, "size": key}).encode(), None)
        self.packed += 1
        return {"Data": packer.clear_and_get().get_contents()[2], "PartitionKey": str(key)}

    def run(self):
        while not self.stop.is_set():
            records = []
            for _ in range(self.random.randint(1, 30)):
                if self.random.random() < 0.1:
                    records.append(self.packed_record())
                else:
                    key, data = self.row()
                    records.append({"Data": data, "PartitionKey": str(key)})
            with self.resharding:
                answer = self.client.put_records(StreamName="trades", Records=records)
            assert answer["FailedRecordCount"] == 0, answer
            self.records += len(records)
            time.sleep(self.random.uniform(0, 0.05))

    def reshard(self):
        """Splits a shard that is open, or merges two."""
        with self.resharding:
            shards = self.client.list_shards(StreamName="trades")["Shards"]
            shards = [shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]
            spans = sorted((int(shard["HashKeyRange"]["StartingHashKey"]), int(shard["HashKeyRange"]["EndingHashKey"]),
                            shard["ShardId"]) for shard in shards)
            if len(spans) < 4:
                start, end, shard = self.random.choice(spans)
                self.client.split_shard(StreamName="trades", ShardToSplit=shard, NewStartingHashKey=str((start + end) // 2))
            else:
                place = self.random.randrange(len(spans) - 1)
                self.client.merge_shards(
                    StreamName="trades", ShardToMerge=spans[place][2], AdjacentShardToMerge=spans[place + 1][2])


def compare(producer, query, where):
    rows = {symbol: (count, distinct, int(total)) for symbol, count, distinct, total in query(
        "SELECT symbol, count(*), count(DISTINCT event_time_ns), sum(event_time_ns - 1700000000000000000)::BIGINT "
        "FROM trades WHERE venue = 'V' GROUP BY symbol")}
    wanted = {f"K{key}": (count, count, count * (count - 1) // 2) for key, count in enumerate(producer.numbers) if count}
    wrong = {key: (rows.get(key), wanted.get(key)) for key in rows.keys() | wanted.keys() if rows.get(key) != wanted.get(key)}
    check(f"each row is there once, {where}", not wrong,
          f"{sum(producer.numbers)} rows in {producer.records} records, {producer.packed} packed" + (f"; {wrong}" if wrong else ""))
    letters = query("SELECT reason, count(*) FROM dead_letters GROUP BY 1")
    check(f"there are no dead letters, {where}", not letters, str(letters))


def reads(program, data, service, count, seed):
    rng = random.Random(seed)
    client = service.client
    client.create_stream(StreamName="trades", ShardCount=2)
    client.create_stream(StreamName="late", ShardCount=1)
    early = json.dumps({"symbol": "EARLY", "event_time_ns": BASE, "price": 1, "size": 1}).encode()
    client.put_record(StreamName="late", Data=early, PartitionKey="x")
    time.sleep(6)  # `latest` begins five seconds before the start
    producer = Producer(service, seed)
    producer.start()
    program.start()
    check("the feed that wants what is new has started",
          wait_for(lambda: program.feed("late").get("state") in ("idle", "live")))
    program.kill()
    # Comes while the program is down, before anything of this stream is in the journal.
    client.put_record(StreamName="late", Data=early.replace(b"EARLY", b"LATER"), PartitionKey="x")
    for _ in range(count):
        program.start()
        time.sleep(rng.uniform(0.3, 2.2))
        producer.reshard()
        time.sleep(rng.uniform(0, 0.5))
        program.kill()
    program.start()
    time.sleep(1)
    producer.stop.set()
    producer.join(20)
    service.faults = 0
    total = sum(producer.numbers)
    wait_for(lambda: (program.query("SELECT count(*) FROM trades WHERE venue = 'V'") or [[0]])[0][0] >= total)
    compare(producer, program.query, "running")
    late = program.query("SELECT symbol FROM trades WHERE venue = 'LATE'")
    check("a feed that wants what is new gets what came since its first start", late == [["LATER"]], str(late))
    shards = len(client.list_shards(StreamName="trades")["Shards"])
    check("shards were split and merged", shards >= 2 + count, f"{shards} shards")
    check("botocore signs every request alike", not service.unsigned and service.requests["GetRecords"] > 0,
          f"{sum(service.requests.values())} requests, {service.unsigned[:5]}")
    status = program.end()
    check("the program ends in order", status == 0, str(status))
    database = open_lake(data)
    compare(producer, lambda sql: database.execute(sql).fetchall(), "in the lake")
    # The rows of a key were written in the order of their numbers; so they must stand in the journal, over all resharding.
    last, disorder = {}, 0
    for symbol, number in database.execute(
            "SELECT symbol, event_time_ns FROM trades WHERE venue = 'V' ORDER BY journal_offset").fetchall():
        disorder += number < last.get(symbol, 0)
        last[symbol] = number
    check("rows of a partition key stay in order", disorder == 0, f"{disorder} out of order")
    frames = database.execute("SELECT count(*) FROM frames").fetchone()[0]
    check("hardly anything is read twice", frames <= total * 1.01 + 10, f"{frames} frames for {total} rows")


def refusals(program, service):
    """What a person has to put right is said, without secrets."""
    service.client.delete_stream(StreamName="late")
    program.start()
    found = wait_for(lambda: "ResourceNotFoundException" in (program.feed("late").get("detail") or ""), 20)
    check("a stream that is gone is said", found, str(program.feed("late"))[:300])
    check("the program ends in order all the same", program.end() == 0)
    check("the log holds no key", os.environ["AWS_SECRET_ACCESS_KEY"].encode() not in program.log.read_bytes())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    service = kinesis_service.Service(options.seed, faults=0.1)
    with tempfile.TemporaryDirectory(prefix="tapedeck-kinesis-") as work:
        folder = pathlib.Path(work)
        with program_in(folder, service) as program:
            reads(program, folder / "data", service, options.count, options.seed)
            refusals(program, service)
    service.stop()
    finish()


if __name__ == "__main__":
    main()
