#!/usr/bin/env python3
"""Delivers to BigQuery (bqemulator, behind a door that keeps the names of load jobs), while the program and the emulator are
killed, stopped, frozen and cut off from each other: in the end Google's own client reads what the lake has, each row once.

  run_bigquery.py [--kills N] [--seed SEED] [--only rows,kills,door,absent,secrets,drift,frozen,rejected,ahead,replay,twins,stream]
"""

import argparse
import json
import pathlib
import random
import tempfile
import time

from bigquery_rows import Pipeline, check_schema, compare
from bigquery_server import Emulator, LossyDoor
from google.cloud.bigquery import SchemaField
from peer import check, finish, run, wait_for
from sink_pipeline import ALL

VIEWS = {"price_updates": {"symbol", "time", "time_msc", "bid", "ask", "last", "volume", "flags"},
         "positions": {"ticket", "time", "time_msc", "time_update", "type", "magic", "identifier", "volume", "price_open", "sl", "tp",
                       "price_current", "swap", "profit", "symbol", "comment", "external_id", "change"},
         "transactions": {"ticket", "order", "time", "time_msc", "type", "entry", "magic", "position_id", "reason", "volume", "price",
                          "commission", "swap", "profit", "fee", "symbol", "comment", "external_id"}}


def rows(server, work, _):
    """Every table arrives; what its label says is there; the views show what tables have."""
    with Pipeline(server, work, "rows", f"tables: [{', '.join(ALL)}], flush: 200ms, views: rows_mt5", ALL) as market:
        market.start()
        check("rows: rows arrive", market.gets_on())
        check("rows: it catches up", market.catches_up(), json.dumps(market.sink()))
        check_schema(market)
        torn = []
        for _ in range(3):
            time.sleep(0.6)
            for table in ["trades", "quotes", "frames"]:
                offset = market.delivered(table)
                sql = f"SELECT count(*) FROM {{}}{table} WHERE journal_offset <= {offset}"
                there, here = market.told(sql.format(market.dataset + "."))[0][0], market.query(sql.format(""))
                if not here or here[0][0] != there:
                    torn.append(f"{table}: offset {offset}, {there} rows, the program has {here}")
        check("rows: what a label says is there", not torn, "; ".join(torn))
        sink = market.sink()
        check("rows: the status has the sink", sink["rows"] > 0 and sink["offset"] > 0, json.dumps(sink))
        counts = market.settle("rows")
        for table in ["trades", "quotes", "bars", "indicators", "transactions", "dead_letters", "frames"]:
            check(f"rows: there are {table}", counts.get(table, 0) > 0)
        for view, columns in VIEWS.items():
            answer = market.client.query_and_wait(f"SELECT * FROM rows_mt5.{view}")
            check(f"rows: the view {view} has its columns", columns <= {field.name for field in answer.schema}, str(answer.schema)[:300])
        there = market.told(f"""SELECT count(*) FROM rows_mt5.price_updates AS v JOIN rows.quotes AS q
            ON v.journal_offset = q.journal_offset AND v.frame_index = q.frame_index
            WHERE v.time = q.event_time AND v.time_msc * 1000000 <= q.event_time_ns AND v.bid = q.bid""")[0][0]
        check("rows: price_updates shows every quote", there == counts["quotes"], f"{there} of {counts['quotes']}")
        market.answers_sql("rows", "journal_offset, frame_index, event_time, symbol, price, size, trade_id")
        code, said, errors = market.verify()
        check("rows: everything is compared, and the same", code == 0 and set(said) == {("journal", "frames")} | {
            ("bigquery", table) for table in ALL} and all(line["same"] for line in said.values()), f"{code} {list(said.values())} {errors}")
        offset = market.told("SELECT MIN(journal_offset) FROM rows.trades")[0][0]
        market.client.query_and_wait(f"DELETE FROM rows.trades WHERE journal_offset = {offset}")
        code, said, errors = market.verify("--tables", "trades,quotes", "--repair")
        trades = said["bigquery", "trades"]
        check("rows: what was damaged differs, and nothing else", code == 1 and not trades["same"] and said["bigquery", "quotes"]["same"]
              and trades["repair"].startswith("not repaired: take the table"), f"{code} {said} {errors}")


