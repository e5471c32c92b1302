"""A pipeline that is delivered to a target beside its lake, and what must hold when it has come to rest."""

import functools
import json
import os
import re
import time

from peer import ROOT, Program, check, free_port, run, wait_for


@functools.cache
def declared():
    """Columns of each table as docs/reference/tables.md has them: name, type and whether it is nullable."""
    tables = {}
    for part in re.split(r"^## ", (ROOT / "docs/reference/tables.md").read_text(), flags=re.MULTILINE)[1:]:
        rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| (yes|no) \|", part, re.MULTILINE)
        tables[part.split("\n", 1)[0]] = [(name, kind.strip(), nullable == "yes") for name, kind, nullable in rows]
    return tables


# The journal's own records stay in the lake.
ALL = sorted(set(declared()) - {"control_records"})
# What is delivered where the configuration does not say: frames are the journal once more.
USUAL = [table for table in ALL if table != "frames"]
# Client operations, some of them bad, beside a market; and a feed that nobody sends anything to.
MARKET = """  - simulator: { rate: 3000, history: 10s }
  - transactions: { rate: 100, history: 10s, bad: 0.05 }
"""
QUIET = "  - push: { name: quiet, format: trades }\n"


class SinkPipeline(Program):
    """A pipeline with a sink of a kind. What knows the target says how the sink is configured (`sink_options`), how far a
    table is there (`delivered`), and how what is there compares with the lake (`compare`)."""

    def __init__(self, kind, work, name, tables, environment=None):
        self.kind, self.name, self.tables = kind, name, tables
        self.folder = work / name
        self.folder.mkdir()
        self.data = self.folder / "data"
        super().__init__(self.folder / "program.log", "run", self.folder / "pipeline.yaml", port=free_port(),
                         environment=dict(os.environ, **(environment or {})))
        self.configure()

    def configure(self, deliver=True, feeds=MARKET, **options):
        sink = f"  - {self.kind}: {{ {self.sink_options(**options)} }}\n" if deliver else ""
        # The program's own tables are delivered like the others; elsewhere they would only be in the way of rest.
        diagnostics = "1s" if self.name == "rows" and feeds != QUIET else "off"
        (self.folder / "pipeline.yaml").write_text(f"""pipeline: {self.name}
data: {self.data}
feeds:
{feeds}bars: [1s]
indicators: [sma(5)]
diagnostics: {diagnostics}
sinks:
  - lake: {{ flush: 1s }}
{sink}serve: {{ listen: "127.0.0.1:{self.port}" }}
""")

    def comes(self, holds, seconds):
        """Whether something came to hold in time, while the program ran; it need not hold for long."""
        came = False

        def is_over():
            nonlocal came
            came = bool(holds())
            return came or not self.is_running()

        wait_for(is_over, seconds)
        return came

    def sink(self, name=None):
        """What the status says about a sink; nothing where there is no answer."""
        status = self.get("/api/v1/status") or {}
        return next((sink for sink in status.get("sinks", []) if sink["name"] == (name or self.kind)), {})

    def readiness(self):
        answer = self.ask("/readyz")
        return answer[0] if answer else None

    def becomes(self, state, *words, seconds=60):
        """Whether the sink comes into a state, with words in its detail."""
        def is_so():
            sink = self.sink()
            return sink.get("state") == state and all(word in (sink.get("detail") or "") for word in words)
        return self.comes(is_so, seconds)

    def gets_on(self, seconds=90):
        """Whether the target gets further than it is: what was in the journal by now is there or on its way."""
        now = self.delivered()
        return self.comes(lambda: self.delivered() > now, seconds)

    def catches_up(self, seconds=90):
        """Whether the target comes to have what could be seen when this was asked."""
        status = self.comes(lambda: self.get("/api/v1/status"), seconds) and self.get("/api/v1/status")
        return bool(status) and self.comes(lambda: self.sink().get("offset", -1) >= status["hot"]["visible_offset"], seconds) \
            and self.becomes("live", seconds=seconds)

    def has_everything(self):
        """Whether the engine has read the journal to its end and the target has what it made; while no feed sends."""
        status = self.get("/api/v1/status")
        return bool(status) and status["engine"]["lag_frames"] == 0 and any(
            sink["name"] == self.kind and sink["state"] == "live" and sink["offset"] >= status["hot"]["visible_offset"]
            for sink in status["sinks"])

    def ends(self, name):
        """SIGTERM, with exit code 0 in less than five seconds."""
        started = time.monotonic()
        code = self.end()
        seconds = time.monotonic() - started
        check(f"{name}: SIGTERM ends the program in order, in under 5 s", code == 0 and seconds < 5, f"exit {code} after {seconds:.1f} s")

    def settle(self, name):
        """Catches up and ends in order; a start without a market delivers what that end may have left, and is compared."""
        check(f"{name}: it catches up", self.catches_up(), json.dumps(self.sink()))
        check(f"{name}: it is ready", wait_for(lambda: self.readiness() == 200, 30), str(self.ask("/readyz")))
        self.ends(name)
        self.configure(feeds=QUIET)
        self.start()
        check(f"{name}: it delivers what was left", self.comes(self.has_everything, 60), json.dumps(self.sink()))
        self.ends(f"{name}, at rest")
        return self.compare(name)

    def outlasts_kills(self, name, kills, rng, hurt=None):
        """Rows arrive again after kills at random instants: of the program, or what `hurt` does about the kill of a number."""
        started, moved = time.monotonic(), 0
        for kill in range(kills):
            # Some kills come while the program or its sink is just starting, the others while rows are on their way.
            if kill == 0 or rng.random() < 0.7:
                if not self.gets_on():
                    check(f"{name}: after kill {kill} rows arrive again", False, json.dumps(self.sink()))
                    break
                moved += 1
            time.sleep(rng.uniform(0, 0.6))
            if hurt:
                hurt(kill)
            else:
                self.kill()
            if not self.is_running():
                self.start()
        print(f"      {kills} kills in {time.monotonic() - started:.0f} s, {moved} of them while rows arrived")
        check(f"{name}: some of them came while rows arrived", moved > 0)

    def kills_in_turn(self, server, rng, every=2):
        """What kills the server each so many times and the program otherwise, at times both."""
        def hurt(kill):
            both, is_servers = rng.random() < 0.15, kill % every == every - 1
            if not is_servers or both:
                self.kill()
            if is_servers or both:
                server.kill()
                time.sleep(rng.choice([0, 0, rng.uniform(0, 2)]))
                server.start()
        return hurt

    def begins_late(self, name):
        """A sink that a pipeline gets when it has run for a while begins at the beginning."""
        self.configure(deliver=False)
        self.start()
        check(f"{name}: the lake has rows without the sink", wait_for(lambda: self.sink("lake").get("rows", 0) > 1000, 60))
        self.ends(f"{name}, without the sink")
        self.configure()
        self.start()
        self.settle(name)

    def shows_absence(self, name, word):
        """A target that is not there is told, with a word that says which, and holds up nothing else. While the program runs."""
        def trades():
            answer = self.query("SELECT count(*) FROM trades")
            return answer[0][0] if answer else -1

        check(f"{name}: the sink is degraded and says why", self.becomes("degraded", word), json.dumps(self.sink()))
        check(f"{name}: the program is not ready", self.readiness() == 503, str(self.ask("/readyz")))
        lag, count = self.sink().get("lag_frames", 0), trades()
        check(f"{name}: the feed is live", self.comes(lambda: self.feed("simulator").get("state") in ("live", "replaying"), 30),
              str(self.feed("simulator")))
        check(f"{name}: queries get on", wait_for(lambda: trades() > count, 20))
        check(f"{name}: the lake gets on", wait_for(lambda: self.sink("lake").get("rows", 0) > 0, 20)
              and self.sink("lake").get("state") == "live", json.dumps(self.sink("lake")))
        check(f"{name}: its lag grows", wait_for(lambda: self.sink().get("lag_frames", 0) > lag, 20), json.dumps(self.sink()))

    def outlasts_absence(self, name, server):
        """A server that is not there when the program starts, nor when it ends, and comes later."""
        server.stop()
        self.start()
        self.shows_absence(name, str(server.port))
        self.ends(name)
        self.start()
        check(f"{name}: it is degraded again", self.becomes("degraded"))
        server.start()
        self.settle(name)

    def leaves_out_a_message(self, name, messages, compare):
        """Of ten messages of ten rows, which are pushed to the feed `rows`, the target does not take one, and takes the others.
        `compare` gives the rows of each table and the offsets that were left out."""
        for message in messages:
            wait_for(lambda body=message: (self.ask("/api/v1/ingest/rows", body) or [0])[0] == 202, 30)
        check(f"{name}: the sink goes on behind the row", self.comes(lambda: self.has_everything() and self.sink()["rows"] > 0, 60),
              json.dumps(self.sink()))
        check(f"{name}: the program is ready", self.readiness() == 200, str(self.ask("/readyz")))
        self.ends(name)
        counts, refused = compare()
        check(f"{name}: the message of the row alone is missing, and noted", counts.get("trades") == 90 and set(refused) == {"trades"}
              and len(refused["trades"]) == 1, f"{counts} {refused}")

    def replays(self, name, rows=20_000, step_ms=1000):
        """A replay ends when the target has everything. The rows of each table, and how long it took."""
        recording = self.folder / "ticks.csv"
        recording.write_text("ts,px,qty\n" + "".join(f"{1_700_956_800_000 + number * step_ms},{100 + number % 17 / 8},{1 + number % 5}\n"
                                                   for number in range(rows)) + "tomorrow,1,1\n")
        started = time.monotonic()
        done = run("replay", recording, "--mapping", "header=true,time=ts,time_format=ms,price=px,size=qty", "--symbol", "ES",
                   "--venue", "CME", "--config", self.folder / "pipeline.yaml", "--data", self.data, "--json",
                   env=self.environment, timeout=300)
        seconds = time.monotonic() - started
        check(f"{name}: it ends well", done.returncode == 0, done.stdout.strip()[-200:] or done.stderr[-300:])
        counts = self.compare(name)
        check(f"{name}: all rows are there", counts.get("trades") == rows and counts.get("dead_letters") == 1)
        return counts, seconds

    def refuses_to_leave_out(self, name, empty):
        """A data folder that begins anew does not take rows for delivered that another one brought: the sink says so, however long
        the journal becomes, until the target is empty."""
        self.start()
        check(f"{name}: rows arrive", self.gets_on() and self.catches_up(), json.dumps(self.sink()))
        self.ends(name)
        there = self.delivered()
        self.data.rename(self.folder / "data-before")
        self.start()
        check(f"{name}: the sink is refused, and says why", self.becomes("failed", "another journal filled it", "Empty the target"),
              json.dumps(self.sink()))
        check(f"{name}: the program is not ready", self.readiness() == 503)
        check(f"{name}: lake and journal get on", self.comes(lambda: self.sink("lake").get("offset", 0) > there + 1, 90),
              json.dumps(self.sink("lake")))
        self.ends(f"{name}, refused")
        self.start()
        check(f"{name}: it is refused again", self.becomes("failed"), json.dumps(self.sink()))
        check(f"{name}: the target is as it was", self.delivered() == there)
        empty()
        self.settle(name)

    def outlasts_a_freeze(self, name, server):
        """A server that keeps its connections and answers nothing does not hold up the end of the program."""
        self.start()
        check(f"{name}: rows arrive", self.gets_on())
        server.freeze()
        try:
            time.sleep(1.5)
            self.ends(name)
            self.start()
            check(f"{name}: it says that not all is well", self.comes(lambda: self.sink().get("state") in ("lagging", "degraded"), 60),
                  json.dumps(self.sink()))
            self.ends(f"{name} from the start")
        finally:
            server.thaw()
        self.start()
        self.settle(name)

    def verify(self, *options):
        """Exit code of `tapedeck verify`, and what it says of each place and table."""
        done = run("verify", self.folder / "pipeline.yaml", "--json", *options, env=self.environment)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, {(line["place"], line["table"]): line for line in lines}, done.stderr[-300:]

    def sql(self, statement, *options, sink=None):
        """Exit code, output and errors of `tapedeck sql` to the target of the sink."""
        done = run("sql", "--config", self.folder / "pipeline.yaml", "--sink", sink or self.kind, *options, statement, env=self.environment)
        return done.returncode, done.stdout, done.stderr

    def answers_sql(self, name, columns, secret=None):
        """The target answers what `tapedeck sql --sink` asks; columns are those that the lake writes alike. Between two starts."""
        asked = f"SELECT {columns} FROM trades ORDER BY journal_offset, frame_index LIMIT 200"
        here = run("sql", "--data", self.data, "--json", asked).stdout
        code, there, errors = self.sql(asked, "--json")
        check(f"{name}: the target answers what the lake answers", code == 0 and there == here and len(there.splitlines()) == 200,
              "" if there == here else f"{code} {there[:300]} {here[:300]} {errors}")
        code, there, errors = self.sql("SELECT 7 AS seven, 'a\"b, c' AS text, NULL AS nothing", "--csv")
        check(f"{name}: as CSV", (code, there) == (0, 'seven,text,nothing\n7,"a""b, c",\n'), f"{code} {there!r} {errors}")
        code, there, errors = self.sql("SELECT symbol FROM trades ORDER BY symbol", "--limit", "3")
        check(f"{name}: as a table, no more rows than asked for", code == 0 and "3 rows" in there and "--limit 0" in errors, f"{code} {there} {errors}")
        code, there, errors = self.sql("SELECT * FROM nowhere")
        check(f"{name}: what is wrong is told in the target's words", code == 1 and "nowhere" in errors, f"{code} {there} {errors}")
        told = [self.sql("SELECT 1", sink=sink)[2] for sink in ["lake", "nobody"]]
        check(f"{name}: other sinks are no databases", "without --sink" in told[0] and "no sink `nobody`" in told[1], str(told))
        check(f"{name}: no secret is told", not secret or secret not in errors + "".join(told))

    def is_verified(self, name, damage):
        """What is the same is said to be; after `damage` of trades in the target they differ, and are filled anew. Between two
        starts."""
        code, said, errors = self.verify()
        expected = {("journal", "frames")} | {(self.kind, table) for table in self.tables}
        check(f"{name}: everything is compared, and the same", code == 0 and set(said) == expected
              and all(line["same"] for line in said.values()) and said[self.kind, "trades"]["rows"] > 0, f"{code} {list(said.values())} {errors}")
        damage()
        code, said, errors = self.verify("--tables", "trades,quotes", "--repair")
        differs, trades = [key for key, line in said.items() if not line["same"]], said.get((self.kind, "trades"), {})
        check(f"{name}: what was damaged differs, and nothing else", code == 1 and differs == [(self.kind, "trades")]
              and trades["differences"] and trades["repair"].startswith("rows from offset"), f"{code} {said} {errors}")
        self.configure(feeds=QUIET)
        self.start()
        check(f"{name}: it is filled anew", self.comes(self.has_everything, 60), json.dumps(self.sink()))
        self.ends(f"{name}, filled anew")
        code, said, errors = self.verify()
        check(f"{name}: everything is the same again", code == 0 and all(line["same"] for line in said.values()), f"{said} {errors}")
        self.compare(f"{name}, filled anew")
