#!/usr/bin/env python3
"""Delivers to a real PostgreSQL server while the program and the server are killed, stopped, frozen and cut off from each
other: in the end the server has what the lake has, each row once.

  run_postgresql.py [--kills N] [--seed SEED] [--only rows,kills,door,absent,secrets,drift,later,frozen,rejected,
      ahead,replay,unanswered]
"""

import argparse
import json
import pathlib
import random
import signal
import sys
import tempfile
import time

from peer import BINARY, Process, check, finish, run, wait_for
from postgresql_door import Door
from postgresql_pipeline import ALL, PASSWORD, QUIET, USUAL, Pipeline
from postgresql_rows import check_months, check_schema, compare
from postgresql_server import ROLE, Server, programs

WRONG = "wrong-and-never-shown"


def rows(server, work, _):
    """Every table arrives, soon, in transactions that hold what their offset says."""
    with Pipeline(server, work, "market_rows", f"tables: [{', '.join(ALL)}]", ALL) as program:
        program.start()
        check("rows: rows arrive", program.gets_on())
        check("rows: it catches up", program.catches_up(), json.dumps(program.sink()))
        check_schema(server, program.name, ALL)
        ages, torn = [], []
        for _ in range(8):
            time.sleep(0.6)
            look(program, ages, torn)
        check("rows: what an offset says is there, and no more", not torn, "; ".join(torn))
        check("rows: trades are there soon after receipt", min(ages) < 10, f"from {min(ages):.1f} s to {max(ages):.1f} s")
        sink = program.sink()
        names = {"name", "offset", "lag_frames", "lag_seconds", "state", "detail", "rows"}
        metrics = (program.ask("/metrics") or (0, b""))[1].decode()
        check("rows: the metrics have the sink", 'tapedeck_sink_live{sink="postgresql"} 1' in metrics
              and 'tapedeck_sink_lag_frames{sink="lake"}' in metrics)
        check("rows: the status has the sink", names <= set(sink) and sink["rows"] > 0 and sink["offset"] > 0, json.dumps(sink))
        program.ends("rows")
        counts = program.compare("rows")
        for table in ["trades", "quotes", "bars", "indicators", "transactions", "dead_letters", "frames"]:
            check(f"rows: there are {table}", counts.get(table, 0) > 0)
        bars = server.execute(program.name, "SELECT count(*) FROM tapedeck.bars WHERE NOT final")[0][0]
        ongoing = server.execute(program.name, "SELECT count(*) FROM tapedeck.coverage WHERE ongoing")[0][0]
        check("rows: nothing provisional is there", bars == ongoing == 0, f"{bars} open bars, {ongoing} ongoing stretches")

        def damage():
            (middle,), (other,) = server.execute(
                program.name, "SELECT DISTINCT journal_offset FROM tapedeck.trades ORDER BY 1 OFFSET 100 LIMIT 2")
            server.execute(program.name, f"DELETE FROM tapedeck.trades WHERE journal_offset = {middle} AND frame_index = 0")
            server.execute(program.name, f"UPDATE tapedeck.trades SET price = price + 1 WHERE journal_offset = {other}")

        program.answers_sql("rows", "journal_offset, frame_index, event_time, symbol, price, size, trade_id", PASSWORD)
        program.is_verified("rows", damage)


def look(program, ages, torn):
    """Compares one moment of the server with what the program itself answers about the same offsets."""
    with program.server.connect(program.name) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for table in ["trades", "quotes", "frames"]:
            offset = connection.execute("SELECT journal_offset FROM tapedeck.tapedeck_offsets WHERE table_name = %s", [table]).fetchone()[0]
            count, last, newest = connection.execute(
                f"SELECT count(*), max(journal_offset), max(ingest_time_ns) FROM tapedeck.{table}").fetchone()
            if table == "trades":
                ages.append(time.time() - newest / 1e9)
            here = program.query(f"SELECT count(*) FROM {table} WHERE journal_offset <= {offset}")
            if last > offset or not here or here[0][0] != count:
                torn.append(f"{table}: offset {offset}, {count} rows up to {last}, the program has {here}")


def kills(server, work, options):
    """Kills the program or the server at random instants, in turn, at times both."""
    rng = random.Random(options.seed)
    with Pipeline(server, work, "market_kills", "flush: 50ms") as program:
        program.start()
        check("kills: rows arrive", program.gets_on())
        program.outlasts_kills("kills", options.kills, rng, program.kills_in_turn(server, rng))
        program.settle("kills")


