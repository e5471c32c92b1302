#!/usr/bin/env python3
"""Runs the project in dbt/ over a lake (DuckDB) and over what the sink `postgresql` filled (PostgreSQL): the models hold what the engine
streamed and what plain Python and TA-Lib compute, a second run changes nothing, and a run that goes on makes what a fresh one makes. What
dbt compiles for BigQuery and ClickHouse makes the same rows on what is nearest to them here.

  run_models.py [--seed SEED]
"""

import argparse
import itertools
import json
import os
import pathlib
import random
import sys
import tempfile

import models_market as market
import models_reference as reference
from dbt_project import DBT, MODELS, DuckDB, Elsewhere, PostgreSQL, differences, together
from peer import Program, check, finish, free_port, open_lake, run, wait_for
from postgresql_pipeline import PASSWORD
from postgresql_server import Server, programs
from quotes_vendor import Vendor

DATABASE = "models"


class Market:
    """A pipeline whose lake and whose database get trades, a vendor's bars, quotes and client operations."""

    def __init__(self, work, server, seed):
        self.work, self.data, self.rng = work, work / "data", random.Random(seed)
        self.prices = market.Prices(self.rng)
        self.address, self.port, self.asked = server.database(DATABASE), free_port(), 0
        self.environment = dict(os.environ, PGPASSWORD=PASSWORD, FINNHUB_TOKEN="x")
        self.configure(None)

    def configure(self, vendor):
        """With a vendor: quotes and made-up operations come by themselves. Without one nothing does."""
        live = f"""  - finnhub-quotes: {{ token: "${{FINNHUB_TOKEN}}", symbols: [AAPL, MSFT, STILL], every: 100ms, limits: ["100/s"], url: "{vendor}" }}
  - transactions: {{ rate: 0.4, history: 30h }}
""" if vendor else ""
        (self.work / "pipeline.yaml").write_text(f"""pipeline: models
data: {self.data}
feeds:
  - push: {{ name: trades, format: trades, venue: {market.VENUE} }}
  - push: {{ name: operations, format: transactions }}
{live}bars: [1h, 1d]
indicators: [sma(20), rsi(14), atr(14)]
sinks:
  - lake: {{ flush: 1s }}
  - postgresql: {{ uri: "{self.address}", flush: 200ms }}
serve: {{ listen: "127.0.0.1:{self.port}" }}
""")

    def play_bars(self, rows):
        """A vendor's file of daily bars: bars that are there and the same change nothing, others are corrections."""
        market.write_bars(self.work / "bars.csv", rows)
        done = run("replay", self.work / "bars.csv", "--config", self.work / "pipeline.yaml", "--data", self.data, "--mapping",
                   "kind=bars,header=true,time=time,time_format=ms,open=open,high=high,low=low,close=close,size=volume,interval=1d,"
                   f"source=acme,symbol=VENDOR,venue={market.VENUE}", env=self.environment)
        check("the vendor's bars are played", done.returncode == 0, done.stderr[-1000:] if done.returncode else "")

    def program(self):
        return Program(self.work / "program.log", "run", self.work / "pipeline.yaml", port=self.port, environment=self.environment)

    def go_live(self, bodies, quotes):
        """Runs until what is pushed and so many quotes more are there, and then until all of it is everywhere."""
        vendor = Vendor()
        vendor.numbers = itertools.count(self.asked)
        self.configure(vendor.url)
        with self.program() as program:
            def count():
                answer = program.query("SELECT count(*) FROM quote_snapshots")
                return answer[0][0] if answer else None

            program.start()
            check("the program answers", wait_for(lambda: count() is not None, 60))
            before = count() or 0
            for feed, rows in bodies.items():
                answer = program.ask(f"/api/v1/ingest/{feed}", json.dumps(rows), {"Content-Type": "application/json"}, timeout=60)
                check(f"{feed} are taken", answer is not None and answer[0] == 202 and json.loads(answer[1])["rejected"] == 0, str(answer)[:300])
            check("quotes come", wait_for(lambda: (count() or 0) >= before + quotes, 60))
            check("the program ends in order", program.end() == 0)
        vendor.shutdown()
        self.asked = next(vendor.numbers)
        self.configure(None)
        with self.program() as program:
            def is_everywhere():
                status = program.get("/api/v1/status")
                return bool(status) and status["engine"]["lag_frames"] == 0 and any(
                    sink["name"] == "postgresql" and sink["state"] == "live" and sink["offset"] >= status["hot"]["visible_offset"]
                    for sink in status["sinks"])

            program.start()
            check("the database has everything", wait_for(is_everywhere, 60))
            check("the program ends in order again", program.end() == 0)

    def begin(self):
        self.play_bars(market.vendor_bars())
        self.go_live({"trades": self.prices.trades(0, market.DAYS), "operations": market.operations(30, self.rng)}, 90)

    def go_on(self):
        """Later days; a vendor's corrections of a bar of the warm-up, of one in the first block of averages and of one in the last."""
        bars = market.vendor_bars()
        for day in (4, 200, 590):
            bars[day][1:5] = [round(price * 1.05, 2) for price in bars[day][1:5]]
        self.play_bars(bars)
        self.go_live({"trades": self.prices.trades(market.DAYS, market.LATER_DAYS), "operations": market.operations(5, self.rng)}, 30)


