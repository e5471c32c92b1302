#!/usr/bin/env python3
"""The MetaTrader 5 feed from end to end: the real bridge on a stand-in for the terminal, the real program, each killed at
random instants. Afterwards the lake must have every tick and deal of the terminal once, and the end of every position. Then the
same over Pub/Sub: the program publishes the bridge's messages as they came, and they are pushed to another program, killed as well.

  run_mt5_feed.py [--seed SEED] [--seconds SECONDS]
"""

import argparse
import json
import os
import pathlib
import pickle
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

import pubsub_service
from peer import BINARY, HERE, ROOT, Process, Program, ask, check, finish, free_port, open_lake, wait_for

sys.path[:0] = [str(HERE / "mt5"), str(ROOT / "bridges/mt5")]

import MetaTrader5 as fake  # noqa: E402
import market  # noqa: E402

OFFSET = 3 * market.HOUR
SYMBOLS = ["EURUSD", "XAUUSD", "US30.cash"]


def utc_ms():
    return time.time_ns() // 1_000_000


def make_terminal(rng, start, seconds):
    """Ticks as recorded (or seeded) and a book of trades, played from `start` on."""
    made = fake.Terminal()
    recorded = market.recorded_day("oanda", "20140508")
    for number, symbol in enumerate(SYMBOLS):
        rows = recorded[20_000 + number * 5_000:] if recorded else market.seeded_day(number, 60 * seconds)
        # The recording's pauses are shortened, bursts inside a millisecond stay.
        times, last = [0], rows[0][0]
        for time_ms, _, _ in rows[1:60 * seconds]:
            times.append(times[-1] + min(time_ms - last, rng.randrange(40)))
            last = time_ms
        rows = [(time_ms, bid, ask) for time_ms, (_, bid, ask) in zip(times, rows) if time_ms < seconds * 1000]
        made.add_ticks(symbol, [start + row[0] for row in rows], market.ticks(rows, start + OFFSET))
    for ticket in range(1, 2 * seconds):
        opened = start + rng.randrange(seconds * 900)
        market.trade(made, ticket, opened, opened + rng.randrange(20, 3_000), OFFSET, profit=ticket / 100)
    return made


def expected(made):
    """Every tick: symbol, number, bid, ask."""
    rows = []
    for symbol, (_, ticks) in made.symbols.items():
        places = {}
        for tick in ticks.tolist():
            places[tick[5]] = places.get(tick[5], -1) + 1
            rows.append((symbol, (tick[5] - OFFSET) * 1_000_000 + places[tick[5]], tick[1], tick[2]))
    return sorted(rows)


class Pair:
    """The bridge and the program; either can be killed and started. As a context it ends both."""

    def __init__(self, work, sink=""):
        self.work = work
        self.port = free_port()
        (work / "pipeline.yaml").write_text(
            f"pipeline: mt5\ndata: {work / 'data'}\nfeeds:\n  - mt5: {{ url: \"ws://127.0.0.1:{self.port}\", "
            f"symbols: [{', '.join(SYMBOLS)}], history: 5m }}\nbars: {{ intervals: [1s], price_types: [bid] }}\n"
            f"sinks:\n  - lake: {{ flush: 1s }}\n{sink}")

        environment = dict(os.environ, FAKE_MT5=str(work / "terminal.pickle"), PYTHONDONTWRITEBYTECODE="1",
                           PYTHONPATH=os.pathsep.join([str(ROOT / "bridges/mt5"), str(HERE / "mt5")]))
        self.bridge = Process([sys.executable, "-m", "tapedeck_mt5", "--port", self.port, "--state", work / "state", "--offset",
                               "+03:00", "--poll", "10", "--env", os.devnull], work / "bridge.log", environment)
        self.program = Process([BINARY, "run", work / "pipeline.yaml", "--listen", "127.0.0.1:0"], work / "program.log")

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self.program.__exit__(*reason)
        self.bridge.__exit__(*reason)

    def acknowledged(self):
        """What the bridge knows that the program has: ticks by symbol, deals."""
        try:
            client = json.loads((self.work / "state/state.json").read_text())["clients"]["tapedeck"]
            return client["ticks"], {ticket for ticket, _ in client["account"]["deals"]}
        except (OSError, ValueError, KeyError, TypeError):
            return {}, set()


