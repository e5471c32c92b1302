#!/usr/bin/env python3
"""Two pipelines and delta-rs append to the same lake while it is compacted, summed up and cleaned, and all of them are killed now and then:
in the end it has the rows of both journals and of delta-rs, each once, and every reader agrees.

  run_lake.py [--seconds N] [--seed SEED] [--only together,readers,damage,jobs,backup,rebuild]
"""

import argparse
import collections
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import deltalake

import delta_stranger

from peer import BINARY, Program, check, delta_database, finish, free_port, run, wait_for

# Rows of every kind, and one table that hardly changes.
TABLES = ["frames", "trades", "quotes", "bars", "indicators"]


class Pipeline(Program):
    """A pipeline of a simulated market of its own, whose lake is shared."""

    def __init__(self, work, name, lake, seed, more=""):
        self.folder = work / name
        self.folder.mkdir()
        self.data, self.name, self.lake, self.seed, self.more = self.folder / "data", name, lake, seed, more
        super().__init__(self.folder / "program.log", "run", self.folder / "pipeline.yaml", port=free_port())
        self.configure(self.folder / "pipeline.yaml", self.data, lake)

    def configure(self, path, data, lake):
        path.write_text(f"""pipeline: {self.name}
data: {data}
feeds:
  - simulator: {{ name: {self.name}, seed: {self.seed}, rate: 2000, history: 20s }}
bars: [1s]
indicators: [sma(5)]
sinks:
  - lake: {{ path: {lake}, flush: 500ms }}
serve: {{ listen: "127.0.0.1:{self.port}" }}
{self.more}""")

    def reference(self):
        """A lake that is made of the journal alone."""
        folder = self.folder / "reference"
        shutil.copytree(self.data / "journal", folder / "data/journal")
        self.configure(folder / "pipeline.yaml", folder / "data", folder / "lake")
        done = run("recover", "--config", folder / "pipeline.yaml", timeout=300)
        check(f"{self.name}: the journal alone gives a lake", done.returncode == 0, done.stderr[-500:])
        return folder / "lake"


