#!/usr/bin/env python3
"""Delivers to Pub/Sub and to Kinesis while the program is killed, requests fail, records are refused and answers are lost: in the
end a consumer that drops what it has seen has what the lake has, each instrument in order.

  run_cloud_buses.py [--kills N] [--seed SEED] [--only rows,kills,absent,secrets,rejected,late,chain] [--bus pubsub,kinesis]
"""

import argparse
import json
import pathlib
import random
import tempfile
import threading
import time

from cloud_buses import BUSES
from message_rows import compare
from peer import Program, check, finish, free_port, open_lake, run, wait_for
from sink_pipeline import ALL, QUIET, USUAL, SinkPipeline


class Pipeline(SinkPipeline):
    """A pipeline that is delivered to a bus of its own."""

    def __init__(self, bus, work, name, tables=USUAL, seed=1, flush="200ms"):
        name = f"{bus.kind}_{name}"
        self.bus, self.flush = bus(name, seed), flush
        self.over = threading.Event()
        self.taker = threading.Thread(target=self.take, daemon=True)
        self.taker.start()
        self.failure = None
        self.busiest = "trades" if "trades" in tables else tables[0]
        super().__init__(bus.kind, work, name, tables, bus.environment)

    def take(self):
        try:
            while not self.over.is_set():
                if not self.bus.take():
                    time.sleep(0.05)
        except Exception as error:  # shown where the rows are compared
            self.failure = repr(error)

    def sink_options(self, options=None, more=""):
        return f"{options or self.bus.options()}, tables: [{', '.join(self.tables)}], flush: {self.flush}{more}"

    def delivered(self):
        return max((offset for offset, _ in list(self.bus.kept.rows.get(self.busiest, {}))), default=-1)

    def contents(self, name):
        """Rows of each table, equal to the lake's, and the offsets that were left out."""
        self.over.set()
        self.taker.join(30)
        check(f"{name}: the consumer reads to the end", self.failure is None and not self.taker.is_alive(), self.failure)
        while self.bus.take():
            pass
        noted = json.loads((self.data / f"sinks/{self.kind}.json").read_text())["targets"]
        check(f"{name}: one target is noted", len(noted) == 1, str(noted))
        self.bus.kept.offsets = next(iter(noted.values()))
        return compare(name, self.bus.kept, self.data, self.tables)

    def compare(self, name):
        counts, refused = self.contents(name)
        check(f"{name}: every row was taken", not refused, str(refused))
        return counts

    def __exit__(self, *reason):
        super().__exit__(*reason)
        self.over.set()
        self.taker.join(30)
        self.bus.service.stop()


def rows(bus, work, _):
    """Every table arrives, soon, and nothing twice."""
    with Pipeline(bus, work, "rows", ALL) as program:
        program.start()
        check(f"{bus.kind} rows: rows arrive", program.gets_on())
        metrics = (program.ask("/metrics") or (0, b""))[1].decode()
        check(f"{bus.kind} rows: the metrics have the sink", f'tapedeck_sink_live{{sink="{bus.kind}"}} 1' in metrics)
        counts = program.settle(f"{bus.kind} rows")
        for table in ["trades", "quotes", "bars", "indicators", "transactions", "dead_letters", "frames"]:
            check(f"{bus.kind} rows: there are {table}", counts.get(table, 0) > 0)
        check(f"{bus.kind} rows: nothing came twice", program.bus.kept.repeats == 0, str(program.bus.kept.repeats))


def kills(bus, work, options):
    """Kills the program at random instants, while requests fail and answers are lost."""
    rng = random.Random(options.seed)
    with Pipeline(bus, work, "kills", seed=options.seed, flush="50ms") as program:
        program.start()
        check(f"{bus.kind} kills: rows arrive", program.gets_on())
        program.bus.trouble(True)
        program.outlasts_kills(f"{bus.kind} kills", options.kills, rng)
        program.bus.trouble(False)
        program.settle(f"{bus.kind} kills")


def absent(bus, work, _):
    """A service that is not there when the program starts, comes, and goes."""
    with Pipeline(bus, work, "absent") as program:
        program.bus.service.stop()
        program.start()
        check(f"{bus.kind} absent: the sink is degraded and says why", program.becomes("degraded", "127.0.0.1"), json.dumps(program.sink()))
        check(f"{bus.kind} absent: the program is not ready", program.readiness() == 503, str(program.ask("/readyz")))
        lag = program.sink().get("lag_frames", 0)
        check(f"{bus.kind} absent: the lake gets on", wait_for(lambda: program.sink("lake").get("rows", 0) > 0, 30))
        check(f"{bus.kind} absent: its lag grows", wait_for(lambda: program.sink().get("lag_frames", 0) > lag, 30))
        program.bus.service.listen()
        check(f"{bus.kind} absent: rows arrive once it is there", program.gets_on())
        program.bus.service.stop()
        check(f"{bus.kind} absent: it is degraded when it goes", program.becomes("degraded"), json.dumps(program.sink()))
        program.ends(f"{bus.kind} absent")
        program.bus.service.listen()
        program.bus.service.pause = 0.1  # and slow
        program.start()
        program.settle(f"{bus.kind} absent")