class Push:
    """A push subscription of a topic: messages one after the other, each until it is taken, some of them once more."""

    def __init__(self, service, topic, url, rng):
        self.service, self.topic, self.url, self.rng = service, topic, url, rng
        self.taken, self.repeated, self.over = 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.push, daemon=True)
        self.thread.start()

    def push(self):
        while not self.over.is_set():
            messages = self.service.published[self.topic]
            if self.taken == len(messages):
                time.sleep(0.02)
                continue
            message = dict(messages[self.taken], messageId=str(self.taken + 1), publishTime="2026-01-02T03:04:05.678Z")
            body = json.dumps({"message": message, "subscription": "projects/p/subscriptions/terminal"}).encode()
            for _ in range(1 + (self.rng.random() < 0.05)):
                answer = ask(self.url, body, {"Content-Type": "application/json"})
                if answer is None or answer[0] // 100 != 2:
                    time.sleep(0.1)
                    break
            else:
                self.taken += 1

    def has_all(self):
        return self.taken == len(self.service.published[self.topic])

    def end(self):
        self.over.set()
        self.thread.join(30)


def relay(work, seed, seconds):
    """The bridge's messages go over Pub/Sub into another pipeline, whose lake has what the terminal had, each row once."""
    service, rng = pubsub_service.Service(seed), random.Random(seed + 1)
    end, port = work / "end", free_port()
    end.mkdir()
    (end / "pipeline.yaml").write_text(f"""pipeline: end
data: {end}/data
feeds:
  - push: {{ name: terminal, format: mt5 }}
bars: {{ intervals: [1s], price_types: [bid] }}
sinks:
  - lake: {{ flush: 1s }}
serve: {{ listen: "127.0.0.1:{port}" }}
""")
    sink = (f'  - pubsub: {{ project: p, endpoint: "http://127.0.0.1:{service.port}", tables: [frames], as_received: true, '
            "flush: 100ms }\n")
    with Program(end / "program.log", "run", end / "pipeline.yaml", port=port) as program:
        program.start()
        push = Push(service, "projects/p/topics/tapedeck.frames", f"http://127.0.0.1:{port}/api/v1/ingest/pubsub/terminal", rng)
        service.refused_publishes, service.lost_publishes = 0.05, 0.1
        made, wanted = run(work, seed, seconds, sink, {"end": program})
        service.refused_publishes, service.lost_publishes = 0, 0
        # What an end may have left is published by a start without a terminal.
        with Pair(work, sink) as pair:
            pair.program.start()
            frames = len(open_lake(work / "data").execute("SELECT journal_offset FROM frames").fetchall())
            check("over Pub/Sub: each message is published", wait_for(lambda: len({
                message["attributes"]["tapedeck"] for message in list(service.published[push.topic])}) >= frames, 60), f"{frames} messages")
            pair.program.end(signal.SIGINT)
        check("over Pub/Sub: each message is pushed", wait_for(push.has_all, 60), f"{push.taken} of {len(service.published[push.topic])}")
        push.end()
        check("over Pub/Sub: the end ends in order", program.end(signal.SIGINT) == 0, program.log.read_text()[-300:])
    published = [message["attributes"]["tapedeck"] for message in service.published[push.topic]]
    print(f"      over Pub/Sub: {len(published)} messages, {len(published) - len(set(published))} of them published again")
    compare(open_lake(end / "data"), made, wanted)


def run(work, seed, seconds, sink="", others=None):
    """Kills the parts of a pair, and others beside them, while the terminal makes ticks; what it made, and its ticks as rows."""
    rng = random.Random(seed)
    start = utc_ms() + 1_000
    made = make_terminal(rng, start, seconds)
    (work / "terminal.pickle").write_bytes(pickle.dumps(made))
    wanted = expected(made)
    last = {symbol: max(row[1] for row in wanted if row[0] == symbol) for symbol in SYMBOLS}
    deals = {deal.ticket for _, deal in made.deals}
    with Pair(work, sink) as pair:
        processes = {"bridge": pair.bridge, "program": pair.program}
        for process in processes.values():
            process.start()
        processes |= others or {}
        kills = dict.fromkeys(processes, 0)
        while utc_ms() < start + seconds * 1000:
            time.sleep(rng.uniform(0.3, 2.5))
            name = rng.choice(list(processes))
            processes[name].kill()
            kills[name] += 1
            time.sleep(rng.choice([0, 0, rng.uniform(0, 1)]))
            processes[name].start()

        def is_complete():
            ticks, known = pair.acknowledged()
            reached = {symbol: time_ms * 1_000_000 + place for symbol, (time_ms, place) in ticks.items()}
            return reached == last and deals <= known

        check("everything is acknowledged at the end", wait_for(is_complete, 120, every=0.2),
              f"{kills}, {len(wanted)} ticks, {len(deals)} deals")
        check("the program ends in order", pair.program.end(signal.SIGINT) == 0, pair.program.log.read_text()[-300:])
    compare(open_lake(work / "data"), made, wanted)
    return made, wanted


