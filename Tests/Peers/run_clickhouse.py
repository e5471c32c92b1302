#!/usr/bin/env python3
"""Delivers to ClickHouse, Debian's old server and today's engine, while the program and the server are killed, stopped, frozen
and cut off from each other: in the end the server has what the lake has, each row once.

  run_clickhouse.py [--kills N] [--seed SEED] [--on server,engine] [--only rows,kills,door,absent,secrets,drift,later,frozen,
      ahead,rejected,replay,twins]
"""

import argparse
import json
import pathlib
import random
import sys
import tempfile
import time

from clickhouse_door import Door
from clickhouse_pipeline import PASSWORD, Pipeline
from clickhouse_rows import check_schema, compare, progress
from clickhouse_server import Engine, Server, has_engine, program
from peer import check, finish, run, wait_for
from sink_pipeline import ALL, QUIET, USUAL

WRONG = "wrong-and-never-shown"


def rows(server, work, _):
    """Every table arrives, soon; what its offset says is there."""
    with Pipeline(server, work, "rows", f"tables: [{', '.join(ALL)}], compression: zstd", ALL) as market:
        market.start()
        check("rows: rows arrive", market.gets_on())
        check("rows: it catches up", market.catches_up(), json.dumps(market.sink()))
        check_schema(server, market.database, ALL)
        ages, torn = [], []
        for _ in range(5):
            time.sleep(0.6)
            look(market, ages, torn)
        check("rows: what an offset says is there", not torn, "; ".join(torn))
        check("rows: trades are there soon after receipt", min(ages) < 10, f"from {min(ages):.1f} s to {max(ages):.1f} s")
        sink = market.sink()
        check("rows: the status has the sink", sink["rows"] > 0 and sink["offset"] > 0, json.dumps(sink))
        counts = market.settle("rows")
        for table in ["trades", "quotes", "bars", "indicators", "transactions", "dead_letters", "frames"]:
            check(f"rows: there are {table}", counts.get(table, 0) > 0)
        open_bars = server.execute(f"SELECT count() FROM {market.database}.bars WHERE NOT final")[0][0]
        ongoing = server.execute(f"SELECT count() FROM {market.database}.coverage WHERE ongoing")[0][0]
        check("rows: nothing provisional is there", open_bars == ongoing == "0", f"{open_bars} open bars, {ongoing} ongoing stretches")
        market.answers_sql("rows", "journal_offset, frame_index, symbol, price, size, trade_id", PASSWORD)
        market.is_verified("rows", lambda: damage(market))


def damage(market):
    """Takes a trade out and changes the price of others."""
    trades = f"{market.database}.trades"
    middle, other = (int(row[0]) for row in market.server.execute(
        f"SELECT DISTINCT journal_offset FROM {trades} ORDER BY journal_offset LIMIT 100, 2"))
    market.server.execute(f"ALTER TABLE {trades} DELETE WHERE journal_offset = {middle} AND frame_index = 0")
    market.server.execute(f"ALTER TABLE {trades} UPDATE price = toFloat64(-1) WHERE journal_offset = {other}")
    gone = f"SELECT count() FROM {trades} WHERE journal_offset = {middle} AND frame_index = 0"
    changed = f"SELECT count() FROM {trades} WHERE price = -1"
    check("rows: the server changes its rows", wait_for(
        lambda: market.server.execute(gone) == [["0"]] and market.server.execute(changed) != [["0"]], 60))


def look(market, ages, torn):
    """Compares what the server has up to an offset with what the program itself answers about it."""
    for table in ["trades", "quotes", "frames"]:
        offset = market.progress()[table][0]
        where = f"WHERE journal_offset <= {offset}"
        count, newest = market.server.execute(f"SELECT count(), max(ingest_time_ns) FROM {market.database}.{table} {where}")[0]
        if table == "trades":
            ages.append(time.time() - int(newest) / 1e9)
        here = market.query(f"SELECT count(*) FROM {table} {where}")
        if not here or here[0][0] != int(count):
            torn.append(f"{table}: offset {offset}, {count} rows, the program has {here}")


def kills(server, work, options):
    """Kills the program or the server at random instants, in turn, at times both."""
    rng = random.Random(options.seed)
    with Pipeline(server, work, "kills", "flush: 50ms") as market:
        market.start()
        check("kills: rows arrive", market.gets_on())
        market.outlasts_kills("kills", options.kills, rng, market.kills_in_turn(server, rng))
        market.settle("kills")