def kills(server, work, options):
    """Kills the program or the emulator at random instants, in turn, at times both."""
    rng = random.Random(options.seed)
    with Pipeline(server, work, "kills", "flush: 50ms") as market:
        market.start()
        check("kills: rows arrive", market.gets_on())
        market.outlasts_kills("kills", options.kills, rng, market.kills_in_turn(server, rng, every=3))
        market.settle("kills")


def door(server, work, options):
    """Load jobs that get lost, whose answers get lost, and that arrive when the next session has begun; the same of labels."""
    between = LossyDoor(server.port, options.seed)
    with Pipeline(server, work, "door", port=between.port) as market:
        market.start()
        check("door: load jobs meet every fate", wait_for(lambda: all(count >= 1 for count in between.met.values()), 120), str(between.met))
        # Labels that got lost leave jobs that the next start has to follow.
        market.kill()
        between.open()
        market.start()
        market.settle("door")
    between.close()


def absent(server, work, _):
    """A service that is not there when the program starts, nor when it ends, and comes later."""
    with Pipeline(server, work, "absent") as market:
        market.outlasts_absence("absent", server)


def secrets(server, work, _):
    """A wrong key and a dataset that is not there are told in the service's words, and nothing of a key or token is told at all."""
    with Pipeline(server, work, "secrets") as market:
        market.configure(key=server.wrong_key)
        market.start()
        check("secrets: the sink says what the service says", market.becomes("degraded", "invalid_grant"), json.dumps(market.sink()))
        check("secrets: the program is not ready", market.readiness() == 503)
        nothing_told(server, market, "a wrong key")
        market.ends("secrets")
        market.configure(key="none")
        market.start()
        check("secrets: no key is refused", market.becomes("degraded", "authError"), json.dumps(market.sink()))
        market.ends("secrets, without a key")
        market.configure(key=market.folder / "nowhere.json")
        market.start()
        check("secrets: a key file that is not there is named", market.becomes("degraded", "nowhere.json"), json.dumps(market.sink()))
        market.ends("secrets, without a key file")
        market.configure(lacking="location")
        market.start()
        check("secrets: a dataset that is not there is named", market.becomes("degraded", "no dataset", "secrets"), json.dumps(market.sink()))
        market.ends("secrets, without a dataset")
        market.configure()
        market.start()
        # As a sink does that a pipeline gets when it has run for a while: from the beginning.
        check("secrets: with the right key it catches up", market.catches_up(), json.dumps(market.sink()))
        nothing_told(server, market, "the right key")
        market.settle("secrets")


def nothing_told(server, market, name):
    words = [line for key in [server.key, server.wrong_key] for line in json.loads(key.read_text())["private_key"].splitlines()
             if "-" not in line] + ["Bearer", "assertion="]
    answers = [market.ask(path) for path in ["/api/v1/status", "/readyz", "/metrics"]]
    told = market.log.read_bytes() + b"".join(content for _, content in filter(None, answers))
    check(f"secrets: nothing of a key is told with {name}", not any(word.encode() in told for word in words))


def drift(server, work, _):
    """Columns that are missing or of another type are named; once they are back, everything is delivered."""
    with Pipeline(server, work, "drift") as market:
        market.start()
        check("drift: rows arrive", market.gets_on())
        market.ends("drift, before")
        market.alter("trades", "DROP COLUMN conditions", lambda fields: [field for field in fields if field.name != "conditions"])
        market.start()
        check("drift: a missing column is named, with its table", market.becomes("degraded", "trades", "conditions"), json.dumps(market.sink()))
        check("drift: the program is not ready", market.readiness() == 503)
        market.alter("trades", "ADD COLUMN conditions STRING", lambda fields: [*fields, SchemaField("conditions", "STRING")])
        check("drift: it goes on once the column is back", market.catches_up(), json.dumps(market.sink()))
        market.alter("quotes", "ALTER COLUMN flags SET DATA TYPE NUMERIC", lambda fields: [
            SchemaField("flags", "NUMERIC") if field.name == "flags" else field for field in fields])
        check("drift: a column of another type is named while it runs", market.becomes("degraded", "quotes", "flags"), json.dumps(market.sink()))
        # Of a table that somebody drops everything is delivered again.
        market.client.delete_table("drift.quotes")
        market.client.delete_table("drift.bars")
        market.settle("drift")