def compare(database, made, wanted):
    rows = database.execute("SELECT symbol, update_id, bid, ask FROM quotes ORDER BY ALL").fetchall()
    missing, extra = set(wanted) - set(rows), set(rows) - set(wanted)
    check("each tick of the terminal is in `quotes` once", rows == wanted,
          f"{len(rows)} rows, {len(missing)} missing, {len(extra)} wrong, {len(rows) - len(set(rows))} repeated")
    # Those that were pushed stand behind a line of their own.
    frames = [json.loads(row[0].splitlines()[-1]) for row in database.execute("SELECT decode(payload) FROM frames").fetchall()]
    sent = sum(len(frame.get("ticks", [])) for frame in frames)
    print(f"      {len(frames)} messages with {sent} ticks, {sent - len(rows)} of them repetitions")
    wrong = database.execute("SELECT count(*) FROM quotes WHERE event_time_ns <> update_id // 1000000 * 1000000").fetchone()[0]
    check("event times are those of the ticks", wrong == 0)
    rows = database.execute("SELECT ticket, position_ticket, profit FROM deals ORDER BY ticket").fetchall()
    kept = sorted((deal.ticket, deal.position_id, deal.profit) for _, deal in made.deals)
    check("each deal is there once", [(ticket, position, float(profit)) for ticket, position, profit in rows] == kept,
          f"{len(rows)} of {len(kept)}")
    rows = database.execute("""SELECT ticket, count(*) FILTER (change = 'opened'), count(*) FILTER (change = 'closed'),
        arg_max(change, journal_offset), max(profit) FILTER (change = 'closed'), max(volume) FILTER (change = 'closed')
        FROM positions GROUP BY ticket ORDER BY ticket""").fetchall()
    ends = {row[0]: row for row in rows}
    bad = [row for row in rows if row[1] > 1 or row[2:4] != (1, "closed") or float(row[4]) != row[0] / 100 or row[5] != 0]
    check("each position ends once, with its profit", not bad and len(ends) == len(made.positions),
          f"{len(ends)} of {len(made.positions)}; {bad[:5]}")
    letters = database.execute("SELECT detail FROM dead_letters LIMIT 5").fetchall()
    check("no dead letters", not letters, str(letters))


def watch(work):
    """`tapedeck mt5 watch` shows ticks and trades, as words and as JSON, and ends with Ctrl-C."""
    rng = random.Random(3)
    (work / "terminal.pickle").write_bytes(pickle.dumps(make_terminal(rng, utc_ms() - 3_000, 30)))
    with Pair(work) as pair:
        pair.bridge.start()
        for options, is_enough, name in [
            (["--symbols", "EURUSD"], lambda text: all(word in text for word in ["EURUSD  20", "  bid ", "position ", "deal #",
                                                                                 "clock is +3.0 h"]), "in words"),
            (["--symbols", "EURUSD,NOPE", "--json"], lambda text: '"type":"ticks"' in text and "symbol_select NOPE" in text,
             "as JSON"),
        ]:
            process = subprocess.Popen([BINARY, "mt5", "watch", f"ws://127.0.0.1:{pair.port}", "--history", "1m", *options],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            text, deadline = "", time.monotonic() + 60
            while not is_enough(text) and time.monotonic() < deadline:
                text += process.stdout.readline()
            process.send_signal(signal.SIGINT)
            more, errors = process.stdout.read(), process.stderr.read()
            process.wait(20)
            check(f"watch {name}", is_enough(text) and process.returncode == 0, text[-300:] + errors[-300:]
                  if process.returncode or not is_enough(text) else "")
            if "--json" in options:
                lines = (text + more).splitlines()
                check("each line is a message", all("type" in json.loads(line) for line in lines), f"{len(lines)} lines")
        client = pair.acknowledged()
        check("the bridge keeps nothing of who watches", client == ({}, set()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=20, help="how long the terminal makes ticks (20)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tapedeck-mt5-") as work:
        watch(pathlib.Path(work))
    with tempfile.TemporaryDirectory(prefix="tapedeck-mt5-") as work:
        run(pathlib.Path(work), options.seed, options.seconds)
    with tempfile.TemporaryDirectory(prefix="tapedeck-mt5-") as work:
        relay(pathlib.Path(work), options.seed, options.seconds // 2)
    finish()


if __name__ == "__main__":
    main()
