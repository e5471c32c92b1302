#!/usr/bin/env python3
"""Runs the DAG of deploy/airflow with the real Airflow (`airflow dags test`) over objects that the sink `objects` put into moto's S3: each
quote comes into the warehouse and the models once, dbt runs only when there is something new, and what failed is done again.

  run_airflow.py [--target duckdb,postgres,bigquery]

BigQuery's emulator takes quotes and marks, and cannot run the models: there another program stands for dbt.
"""

import argparse
import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import duckdb

from bigquery_server import PROJECT, Emulator
from dbt_project import DBT
from objects_rows import Bucket
from objects_service import KEY, REGION, SECRET, Service
from peer import DEPS, ROOT, Program, check, finish, free_port, open_lake, wait_for
from postgresql_server import ROLE, Server
from quotes_vendor import Vendor

AIRFLOW = DEPS / "airflow-venv/bin/airflow"
PASSWORD = "right-and-never-shown"


class Quotes:
    """A pipeline that asks a vendor for quotes and puts its answers into a bucket of its own."""

    def __init__(self, work, service, bucket):
        self.work, self.data, self.asked = work, work / "data", 0
        self.service, self.url = service, f"s3://{bucket}/stocks"
        service.client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.bucket = Bucket(service.client, bucket, "stocks")

    def configure(self, feed, port):
        (self.work / "pipeline.yaml").write_text(f"""pipeline: quotes
data: {self.data}
feeds:
  - {feed}
sinks:
  - lake: {{ flush: 1s }}
  - objects:
      {{ url: "{self.url}", endpoint: "{self.service.url}", region: {REGION}, layout: snapshots, tables: [quote_snapshots], flush: 200ms }}
serve: {{ listen: "127.0.0.1:{port}" }}
""")
        environment = dict(os.environ, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET)
        return Program(self.work / "program.log", "run", self.work / "pipeline.yaml", port=port, environment=environment)

    def come(self, count):
        """Runs until so many objects more are there; and then, without the vendor, until all are."""
        vendor, before = Vendor(), len(self.keys())
        vendor.numbers = itertools.count(self.asked)
        feed = f'finnhub-quotes: {{ token: x, symbols: [AAPL, MSFT], every: 300ms, limits: ["100/s"], url: "{vendor.url}" }}'
        with self.configure(feed, free_port()) as program:
            program.start()
            check("objects come", wait_for(lambda: len(self.keys()) >= before + count, 60))
            check("the program ends in order", program.end() == 0)
        vendor.shutdown()
        self.asked = next(vendor.numbers)
        with self.configure("push: { name: quiet, format: trades }", free_port()) as program:
            def is_everywhere():
                status = program.get("/api/v1/status")
                return bool(status) and status["engine"]["lag_frames"] == 0 and any(
                    sink["name"] == "objects" and sink["state"] == "live" and sink["offset"] >= status["hot"]["visible_offset"]
                    for sink in status["sinks"])

            program.start()
            check("the bucket has everything", wait_for(is_everywhere, 60))
            check("the program ends in order again", program.end() == 0)

    def keys(self):
        return [key for key in self.bucket.keys() if not key.startswith("_")]

    def expected(self):
        """Quotes of the lake as the DAG can know them: symbol, second, price."""
        return sorted(open_lake(self.data).execute("SELECT symbol, fetched_at_ns // 1000000000, current FROM quote_snapshots").fetchall())


class Airflow:
    """Airflow with a database of its own, and a warehouse."""

    def __init__(self, work, target, quotes, environment):
        self.home = work / f"airflow-{target}"
        self.home.mkdir()
        self.target = target
        self.environment = dict(
            os.environ, AIRFLOW_HOME=str(self.home), AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "deploy/airflow/dags"), AIRFLOW__CORE__LOAD_EXAMPLES="False",
            AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{self.home}/airflow.db", PYTHONDONTWRITEBYTECODE="1",
            AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_DEFAULT_REGION=REGION,
            AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{quotes.service.moto.server_port}", TAPEDECK_OBJECTS=quotes.url,
            TAPEDECK_SYMBOLS="AAPL,MSFT,NONE", TAPEDECK_TARGET=target, DBT_PROJECT_DIR=str(ROOT / "dbt"),
            DBT_PROFILES_DIR=str(ROOT / "dbt"), DBT_TARGET_PATH=str(self.home / "target"), DBT_LOG_PATH=str(self.home), **environment)
        self.day = 0

    def call(self, *words):
        return subprocess.run([AIRFLOW, *words], env=self.environment, cwd=self.home, capture_output=True, text=True, timeout=300, check=False)

    def migrate(self):
        done = self.call("db", "migrate")
        check(f"{self.target}: Airflow makes its database", done.returncode == 0, done.stderr[-1000:] if done.returncode else "")

    def run(self, name, succeeds=True, **environment):
        """One run of the DAG; whether dbt made models in it."""
        results, self.day = self.home / "target/run_results.json", self.day + 1
        before = results.stat().st_mtime_ns if results.exists() else None
        self.environment.update(environment)
        started = time.monotonic()
        done = self.call("dags", "test", "tapedeck_stocks", f"2026-02-{self.day:02}")
        said = done.stdout + done.stderr
        states = re.findall(r"DagRun Finished: .*? state=(\w+)", said)
        is_well = done.returncode == 0 and states == ["success"]
        check(f"{self.target}, {name}: the DAG {'succeeds' if succeeds else 'fails'}", is_well == succeeds,
              f"{time.monotonic() - started:.0f} s" if is_well == succeeds else f"{states} {said[-3000:]}")
        after = results.stat().st_mtime_ns if results.exists() else None
        return after != before


