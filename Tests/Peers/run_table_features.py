#!/usr/bin/env python3
"""What delta-rs asks of writers of a pipeline's trades: what Tapedeck does not heed keeps it from writing, with the feature's name, and never from
reading; what it heeds does not.

  run_table_features.py [--seed SEED]
"""

import argparse
import pathlib
import random
import shutil
import tempfile

import deltalake

from peer import check, finish, run, wait_for
from run_lake import Pipeline

Features = deltalake.TableFeatures

# What is done to the table, and the feature that a refusal names; None where the pipeline goes on.
CHANGES = {
    "a constraint": (lambda alter: alter.add_constraint({"positive": "price > 0"}), "checkConstraints"),
    "deletion vectors": (lambda alter: alter.add_feature(Features.DeletionVectors, True), "deletionVectors"),
    "row tracking": (lambda alter: alter.add_feature([Features.DomainMetadata, Features.RowTracking], True), "rowTracking"),
    "domain metadata": (lambda alter: alter.add_feature(Features.DomainMetadata, True), "domainMetadata"),
    "version 2 checkpoints": (lambda alter: alter.add_feature(Features.V2Checkpoint, True), "v2Checkpoint"),
    "a change data feed": (lambda alter: alter.set_table_properties({"delta.enableChangeDataFeed": "true"}), None),
    "appending only": (lambda alter: alter.set_table_properties({"delta.appendOnly": "true"}), None),
    "generated columns that no column is": (lambda alter: alter.add_feature(Features.GeneratedColumns, True), None),
}


def count(lake):
    done = run("sql", "--lake", lake, "--csv", "SELECT count(*) FROM trades")
    return int(done.stdout.split()[1]) if done.returncode == 0 else done.stderr[-300:]


def check_change(name, change, feature, program, lake, kept):
    shutil.rmtree(lake)
    shutil.copytree(kept, lake)
    trades = lake / "trades"
    before = count(lake)
    change(deltalake.DeltaTable(str(trades)).alter)
    version = deltalake.DeltaTable(str(trades)).version()
    check(f"{name}: it is read as before", count(lake) == before, f"{count(lake)} {before}")
    program.log.write_text("")
    program.start()
    if feature:
        refused = program.process.wait(60)
        said = program.log.read_text()
        check(f"{name}: a start is refused for {feature}", refused != 0 and feature in said and str(trades) in said, said[-300:])
        for command in (["compact"], ["checkpoint"], ["vacuum"], ["expire", "--before", "2100-01-01"], ["restore", "--to", "1"]):
            done = run("lake", command[0], "trades", *command[1:], "--lake", lake)
            check(f"{name}: {command[0]} is refused", done.returncode == 1 and feature in done.stderr, done.stdout[-200:] + done.stderr[-200:])
        described = run("lake", "describe", "trades", "--lake", lake)
        line = next((line for line in described.stdout.splitlines() if line.startswith("only read here")), "")
        check(f"{name}: describe says so", feature in line, line)
        check(f"{name}: nothing was written", deltalake.DeltaTable(str(trades)).version() == version)
        return
    check(f"{name}: the pipeline goes on", wait_for(lambda: deltalake.DeltaTable(str(trades)).version() > version, 60))
    check(f"{name}: it ends in order", program.end() == 0)
    check(f"{name}: there are more rows", count(lake) > before, f"{count(lake)} {before}")
    compacted = run("lake", "compact", "trades", "--lake", lake)
    check(f"{name}: it is compacted", compacted.returncode == 0 and "became" in compacted.stdout, compacted.stdout + compacted.stderr)
    if name == "appending only":
        for command in (["expire", "--before", "2100-01-01"], ["restore", "--to", "1"]):
            done = run("lake", command[0], "trades", *command[1:], "--lake", lake)
            check(f"{name}: {command[0]} is refused", done.returncode == 1 and "appendOnly" in done.stderr, done.stdout[-200:] + done.stderr[-200:])
    rows = deltalake.DeltaTable(str(trades)).to_pyarrow_table().num_rows
    check(f"{name}: delta-rs has the same rows", rows == count(lake), str(rows))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="tapedeck-features-") as folder:
        work = pathlib.Path(folder)
        lake, kept = work / "lake", work / "kept"
        with Pipeline(work, "writer", lake, options.seed, "jobs: []\n") as program:
            program.start()
            check("trades are flushed", wait_for(lambda: len(list(lake.glob("trades/_delta_log/*.json"))) > 3, 60))
            check("the pipeline ends in order", program.end() == 0)
            shutil.copytree(lake, kept)
            data = work / "data-kept"
            shutil.copytree(program.data, data)
            for name, (change, feature) in CHANGES.items():
                # The data folder goes with the lake: what the pipeline has in it is behind the lake's progress else.
                shutil.rmtree(program.data)
                shutil.copytree(data, program.data)
                check_change(name, change, feature, program, lake, kept)
    finish()


if __name__ == "__main__":
    main()
