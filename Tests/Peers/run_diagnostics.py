#!/usr/bin/env python3
"""The program's own metrics and messages as tables: beside /metrics, in SQL, in the lake, in a database that was away, and made
again from the journal. Every question of docs/diagnostics.md is asked."""

import json
import pathlib
import re
import shutil
import tempfile

from deltalake import DeltaTable

from peer import ROOT, Program, check, finish, open_lake, run, wait_for
from postgresql_pipeline import PASSWORD
from postgresql_server import Server

TABLES = ["diagnostics", "logs"]
SINK = "name = 'postgresql' AND metric ="


def pipeline(folder, diagnostics, address=None):
    """A pipeline of a quiet market, and of a database whose password is in the file."""
    sink = f'  - postgresql: {{ uri: "{address}", flush: 200ms }}\n' if address else ""
    path = folder / "pipeline.yaml"
    path.write_text(f"""pipeline: watched
data: {folder / 'data'}
feeds:
  - simulator: {{ rate: 200, history: 1s }}
bars: [1s]
indicators: []
sinks:
  - lake: {{ flush: 1s }}
{sink}diagnostics: {diagnostics}
serve: {{ listen: "127.0.0.1:0" }}
""")
    return Program(folder / "program.log", "run", path)


def read_metrics(program):
    """Numbers of /metrics by name, label's value and statistic, without buckets."""
    numbers = {}
    for line in program.ask("/metrics")[1].decode().splitlines():
        name, label, value = re.fullmatch(r'([a-z_]+)(?:\{\w+="([^"]*)"\})? (\S+)', line).groups() if line[0] != "#" and "_bucket{" not in line \
            else (None, None, None)
        if name:
            ending = next((word for word in ("count", "sum") if name.endswith(f"_seconds_{word}")), None)
            numbers[name.removesuffix(f"_{ending}"), label or "", ending or "value"] = float(value)
    return numbers


def compare_metrics(program):
    """What only grows lies, in a snapshot between two answers, between them; the series are the same."""
    before = read_metrics(program)
    last = program.query("SELECT max(event_time_ns) FROM diagnostics")[0][0]
    wait_for(lambda: program.query("SELECT max(event_time_ns) FROM diagnostics")[0][0] > last, 20)
    after = read_metrics(program)
    rows = program.query(f"""SELECT metric, name, statistic, value FROM diagnostics
        WHERE statistic IN ('value', 'count', 'sum')
          AND event_time_ns = (SELECT min(event_time_ns) FROM diagnostics WHERE event_time_ns > {last})""")
    found = {(metric, name, statistic): value for metric, name, statistic, value in rows}
    check("a snapshot has the series of /metrics", len(found) > 50 and set(found) == set(before), str(set(found) ^ set(before)))
    grows = [key for key in found if key[0].endswith(("_total", "_frames", "_bytes", "_offset", "_cpu_seconds")) and "lag" not in key[0]
             and "free" not in key[0] and "memory" not in key[0] or key[2] != "value" or key[0] in ("tapedeck_trades", "tapedeck_quotes")]
    wrong = {key: (before[key], found[key], after[key]) for key in grows if not before[key] <= found[key] <= after[key]}
    moved = [key for key in grows if before[key] < after[key]]
    check("its numbers lie between those before and after", len(grows) > 15 and len(moved) > 8 and not wrong, str(wrong or f"{len(moved)} grew"))


def watches_an_outage(program, server):
    def lag():
        return program.query(f"SELECT count(*), min(value), max(value) FROM diagnostics WHERE {SINK} 'tapedeck_sink_lag_seconds'")[0]

    check("snapshots come", wait_for(lambda: (program.query("SELECT count(DISTINCT event_time) FROM diagnostics") or [[0]])[0][0] >= 4, 30))
    check("the lag of a sink whose server is away grows", lag()[2] > lag()[1] + 1.5, str(lag()))
    live = program.query(f"SELECT DISTINCT value FROM diagnostics WHERE {SINK} 'tapedeck_sink_live'")
    check("it is not live", live == [[0]], str(live))
    said = program.query("SELECT level, component, name, message, fields, count, pipeline_name FROM logs WHERE name = 'postgresql'")
    check("a message says why", len(said) >= 1 and said[0][:3] == ["warning", "sink", "postgresql"] and "refused" in json.loads(said[0][4])["reason"]
          and said[0][6] == "watched", str(said)[:400])
    compare_metrics(program)
    server.start()
    check("it lives when the server is back", wait_for(lambda: program.query(
        f"SELECT arg_max(value, event_time_ns) FROM diagnostics WHERE {SINK} 'tapedeck_sink_live'") == [[1]], 40))
    texts = program.query("SELECT count(*) FROM logs WHERE message || fields LIKE '%" + PASSWORD + "%'")
    check("no password is in the messages", texts == [[0]])