def door(server, work, options):
    """Insertions that get lost, whose answers get lost, and that arrive when the next session has begun; of rows, and of what is
    noted about units."""
    between = Door(server.port, options.seed)
    with Pipeline(server, work, "door", port=between.port) as market:
        market.start()
        check("door: insertions meet every fate", wait_for(lambda: all(count >= 1 for count in between.met.values()), 120), str(between.met))
        between.open()
        market.settle("door")
        left = [name for name, in server.execute(f"SELECT name FROM system.tables WHERE database = '{market.database}' "
                                                 "AND position(name, 'tapedeck_inlet_') = 1") if "_offsets" in name]
        check("door: inlets of sessions that are over are gone", len(left) <= 2, str(left))
    between.close()


def absent(server, work, _):
    """A server that is not there when the program starts, nor when it ends, and comes later."""
    with Pipeline(server, work, "absent") as market:
        market.outlasts_absence("absent", server)


def secrets(server, work, _):
    """A wrong password is told in the server's words, and no password is told at all."""
    with Pipeline(server, work, "secrets") as market:
        market.configure(password=WRONG)
        market.start()
        check("secrets: the sink says what the server says", market.becomes("degraded", "assword"), json.dumps(market.sink()))
        check("secrets: the program is not ready", market.readiness() == 503)
        nothing_told(market, "a wrong password")
        market.ends("secrets")
        for number, url in enumerate([f"http://tapedeck:{WRONG}@127.0.0.1:{server.port}", f"{server.url}/?password={WRONG}",
                                      f"http://127.0.0.1:{WRONG}/", f"{WRONG}://127.0.0.1"], 1):
            market.configure(url=url, password=WRONG)
            checked = run("check", market.folder / "pipeline.yaml", env=market.environment)
            market.start()
            market.becomes("degraded", seconds=20)
            nothing_told(market, f"odd address {number}", checked.stdout + checked.stderr)
            if market.is_running():
                market.end()
        market.configure()
        market.start()
        check("secrets: with the right password it catches up", market.catches_up(), json.dumps(market.sink()))
        nothing_told(market, "the right password")
        market.settle("secrets")


def nothing_told(market, name, more=""):
    answers = [market.ask(path) for path in ["/api/v1/status", "/readyz", "/metrics"]] if market.is_running() else []
    told = more.encode() + market.log.read_bytes() + b"".join(content for _, content in filter(None, answers))
    places = [told.find(word.encode()) for word in [WRONG, PASSWORD] if word.encode() in told]
    check(f"secrets: no password is told with {name}", not places,
          told[max(0, places[0] - 200):places[0] + 100].decode(errors="replace") if places else "")


def drift(server, work, _):
    """Columns that are missing or of another type are named; once they are back, everything is delivered."""
    with Pipeline(server, work, "drift") as market:
        market.start()
        check("drift: rows arrive", market.gets_on())
        market.ends("drift, before")
        server.execute(f"ALTER TABLE {market.database}.trades DROP COLUMN conditions")
        market.start()
        check("drift: a missing column is named, with its table", market.becomes("degraded", "trades", "conditions"), json.dumps(market.sink()))
        check("drift: the program is not ready", market.readiness() == 503)
        server.execute(f"ALTER TABLE {market.database}.trades ADD COLUMN conditions Nullable(String)")
        check("drift: it goes on once the column is back", market.catches_up(), json.dumps(market.sink()))
        # What was delivered stays as it is: no number gets lost on the way to the other type and back.
        server.execute(f"ALTER TABLE {market.database}.quotes MODIFY COLUMN flags Int64")
        check("drift: a column of another type is named while it runs", market.becomes("degraded", "quotes", "flags"), json.dumps(market.sink()))
        server.execute(f"ALTER TABLE {market.database}.quotes MODIFY COLUMN flags Int32")
        check("drift: it goes on once the column is what it was", market.catches_up(), json.dumps(market.sink()))
        # Of a table that somebody drops everything is delivered again.
        server.execute(f"DROP TABLE {market.database}.bars")
        market.settle("drift")


def later(server, work, _):
    """A sink that a pipeline gets when it has run for a while begins at the beginning."""
    with Pipeline(server, work, "later") as market:
        market.begins_late("later")


def frozen(server, work, _):
    """A server that keeps its connections and answers nothing does not hold up the end of the program."""
    with Pipeline(server, work, "frozen") as market:
        market.outlasts_a_freeze("frozen", server)