def upkeep(data, rng, counts):
    """One command of those that look after tables; killed in the middle now and then."""
    command = rng.choice([["compact"], ["compact", "trades", "--target", "1MiB"], ["checkpoint"], ["vacuum", "--retain", "1h"], ["verify", "--quick"]])
    process = subprocess.Popen([BINARY, "lake", *command, "--data", data], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if rng.random() < 0.3:
        time.sleep(rng.uniform(0.02, 0.5))
        process.send_signal(signal.SIGKILL)
        counts["killed upkeep"] += 1
    text = process.communicate(timeout=300)[0]
    if process.returncode not in (0, -signal.SIGKILL):
        check(f"upkeep: {' '.join(command)}", False, text[-500:])
    counts[command[0]] += process.returncode == 0


def compare(name, database, found, expected):
    """Whether two queries give the same rows, however often each."""
    for text, (left, right) in {"missing": (expected, found), "too many": (found, expected)}.items():
        rows = database.execute(f"SELECT count(*) FROM ({left} EXCEPT ALL {right})").fetchone()[0]
        check(f"{name}: {text} rows", rows == 0, str(rows) if rows else "none")


def together(work, rng, seconds):
    """Everything at once, for a while."""
    lake = work / "lake"
    pipelines = [Pipeline(work, name, lake, seed) for seed, name in enumerate(["alpha", "beta"], start=3)]
    data = work / "view"
    data.mkdir()
    (data / "lake").symlink_to(lake)
    counts = collections.Counter()
    with pipelines[0], pipelines[1]:
        for pipeline in pipelines:
            pipeline.start()
        check("together: tables are made", wait_for(lambda: (lake / "coverage/_delta_log").exists() and pipelines[1].get("/api/v1/status"), 60))
        stranger = delta_stranger.Stranger(lambda: deltalake.DeltaTable(str(lake / "trades")))
        stranger.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            upkeep(data, rng, counts)
            if rng.random() < 0.4:
                pipeline = rng.choice(pipelines)
                pipeline.kill()
                pipeline.start()
                counts["killed pipelines"] += 1
        stranger.over.set()
        stranger.join(60)
        for pipeline in pipelines:
            wait_for(lambda pipeline=pipeline: pipeline.get("/api/v1/status"), 60)
            check(f"{pipeline.name}: it ends in order", pipeline.end() == 0)
    check("together: delta-rs appended", stranger.rows > 20, f"{stranger.rows} rows, {stranger.conflicts} conflicts")
    print(f"      {dict(counts)}")
    whole = run("lake", "verify", "--data", data, timeout=300)
    check("together: verify finds it whole", whole.returncode == 0, whole.stdout[-800:] + whole.stderr[-300:])
    compacted = run("lake", "compact", "--data", data, timeout=300)
    check("together: it compacts in peace", compacted.returncode == 0, compacted.stdout[-500:] + compacted.stderr[-300:])
    references = [pipeline.reference() for pipeline in pipelines]
    database = delta_database()
    for table in TABLES:
        log = sorted((lake / table / "_delta_log").glob("*.json"))
        versions = [int(path.stem) for path in log]
        check(f"{table}: no version is missing", versions == list(range(versions[0], versions[-1] + 1)), f"{len(versions)} versions")
        expected = " UNION ALL ".join(f"SELECT * FROM delta_scan('{path / table}')" for path in references)
        own = f"SELECT * FROM delta_scan('{lake / table}')" + (f" WHERE venue <> '{delta_stranger.VENUE}'" if table == "trades" else "")
        # What the stop makes final in one run is still open in the other.
        limits = "" if table in ("frames", "trades", "quotes") else " WHERE start < (SELECT max(start) - INTERVAL 10 SECOND FROM all_rows)"
        with_limits = [f"WITH all_rows AS ({rows}) SELECT * FROM all_rows{limits}" for rows in (own, expected)]
        compare(table, database, *(f"({rows})" for rows in with_limits))
    odd = database.execute(f"SELECT count(*) FROM delta_scan('{lake / 'trades'}') WHERE venue = '{delta_stranger.VENUE}'").fetchone()[0]
    check("together: every row of delta-rs is there", odd == stranger.rows, f"{odd} of {stranger.rows}")
    return lake


def readers(work, rng, seconds):
    """What checkpoints and compaction leave is read by others as by Tapedeck, also where the commits before are gone."""
    lake = work / "lake"
    data = work / "view"
    for table in TABLES:
        checkpoints = sorted((lake / table / "_delta_log").glob("*.checkpoint.parquet"))
        if not checkpoints:
            check(f"{table}: has a checkpoint", run("lake", "checkpoint", table, "--data", data).returncode == 0)
            checkpoints = sorted((lake / table / "_delta_log").glob("*.checkpoint.parquet"))
        newest = int(checkpoints[-1].name[:20])
        for commit in (lake / table / "_delta_log").glob("*.json"):
            if int(commit.stem) <= newest:
                commit.unlink()
        pointer = json.loads((lake / table / "_delta_log/_last_checkpoint").read_text())
        check(f"{table}: the latest checkpoint is named", pointer["version"] == newest, str(pointer))
    here = pathlib.Path(__file__).parent

    compared = subprocess.run([sys.executable, here / "lake_readers.py", lake], capture_output=True, text=True, timeout=300, check=False)
    check("readers: deltalake, polars and DuckDB agree behind checkpoints", compared.returncode == 0, compared.stderr[-500:])
    seen = {name: kinds["duckdb"]["rows"] for name, kinds in json.loads(compared.stdout or "{}").items()}
    listed = [json.loads(line) for line in run("lake", "ls", "--json", "--data", data).stdout.splitlines()]
    check("readers: the list says the same", {t["table"]: t["rows"] for t in listed} == seen, str(seen))


def damage(work, rng, seconds):
    """A file that is cut is named, by the check and by a query."""
    data = work / "view"
    victim = max((work / "lake/trades").glob("date=*/*.parquet"), key=lambda path: path.stat().st_size)
    content = victim.read_bytes()
    victim.write_bytes(content[: len(content) // 2])
    found = run("lake", "verify", "trades", "--data", data)
    check("damage: verify names the file", found.returncode == 1 and victim.name in found.stdout, found.stdout[-500:])
    asked = run("sql", "--data", data, "SELECT sum(price) FROM trades")
    check("damage: a query names the file", asked.returncode == 1 and victim.name in asked.stderr, asked.stderr[-500:])
    victim.write_bytes(content)
    check("damage: mended, it is whole", run("lake", "verify", "trades", "--data", data).returncode == 0)


def jobs(work, rng, seconds):
    """A pipeline looks after its lake by itself, is killed meanwhile, and takes wishes."""
    words = """jobs:
  - compact: { every: 1s, files: 2 }
  - vacuum: { every: 2s, retain: 1h }
  - command: { name: models, run: "echo rows of $TAPEDECK_PIPELINE; ls $TAPEDECK_LAKE", every: 1s, when: new_rows }
  - command: { name: broken, run: "echo out of luck >&2; exit 7", after: [models], retries: 0 }
  - command: { name: held, run: "true", every: 1s }
"""
    lake = work / "kept"
    with Pipeline(work, "keeper", lake, 9, words) as program:
        program.start()
        check("jobs: it starts", wait_for(lambda: program.get("/api/v1/status"), 60))

        def job(name):
            return next((job for job in (program.get("/api/v1/status") or {}).get("jobs", []) if job["name"] == name), {})

        check("jobs: small files are put together", wait_for(lambda: "became" in (job("compact").get("detail") or ""), 60), str(job("compact")))
        check("jobs: a command runs", wait_for(lambda: job("models").get("outcome") == "done", 30), str(job("models")))
        check("jobs: one behind it fails, and says why", wait_for(lambda: job("broken").get("detail") == "exit code 7: out of luck", 30), str(job("broken")))
        check("jobs: pausing holds it back", run("jobs", "pause", "held", "--data", program.data).returncode == 0
              and wait_for(lambda: job("held").get("state") == "paused", 20))
        runs = run("jobs", "runs", "held", "--limit", "1000", "--data", program.data).stdout.count("done")
        time.sleep(2.5)
        check("jobs: nothing runs while it is held back", run("jobs", "runs", "held", "--limit", "1000", "--data", program.data).stdout.count("done") == runs)
        wanted = run("jobs", "run", "held", "--data", program.data)
        check("jobs: it runs when it is wanted", wanted.returncode == 0
              and wait_for(lambda: run("jobs", "runs", "held", "--limit", "1000", "--data", program.data).stdout.count("done") == runs + 1, 20), wanted.stderr)
        logged = run("jobs", "logs", "models", "--data", program.data).stdout
        check("jobs: the log has what was printed", "| rows of keeper" in logged and "| trades" in logged, logged[-300:])
        listed = run("jobs", "ls", "--data", program.data).stdout
        check("jobs: the list has them all", all(name in listed for name in ["compact", "vacuum", "models", "broken", "held"]), listed)
        metrics = (program.ask("/metrics") or (0, b""))[1].decode()
        check("jobs: the metrics have them", 'tapedeck_job_failed{job="broken"} 1' in metrics and 'tapedeck_job_done_age_seconds{job="compact"}' in metrics)
        for _ in range(3):
            time.sleep(rng.uniform(0.5, 3))
            program.kill()
            program.start()
        check("jobs: it comes back", wait_for(lambda: program.get("/api/v1/status"), 60))
        check("jobs: it ends in order", program.end() == 0)
    # A command that opens the same folder with another configuration has no say in its jobs.
    run("recover", "--data", program.data, timeout=300)
    kept = run("jobs", "ls", "--data", program.data).stdout
    check("jobs: records and wishes stay where no jobs run", "held" in kept and "paused" in kept, kept)
    view = work / "kept-view"
    view.mkdir()
    (view / "lake").symlink_to(lake)
    whole = run("lake", "verify", "--data", view, timeout=300)
    check("jobs: the lake is whole", whole.returncode == 0, whole.stdout[-500:])
    reference = program.reference()
    database = delta_database()
    for table in ["frames", "trades", "quotes"]:
        compare(f"jobs: {table}", database, *(f"(SELECT * FROM delta_scan('{place / table}'))" for place in (lake, reference)))
    wrong = run("jobs", "run", "compakt", "--data", program.data)
    check("jobs: a slip is answered", wrong.returncode == 2 and "did you mean `compact`?" in wrong.stderr, wrong.stderr)


def journal_rows(folder):
    """The rows of the table `frames` of a lake, in order."""
    return delta_database().execute(
        f"SELECT journal_offset, feed, ingest_time_ns, payload FROM delta_scan('{folder / 'frames'}') ORDER BY journal_offset").fetchall()


def backup(work, rng, seconds):
    """Backups of a running pipeline, some of them cut off, are what the pipeline was; and it goes on from one."""
    target = work / "backups"
    words = f"""jobs:
  - compact: {{ every: 1s, files: 2 }}
  - backup: {{ to: "{target}", keep: 3, every: 2s }}
"""
    with Pipeline(work, "saved", work / "saved-lake", 11, words) as program:
        # The lake of a backup has its usual place, wherever the original's is.
        program.start()

        def complete():
            return sorted(target.glob("2*/backup.json"))

        check("backup: the job makes some", wait_for(lambda: len(complete()) >= 2, 60))
        for _ in range(3):
            time.sleep(rng.uniform(0.2, 2))
            program.kill()
            cut = subprocess.Popen([BINARY, "backup", "make", target, "--config", program.folder / "pipeline.yaml"])
            time.sleep(rng.uniform(0, 0.3))
            cut.kill()
            cut.wait(20)
            program.start()
        check("backup: it comes back", wait_for(lambda: program.get("/api/v1/status"), 60))
        newest = complete()[-1].parent
        check("backup: more are made, and old ones go", wait_for(lambda: complete()[-1].parent != newest and len(complete()) <= 3, 60), str(len(complete())))
        check("backup: it ends in order", program.end() == 0)
    inside = run("backup", "make", program.data / "inside", "--data", program.data)
    check("backup: not into the data folder itself", inside.returncode == 1 and "in the data folder" in inside.stderr, inside.stderr)
    listed = run("backup", "ls", target)
    check("backup: the list has them", listed.returncode == 0 and listed.stdout.count("saved") >= 2, listed.stdout + listed.stderr)
    original = journal_rows(program.reference())
    for place in [path.parent for path in complete()]:
        data = work / f"restored {place.name}"
        brought = run("backup", "restore", place, "--data", data)
        check("backup: it is restored", brought.returncode == 0, brought.stdout + brought.stderr)
        whole = run("lake", "verify", "--data", data, timeout=300)
        check("backup: its lake is whole", whole.returncode == 0, whole.stdout[-500:])
    again = run("backup", "restore", place, "--data", data)
    check("backup: a folder that holds something is left alone", again.returncode == 1 and "holds something" in again.stderr, again.stderr)
    # One more way: the journal of the backup alone makes the lake that the backup makes.
    for place in [path.parent for path in complete()]:
        data = work / f"grown {place.name}"
        run("backup", "restore", place, "--data", data)
        config = data / "pipeline.yaml"
        program.configure(config, data, data / "lake")
        done = run("recover", "--config", config, timeout=300)
        check("backup: what was not in the lake yet comes from the journal", done.returncode == 0, done.stderr[-300:])
        rows = journal_rows(data / "lake")
        check("backup: its frames are the original's up to an offset", rows == original[: len(rows)] and len(rows) > 10, f"{len(rows)} of {len(original)}")
        (data / "other").mkdir()
        shutil.copytree(data / "journal", data / "other/data/journal")
        program.configure(data / "other/pipeline.yaml", data / "other/data", data / "other/lake")
        run("recover", "--config", data / "other/pipeline.yaml", timeout=300)
        database = delta_database()
        for table in ["trades", "quotes", "bars", "indicators"]:
            compare(f"backup: {table}", database, *(f"(SELECT * FROM delta_scan('{lake / table}'))" for lake in (data / "lake", data / "other/lake")))


DERIVED = ["trades", "quotes", "bars", "indicators", "dead_letters", "coverage"]


def rebuilt(program, *arguments, timeout=300):
    """What `lake rebuild` says, partition by partition."""
    done = run("lake", "rebuild", *arguments, "--json", "--config", program.folder / "pipeline.yaml", timeout=timeout)
    check(f"rebuild: {' '.join(arguments)} ends in order", done.returncode == 0, done.stderr[-500:])
    return [json.loads(line) for line in done.stdout.splitlines()]


def differing(lines):
    return sorted({line["table"] for line in lines if not line["same"]})


def spoil(table):
    """Rows as a decoder with a fault would have made them: delta-rs writes some anew, and takes others out."""
    for change in [lambda t: t.update(updates={"price": "price * 100"}, predicate="journal_offset % 7 = 0"), lambda t: t.delete("journal_offset % 11 = 0")]:
        # It does not go behind what a pipeline appends meanwhile.
        def attempt(change=change):
            try:
                change(deltalake.DeltaTable(str(table)))
            except deltalake.exceptions.CommitFailedError:
                return False
            return True

        check("rebuild: delta-rs spoils the table", wait_for(attempt, 120))


def rebuild(work, rng, seconds):
    """Silver and gold come out of bronze as they were: untouched, spoiled by others, with partitions gone, where the journal has
    forgotten, while the pipeline and compaction run, and after kills in the middle."""
    words = "journal: { segment: 1MiB, retain_bytes: 4MiB }\n"
    lake = work / "rebuilt"
    with Pipeline(work, "maker", lake, 17, words) as program:
        config = program.folder / "pipeline.yaml"
        program.start()
        check("rebuild: the journal forgets", wait_for(lambda: ((program.get("/api/v1/status") or {}).get("journal") or {}).get("oldest_offset", 0) > 0, 240))
        shows = rebuilt(program, "all", "--dry-run")
        check("rebuild: a lake that nobody touched is the same, also while it grows", differing(shows) == [] and {line["table"] for line in shows} >= set(DERIVED[:4]), str(differing(shows)))
        check("rebuild: nothing is committed for it", all(line["version"] is None for line in shows))
        spoil(lake / "trades")
        check("rebuild: days of quotes go", run("lake", "expire", "quotes", "--before", "2100-01-01", "--config", config).returncode == 0)
        check("rebuild: it sees both", {"trades", "quotes"} <= set(differing(rebuilt(program, "silver", "--dry-run"))))
        kills = 0
        for _ in range(6):
            process = subprocess.Popen([BINARY, "lake", "rebuild", "all", "--config", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0.3, 8))
            kills += process.poll() is None
            process.kill()
            process.wait(20)
            if rng.random() < 0.5:
                compacted = run("lake", "compact", "trades", "--config", config, timeout=300)
                check("rebuild: compaction in between", compacted.returncode == 0, compacted.stderr[-300:])
        check("rebuild: it was killed in the middle", kills > 0, f"{kills} of 6")
        stopped = subprocess.Popen([BINARY, "lake", "rebuild", "all", "--config", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        stopped.send_signal(signal.SIGINT)
        check("rebuild: Ctrl-C stops it", stopped.wait(60) in (0, 130), str(stopped.returncode))
        # Compaction takes files away from it time and again.
        over = threading.Event()

        def compact():
            while not over.is_set():
                run("lake", "compact", "--config", config, timeout=300)

        rival = threading.Thread(target=compact)
        rival.start()
        rebuilt(program, "all")
        over.set()
        rival.join(300)
        check("rebuild: afterwards all is the same", differing(rebuilt(program, "all", "--dry-run")) == [])
        check("rebuild: the pipeline ends in order", program.end() == 0)
    check("rebuild: at rest all is the same", differing(rebuilt(program, "all")) == [])
    check("rebuild: nothing is left of it", not (program.data / "rebuild").exists())
    view = work / "rebuilt-view"
    view.mkdir()
    (view / "lake").symlink_to(lake)
    whole = run("lake", "verify", "--data", view, timeout=300)
    check("rebuild: the lake is whole", whole.returncode == 0, whole.stdout[-500:])
    # Against what nobody spoiled: the frames of the lake give the numbers of the trades.
    database = delta_database()
    rows, distinct, odd = database.execute(
        f"SELECT count(*), count(DISTINCT (journal_offset, frame_index)), count(*) FILTER (price > 50 * lag) FROM "
        f"(SELECT *, lag(price) OVER (PARTITION BY symbol ORDER BY event_time_ns, journal_offset) lag FROM delta_scan('{lake / 'trades'}'))").fetchone()
    check("rebuild: trades are there once, at their prices", rows == distinct > 1000 and odd == 0, f"{rows} {distinct} {odd}")
    nowhere = run("lake", "ls", "--data", program.data)
    check("rebuild: a lake that is elsewhere is asked for by its configuration", nowhere.returncode == 2 and "--config" in nowhere.stderr, nowhere.stderr)
    listed = run("lake", "ls", "--config", config)
    check("rebuild: and found by it", listed.returncode == 0 and "control_records" in listed.stdout, listed.stderr)
    then = run("sql", "--csv", "--config", config, "SELECT (SELECT count(*) FROM trades AT (VERSION => 0)), count(*) FROM trades")
    check("rebuild: SQL knows tables as they were", then.stdout.splitlines()[1:] == [f"0,{rows}"], then.stdout + then.stderr)
    run("lake", "expire", "frames", "--before", "2100-01-01", "--config", config)
    gone = run("lake", "rebuild", "silver", "--config", config)
    check("rebuild: without bronze it says so", gone.returncode == 1 and "lake" in gone.stderr and "begins at offset" in gone.stderr, gone.stderr)


SCENARIOS = [together, readers, damage, jobs, backup, rebuild]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=20)
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    arguments.add_argument("--only", default=",".join(scenario.__name__ for scenario in SCENARIOS))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="tapedeck-lake-") as folder:
        for scenario in SCENARIOS:
            if scenario.__name__ in options.only.split(","):
                scenario(pathlib.Path(folder), random.Random(options.seed), options.seconds)
    finish()


if __name__ == "__main__":
    main()
