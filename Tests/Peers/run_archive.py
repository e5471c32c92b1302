#!/usr/bin/env python3
"""Days that are over move into an archive in a bucket (moto's S3, behind a door that checks signatures and loses answers), while the program
that moves them is killed: whoever queries sees every row once at every moment, here or there, and the archive is a Delta table that others read.

  run_archive.py [--kills N] [--seed SEED]
"""

import argparse
import csv
import datetime
import json
import pathlib
import random
import signal
import subprocess
import tempfile
import time

import objects_service

from peer import BINARY, DEPS, Program, check, delta_database, finish, free_port, run, wait_for

QUERIES = {
    "trades": "SELECT symbol, date, count(*), sum(price::DECIMAL(18,2)), sum(journal_offset), sum(frame_index) FROM trades GROUP BY ALL ORDER BY ALL",
    "bars": "SELECT symbol, interval, count(*), sum(trades), sum(close::DECIMAL(18,2)) FROM bars GROUP BY ALL ORDER BY ALL",
    "one day": "SELECT count(*), max(price) FROM trades WHERE date = '2026-01-30' AND symbol = 'AAA'",
}


def market(path, rng):
    """Trades over four days around the end of a month, as CSV."""
    start = datetime.datetime(2026, 1, 29, tzinfo=datetime.timezone.utc)
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ts", "px", "qty"])
        for second in range(0, 4 * 86_400, 30):
            moment = start + datetime.timedelta(seconds=second, milliseconds=rng.randrange(1000))
            rows.writerow([int(moment.timestamp() * 1000), f"{rng.uniform(90, 110):.2f}", rng.randrange(1, 100)])


class Archive:
    """A pipeline with an archive, and the service that keeps it."""

    def __init__(self, work, rng):
        self.work, self.rng, self.data = work, rng, work / "data"
        self.service = objects_service.Service(rng.randrange(1_000_000))
        place = {"LocationConstraint": objects_service.REGION}
        self.service.client.create_bucket(Bucket="market", CreateBucketConfiguration=place)
        self.port = free_port()
        self.config = work / "pipeline.yaml"
        self.configure(objects_service.SECRET)

    def configure(self, secret, more=""):
        self.config.write_text(f"""pipeline: archived
data: {self.data}
bars: [1m, 1h]
archive:
  url: "s3://market/archive"
  endpoint: "{self.service.url}"
  region: {objects_service.REGION}
  access_key: {objects_service.KEY}
  secret_key: {secret}
  after: 1d
serve: {{ listen: "127.0.0.1:{self.port}" }}
{more}""")

    def answers(self, config=True):
        """What the queries say now, from the lake at rest."""
        return {name: self.ask(sql) for name, sql in QUERIES.items()}

    def ask(self, sql):
        done = run("sql", "--config", self.config, "--csv", "--limit", "0", sql)
        return done.stdout if done.returncode == 0 else f"failed: {done.stderr}"

    def archive(self, *words):
        return run("lake", "archive", "--config", self.config, *words, timeout=300)


