#!/usr/bin/env python3
"""A lake in a bucket (moto's S3 behind a door) that a pipeline and delta-rs write, while the pipeline is killed and the service goes,
freezes, and loses writes and answers: in the end it has every row once, and every reader agrees.

  run_bucket_lake.py [--seconds N] [--seed SEED] [--only together,readers,late,absent,secrets]
"""

import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import deltalake
import polars

import delta_stranger

from lake_readers import summarize
from objects_service import KEY, REGION, SECRET, Service
from peer import DEPS, Program, check, delta_database, finish, free_port, run, wait_for

BUCKET, WRONG = "market", "wrong-and-never-shown"
KEYS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}
# Rows of every kind, and one table that hardly changes.
TABLES = ["frames", "trades", "quotes", "bars", "indicators"]
MARKET = "  - simulator: { rate: 2000, history: 20s }\n"
QUIET = "  - push: { name: quiet, format: trades }\n"


class Pipeline(Program):
    """A pipeline whose lake is a folder of the bucket."""

    def __init__(self, service, work, name, **options):
        self.service, self.name, self.folder = service, name, work / name
        self.folder.mkdir()
        self.data, self.file = self.folder / "data", self.folder / "pipeline.yaml"
        super().__init__(self.folder / "program.log", "run", self.file, port=free_port(), environment=dict(os.environ, **KEYS))
        self.configure(**options)

    def configure(self, flush="500ms", feeds=MARKET, more="", jobs=""):
        lake = f'path: "s3://{BUCKET}/lakes/{self.name}", endpoint: "{self.service.url}", region: {REGION}{more}'
        self.write(self.file, self.data, lake, flush, feeds, jobs)

    def write(self, file, data, lake, flush="500ms", feeds=MARKET, jobs=""):
        file.write_text(f"""pipeline: {self.name}
data: {data}
feeds:
{feeds}bars: [1s]
indicators: [sma(5)]
sinks:
  - lake: {{ {lake}, flush: {flush} }}
serve: {{ listen: "127.0.0.1:{self.port}" }}
{jobs}""")

    def reference(self):
        """A folder with a lake that is made of the journal alone."""
        folder = self.folder / "reference"
        shutil.copytree(self.data / "journal", folder / "data/journal")
        self.write(folder / "pipeline.yaml", folder / "data", f"path: {folder / 'lake'}")
        done = run("recover", "--config", folder / "pipeline.yaml", timeout=300)
        check(f"{self.name}: the journal alone gives a lake", done.returncode == 0, done.stderr[-500:])
        return folder / "lake"

    def has_each_row_once(self, bucket, strays_most):
        """The lake is whole, and has what a lake has that is made of the journal alone."""
        copy = self.service.copy(BUCKET, bucket.prefix, self.folder / "copy")
        bucket.is_whole(self.name, copy, strays_most)
        compare(self.name, copy, self.reference())

    def lake(self):
        """What the status says about the lake; nothing where there is no answer."""
        status = self.get("/api/v1/status") or {}
        return next((sink for sink in status.get("sinks", []) if sink["name"] == "lake"), {})

    def job(self, name):
        return next((job for job in (self.get("/api/v1/status") or {}).get("jobs", []) if job["name"] == name), {})

    def gets_on(self, seconds=60):
        """Whether the lake comes to have what could be seen when this was asked."""
        status = wait_for(lambda: self.get("/api/v1/status"), seconds) and self.get("/api/v1/status")
        return bool(status) and wait_for(lambda: self.lake().get("offset", -1) > status["hot"]["visible_offset"], seconds)

    def becomes(self, state, *words, seconds=60):
        """Whether the lake comes into a state, with words in its detail."""
        def is_so():
            lake = self.lake()
            return lake.get("state") == state and all(word in (lake.get("detail") or "") for word in words)
        return wait_for(is_so, seconds)

    def has_everything(self):
        """Whether the lake has all frames of the journal, while no feed sends; the records of a start wait for rows to go with."""
        status, last = self.get("/api/v1/status"), self.query("SELECT max(journal_offset) FROM frames")
        lake = self.lake()
        return bool(status and last and lake) and status["engine"]["lag_frames"] == 0 and lake["state"] == "live" and lake["offset"] >= int(last[0][0])

    def ends(self, name, most=5):
        started = time.monotonic()
        code = self.end()
        seconds = time.monotonic() - started
        check(f"{name}: SIGTERM ends the program in order, in under {most} s", code == 0 and seconds < most, f"exit {code} after {seconds:.1f} s")

    def settles(self, name, most=5, **options):
        """Ends in order; a start without a market brings what that end may have left."""
        self.ends(name, most)
        self.configure(feeds=QUIET, **options)
        self.start()
        check(f"{name}: the lake gets what was left", wait_for(self.has_everything, 60), json.dumps(self.lake()))

    def told(self, sql):
        """What a query says that may fail."""
        answer = self.ask("/api/v1/query", json.dumps({"sql": sql}), {"Content-Type": "application/json"}, timeout=60)
        return (answer[0], answer[1].decode()) if answer else (None, "")


