#!/usr/bin/env python3
"""Runs pipelines/stocks-medallion.yaml as it is, apart from addresses and intervals, against a vendor, a bucket, brokers and a
warehouse on loopback, and kills it now and then: each target has each quote of the lake once.

  run_medallion.py [--kills N] [--seed SEED]
"""

import argparse
import json
import os
import pathlib
import random
import re
import tempfile
import time

from bigquery_server import PROJECT, Emulator
from kafka_cluster import Cluster
from kafka_topics import PREFIX, Consumer
from message_rows import compare
from objects_rows import Bucket
from objects_service import KEY, REGION, SECRET, Service
from peer import ROOT, Program, check, finish, free_port, open_lake, wait_for
from quotes_vendor import Vendor

TABLES = ["quote_snapshots", "quotes"]
# Addresses and names on this machine, and shorter times; everything else is as in the file.
CHANGES = [
    (r"data: .*", "data: {folder}/data"), (r"every: 10s", 'every: 300ms, limits: ["100/s"], url: "{vendor}"'),
    (r"endpoint: http://127.0.0.1:19000", "endpoint: {objects}"), (r"region: us-east-1", f"region: {REGION}"),
    (r"flush: 60s", "flush: 1s"), (r"flush: 10s", "flush: 200ms"), (r"flush: 5s", "flush: 500ms"),
    (r'"127.0.0.1:9092"', "{brokers}"), (r"dataset: demo.stocks", f'dataset: {PROJECT}.stocks\n      credentials: "{{key}}"'),
    (r"endpoint: http://127.0.0.1:19050", "endpoint: {bigquery}"),
]


def pipeline(values):
    """The text of the pipeline's file with what is different here."""
    text = (ROOT / "pipelines/stocks-medallion.yaml").read_text()
    for pattern, replacement in CHANGES:
        text, count = re.subn(pattern, lambda _, new=replacement: new.format(**values), text)
        check(f"the file has `{pattern}`", count >= 1)
    return text + f'serve: {{ listen: "127.0.0.1:{values["port"]}" }}\n'


def is_everywhere(program):
    """Whether all sinks have what can be seen."""
    status = program.get("/api/v1/status")
    return bool(status) and status["engine"]["lag_frames"] == 0 and len(status["sinks"]) == 4 and all(
        sink["state"] == "live" and sink["offset"] >= status["hot"]["visible_offset"] for sink in status["sinks"] if sink["name"] != "lake")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=3)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = arguments.parse_args()
    rng = random.Random(options.seed)
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="tapedeck-medallion-") as folder, Emulator("") as bigquery:
        folder = pathlib.Path(folder)
        vendor, objects, cluster = Vendor(), Service(options.seed), Cluster()
        objects.client.create_bucket(Bucket="market", CreateBucketConfiguration={"LocationConstraint": REGION})
        partitions = {PREFIX + table: 3 for table in TABLES} | {PREFIX + "offsets": 1, PREFIX + "rejected": 1}
        for topic, count in partitions.items():
            cluster.make(topic, count)
        consumer = Consumer(cluster.address, "stocks-medallion", partitions)
        port = free_port()
        (folder / "pipeline.yaml").write_text(pipeline({
            "folder": folder, "vendor": vendor.url, "objects": objects.url, "bigquery": bigquery.url, "port": port, "key": bigquery.key,
            "brokers": ", ".join(f'"{broker}"' for broker in cluster.address.split(","))}))
        environment = dict(os.environ, FINNHUB_TOKEN="x", AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET)
        with Program(folder / "program.log", "run", folder / "pipeline.yaml", port=port, environment=environment) as program:
            def count():
                answer = program.query("SELECT count(*) FROM quote_snapshots")
                return answer[0][0] if answer else None

            program.start()
            for _ in range(options.kills):
                check("the program answers", wait_for(lambda: count() is not None, 60))
                before = count() or 0
                check("quotes come", wait_for(lambda: (count() or 0) > before + 5, 60))
                time.sleep(rng.uniform(0, 1))
                program.kill()
                program.start()
            vendor.shutdown()
            check("everything is everywhere", wait_for(lambda: is_everywhere(program), 90), json.dumps(program.get("/api/v1/status"))[:2000])
            check("the program ends in order", program.end() == 0)
        look(folder / "data", Bucket(objects.client, "market", "stocks"), consumer, bigquery)
        consumer.end()
        objects.close()
    finish()


def look(data, bucket, consumer, bigquery):
    """Compares what is in the targets with the lake."""
    lake = open_lake(data)
    count = lake.execute("SELECT count(*) FROM quote_snapshots").fetchone()[0]
    keys = [key for key in bucket.keys() if not key.startswith("_")]
    check("the bucket has an object for each quote", len(keys) == count > 15 and all(
        re.fullmatch(r"(AAPL|MSFT|TSLA|GOOGL|AMZN)/\d{10}(-\d+)?\.json", key) for key in keys), f"{len(keys)} of {count}, {keys[:3]}")
    check("the consumer reads to the end", consumer.read_all())
    compare("kafka", consumer.kept, data, [table for table in TABLES if lake.execute(f"SELECT count(*) FROM {table}").fetchone()[0]])
    for table in TABLES:
        there = sorted(tuple(row) for row in bigquery.client().query_and_wait(f"SELECT journal_offset, symbol FROM stocks.{table}"))
        here = sorted(lake.execute(f"SELECT journal_offset, symbol FROM {table}").fetchall())
        check(f"the warehouse has each row of {table}", there == here, f"{len(there)} of {len(here)}")


if __name__ == "__main__":
    main()