def door(server, work, options):
    """COMMITs that get lost, whose answers get lost, and that arrive when the same rows are already sent again."""
    between = Door(server.port, options.seed)
    between.start()
    with Pipeline(server, work, "market_door", port=between.port) as program:
        program.start()
        check("door: COMMITs meet every fate", wait_for(lambda: all(count >= 2 for count in between.met.values()), 120),
              str(between.met))
        # From here on the way is free.
        between.fates = iter(lambda: None, 1)
        program.settle("door")
    between.close()


def absent(server, work, _):
    """A server that is not there when the program starts, nor when it ends, and comes later."""
    with Pipeline(server, work, "market_absent") as program:
        program.outlasts_absence("absent", server)


def secrets(server, work, _):
    """A wrong password is told in the server's words, and no password is told at all."""
    with Pipeline(server, work, "market_secrets") as program:
        with_password = program.address.replace(f"{ROLE}@", f"{ROLE}:{WRONG}@")
        program.configure(with_password)
        program.start()
        check("secrets: the sink says what the server says", program.becomes("degraded", "password authentication failed"),
              json.dumps(program.sink()))
        check("secrets: the program is not ready", program.readiness() == 503)
        nothing_told(program, "a wrong password")
        program.ends("secrets")
        # libpq repeats an address that it cannot read, and what it takes for host or port where a password is not encoded.
        for number, damaged in enumerate([
                with_password.replace("127.0.0.1", "[127.0.0.1"), with_password + "?nonsense=1",
                with_password.replace(WRONG, f"{WRONG}/{WRONG}"), with_password.replace(WRONG, f"{WRONG}@{WRONG}"),
                with_password.replace(WRONG, f"{WRONG}%zz{WRONG}")], 1):
            program.configure(damaged)
            checked = run("check", program.folder / "pipeline.yaml")
            program.start()
            program.becomes("degraded", seconds=20)
            nothing_told(program, f"damaged address {number}", checked.stdout + checked.stderr)
            if program.is_running():
                program.end()
        program.environment["MARKET"] = with_password.replace(WRONG, PASSWORD)
        program.configure("${MARKET}")
        program.start()
        check("secrets: with the right password it catches up", program.catches_up(), json.dumps(program.sink()))
        nothing_told(program, "the right password")
        program.settle("secrets")


def nothing_told(program, name, more=""):
    answers = [program.ask(path) for path in ["/api/v1/status", "/readyz", "/metrics"]] if program.is_running() else []
    told = more.encode() + program.log.read_bytes() + b"".join(content for _, content in filter(None, answers))
    places = [told.find(word.encode()) for word in [WRONG, PASSWORD] if word.encode() in told]
    check(f"secrets: no password is told with {name}", not places,
          told[max(0, places[0] - 200):places[0] + 100].decode(errors="replace") if places else "")


def drift(server, work, _):
    """Columns that are missing or of another type are named; once they are back, everything is delivered."""
    with Pipeline(server, work, "market_drift") as program:
        program.start()
        check("drift: rows arrive", program.gets_on())
        program.ends("drift, before")
        server.execute(program.name, "ALTER TABLE tapedeck.trades DROP COLUMN conditions")
        program.start()
        check("drift: a missing column is named, with its table", program.becomes("degraded", "trades", "conditions"), json.dumps(program.sink()))
        check("drift: the program is not ready", program.readiness() == 503)
        check("drift: the feed is live", program.feed("simulator").get("state") in ("live", "replaying"))
        server.execute(program.name, "ALTER TABLE tapedeck.trades ADD COLUMN conditions text")
        check("drift: it goes on once the column is back", program.catches_up(), json.dumps(program.sink()))
        # What was delivered stays as it is: no number gets lost on the way to the other type and back.
        server.execute(program.name, "ALTER TABLE tapedeck.quotes ALTER COLUMN update_id TYPE numeric")
        check("drift: a column of another type is named while it runs", program.becomes("degraded", "quotes", "update_id"),
              json.dumps(program.sink()))
        server.execute(program.name, "ALTER TABLE tapedeck.quotes ALTER COLUMN update_id TYPE bigint")
        check("drift: it goes on once the column is what it was", program.catches_up(), json.dumps(program.sink()))
        # Of a table that somebody drops everything is delivered again.
        server.execute(program.name, "DROP TABLE tapedeck.bars")
        program.settle("drift")