class Bucket:
    """The folder of a lake as others see it, through the back door."""

    def __init__(self, service, name):
        self.prefix = f"lakes/{name}/"
        self.endpoint = f"127.0.0.1:{service.back_door.server_port}"
        self.options = {"AWS_ENDPOINT_URL": f"http://{self.endpoint}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": REGION,
                        "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "aws_conditional_put": "etag"}

    def url(self, table):
        return f"s3://{BUCKET}/{self.prefix}{table}"

    def table(self, name):
        return deltalake.DeltaTable(self.url(name), storage_options=self.options)

    def database(self):
        """DuckDB with its own reader of Delta tables, and the keys."""
        database = delta_database()
        database.execute(f"LOAD '{DEPS / 'lib/httpfs.duckdb_extension'}'")
        database.execute(f"CREATE SECRET (TYPE s3, KEY_ID '{KEY}', SECRET '{SECRET}', REGION '{REGION}', "
                         f"ENDPOINT '{self.endpoint}', URL_STYLE 'path', USE_SSL false)")
        return database

    @staticmethod
    def is_whole(name, folder, strays_most):
        """The log of a copy has no holes, everything that it names is there, and little else."""
        keys = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
        logs = collections.defaultdict(list)
        for key in keys:
            table, _, file = key.partition("/_delta_log/")
            if file.endswith(".json"):
                logs[table].append(int(file[:20]))
        check(f"{name}: no version is missing", logs and all(sorted(found) == list(range(len(found))) for found in logs.values()),
              f"{sum(map(len, logs.values()))} versions of {len(logs)} tables")
        named, current = set(), set()
        for table, versions in sorted(logs.items()):
            files = set()
            for version in sorted(versions):
                for line in (folder / f"{table}/_delta_log/{version:020}.json").read_text().splitlines():
                    for kind, action in json.loads(line).items():
                        path = f"{table}/{action.get('path', '')}".replace("%3D", "=")
                        if kind == "add":
                            named.add(path)
                            files.add(path)
                        elif kind == "remove":
                            files.discard(path)
            current |= files
        check(f"{name}: every file that the log ever named is there", named <= keys and current, str(sorted(named - keys)[:3]))
        strays = sorted(key for key in keys if key.endswith(".parquet") and "/_delta_log/" not in key and key not in named)
        check(f"{name}: files that no commit names are those that were cut off", len(strays) <= strays_most,
              f"{len(strays)} of {len(keys)} objects; {strays[:3]}")


def compare(name, copy, reference):
    """The rows of the bucket are those of a local lake."""
    database = delta_database()
    for table in TABLES:
        own = f"SELECT * FROM delta_scan('{copy / table}')" + (f" WHERE venue <> '{delta_stranger.VENUE}'" if table == "trades" else "")
        expected = f"SELECT * FROM delta_scan('{reference / table}')"
        # What the stop makes final in one run is still open in the other.
        limits = "" if table in ("frames", "trades", "quotes") else " WHERE start < (SELECT max(start) - INTERVAL 10 SECOND FROM all_rows)"
        for side, rows in [("own", own), ("expected", expected)]:
            database.execute(f"CREATE OR REPLACE TEMP TABLE {side} AS WITH all_rows AS ({rows}) SELECT * FROM all_rows{limits}")
        rows = database.execute("SELECT count(*) FROM own").fetchone()[0]
        missing = database.execute("SELECT count(*) FROM (FROM expected EXCEPT ALL FROM own)").fetchone()[0]
        many = database.execute("SELECT count(*) FROM (FROM own EXCEPT ALL FROM expected)").fetchone()[0]
        check(f"{name}: {table}: each row once", rows > 0 and missing == 0 and many == 0, f"{rows} rows, {missing} missing, {many} too many")


def together(service, work, options):
    """Everything at once, for a while."""
    rng = random.Random(options.seed)
    bucket, counts = Bucket(service, "together"), collections.Counter()
    upkeep = "jobs:\n  - compact: { every: 1s, files: 2 }\n"
    with Pipeline(service, work, "together", jobs=upkeep) as program:
        program.start()
        check("together: rows arrive", program.gets_on())
        stranger = delta_stranger.Stranger(lambda: bucket.table("trades"))
        stranger.start()
        end = time.monotonic() + options.seconds
        harms = ["lose", "kill", "stop", "freeze"]
        rng.shuffle(harms)
        while time.monotonic() < end or len(counts) < len(harms):
            time.sleep(rng.uniform(0.2, 1))
            harm = harms[sum(counts.values()) % len(harms)]
            counts[harm] += 1
            if harm == "kill":
                program.kill()
                program.start()
            elif harm == "stop":
                service.stop()
                time.sleep(rng.uniform(0, 1.5))
                service.start()
            elif harm == "freeze":
                service.freeze()
                time.sleep(rng.uniform(0, 1.5))
                service.thaw()
            else:
                service.begin_losing()
                time.sleep(rng.uniform(0.5, 2))
                wait_for(lambda: min(service.met.values()) > 0, 20)
                service.end_losing()
            if not program.is_running():
                return check("together: no harm ends the program", False, f"after {harm}")
            if rng.random() < 0.3:
                program.gets_on(20)
        check("together: writes met every fate", min(service.met.values()) > 0, str(service.met))
        check("together: late writes arrive", wait_for(lambda: service.under_way == 0, 30), str(service.under_way))
        stranger.over.set()
        stranger.join(60)
        check("together: it catches up", program.gets_on(), json.dumps(program.lake()))
        check("together: files are put together", wait_for(lambda: "became" in (program.job("compact").get("detail") or ""), 90), str(program.job("compact")))
        program.settles("together", jobs=upkeep)
        program.ends("together, at rest")
        check("together: delta-rs appended", stranger.rows > 20, f"{stranger.rows} rows, {stranger.conflicts} conflicts")
        print(f"      {dict(counts)} {service.met}")
        # Each cut leaves what one flush, or one compaction, had written.
        program.has_each_row_once(bucket, 12 * sum(counts.values()))
    odd = bucket.table("trades").to_pyarrow_table(filters=[("venue", "=", delta_stranger.VENUE)]).num_rows
    check("together: every row of delta-rs is there", odd == stranger.rows, f"{odd} of {stranger.rows}")


def readers(service, work, _):
    """deltalake, polars and DuckDB read what the running program says."""
    bucket = Bucket(service, "readers")
    with Pipeline(service, work, "readers") as program:
        program.start()
        check("readers: rows arrive", program.gets_on())
        service.delay = 0.05
        try:
            service.asked.clear()
            time.sleep(3)
            flushes = sum("/frames/_delta_log/" in path for method, path in list(service.asked) if method == "PUT")
            print(f"      {flushes} flushes where each answer takes 50 ms: {service.count()}, the last in {program.lake()['last_flush_seconds']:.2f} s")
            program.ends("readers")
            program.configure(flush="1h", feeds=QUIET)
            service.asked.clear()
            started = time.monotonic()
            program.start()
            check("readers: it starts where each answer takes 50 ms", wait_for(lambda: program.get("/api/v1/status"), 60, 0.02))
            print(f"      in {time.monotonic() - started:.2f} s with {service.count()}")
        finally:
            service.delay = 0
        program.settles("readers")
        database = bucket.database()
        for table in TABLES:
            found = {
                "deltalake": summarize(bucket.table(table).to_pyarrow_table(), database),
                "polars": summarize(polars.read_delta(bucket.url(table), storage_options=bucket.options).to_arrow(), database),
                "duckdb": summarize(database.sql(f"SELECT * FROM delta_scan('{bucket.url(table)}')").to_arrow_table(), database),
            }
            check(f"readers: {table}: they agree", found["duckdb"]["rows"] > 0 and len({json.dumps(one) for one in found.values()}) == 1, str(found))
        sql = "SELECT journal_offset, frame_index, symbol, event_time_ns, price, size, trade_id FROM trades ORDER BY ALL"
        rows = database.sql(sql.replace("FROM trades", f"FROM delta_scan('{bucket.url('trades')}')")).fetchall()
        asked = run("sql", "--data", program.data, "--json", "--limit", "0", sql, env=program.environment)
        answered = [tuple(json.loads(line).values()) for line in asked.stdout.splitlines()]
        check("readers: tapedeck sql says the same", rows and answered == rows, f"{len(answered)} of {len(rows)}; {asked.stderr[-300:]}")
        sums = "SELECT count(*), sum(hash(price, size) % 1000), min(event_time_ns), max(event_time_ns), sum(hash(symbol, trade_id) % 1000) FROM "
        expected = database.execute(f"{sums} delta_scan('{bucket.url('trades')}')").fetchone()
        said = program.query(sums + "trades")
        check("readers: so does the interface", said and [float(one) for one in said[0]] == [float(one) for one in expected], f"{said} {expected}")
        program.ends("readers, at rest")


def late(service, work, _):
    """A commit without an answer arrives when the program was killed and has begun anew: what it names is still there."""
    bucket = Bucket(service, "late")
    with Pipeline(service, work, "late", flush="1s") as program:
        program.start()
        check("late: rows arrive", program.gets_on())
        service.hold("/trades/_delta_log/")
        check("late: a commit is held back", wait_for(lambda: service.is_holding, 30))
        program.kill()
        program.configure(flush="1h")
        service.lets_others_pass()
        program.start()
        check("late: it is back", wait_for(lambda: program.get("/api/v1/status"), 60))
        service.release()
        check("late: the commit arrives", wait_for(lambda: service.under_way == 0, 30))
        program.kill()
        program.configure(flush="500ms")
        program.start()
        check("late: it gets on", program.gets_on(), json.dumps(program.lake()))
        program.settles("late")
        program.ends("late, at rest")
        program.has_each_row_once(bucket, 12)


def absent(service, work, _):
    """A service that is away: the pipeline says so, keeps everything, and catches up; a start waits for it."""
    bucket = Bucket(service, "absent")
    with Pipeline(service, work, "absent", more=", flush_rows: 2000") as program:
        service.stop()
        program.start()
        check("absent: a start waits and says why", wait_for(lambda: "trying again" in program.log.read_text() and str(service.port) in program.log.read_text(), 30)
              and program.is_running(), program.log.read_text()[-500:])
        program.end()
        check("absent: it can be ended meanwhile", program.process.returncode == 130, str(program.process.returncode))
        program.start()
        time.sleep(1)
        service.start()
        check("absent: it goes on once the service is there", program.gets_on(), program.log.read_text()[-500:])
        service.stop()
        check("absent: it is degraded and says why", program.becomes("degraded", str(service.port)), json.dumps(program.lake()))
        ready = program.ask("/readyz")
        check("absent: it is not ready", ready and ready[0] == 503, str(ready))
        status, text = program.told("SELECT sum(size) FROM trades")
        check("absent: a query of the files says what is wrong", status == 200 or (status and "127.0.0.1" in text), f"{status} {text[:300]}")
        check("absent: what comes stays in the journal", wait_for(lambda: program.get("/api/v1/status")["engine"]["lag_frames"] > 1000, 60),
              json.dumps(program.get("/api/v1/status")["engine"]))
        hot = program.get("/api/v1/status")["hot"]
        check("absent: rows in memory are bounded", hot["rows"] <= 3 * 2000 + 25_000, json.dumps(hot))
        print(f"      {hot}, {program.memory('VmRSS') >> 20} MiB")
        service.start()
        check("absent: it catches up", program.gets_on() and program.becomes("live"), json.dumps(program.lake()))
        # Connections that stay, and no answers, do not hold up the end.
        service.freeze()
        try:
            time.sleep(1)
            program.ends("absent, frozen", most=15)
        finally:
            service.thaw()
        program.start()
        check("absent: it gets on", program.gets_on(), json.dumps(program.lake()))
        # What is behind goes in small pieces.
        program.settles("absent", most=15, more=", flush_rows: 2000")
        program.ends("absent, at rest")
        program.has_each_row_once(bucket, 12)


def secrets(service, work, _):
    """Wrong keys are told in the service's words, and no secret is told at all."""
    with Pipeline(service, work, "secrets") as program:
        def nothing_told(name, more=""):
            answers = [program.ask(path) for path in ["/api/v1/status", "/readyz", "/metrics"]]
            told = more.encode() + (program.log.read_bytes() if program.log.exists() else b"") + b"".join(content for _, content in filter(None, answers))
            check(f"secrets: nothing is told with {name}", WRONG.encode() not in told and SECRET.encode() not in told)

        for name, keys, word in [("a wrong secret", f", access_key: {KEY}, secret_key: {WRONG}", "SignatureDoesNotMatch"),
                                 ("a wrong name", f", access_key: AKID, secret_key: {WRONG}", "InvalidAccessKeyId")]:
            program.configure(more=keys)
            checked = run("check", program.file, env=program.environment)
            check(f"secrets: check finds {name}", checked.returncode == 1 and word in checked.stdout, checked.stdout[-300:])
            started = run("run", program.file, env=program.environment)
            check(f"secrets: a start with {name} is refused", started.returncode == 1 and word in started.stderr, started.stderr[-300:])
            nothing_told(name, checked.stdout + checked.stderr + started.stdout + started.stderr)
        program.configure()
        program.start()
        check("secrets: rows arrive with the right keys", program.gets_on())
        texts = []
        service.client.put_object(Bucket=BUCKET, Key="lakes/else/x.json", Body=b'{"told": "beside the lake"}')
        for sql in ["SELECT * FROM duckdb_secrets()", "FROM which_secret('s3://market/lakes/secrets/x', 's3')",
                    "SELECT * FROM 's3://market/lakes/together/trades/_delta_log/00000000000000000000.json'",
                    "SELECT * FROM 's3://market/lakes/secrets/none.parquet'", "SELECT * FROM 's3://market/lakes/secrets/../else/x.json'", "SELECT current_setting('s3_secret_access_key')",
                    "SELECT value FROM duckdb_settings() WHERE name LIKE 's3%'", "SELECT getenv('AWS_SECRET_ACCESS_KEY')",
                    "SELECT * FROM duckdb_logs()", "CREATE SECRET (TYPE s3, KEY_ID 'x', SECRET 'y')"]:
            status, text = program.told(sql)
            check(f"secrets: without keys: {sql}", status in (200, 400, 500) and KEY not in text and SECRET not in text
                  and "beside" not in text, f"{status} {text[:200]}")
            texts.append(text)
        nothing_told("queries", "".join(texts))
        program.ends("secrets")


SCENARIOS = [together, readers, late, absent, secrets]
# Each half has a process and a service of its own: one waits while the other works.
HALVES = ["together,secrets", "absent,late,readers"]


def side_by_side(options):
    """Runs both halves at once, and tells what they tell, one after the other."""
    common = [sys.executable, __file__, "--seconds", str(options.seconds), "--seed", str(options.seed), "--only"]
    halves = [subprocess.Popen([*common, only], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for only in HALVES]
    told = [half.communicate()[0] for half in halves]
    print("\n".join(told), flush=True)
    check("both halves are well", all(half.returncode == 0 for half in halves), str([half.returncode for half in halves]))
    finish()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=4)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    arguments.add_argument("--only")
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    if not options.only:
        return side_by_side(options)
    for name in list(os.environ):
        if name.startswith("AWS_") and name not in KEYS:
            del os.environ[name]
    service = Service(options.seed)
    service.client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    with tempfile.TemporaryDirectory(prefix="tapedeck-bucket-lake-") as work:
        for scenario in SCENARIOS:
            if scenario.__name__ in options.only.split(","):
                started, refused = time.monotonic(), len(service.unsigned)
                scenario(service, pathlib.Path(work), options)
                if scenario is not secrets:
                    check(f"{scenario.__name__}: botocore signs every request alike", len(service.unsigned) == refused,
                          str(service.unsigned[refused:][:3]))
                print(f"      {scenario.__name__}: {time.monotonic() - started:.0f} s", flush=True)
    service.close()
    finish()


if __name__ == "__main__":
    main()