def look(name, rows, data):
    """The models against the lake."""
    lake = open_lake(data)
    for model, column, indicator in (("gold_sma_daily", "sma", "sma(20)"), ("gold_rsi_daily", "rsi", "rsi(14)"), ("gold_atr_daily", "atr", "atr(14)")):
        count, odd, share = reference.streamed(lake, rows[model], column, indicator)
        check(f"{name}: {indicator} is what the engine streamed", odd == 0 and count > 1500 and share < reference.CLOSE_ENOUGH,
              f"{count} values, {odd} odd ones, differences up to {share:.1e}")
    wrong = reference.computed(rows)
    check(f"{name}: indicators of all series, corrected ones too, are TA-Lib's", not wrong, str(wrong[:3]) if wrong else "")
    values = {row["rsi"] for row in rows["gold_rsi_daily"] if row["symbol"] == "RISE"}
    check(f"{name}: the strength index of what only rises is 100", values == {100}, str(values)[:100])

    latest = {row["symbol"]: (row["price"], row["price_change"], row["change_percent"]) for row in rows["gold_kpi_latest"]}
    check(f"{name}: the latest quotes are there", latest == reference.latest(lake), str(latest))
    candles = reference.candles(lake)
    here = {(row["symbol"], row["bar_interval"], row["bar_start_ns"]): [row["open"], row["high"], row["low"], row["close"], row["samples"]]
            for row in rows["gold_candlestick"] if row["source"] == "quotes"}
    check(f"{name}: candles of quotes are what the quotes make", here == candles and len(candles) >= 4, f"{len(here)} of {len(candles)}")
    bars = lake.execute("SELECT count(*) FROM bars WHERE interval = '1h'").fetchone()[0]
    check(f"{name}: candles have the engine's hours", sum(row["source"] == "tapedeck" for row in rows["gold_candlestick"]) == bars > 4000, str(bars))
    tree = {row["symbol"]: (row["average_price"], row["volatility"], row["relative_volatility"]) for row in rows["gold_treechart"] if row["source"] == "quotes"}
    check(f"{name}: averages and volatilities are theirs", tree.keys() == reference.tree(candles).keys() and all(
        one is two or reference.is_near(one, two) for key, there in reference.tree(candles).items() for one, two in zip(tree[key], there, strict=True)), str(tree))

    transactions = reference.Transactions(lake)
    hourly = {(row["exchange"], row["currency"], row["operation"], row["hour_start_ns"]):
              (row["operations"], row["total_price"], row["clients"], row["symbols"]) for row in rows["gold_transactions_hourly"]}
    check(f"{name}: operations by hour are counted, to the last decimal", hourly == transactions.hourly() and len(hourly) > 100, str(len(hourly)))
    top = {(row["exchange"], row["day_start_ns"], row["place"]): (row["symbol"], row["operations"], row["total_price"])
           for row in rows["gold_transactions_top_symbols"]}
    check(f"{name}: the top symbols of days are those", top == transactions.top() and len(top) > 10, str(len(top)))
    far = {("price", row["operation_id"]) if row["kind"] == "price" else ("operations", (row["exchange"], reference.nanoseconds(row["event_time"])))
           for row in rows["gold_transactions_anomalies"]}
    check(f"{name}: what stands out does", far == transactions.anomalies() and {kind for kind, _ in far} == {"price", "operations"}, f"{len(far)}, {sum(kind == 'price' for kind, _ in far)} prices")


def compare(name, left, right, tolerance=reference.CLOSE_ENOUGH, models=MODELS):
    found, most = differences(left, right, tolerance, models)
    check(name, not found, "; ".join(found[:3]) if found else f"{sum(map(len, left.values()))} rows, differences up to {most:.1e}")


def elsewhere(work, expected, data):
    """What is compiled for BigQuery and ClickHouse, for the first time and for going on."""
    bigquery, clickhouse = Elsewhere("bigquery", work), Elsewhere("clickhouse", work)
    options = ["compile", *Elsewhere.WITHOUT_CONNECTION]
    together((bigquery, *options), (clickhouse, *options))
    for project in (bigquery, clickhouse):
        project.parse()
        project.make(data)
        # BigQuery's quartiles are approximate.
        compare(f"{project.name}: what was compiled makes what DuckDB has", expected, project.rows(),
                models=[model for model in MODELS if (project, model) != (bigquery, "gold_transactions_anomalies")])
    options += ["--vars", "resumes: true"]
    together((bigquery, *options), (clickhouse, *options))
    for project in (bigquery, clickhouse):
        project.parse()


def rows(work, seed):
    """Both databases, from the beginning and going on."""
    with Server(PASSWORD) as server:
        pipeline = Market(work, server, seed)
        pipeline.begin()
        lake, database = DuckDB("lake", work, pipeline.data / "lake"), PostgreSQL("database", work, server, DATABASE, PASSWORD)
        together((lake, "build"), (database, "build"))
        first = lake.rows()
        look("first", first, pipeline.data)
        compare("PostgreSQL has what DuckDB has", first, database.rows())
        elsewhere(work, first, pipeline.data)
        together((lake, "run"), (database, "run"))
        compare("nothing new, nothing changes", first, lake.rows(), 0)
        compare("nothing new, nothing changes in PostgreSQL", first, database.rows())

        pipeline.go_on()
        fresh = DuckDB("fresh", work, pipeline.data / "lake")
        together((lake, "build"), (database, "build"))
        together((fresh, "run"))
        later = lake.rows()
        check("there is more", sum(map(len, later.values())) > sum(map(len, first.values())) + 100)
        look("later", later, pipeline.data)
        compare("what went on is what a fresh run makes", later, fresh.rows())
        compare("PostgreSQL went on to the same", later, database.rows())


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = arguments.parse_args()
    if not DBT.exists() or not programs():
        print(f"skipped: no dbt in {DBT.parent}, or no PostgreSQL")
        sys.exit(77)
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="tapedeck-models-") as folder:
        rows(pathlib.Path(folder), options.seed)
    finish()


if __name__ == "__main__":
    main()