def go(work, target, quotes, environment, ask, dbt=DBT):
    """First quotes, nothing new, more quotes with a failure between."""
    airflow = Airflow(work, target, quotes, dict(environment, TAPEDECK_DBT=str(dbt)))
    airflow.migrate()
    quotes.come(6)
    check(f"{target}: dbt runs at first", airflow.run("first"))
    look(target, quotes, ask)
    check(f"{target}: dbt does not run when there is nothing new", not airflow.run("nothing new"))
    look(target, quotes, ask)
    quotes.come(6)
    marks = ask("SELECT symbol, last_second FROM tapedeck.metadata_last_ts")
    airflow.run("dbt fails", False, TAPEDECK_DBT="/bin/false")
    check(f"{target}: a run that fails leaves the marks", ask("SELECT symbol, last_second FROM tapedeck.metadata_last_ts") == marks)
    check(f"{target}: the next run makes up for it", airflow.run("again", TAPEDECK_DBT=str(dbt)))
    look(target, quotes, ask)


def look(target, quotes, ask):
    """Each object's quote is there once, in the table, the models and the marks."""
    expected = quotes.expected()
    there = sorted((row[0], row[1] // 1_000_000_000, row[2]) for row in ask("SELECT symbol, fetched_at_ns, current FROM tapedeck.quote_snapshots"))
    check(f"{target}: the table has each quote once", there == expected and len(there) >= 6, f"{len(there)} of {len(expected)}")
    seconds = {(symbol, second) for symbol, second, _ in expected}
    last = {symbol: second for symbol, second in sorted(seconds)}
    check(f"{target}: the marks are the last seconds",
          dict(ask("SELECT symbol, MAX(last_second) FROM tapedeck.metadata_last_ts GROUP BY symbol")) == last, str(last))
    if target == "bigquery":
        return
    silver = ask("SELECT symbol, fetched_at_ns FROM models.silver_quotes")
    check(f"{target}: the silver layer has each second once", sorted((row[0], row[1] // 1_000_000_000) for row in silver) == sorted(seconds), str(len(silver)))
    prices = dict(ask("SELECT symbol, price FROM models.gold_kpi_latest"))
    check(f"{target}: the latest prices are there", all(prices[symbol] in {row[2] for row in expected if row[:2] == (symbol, second)}
                                                        for symbol, second in last.items()), str(prices))


def with_duckdb(work, quotes):
    file = work / "warehouse.duckdb"

    def ask(sql):
        with duckdb.connect(str(file), read_only=True) as database:
            return sorted(database.execute(sql).fetchall())

    go(work, "duckdb", quotes, {"TAPEDECK_WAREHOUSE": str(file)}, ask)


def with_postgres(work, quotes):
    with Server(PASSWORD) as server:
        server.database("stocks")
        go(work, "postgres", quotes, {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": ROLE, "PGPASSWORD": PASSWORD, "PGDATABASE": "stocks"},
           lambda sql: sorted(server.execute("stocks", sql)))


def with_bigquery(work, quotes):
    with Emulator("") as server:
        server.client().create_dataset(f"{PROJECT}.tapedeck")
        stand_in = work / "dbt"
        stand_in.write_text('#!/bin/sh\nmkdir -p "$DBT_TARGET_PATH"\nexec touch "$DBT_TARGET_PATH/run_results.json"\n')
        stand_in.chmod(0o755)
        environment = {"BIGQUERY_EMULATOR_HOST": server.url, "GOOGLE_APPLICATION_CREDENTIALS": str(server.key), "GOOGLE_CLOUD_PROJECT": PROJECT}
        go(work, "bigquery", quotes, environment, lambda sql: sorted(tuple(row) for row in server.client().query_and_wait(sql)), stand_in)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--target", default="duckdb,postgres,bigquery")
    options = arguments.parse_args()
    if not AIRFLOW.exists() or not DBT.exists():
        print(f"skipped: no Airflow in {AIRFLOW.parent}; make test-airflow installs it")
        sys.exit(77)
    service = Service()
    for target in options.target.split(","):
        with tempfile.TemporaryDirectory(prefix="tapedeck-airflow-") as folder:
            quotes = Quotes(pathlib.Path(folder), service, f"market-{target}")
            {"duckdb": with_duckdb, "postgres": with_postgres, "bigquery": with_bigquery}[target](pathlib.Path(folder), quotes)
    service.close()
    finish()


if __name__ == "__main__":
    main()
