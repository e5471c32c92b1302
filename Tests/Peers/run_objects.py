#!/usr/bin/env python3
"""Delivers objects to a bucket (moto's S3, read by boto3) and to a folder while the program is killed, the service goes and comes,
freezes, and loses writes and answers: in the end there is what the lake has, each row once.

  run_objects.py [--kills N] [--seed SEED] [--only rows,kills,folder,budget,door,absent,slow,secrets,bucket,later,frozen,snapshots,ahead,replay]
"""

import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import tempfile
import time

import objects_rows
from objects_service import FATES, KEY, REGION, SECRET, Service
from peer import check, finish, run, wait_for
from quotes_vendor import Vendor
from sink_pipeline import ALL, QUIET, USUAL, SinkPipeline

WRONG = "wrong-and-never-shown"
BUCKET = "market"


class Pipeline(SinkPipeline):
    """A pipeline that is delivered to a folder of the bucket, or to a folder of its own."""

    def __init__(self, service, work, name, options="flush: 200ms", tables=USUAL, bucket=BUCKET):
        self.service, self.options, self.bucket = service, options, bucket
        environment = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}
        self.store = objects_rows.Bucket(service.client, bucket, f"bronze/{name} é") if service else objects_rows.Folder(work / name / "objects")
        super().__init__("objects", work, name, tables, environment)

    def sink_options(self, more=""):
        if not self.service:
            return f'url: "{self.folder}/objects", {self.options}'
        return f'url: "s3://{self.bucket}/bronze/{self.name} é", endpoint: "{self.service.url}", region: {REGION}, {self.options}{more}'

    def delivered(self, table="trades"):
        return objects_rows.newest(self.store, table)

    def compare(self, name):
        rejected = self.store.keys("_tapedeck/rejected/")
        check(f"{name}: every row was taken", not rejected, str(rejected))
        return objects_rows.compare(name, self.store, self.data, self.tables)


def rows(service, work, _):
    """Every table arrives, and the place says whose it is."""
    options = f"tables: [{', '.join(ALL)}], flush: 200ms, compression: zstd"
    with Pipeline(service, work, "rows", options, ALL) as program:
        program.start()
        check("rows: rows arrive", program.gets_on())
        check("rows: it catches up", program.catches_up(), json.dumps(program.sink()))
        metrics = (program.ask("/metrics") or (0, b""))[1].decode()
        check("rows: the metrics have the sink", 'tapedeck_sink_live{sink="objects"} 1' in metrics)
        counts = program.settle("rows")
        for table in ["trades", "quotes", "bars", "indicators", "transactions", "dead_letters", "frames"]:
            check(f"rows: there are {table}", counts.get(table, 0) > 0)
        marker = json.loads(program.store.read("_tapedeck/pipeline.json"))
        check("rows: the place says whose it is", marker == {"pipeline": "rows", "layout": "batched", "compression": "zstd"}, str(marker))


def kills(service, work, options):
    """Kills the program, or cuts off the service, at random instants."""
    rng = random.Random(options.seed)
    with Pipeline(service, work, "kills" if service else "folder", "flush: 50ms") as program:
        program.start()
        check("kills: rows arrive", program.gets_on())

        def hurt(kill):
            if service and kill % 3 == 1:
                service.stop()
                time.sleep(rng.uniform(0, 0.5))
                service.start()
            else:
                program.kill()

        program.outlasts_kills("kills", options.kills, rng, hurt)
        name = "kills" if service else "folder"
        program.settle(name)
        program.is_verified(name, lambda: objects_rows.lose_row(program.store, "trades"))