def later(server, work, _):
    """A sink that a pipeline gets when it has run for a while begins at the beginning."""
    with Pipeline(server, work, "market_later") as program:
        program.begins_late("later")


def frozen(server, work, _):
    """A server that keeps its connections and answers nothing does not hold up the end of the program."""
    with Pipeline(server, work, "market_frozen") as program:
        program.outlasts_a_freeze("frozen", server)


def rejected(server, work, _):
    """Text with a zero byte, which PostgreSQL cannot hold, stops nothing else."""
    with Pipeline(server, work, "market_rejected") as program:
        program.configure(feeds="  - push: { name: rows, format: trades }\n")
        program.start()
        zero = json.dumps({"symbol": "V:S", "event_time_ns": 1_700_000_000_000_000_000, "price": 1, "size": 1, "conditions": "a\0b"})
        good = ["\n".join(json.dumps({"symbol": "V:S", "event_time_ns": 1_700_000_000_000_000_000 + first + number, "price": 1, "size": 1})
                          for number in range(10)) for first in range(0, 100, 10)]
        program.leaves_out_a_message("rejected", [*good[:5], zero, *good[6:]], lambda: compare(
            "rejected", server, program.name, program.data, program.name, USUAL))


def ahead(server, work, _):
    """What another data folder filled is not gone on with."""
    with Pipeline(server, work, "market_ahead") as program:
        program.refuses_to_leave_out("ahead", lambda: server.execute(program.name, "DROP SCHEMA tapedeck CASCADE"))


def replay(server, work, _):
    """A replay ends when the sink has everything, and months get parts of their own."""
    with Pipeline(server, work, "market_replay") as program:
        months = ["2023_11", "2023_12", "2024_01"]
        # Three minutes from one trade to the next, from 2023-11-26 on: three months.
        program.replays("replay", step_ms=180_000)
        frames = server.execute(program.name, "SELECT to_regclass('tapedeck.frames')")[0][0]
        check("replay: frames are not delivered unless asked for", frames is None
              or server.execute(program.name, "SELECT count(*) FROM tapedeck.frames")[0][0] == 0)
        for table in ["trades", "bars", "indicators"]:
            check_months(server, program.name, table, months)


def unanswered(server, work, _):
    """A replay into a server that does not answer is stored; Ctrl-C ends the waiting, and the next start delivers."""
    with Pipeline(server, work, "market_unanswered") as program:
        recording = program.folder / "ticks.csv"
        recording.write_text("ts,px,qty\n" + "".join(f"{1_700_956_800_000 + number},{100 + number % 17 / 8},1\n" for number in range(5000)))
        command = [BINARY, "replay", recording, "--mapping", "header=true,time=ts,time_format=ms,price=px,size=qty", "--symbol", "ES",
                   "--venue", "CME", "--config", program.folder / "pipeline.yaml", "--data", program.data]
        server.freeze()
        try:
            with Process(command, program.folder / "replay.log", program.environment) as player:
                player.start()
                check("unanswered: the lake has the recording", wait_for(lambda: any(program.data.glob("lake/trades/*/*.parquet")), 30))
                time.sleep(0.5)
                check("unanswered: it waits for the server", player.is_running())
                started = time.monotonic()
                code = player.end(signal.SIGINT, 20)
                check("unanswered: Ctrl-C ends it, and says so", code == 130 and time.monotonic() - started < 5, f"exit {code}")
        finally:
            server.thaw()
        program.configure(feeds=QUIET)
        program.start()
        check("unanswered: the next start delivers", program.comes(program.has_everything, 60), json.dumps(program.sink()))
        program.ends("unanswered")
        check("unanswered: all rows are there", program.compare("unanswered").get("trades") == 5000)


SCENARIOS = [rows, kills, door, absent, secrets, drift, later, frozen, rejected, ahead, replay, unanswered]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=8)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    arguments.add_argument("--only", default=",".join(scenario.__name__ for scenario in SCENARIOS))
    options = arguments.parse_args()
    if programs() is None:
        print("SKIPPED: PostgreSQL is not installed (Debian: apt-get install postgresql); nothing of the sink postgresql was tested")
        sys.exit(77)
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="tapedeck-postgresql-") as folder, Server(PASSWORD) as server:
        for scenario in SCENARIOS:
            if scenario.__name__ in options.only.split(","):
                started = time.monotonic()
                scenario(server, pathlib.Path(folder), options)
                print(f"      {scenario.__name__}: {time.monotonic() - started:.0f} s", flush=True)
    finish()


if __name__ == "__main__":
    main()