def rejected(server, work, _):
    """A row that breaks a rule of the user's stops nothing else, also where its neighbours are of other months."""
    with Pipeline(server, work, "rejected") as market:
        market.configure(feeds="  - push: { name: rows, format: trades }\n")
        market.start()
        check("rejected: the tables are made", wait_for(lambda: server.execute(
            f"SELECT count() FROM system.tables WHERE database = '{market.database}' AND name = 'trades'") == [["1"]], 30))
        server.execute(f"ALTER TABLE {market.database}.trades ADD CONSTRAINT honest CHECK price < 1000")
        server.execute(f"ALTER TABLE {market.database}.trades ADD COLUMN mine UInt8 DEFAULT 7")
        # 93 days from November 14 on: the message with the bad row begins in December and goes on in January.
        messages = ["\n".join(json.dumps({"symbol": "V:S", "event_time_ns": 1_700_000_000_000_000_000 + (first + number) * 80_000_000_000_000,
                                          "price": 1000 if first + number == 55 else 1, "size": 1}) for number in range(10))
                    for first in range(0, 100, 10)]

        def compare_without_mine():
            filled = server.execute(f"SELECT count() FROM {market.database}.trades WHERE mine = 7")
            check("rejected: a column of the user's has its default", filled == [["90"]], str(filled))
            server.execute(f"ALTER TABLE {market.database}.trades DROP COLUMN mine")
            return compare("rejected", server, market.database, market.data, market.name, USUAL)

        market.leaves_out_a_message("rejected", messages, compare_without_mine)


def ahead(server, work, _):
    """What another data folder filled is not gone on with."""
    with Pipeline(server, work, "ahead") as market:
        # The old server does not drop while somebody makes a table; the sink does, once all are gone.
        market.refuses_to_leave_out("ahead", lambda: wait_for(
            lambda: (server.ask(f"DROP DATABASE {market.database}") or [0])[0] == 200, 20))


def replay(server, work, _):
    """A replay ends when the sink has everything, and months get parts of their own."""
    with Pipeline(server, work, "replay") as market:
        months = ["202311", "202312", "202401"]
        # Three minutes from one trade to the next, from 2023-11-26 on: three months.
        market.replays("replay", step_ms=180_000)
        for table in ["trades", "bars", "indicators"]:
            parts = [part for part, in server.execute(f"SELECT DISTINCT partition FROM system.parts WHERE active "
                                                      f"AND database = '{market.database}' AND table = '{table}' ORDER BY partition")]
            check(f"replay: {table} have a partition for each month", parts == months, str(parts))


def complaint(market):
    """The state of its sink, and who it says is there, too."""
    sink = market.sink()
    words = [words for words in ["another program", "another journal"] if words in (sink.get("detail") or "")]
    return sink.get("state"), words[0] if words else ""


def twins(server, work, _):
    """Two programs that deliver different rows under one name into one database do not mix them up unnoticed."""
    with Pipeline(server, work, "twins") as market, Pipeline(server, work, "twins_other") as other:
        other.database, other.name = market.database, market.name
        other.configure()
        market.start()
        check("twins: rows arrive", market.gets_on())
        other.start()
        # Whoever comes when the other has delivered more than its own journal has takes it for another journal's.
        check("twins: one of them says so", wait_for(lambda: any(
            state in [("degraded", "another program"), ("failed", "another journal")] for state in map(complaint, (market, other))), 60),
            f"{market.sink()} {other.sink()}")
        for one in (market, other):
            one.kill()
    repeated = server.execute(f"SELECT count() - uniqExact(journal_offset, frame_index) FROM {market.database}.trades")
    check("twins: no offset has rows of both", repeated == [["0"]], str(repeated))
    ends = progress(server, market.database, market.name)
    check("twins: offsets are those of one of them", all(end >= offset for offset, end in ends.values()), str(ends))


SCENARIOS = [rows, kills, door, absent, secrets, drift, later, frozen, ahead, replay, twins]
# What depends on the engine rather than on the way to it, and what only servers of today have.
ON_ENGINE = [rows, kills, door, rejected, replay]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=8)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    arguments.add_argument("--on", default="server,engine")
    arguments.add_argument("--only", default=",".join(scenario.__name__ for scenario in {*SCENARIOS, *ON_ENGINE}))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    targets = [(Server, SCENARIOS, program() is not None, "clickhouse-server is not installed (Debian: apt-get install clickhouse-server)"),
               (Engine, ON_ENGINE, has_engine(), "chdb is not installed (scripts/setup --test)")]
    tried = 0
    for target, scenarios, is_there, reason in targets:
        if target.name not in options.on.split(","):
            continue
        if not is_there:
            print(f"SKIPPED: {reason}; nothing was tried with it")
            continue
        tried += 1
        with tempfile.TemporaryDirectory(prefix="tapedeck-clickhouse-") as folder, target(PASSWORD) as server:
            print(f"{target.name}: ClickHouse {server.execute('SELECT version()')[0][0]}")
            for scenario in scenarios:
                if scenario.__name__ in options.only.split(","):
                    started = time.monotonic()
                    scenario(server, pathlib.Path(folder), options)
                    print(f"      {scenario.__name__}: {time.monotonic() - started:.0f} s", flush=True)
    if not tried:
        sys.exit(77)
    finish()


if __name__ == "__main__":
    main()