def folder(_, work, options):
    """The same to a folder: what is half written is no object."""
    kills(None, work, argparse.Namespace(kills=max(3, options.kills // 2), seed=options.seed))


def budget(_, work, __):
    """A sink stops at its budget, says so, and keeps what is left for a larger one."""
    with Pipeline(None, work, "budget", "flush: 100ms", ["trades"]) as program:
        program.configure()
        path = program.folder / "pipeline.yaml"
        plain = path.read_text()
        path.write_text(plain + "budgets: { objects: { rows: 5000, action: stop } }\n")
        program.start()
        check("budget: the sink is held back and says why", program.becomes("degraded", "budget of rows is used up", "-01T00:00:00"),
              json.dumps(program.sink()))
        usage = program.sink().get("usage", {})
        check("budget: it took what it may, and at most a thousand rows more", 5000 <= usage.get("rows", 0) <= 6000 and usage["used"] >= 1, str(usage))
        metrics = (program.ask("/metrics") or (0, b""))[1].decode()
        check("budget: the metrics have it", 'tapedeck_sink_budget_used{sink="objects"} 1' in metrics)
        check("budget: the lake gets on", wait_for(lambda: program.sink("lake").get("rows", 0) > 20_000, 60))
        program.ends("budget")
        told = run("budget", path)
        check("budget: the command tells the same", "100 % of rows per month" in told.stdout or "of rows per month" in told.stdout, told.stdout + told.stderr)
        machine = json.loads(run("budget", path, "--json").stdout)
        check("budget: for machines too", machine["sink"] == "objects" and machine["usage"]["rows"] == usage["rows"], str(machine))
        program.start()
        check("budget: a restart begins no new month", program.becomes("degraded", "budget of rows is used up"), json.dumps(program.sink()))
        program.ends("budget, begun anew")
        path.write_text(plain)
        program.start()
        program.settle("budget, larger")


def door(service, work, options):
    """Writes that get lost, whose answers get lost, that arrive when the program has begun anew, and that are answered with errors;
    and the program is killed in between."""
    rng = random.Random(options.seed + 1)
    with Pipeline(service, work, "door", "flush: 100ms") as program:
        program.start()
        check("door: rows arrive", program.gets_on())
        service.begin_losing()
        time.sleep(rng.uniform(1, 3))
        program.kill()
        program.start()
        check("door: writes meet every fate", wait_for(lambda: min(service.met.values()) >= 2, 120), str(service.met))
        service.end_losing()
        check("door: late writes arrive", wait_for(lambda: service.under_way == 0, 30), str(service.under_way))
        program.settle("door")


def absent(service, work, _):
    """A service that is not there when the program starts, nor when it ends, and comes later."""
    with Pipeline(service, work, "absent") as program:
        program.outlasts_absence("absent", service)


def slow(service, work, _):
    """A service that takes its time holds up nothing but the sink."""
    with Pipeline(service, work, "slow") as program:
        service.delay = 0.15
        program.start()
        check("slow: rows arrive", program.gets_on())
        program.ends("slow")
        program.start()
        service.delay = 0
        program.settle("slow")


def secrets(service, work, _):
    """Wrong keys are told in the service's words, and no secret is told at all."""
    with Pipeline(service, work, "secrets") as program:
        def nothing_told(name, more=""):
            answers = [program.ask(path) for path in ["/api/v1/status", "/readyz", "/metrics"]]
            told = more.encode() + program.log.read_bytes() + b"".join(content for _, content in filter(None, answers))
            check(f"secrets: nothing is told with {name}", WRONG.encode() not in told and SECRET.encode() not in told)

        def configure(keys):
            program.configure(more=keys)
            checked = run("check", program.folder / "pipeline.yaml", env=program.environment)
            return checked.stdout + checked.stderr

        for name, keys, word in [("a wrong secret", f", access_key: {KEY}, secret_key: {WRONG}", "SignatureDoesNotMatch"),
                                 ("a wrong name", f", access_key: AKID, secret_key: {WRONG}", "InvalidAccessKeyId")]:
            said = configure(keys)
            program.start()
            check(f"secrets: {name} is told", program.becomes("degraded", word, "403"), json.dumps(program.sink()))
            check("secrets: the program is not ready", program.readiness() == 503)
            nothing_told(name, said)
            program.ends(f"secrets, with {name}")
        said = configure(f", profile: none, secret_key: {WRONG}")
        check("secrets: keys that do not fit together are refused", "access_key" in said, said[-300:])
        nothing_told("odd keys", said)
        environment = program.environment
        program.environment = {name: text for name, text in environment.items() if name != "AWS_SECRET_ACCESS_KEY"} | {"HOME": str(work)}
        configure("")
        program.start()
        check("secrets: missing keys are told", program.becomes("degraded", "no keys"), json.dumps(program.sink()))
        program.ends("secrets, without keys")
        program.environment = environment
        program.start()
        nothing_told("the right keys")
        program.settle("secrets")


def bucket(service, work, _):
    """A bucket that is missing is named; so is one that belongs to another pipeline."""
    with Pipeline(service, work, "missing", bucket="not-there-yet") as program:
        program.start()
        check("bucket: that it is missing is told", program.becomes("degraded", "NoSuchBucket", "not-there-yet"), json.dumps(program.sink()))
        service.client.create_bucket(Bucket="not-there-yet", CreateBucketConfiguration={"LocationConstraint": REGION})
        check("bucket: it goes on once it is there", program.catches_up(), json.dumps(program.sink()))
        program.ends("bucket")
        program.options = "flush: 200ms, compression: none"
        program.configure()
        program.start()
        check("bucket: another compression is told", program.becomes("degraded", "choose another folder"), json.dumps(program.sink()))
        program.ends("bucket, with another compression")
        program.options = "flush: 200ms"
        program.configure()
        program.start()
        program.settle("bucket")


def later(service, work, _):
    with Pipeline(service, work, "later") as program:
        program.begins_late("later")


def frozen(service, work, _):
    with Pipeline(service, work, "frozen") as program:
        program.outlasts_a_freeze("frozen", service)


def snapshots(service, work, options):
    """Answers as the vendor sent them, an object for each quote, over kills and lost answers."""
    vendor = Vendor()
    feed = (f'  - finnhub-quotes: {{ token: x, symbols: [AAPL, BRK/B, NONE], every: 300ms, limits: ["100/s"], '
            f'url: "{vendor.url}" }}\n')
    rng = random.Random(options.seed + 2)
    with Pipeline(service, work, "snapshots", "flush: 100ms, layout: snapshots, tables: [quote_snapshots]", ["quote_snapshots"]) as program:
        program.configure(feeds=feed)
        service.begin_losing()

        def count():
            return len([key for key in program.store.keys() if not key.startswith("_")])

        for _ in range(3):
            program.start()
            before = count()
            check("snapshots: objects arrive", program.comes(lambda: count() > before + 4, 60), json.dumps(program.sink()))
            time.sleep(rng.uniform(0, 0.5))
            program.kill()
        service.end_losing()
        check("snapshots: late writes arrive", wait_for(lambda: service.under_way == 0, 30), str(service.under_way))
        program.configure(feeds=QUIET)
        program.start()
        check("snapshots: it delivers what was left", program.comes(program.has_everything, 60), json.dumps(program.sink()))
        program.ends("snapshots")
        lake = objects_rows.open_lake(program.data)
        wanted = collections.defaultdict(list)
        for symbol, second, offset, payload in lake.execute(
                "SELECT symbol, fetched_at_ns // 1000000000, journal_offset, payload FROM quote_snapshots JOIN frames "
                "USING (journal_offset) ORDER BY journal_offset").fetchall():
            wanted[f"{symbol.replace('/', '%2F')}/{second}"].append((offset, payload.split(b"\n", 1)[1]))
        # Of quotes in the same second the first has the plain name.
        expected = {key + ("" if place == 0 else f"-{offset}") + ".json": body
                    for key, quotes in wanted.items() for place, (offset, body) in enumerate(quotes)}
        found = {key: program.store.read(key) for key in program.store.keys() if not key.startswith("_")}
        repeats = sum(len(quotes) > 1 for quotes in wanted.values())
        check("snapshots: each answer is there as it came, and nothing else", found == expected and len(found) > 10,
              f"{len(found)} objects of {len(expected)}, {repeats} seconds with several; {sorted(found.keys() ^ expected.keys())[:5]}")
        check("snapshots: what is no quote is no object", not any("NONE" in key for key in found))
    vendor.shutdown()


def ahead(_, work, __):
    """What another data folder filled is not gone on with."""
    with Pipeline(None, work, "ahead") as program:
        program.refuses_to_leave_out("ahead", lambda: shutil.rmtree(program.folder / "objects"))


def replay(_, work, __):
    """A replay ends when the sink has everything, however long it would wait between deliveries; in objects as large as they may be."""
    with Pipeline(None, work, "replay", "flush: 1h, object_size: 64KiB") as program:
        program.replays("replay")
        sizes = [len(b"\n".join(objects_rows.lines(program.store, key))) for key in program.store.keys("trades/")]
        check("replay: objects are as large as they may be", len(sizes) > 50 and 64 << 10 <= max(sizes) < 128 << 10,
              f"{len(sizes)}, up to {max(sizes)} bytes")


SCENARIOS = [rows, kills, folder, budget, door, absent, slow, secrets, bucket, later, frozen, snapshots, ahead, replay]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=5)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    arguments.add_argument("--only", default=",".join(scenario.__name__ for scenario in SCENARIOS))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    for name in list(os.environ):
        if name.startswith("AWS_") and name not in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del os.environ[name]
    service = Service(options.seed)
    service.client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    with tempfile.TemporaryDirectory(prefix="tapedeck-objects-") as work:
        for scenario in SCENARIOS:
            if scenario.__name__ in options.only.split(","):
                started, refused = time.monotonic(), len(service.unsigned)
                scenario(service, pathlib.Path(work), options)
                if scenario is not secrets:
                    check(f"{scenario.__name__}: botocore signs every request alike", len(service.unsigned) == refused,
                          str(service.unsigned[refused:][:3]))
                print(f"      {scenario.__name__}: {time.monotonic() - started:.0f} s", flush=True)
    check("requests were made", service.requests > 0, f"{service.requests} requests, {service.met}")
    service.close()
    finish()


if __name__ == "__main__":
    main()