def secrets(bus, work, _):
    """Whoever is refused is told so, and no secret is."""
    with Pipeline(bus, work, "secrets") as program:
        options, hidden = program.bus.locked_out(program.folder)
        program.configure(options=options)
        program.start()
        check(f"{bus.kind} secrets: the sink is degraded", program.becomes("degraded"), json.dumps(program.sink()))
        answers = [program.ask(path) for path in ["/api/v1/status", "/readyz", "/metrics"]]
        checked = run("check", program.folder / "pipeline.yaml", env=program.environment)
        told = checked.stdout.encode() + checked.stderr.encode() + program.log.read_bytes() + b"".join(
            content for _, content in filter(None, answers))
        check(f"{bus.kind} secrets: no secret is told", not any(secret.encode() in told for secret in hidden))
        program.ends(f"{bus.kind} secrets")


def rejected(bus, work, _):
    """A frame that is larger than a message may be stops nothing else."""
    with Pipeline(bus, work, "rejected") as program:
        program.configure(feeds="  - push: { name: rows, format: trades, venue: V }\n")
        program.start()
        check(f"{bus.kind} rejected: the feed is there", program.comes(lambda: program.feed("rows").get("state"), 30))
        for first in range(0, 100, 10):
            lines = [json.dumps({"symbol": "V:S", "event_time_ns": 1_700_000_000_000_000_000 + first + number, "price": 1, "size": 1})
                     for number in range(10)]
            if first == 50:  # what is no row becomes a dead letter, with all of its bytes
                lines.append(json.dumps({"symbol": "V:S", "price": "x" * bus.too_large}))
            check(f"{bus.kind} rejected: rows are taken", (program.ask("/api/v1/ingest/rows", "\n".join(lines)) or [0])[0] == 202)
        check(f"{bus.kind} rejected: the sink goes on behind the row", program.comes(program.has_everything, 60), json.dumps(program.sink()))
        program.ends(f"{bus.kind} rejected")
        counts, refused = program.contents(f"{bus.kind} rejected")
        check(f"{bus.kind} rejected: the row alone is missing, and noted", counts.get("trades") == 100
              and set(refused) == {"dead_letters"} and len(refused["dead_letters"]) == 1, f"{counts} {refused}")


def late(bus, work, _):
    """A sink that a pipeline gets when it has run for a while begins at the beginning."""
    with Pipeline(bus, work, "late") as program:
        program.begins_late(f"{bus.kind} late")


def chain(bus, work, options):
    """Operations go from one pipeline over the bus into another one, and both are killed: the second lake has what the first has,
    each operation once."""
    if not bus.chained:
        return
    rng = random.Random(options.seed)
    with Pipeline(bus, work, "chain", ["transactions"], seed=options.seed, flush="100ms") as program:
        program.configure(feeds="  - transactions: { rate: 500, history: 10s, repeats: 0.05 }\n")
        folder, port = work / f"{bus.kind}_chain_end", free_port()
        folder.mkdir()
        (folder / "pipeline.yaml").write_text(f"""pipeline: chain_end
data: {folder}/data
feeds:
  - {program.bus.chained()}
sinks:
  - lake: {{ flush: 1s }}
serve: {{ listen: "127.0.0.1:{port}" }}
""")
        with Program(folder / "program.log", "run", folder / "pipeline.yaml", port=port, environment=program.environment) as end:
            program.start()
            end.start()
            check(f"{bus.kind} chain: operations arrive", program.gets_on())
            program.bus.trouble(True)
            for _ in range(options.kills):
                time.sleep(rng.uniform(0.3, 2))
                killed = rng.choice([program, end])
                killed.kill()
                killed.start()
            program.bus.trouble(False)
            check(f"{bus.kind} chain: the sink catches up", program.catches_up(), json.dumps(program.sink()))
            program.ends(f"{bus.kind} chain")
            program.configure(feeds=QUIET)
            program.start()
            check(f"{bus.kind} chain: it delivers what was left", program.comes(program.has_everything, 60), json.dumps(program.sink()))
            program.ends(f"{bus.kind} chain, at rest")
            program.compare(f"{bus.kind} chain")
            count = len(program.bus.kept.rows["transactions"])
            check(f"{bus.kind} chain: all of them come to the end", wait_for(
                lambda: (end.query("SELECT count(*) FROM transactions") or [[0]])[0][0] >= count, 60))
            end.end()
        own = "operation_id, person_name, symbol, exchange, event_time_ns, currency, price, operation"
        first, last = (sorted(open_lake(data).execute(f"SELECT {own} FROM transactions").fetchall())
                       for data in (program.data, folder / "data"))
        check(f"{bus.kind} chain: the second lake has what the first has, once", first == last and len(first) == count,
              f"{len(first)} and {len(last)} operations, {count} over the bus")


SCENARIOS = [rows, kills, absent, secrets, rejected, late, chain]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kills", type=int, default=6)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    arguments.add_argument("--only", default=",".join(scenario.__name__ for scenario in SCENARIOS))
    arguments.add_argument("--bus", default=",".join(bus.kind for bus in BUSES))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="tapedeck-cloud-buses-") as folder:
        for bus in BUSES:
            for scenario in SCENARIOS:
                if scenario.__name__ in options.only.split(",") and bus.kind in options.bus.split(","):
                    started = time.monotonic()
                    scenario(bus, pathlib.Path(folder), options)
                    print(f"      {bus.kind} {scenario.__name__}: {time.monotonic() - started:.0f} s", flush=True)
    finish()


if __name__ == "__main__":
    main()