def moves(archive, kills):
    """Partition after partition moves, with kills and lost answers, and nobody who asks notices."""
    market(archive.work / "market.csv", archive.rng)
    played = run("replay", archive.work / "market.csv", "--config", archive.config, "--venue", "X", "--symbol", "AAA",
                 "--mapping", "header=true,time=ts,time_format=ms,price=px,size=qty", timeout=300)
    check("moves: it is played", played.returncode == 0, played.stderr[-500:])
    before = archive.answers()
    check("moves: there are rows", "AAA" in before["trades"] and not any("failed" in text for text in before.values()), str(before)[:300])
    planned = archive.archive("--dry-run")
    check("moves: what is over is listed", "date=2026-01-29" in planned.stdout and "would move" in planned.stdout and "frames" not in planned.stdout, planned.stdout + planned.stderr)
    archive.service.begin_losing()
    killed = 0
    for number in range(kills):
        process = subprocess.Popen([BINARY, "lake", "archive", "--config", archive.config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # The first one gets as far as something that is there; where it is cut then is left to chance.
        if number == 0:
            wait_for(lambda: any("/archive/" in path for method, path in list(archive.service.asked) if method == "PUT"), 60, 0.02)
        time.sleep(archive.rng.uniform(0, 0.8))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait(60)
        after = archive.answers()
        check(f"moves: kill {number}: the same rows", after == before, "" if after == before else str([(name, after[name][:200]) for name in after if after[name] != before[name]]))
    archive.service.end_losing()
    check("moves: some were killed", killed > 0, str(killed))
    done = archive.archive()
    check("moves: the rest moves", done.returncode == 0, done.stdout + done.stderr)
    check("moves: then nothing is over", "nothing is over" in archive.archive().stdout)
    check("moves: the same rows from the archive", archive.answers() == before)
    left = list((archive.data / "lake/trades").glob("date=*/*.parquet"))
    swept = run("lake", "vacuum", "--config", archive.config, "--retain", "0s", "--force")
    check("moves: vacuum frees the disk", left and not list((archive.data / "lake/trades").glob("date=*/*.parquet")), swept.stdout + swept.stderr)
    check("moves: the same rows afterwards", archive.answers() == before)
    first = archive.ask("SELECT count(*) FROM trades AT (VERSION => 0)")
    check("moves: what was before is no less", first.split() == ["count_star()", "0"], first)
    return before


def others(archive, before):
    """The archive is a table that others read, and that is checked."""
    database = delta_database()
    database.execute(f"LOAD '{DEPS / 'lib/httpfs.duckdb_extension'}'")
    database.execute(
        f"CREATE SECRET archive (TYPE s3, KEY_ID '{objects_service.KEY}', SECRET '{objects_service.SECRET}', REGION '{objects_service.REGION}', "
        f"ENDPOINT '127.0.0.1:{archive.service.back_door.server_port}', URL_STYLE 'path', USE_SSL false)")
    rows = database.execute("SELECT count(*) FROM delta_scan('s3://market/archive/trades')").fetchone()[0]
    expected = int(archive.ask("SELECT count(*) FROM trades").split()[1])
    check("others: DuckDB's own reader finds each row once", rows == expected > 10_000, f"{rows} of {expected}")
    whole = run("lake", "verify", "--config", archive.config, "--archive", timeout=300)
    check("others: it is whole", whole.returncode == 0 and "trades" in whole.stdout, whole.stdout + whole.stderr)
    listed = run("lake", "ls", "--config", archive.config, "--archive")
    check("others: it is listed", "date=2026-01-29" in listed.stdout, listed.stdout + listed.stderr)
    alone = run("sql", "--data", archive.data, "SELECT count(*) FROM trades")
    check("others: without its place nothing is kept back in silence", alone.returncode == 1 and "--config" in alone.stderr, alone.stderr)
    rebuilt = run("lake", "rebuild", "silver", "--config", archive.config, "--dry-run", timeout=300)
    check("others: a rebuild leaves it", rebuilt.returncode == 0 and "archived" in rebuilt.stdout, rebuilt.stdout + rebuilt.stderr)


def running(archive, before):
    """A pipeline that runs shows both, archives by itself, and records while the archive is away."""
    rows = archive.ask("SELECT count(*) FROM trades").split()[1]
    archive.configure(objects_service.SECRET, """feeds:
  - simulator: { rate: 500, history: 5s }
  - push: { format: trades, token: not-to-be-shown }
diagnostics: { every: 1s }
sinks:
  - lake: { flush: 500ms }
jobs:
  - archive: { every: 1s }
""")
    old = "SELECT count(*) FROM trades WHERE venue = 'X'"
    with Program(archive.work / "program.log", "run", archive.config, port=archive.port) as program:
        archive.service.stop()
        program.start()

        def asked(sql):
            body = json.dumps({"sql": sql})
            answer = program.ask("/api/v1/query", body, {"Content-Type": "application/json"}, timeout=60)
            return answer[1].decode() if answer else ""

        check("running: it starts while the archive is away", wait_for(lambda: program.get("/api/v1/status"), 90))
        check("running: it records", wait_for(lambda: (program.query("SELECT count(*) FROM frames") or [[0]])[0][0] > 11_520, 60))
        check("running: a query that needs the archive says so", "archive" in asked(old) and rows not in asked(old), asked(old)[:300])
        check("running: a feed that must know where it was waits", "push" in str(program.get("/api/v1/status")) and not program.feed("simulator"))
        archive.service.start()
        check("running: it comes back by itself", wait_for(lambda: rows in asked(old), 90), asked(old)[:300])
        check("running: then the feed starts", wait_for(lambda: program.feed("simulator").get("state") == "live", 60), str(program.feed("simulator")))

        def job():
            return next((job for job in (program.get("/api/v1/status") or {}).get("jobs", []) if job["name"] == "archive"), {})

        check("running: the job runs", wait_for(lambda: job().get("outcome") == "done", 60), str(job()))
        check("running: it ends in order", program.end() == 0)
    log = (archive.work / "program.log").read_text()
    check("running: no secrets", objects_service.SECRET not in log)
    check("running: the same old rows", archive.ask(old).split()[1] == rows)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=4)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="tapedeck-archive-") as folder:
        archive = Archive(pathlib.Path(folder), random.Random(options.seed))
        before = moves(archive, options.kills)
        others(archive, before)
        running(archive, before)
        check("every request was signed", not archive.service.unsigned, str(archive.service.unsigned[:3]))
        archive.service.close()
    finish()


if __name__ == "__main__":
    main()