def answers(program):
    blocks = re.findall(r"^```sql\n(.*?)^```$", (ROOT / "docs/diagnostics.md").read_text(), re.MULTILINE | re.DOTALL)
    for sql in blocks:
        rows = program.query(sql)
        check("answered: " + " ".join(sql.split())[:70], bool(rows), str(rows)[:100])
    check("all questions were asked", len(blocks) == 7)


def is_stored(folder, server):
    """The lake, read by others, has the rows that the database got and that the journal gives again."""
    again = folder / "again"
    shutil.copytree(folder / "data/journal", again / "data/journal")
    pipeline(again, "off")
    done = run("recover", "--config", again / "pipeline.yaml")
    check("recover plays the journal", done.returncode == 0, done.stderr[-300:] if done.returncode else "")
    lake = open_lake(folder / "data")
    for table in TABLES:
        rows = DeltaTable(str(folder / "data/lake" / table)).to_pyarrow_table()
        made = open_lake(again / "data").execute(f"SELECT * FROM {table}").to_arrow_table()
        lake.register("made", made)
        same = lake.execute(f"SELECT (SELECT count(*) FROM (FROM {table} EXCEPT ALL FROM made)), (SELECT count(*) FROM (FROM made EXCEPT ALL FROM {table}))").fetchone()
        check(f"{table}: the journal gives the same rows again", rows.num_rows == made.num_rows > 0 and same == (0, 0), f"{rows.num_rows} {same}")
        there = {tuple(row) for row in server.execute("diagnostics", f"SELECT journal_offset, frame_index, event_time_ns FROM tapedeck.{table}")}
        here = set(lake.execute(f"SELECT journal_offset, frame_index, event_time_ns FROM {table}").fetchall())
        check(f"{table}: the database has what was delivered, and nothing else", there and there <= here, f"{len(there)} of {len(here)}")
    frames = lake.execute("SELECT decode(payload) FROM frames WHERE feed = 'diagnostics'").fetchall()
    kinds = [json.loads(row[0])["kind"] for row in frames]
    check("frames are JSON objects", set(kinds) == {"snapshot", "logs"}, str(len(kinds)))
    letters = lake.execute("SELECT count(*) FROM dead_letters WHERE feed = 'diagnostics'").fetchone()
    check("none is a dead letter", letters == (0,), str(letters))


def is_off(folder):
    folder.mkdir()
    with pipeline(folder, "off") as program:
        program.start()
        check("off: the market plays", wait_for(lambda: (program.query("SELECT count(*) FROM trades") or [[0]])[0][0] > 100, 30))
        told = program.query("SELECT (SELECT count(*) FROM diagnostics), (SELECT count(*) FROM logs), "
                             "(SELECT count(*) FROM frames WHERE feed <> 'simulator')")
        check("off: the tables are empty", told == [[0, 0, 0]], str(told))
        check("off: it ends in order", program.end() == 0)


def main():
    with tempfile.TemporaryDirectory(prefix="tapedeck-diagnostics-") as name, Server(PASSWORD) as server:
        folder = pathlib.Path(name)
        address = server.database("diagnostics").replace("@", f":{PASSWORD}@")
        server.kill()
        with pipeline(folder, "1s", address) as program:
            program.start()
            watches_an_outage(program, server)
            answers(program)
            check("it ends in order", program.end() == 0)
        is_stored(folder, server)
        is_off(folder / "off")
    finish()


main()
