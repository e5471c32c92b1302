#!/usr/bin/env python3
"""Every Delta table of the sources of delta-rs, most of them written by Spark and Databricks: at every version that can be had, Tapedeck
gives the rows that an independent reader gives, column for column, or says in one sentence what it does not know. What it refuses
stands below.

  run_golden_tables.py [--only NAME]
"""

import argparse
import json
import pathlib
import sys
import tempfile

import golden_tables

from peer import check, finish, run

# Tables of which no version is read, and what the refusal names. Everything else is read.
REFUSED = {
    # Variants.
    "data/spark-shredded-variant-preview-delta": "variantShredding-preview, variantType",
    "data/spark-variant-checkpoint": "variantType-preview",
    "data/spark-variant-stable-feature-checkpoint": "variantType",
    # A catalog says which commits count.
    "data_err_logs/table_d": "catalogOwned",
    "data_err_logs/table_e": "catalogOwned",
    "data_err_logs/table_f": "catalogOwned",
    # A reader version that does not exist.
    "data/simple_table_features": "reader version 5",
}
# Versions that are refused of tables that are read, and what the refusal says.
REFUSED_VERSIONS = {
    # Its log begins at version 1, and its checkpoint at 2.
    "data/checkpoint_with_partitions": {1: "does not have version 1"},
    # The table has no columns yet.
    "data/delta-live-table": {0: "what the table's columns are"},
    # Logs with a hole.
    "data_err_logs/table_b": {8: "no version 7", 9: "no version 7"},
    "data_err_logs/table_c": {13: "no version 12"},
    # A catalog has them from their last commit on.
    "data_err_logs/table_h": {9999: "catalogOwned"},
    "data_err_logs/table_i": {9999: "catalogOwned"},
}
# What `lake verify` finds beside files that the archive does not have.
DAMAGED = {
    # Its log was written by hand.
    "data/delta-0.8.0": "column value reaches 1, and the log says 2",
    # Logs with a hole before their last checkpoint.
    "data_err_logs/table_b": "commit 7 is missing",
    "data_err_logs/table_g": "commit 14 is missing",
}


class Table:
    """A table, and what became of its versions."""

    def __init__(self, name, path, readers, work):
        self.name, self.path, self.readers, self.work = name, path, readers, work
        self.versions = golden_tables.versions(path)
        # Versions whose rows are those of another reader; whose files are not in the archive; that are refused, and why; others.
        self.same, self.lost, self.refused, self.wrong = [], [], {}, {}

    def run(self, *command):
        """A command of the program on this table's folder."""
        return run(*command, "--lake", self.path.parent)

    def look(self, version):
        """Reads one version as the program does and as another reader does."""
        # A name of its own for each file: DuckDB keeps what it read under a name for a second.
        out = self.work / f"{self.path.name}-{version}.parquet"
        at = [] if version == self.versions[-1] else ["--at", f"{self.path.name}={version}"]
        done = self.run("sql", f'FROM "{self.path.name}"', "--parquet", out, *at)
        expected, who = self.readers.rows(self.path, version)
        if done.returncode == 0:
            unlike = f"nobody else reads it: {who}" if expected is None else golden_tables.difference(self.readers.database, expected, out)
            if unlike:
                self.wrong[version] = unlike
            else:
                self.same.append(version)
            return
        said = done.stderr.strip()
        if done.returncode != 1 or str(self.path) not in said or "\n" in said:
            self.wrong[version] = f"exit code {done.returncode}: {said[-300:]}"
        elif expected is None and "Cannot open file" in who and "No files found" in said:
            self.lost.append(version)
        else:
            self.refused[version] = said

    def check(self):
        for version in self.versions:
            self.look(version)
        check(f"{self.name}: nothing is read wrong", not self.wrong, str(self.wrong)[:600] if self.wrong else f"{len(self.same)} versions are the same")
        if reason := REFUSED.get(self.name):
            named = all(reason in said for said in self.refused.values())
            check(f"{self.name}: refused for {reason}", named and len(self.refused) == len(self.versions), str(self.refused)[:300])
        else:
            expected = REFUSED_VERSIONS.get(self.name, {})
            fits = self.refused.keys() == expected.keys() and all(reason in self.refused[version] for version, reason in expected.items())
            check(f"{self.name}: no other version is refused", fits, str(self.refused)[:600] if not fits else f"{len(self.refused)}")
            reason = expected.get(self.versions[-1])
        if not reason:
            return self.check_commands()
        for command in ("describe", "history", "verify"):
            done = self.run("lake", command, self.path.name)
            check(f"{self.name}: {command} refuses it, too", done.returncode == 1 and reason in done.stderr, done.stderr[-200:])
        return None

    def check_commands(self):
        """What the log alone says, against delta-rs."""
        listed = self.run("lake", "ls", "--json")
        line = next((line for line in map(json.loads, listed.stdout.splitlines()) if line["table"] == self.path.name), {})
        files = self.readers.files(self.path)
        check(f"{self.name}: ls has the files that delta-rs has", files is None or line.get("files") == len(files), f"{line}")
        described = self.run("lake", "describe", self.path.name)
        check(f"{self.name}: describe", described.returncode == 0 and "column" in described.stdout, described.stderr[-200:])
        history = self.run("lake", "history", self.path.name, "--json", "--limit", "1000")
        commits = [json.loads(text)["version"] for text in history.stdout.splitlines()]
        check(f"{self.name}: history", history.returncode == 0 and commits == sorted(commits, reverse=True), history.stderr[-200:])
        verified = self.run("lake", "verify", self.path.name)
        missing = sorted(text.split(": ")[1] for text in verified.stdout.splitlines() if text.endswith("the file is missing"))
        gone = sorted(file for file in files or missing if not pathlib.Path(file).exists())
        others = [text for text in verified.stdout.splitlines() if text.startswith("damaged") and not text.endswith("the file is missing")]
        told = not others if self.name not in DAMAGED else len(others) == 1 and DAMAGED[self.name] in others[0]
        whole = verified.returncode == (1 if missing or others else 0)
        check(f"{self.name}: verify finds what is missing, and nothing else", missing == gone and told and whole, f"{len(missing)} {others}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", default="")
    options = arguments.parse_args()
    place = golden_tables.folder()
    if place is None:
        print("skipped: the tables are not here; scripts/setup --test fetches them")
        sys.exit(77)
    readers = golden_tables.Readers()
    tables = golden_tables.tables(place)
    check("the archive has its tables", len(tables) == 60, str(len(tables)))
    counts = [0, 0, 0]
    with tempfile.TemporaryDirectory(prefix="tapedeck-golden-") as work:
        for name, path in tables.items():
            if options.only in name:
                table = Table(name, path, readers, pathlib.Path(work))
                table.check()
                for place, versions in enumerate((table.same, table.lost, table.refused)):
                    counts[place] += len(versions)
    print(f"      {counts[0]} versions are read as others read them, {counts[1]} have no files, {counts[2]} are refused")
    finish()


if __name__ == "__main__":
    main()