def frozen(server, work, _):
    """A service that keeps its connections and answers nothing does not hold up the end of the program."""
    with Pipeline(server, work, "frozen") as market:
        market.outlasts_a_freeze("frozen", server)


def rejected(server, work, _):
    """A row that the service does not take stops nothing else."""
    with Pipeline(server, work, "rejected") as market:
        market.configure(feeds="  - push: { name: rows, format: trades }\n")
        server.refuse("trades", "symbol = 'BAD'")
        market.start()
        messages = ["\n".join(json.dumps({"symbol": "V:BAD" if first + number == 55 else "V:GOOD",
                                          "event_time_ns": 1_700_000_000_000_000_000 + (first + number) * 80_000_000_000_000,
                                          "price": 1, "size": 1}) for number in range(10)) for first in range(0, 100, 10)]
        market.leaves_out_a_message("rejected", messages, lambda: compare("rejected", market))


def ahead(server, work, _):
    """What another data folder filled is not gone on with."""
    with Pipeline(server, work, "ahead") as market:
        market.refuses_to_leave_out("ahead", lambda: [market.client.delete_table(f"ahead.{table}") for table in market.tables])


def replay(server, work, _):
    """A replay ends when the service has everything, without waiting for the next minute."""
    with Pipeline(server, work, "replay", "flush: 60s") as market:
        seconds = market.replays("replay", 5_000)[1]
        check("replay: it does not wait for the time between deliveries", seconds < 50, f"{seconds:.0f} s")


def twins(server, work, _):
    """Two programs that deliver different rows under one name into one dataset do not mix them up unnoticed."""
    with Pipeline(server, work, "twins") as market, Pipeline(server, work, "twins_other") as other:
        other.dataset, other.name = market.dataset, market.name
        other.configure()
        market.start()
        check("twins: rows arrive", market.gets_on())
        other.start()
        # Whoever comes when the other has delivered more than its own journal has takes it for another journal's.
        check("twins: one of them says so", wait_for(lambda: any(
            words in one.log.read_text(errors="replace") for one in (market, other) for words in ("another program", "another journal")), 60),
            f"{market.sink()} {other.sink()}")
        for one in (market, other):
            one.kill()
        repeated = market.told("SELECT count(*) FROM (SELECT journal_offset, frame_index FROM twins.trades "
                               "GROUP BY journal_offset, frame_index HAVING count(*) > 1)")
    check("twins: no offset has rows of both", repeated == [(0,)], str(repeated))


def stream(server, work, _):
    """Rows that are streamed are all there, over a kill too; those of the last moments may be there twice."""
    with Pipeline(server, work, "stream", "mode: stream, flush: 200ms", repeats=True) as market:
        market.start()
        for _ in range(2):
            check("stream: rows arrive", market.gets_on())
            market.kill()
            market.start()
        market.settle("stream")


SCENARIOS = [rows, kills, door, absent, secrets, drift, frozen, rejected, ahead, replay, twins, stream]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=5)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    arguments.add_argument("--only", default=",".join(scenario.__name__ for scenario in SCENARIOS))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="tapedeck-bigquery-") as folder, Emulator("") as server:
        for scenario in SCENARIOS:
            if scenario.__name__ in options.only.split(","):
                started = time.monotonic()
                scenario(server, pathlib.Path(folder), options)
                print(f"      {scenario.__name__}: {time.monotonic() - started:.0f} s", flush=True)
    finish()


if __name__ == "__main__":
    main()
